from collections.abc import Mapping
from dataclasses import replace

from bot.model.argocd import ArgoSettings, Destination
from bot.model.refs import ObjectRef
from bot.model.rendering import ContentKey, Diagnostic, Severity, Trace, TraceEntry, TraceKind
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


OF_ARGO = replace(
    target(), argocd=ArgoSettings(ObjectRef("Application", "argocd", "web"), "default", Destination())
)


def of_argo(*entries: TraceEntry, remarks: tuple[str, ...] = ()) -> ContentKey:
    told = tuple(Diagnostic(Severity.WARNING, remark) for remark in remarks)
    return content_key(Trace(entries, told), OF_ARGO, TOOLS)


def test_an_override_that_there_is_not_matters_to_no_application_and_one_that_there_is_does() -> None:
    missing = [TraceEntry(f"app/.argocd-source-{name}.yaml", TraceKind.ABSENT, "", "") for name in ("a", "b")]
    assert of_argo(missing[0]) == of_argo(missing[1]) == of_argo()
    assert of_argo(replace(missing[0], kind=TraceKind.FILE, mode="100644", id="1")) != of_argo()
    assert of_argo(TraceEntry("app/values.yaml", TraceKind.ABSENT, "", "")) != of_argo()


def test_what_an_applications_source_is_remarked_on_matters_also_where_it_names_what_is_no_text() -> None:
    assert len({of_argo(), of_argo(remarks=("a",)), of_argo(remarks=("\udcff",))}) == 3
