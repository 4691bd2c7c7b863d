"""Applications over trees in memory, rendered both ways: what a test sees, brute force has agreed to."""

from collections.abc import Mapping
from typing import Any

from bot.model.argocd import ArgoInstallation, ArgoSettings
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef
from bot.model.release import Release
from bot.model.rendering import ContentKey, Rendering, Severity
from bot.model.target import EngineKind, Found, GitSource, Origin, RendererKind, Target, TargetId
from bot.model.tree import TreeReader
from bot.render.argocd.concrete import Concrete, concrete
from bot.render.brute import checkout
from bot.render.given import Given
from bot.render.ground import Remotes
from bot.render.helm.inputs import ReleaseInputs
from bot.render.key import content_key
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.trees import Content, MemoryTree

HERE = GitSource("")
ELSEWHERE = GitSource("https://git.example/acme/values")


def application(
    path: str = "app",
    *,
    name: str = "web",
    home: str = "argocd",
    namespace: str = "dest",
    refs: Mapping[str, GitSource] | None = None,
    source: GitSource | None = None,
    release: Release | None = None,
    revisions: tuple[str, ...] = ("HEAD",),
    installation: ArgoInstallation | None = None,
    **options: Any,
) -> Target:
    """`options` are those of its source: `helm={...}`."""
    return Target(
        TargetId("test", f"{home}/{name}"),
        path,
        RendererKind.DETECT,
        EngineKind.ARGOCD,
        Origin(Found.ARGOCD_APPLICATION, "apps/web.yaml", 3),
        namespace=namespace,
        source=source,
        release=release,
        argocd=ArgoSettings(
            ObjectRef("Application", home, name),
            project="team",
            revisions=revisions,
            installation=installation or ArgoInstallation(),
        ),
        options={
            "repoURL": "https://git.example/acme/fleet",
            "path": path,
            "targetRevision": "main",
            **options,
        },
        refs=refs or {},
    )


def made(
    files: Mapping[str, Content], target: Target, refs: Mapping[str, TreeReader] | None = None
) -> Concrete:
    return concrete(MemoryTree(files), target, refs)


def key(
    files: Mapping[str, Content], target: Target, refs: Mapping[str, TreeReader] | None = None
) -> ContentKey:
    tree = MemoryTree(files)
    found = concrete(tree, target, refs)
    return content_key(found.joined(trace(tree, found.target)), found.target, {"kustomize": "test"})


async def rendered(
    sandbox: Sandbox,
    files: Mapping[str, Content],
    target: Target,
    refs: Mapping[str, Mapping[str, Content]] | None = None,
    *,
    inputs: ReleaseInputs | None = None,
    remotes: Remotes | None = None,
) -> Rendering:
    """The quick rendering, which brute force must agree with. A ref to the repository at hand needs no files."""
    tree = MemoryTree(files)
    others = {name: MemoryTree(found) for name, found in (refs or {}).items()}
    trees = {name: tree if source == HERE else others[name] for name, source in target.refs.items()}
    found = concrete(tree, target, trees)
    read = found.joined(trace(tree, found.target, remotes or {}))
    beside = inputs or ReleaseInputs()
    given = Given(
        release=ReleaseInputs(archive=beside.archive, dependencies=beside.dependencies, refs=trees),
        remotes=remotes or {},
    )
    quick = await render(tree, found.target, read, sandbox, given)
    async with checkout(tree) as judge:
        slow = await judge.render(target, sandbox, given)
    assert quick.failed is slow.failed, (quick.diagnostics, slow.diagnostics)
    assert _told(quick) == _told(slow), (_told(quick), _told(slow))
    assert [(h.object, h.field, h.name) for h in quick.holes] == [
        (h.object, h.field, h.name) for h in slow.holes
    ]
    return quick


def manifests(rendering: Rendering) -> dict[str, Manifest]:
    """By `Kind/name`."""
    assert not rendering.failed, rendering.diagnostics
    return {f"{found.id.kind}/{found.id.name}": found.manifest for found in rendering.objects}


def data(rendering: Rendering, name: str = "web") -> dict[str, Any]:
    return dict(manifests(rendering)[f"ConfigMap/{name}"]["data"])


def failure(rendering: Rendering) -> str:
    assert rendering.failed
    return "; ".join(d.message for d in rendering.diagnostics if d.severity is Severity.ERROR)


def remarks(rendering: Rendering) -> str:
    return "; ".join(d.message for d in rendering.diagnostics)


def _told(rendering: Rendering) -> list[tuple[str, Manifest]]:
    return [(str(found.id), found.manifest) for found in rendering.objects]
