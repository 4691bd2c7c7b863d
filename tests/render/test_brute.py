"""The quick way and the slow way agree, and a rendering changes only where its key does: on repositories made up here."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.rendering import ContentKey, Rendering
from bot.model.target import Found, RendererKind, Target
from bot.render.brute import checkout
from bot.render.key import content_key
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.trees import Content, Link, MemoryTree, config_map, target

TOOLS = {"kustomize": "test"}
PLUGIN = "apiVersion: builtin\nkind: {kind}\nmetadata: {{name: p}}\n{field}"


@dataclass(frozen=True)
class Repository:
    files: dict[str, Content]
    target: Target

    def changed(self, path: str, content: Content | None) -> "Repository":
        files = {p: c for p, c in self.files.items() if p != path}
        return Repository(files if content is None else {**files, path: content}, self.target)


FRAGMENTS: tuple[tuple[str, Mapping[str, Content]], ...] = (
    ("resources: [../base]", {}),
    (
        "resources: [../base, extra.yaml, more]",
        {"more/kustomization.yml": "namePrefix: m-\nresources: [m.yaml]", "more/m.yaml": config_map("m")},
    ),
    ("resources: [../base, linked]", {"linked": Link("../shared")}),
    ("configMapGenerator: [{name: gen, files: [data.txt, key=deep/data.txt], envs: [gen.env]}]", {}),
    ("secretGenerator: [{name: sec, files: [data.txt], literals: [a=b]}]", {}),
    ("patches: [{path: patch.yaml}]", {}),
    ("patchesStrategicMerge: [patch.yaml]", {}),
    ("components: [../component]", {}),
    (
        "transformers: [label.yaml]",
        {
            "label.yaml": PLUGIN.format(
                kind="LabelTransformer",
                field="labels: {a: b}\nfieldSpecs: [{path: metadata/labels, create: true}]",
            )
        },
    ),
    (
        "generators: [gen.yaml]",
        {"gen.yaml": PLUGIN.format(kind="ConfigMapGenerator", field="files: [deep/data.txt]")},
    ),
    (
        "transformers: [plugins]",
        {
            "plugins/kustomization.yaml": "resources: [p.yaml]",
            "plugins/p.yaml": PLUGIN.format(kind="PatchTransformer", field="path: patch.yaml"),
        },
    ),
    (
        "replacements: [{path: replacement.yaml}]",
        {
            "replacement.yaml": "source: {kind: ConfigMap, name: base, fieldPath: data.own}\ntargets: [{select: {kind: ConfigMap, name: base}, fieldPaths: [data.copied], options: {create: true}}]"
        },
    ),
    ("configurations: [config.yaml]\nnamePrefix: c-", {"config.yaml": "namePrefix: [{path: metadata/name}]"}),
    ("namespace: ns\nlabels: [{pairs: {x: z}}]\nimages: [{name: a, newTag: b}]", {}),
    ("buildMetadata: [originAnnotations]", {}),
)

COMMON: Mapping[str, Content] = {
    "app/extra.yaml": config_map("extra"),
    "app/data.txt": "data\n",
    "app/deep/data.txt": "deep\n",
    "app/gen.env": "A=1\nB=2\n",
    "app/patch.yaml": config_map("base", patched="yes-it-is"),
    "app/unused.yaml": config_map("unused"),
    "base/kustomization.yaml": "resources: [base.yaml]",
    "base/base.yaml": config_map("base", color="blue"),
    "component/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [c.yaml]",
    "component/c.yaml": config_map("component"),
    "shared/kustomization.yaml": "resources: [s.yaml]",
    "shared/s.yaml": config_map("shared"),
    "plain/a.yaml": config_map("a") + "---\n" + config_map("b"),
    "plain/sub/c.json": '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "c"}}',
    "plain/sub/link.yml": Link("../../shared/s.yaml"),
    "README.md": "hello",
}


def merged(fragments: list[tuple[str, Mapping[str, Content]]], file: str) -> dict[str, Content]:
    """One kustomization of several fragments; of those that set the same field, the first."""
    files = dict(COMMON)
    lines: list[str] = []
    seen: set[str] = set()
    for text, more in fragments:
        fields = {line.partition(":")[0] for line in text.splitlines()}
        if not fields & seen:
            seen |= fields
            lines.append(text)
            files |= {f"app/{path}": content for path, content in more.items()}
    if "resources" not in seen:
        lines.append("resources: [../base]")
    return {**files, f"app/{file}": "\n".join(lines)}


OVERLAYS: tuple[dict[str, object], ...] = (
    {},
    {"namespace": "over", "namePrefix": "o-"},
    {"components": ["../component", "../gone", "../../above"], "ignoreMissingComponents": True},
    {"commonMetadata": {"labels": {"team": "a"}}, "images": [{"name": "a", "newTag": "c"}]},
    {"patches": [{"patch": "- {op: add, path: /data/x, value: z}", "target": {"kind": "ConfigMap"}}]},
)


@st.composite
def repositories(draw: st.DrawFn) -> Repository:
    fragments = draw(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=4))
    file = draw(st.sampled_from(["kustomization.yaml", "kustomization.yml", "Kustomization"]))
    files = merged(fragments, file)
    kind = draw(st.sampled_from(["root", "flux", "flux without kustomization", "plain"]))
    if kind == "flux without kustomization":
        files = {
            path: content
            for path, content in files.items()
            if not path.startswith("app/") or path.endswith((f"/{file}", "extra.yaml", "more/m.yaml"))
        }
        files["app/sub/kustomization.yaml"] = files.pop(f"app/{file}")
        files["app/sub/more.yaml"] = config_map("sub")
        files["app/sub/kustomization.yaml"] = "resources: [more.yaml]"
    if kind == "plain":
        return Repository(files, target("plain", renderer=RendererKind.PLAIN))
    if kind == "root":
        return Repository(files, target("app"))
    return Repository(
        files, target("app", found=Found.FLUX_KUSTOMIZATION, overlay=draw(st.sampled_from(OVERLAYS)))
    )


async def quick(repository: Repository, sandbox: Sandbox) -> tuple[ContentKey, Rendering]:
    tree = MemoryTree(repository.files)
    found = trace(tree, repository.target)
    key = content_key(found, repository.target, TOOLS)
    return key, await render(tree, repository.target, found, sandbox)


async def slow(repository: Repository, sandbox: Sandbox) -> Rendering:
    async with checkout(MemoryTree(repository.files)) as everything:
        return await everything.render(repository.target, sandbox)


def agree(one: Rendering, other: Rendering) -> bool:
    """Both fail, each with its own words, or both hold the same objects in the same order."""
    return (one.failed and other.failed) or (
        not one.failed and not other.failed and one.objects == other.objects
    )


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(repository=repositories())
def test_the_trace_holds_all_that_a_full_checkout_would_give(
    repository: Repository, sandbox: Sandbox
) -> None:
    async def compare() -> None:
        (_, fast), whole = await asyncio.gather(quick(repository, sandbox), slow(repository, sandbox))
        assert agree(fast, whole), (fast.diagnostics, whole.diagnostics)

    asyncio.run(compare())


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(repository=repositories(), data=st.data())
def test_a_rendering_changes_only_where_its_key_does(
    repository: Repository, data: st.DataObject, sandbox: Sandbox
) -> None:
    path = data.draw(
        st.sampled_from(
            [
                *sorted(repository.files),
                "base/Kustomization",
                ".sourceignore",
                "app/.sourceignore",
                "plain/sub/new.yml",
                "app/new.yaml",
                "app/sub/a.yml",
            ]
        )
    )
    content = data.draw(
        st.sampled_from(
            [None, config_map("new"), "A=2\n", "*.txt\nm.yaml\n", "namePrefix: z-\nresources: []"]
        )
    )
    changed = repository.changed(path, content)

    async def compare() -> None:
        old, new = await asyncio.gather(quick(repository, sandbox), quick(changed, sandbox))
        if old[0] == new[0]:
            whole = await asyncio.gather(slow(repository, sandbox), slow(changed, sandbox))
            assert agree(*whole), path

    asyncio.run(compare())


async def test_the_checkout_is_as_it_was_after_an_overlay(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {"app/a.yaml": config_map("a"), "app/sub/b.yaml": config_map("b")}
    flux = target("app", found=Found.FLUX_KUSTOMIZATION, overlay={"namePrefix": "x-"})
    async with checkout(MemoryTree(files)) as everything:
        first = await everything.render(flux, sandbox)
        again = await everything.render(flux, sandbox)
        inner = await everything.render(target("app/sub", found=Found.FLUX_KUSTOMIZATION), sandbox)
    assert [str(o.id) for o in first.objects] == ["ConfigMap x-a", "ConfigMap x-b"]
    assert again == first
    assert [str(o.id) for o in inner.objects] == ["ConfigMap b"]


@pytest.mark.parametrize("path", ["gone", "file", "../..", "out"])
async def test_brute_force_stays_inside_the_checkout_too(path: str, sandbox: Sandbox) -> None:
    files: dict[str, Content] = {"file": "x", "out": Link("/etc")}
    async with checkout(MemoryTree(files)) as everything:
        assert (await everything.render(target(path), sandbox)).failed
        assert (await everything.render(target(path, renderer=RendererKind.PLAIN), sandbox)).failed
