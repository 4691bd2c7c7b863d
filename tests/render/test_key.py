from collections.abc import Mapping
from dataclasses import replace

from bot.model.rendering import ContentKey
from bot.model.target import Found, RendererKind, Target
from bot.render.key import content_key
from bot.render.trace import trace
from tests.render.trees import Content, MemoryTree, config_map, target

TOOLS = {"kustomize": "5.8.1"}
FILES: dict[str, str] = {
    "app/kustomization.yaml": "resources: [a.yaml, ../base]",
    "app/a.yaml": config_map("a"),
    "base/kustomization.yaml": "resources: [b.yaml]",
    "base/b.yaml": config_map("b"),
    "elsewhere/c.yaml": config_map("c"),
}


def key(
    files: Mapping[str, Content], wanted: Target | None = None, tools: dict[str, str] = TOOLS
) -> ContentKey:
    wanted = wanted or target()
    return content_key(trace(MemoryTree(files), wanted), wanted, tools)


def test_the_same_input_has_the_same_key() -> None:
    assert key(FILES) == key(dict(reversed(FILES.items())))


def test_what_is_not_read_does_not_matter() -> None:
    assert key(FILES) == key(
        {**FILES, "elsewhere/c.yaml": "other", "app/README.md": "new", "base/unused.yaml": ""}
    )


def test_everything_that_is_read_matters() -> None:
    for path in ("app/kustomization.yaml", "app/a.yaml", "base/kustomization.yaml", "base/b.yaml"):
        assert key({**FILES, path: f"{FILES[path]}\n# more"}) != key(FILES), path


def test_a_file_that_was_looked_for_in_vain_matters_when_it_comes() -> None:
    assert key({**FILES, "base/Kustomization": ""}) != key(FILES)


def test_every_parameter_of_the_target_matters() -> None:
    base = target()
    others = [
        replace(base, namespace="x"),
        replace(base, overlay={"namePrefix": "x-"}),
        replace(base, renderer=RendererKind.PLAIN),
        replace(base, origin=replace(base.origin, found=Found.FLUX_KUSTOMIZATION)),
        replace(base, unknown_because="x"),
        replace(base, path="base"),
    ]
    keys = {key(FILES, other) for other in [base, *others]}
    assert len(keys) == len(others) + 1


def test_where_a_target_was_found_does_not_matter() -> None:
    moved = replace(target(), origin=replace(target().origin, file="elsewhere.yaml", line=99))
    assert key(FILES, moved) == key(FILES)


def test_the_tools_version_matters() -> None:
    assert key(FILES, tools={"kustomize": "5.9.0"}) != key(FILES)


def test_a_refused_target_has_a_key_that_changes_with_its_files() -> None:
    refused: dict[str, Content] = {**FILES, "app/kustomization.yaml": "resources: [a.yaml, gone.yaml]"}
    assert key(refused) == key(refused)
    assert key(refused) != key({**refused, "app/a.yaml": "other"})
    assert key(refused) != key({**refused, "app/gone.yaml": "here now"})
