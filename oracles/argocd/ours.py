"""The same repositories through our own finding and rendering, as a delivery does it."""

from collections.abc import Sequence
from pathlib import Path

from bot.discover.repository import RepositoryIdentity
from bot.git.repository import Repository
from bot.model.argocd import ArgoCluster
from bot.model.objects import Manifest, Object
from bot.model.rendering import Diagnostic, Hole, Rendering, Severity, Trust
from bot.planning.expand import expand_one
from bot.planning.expansion import Finding, Mode, Traced
from bot.planning.renderings import Renderings
from bot.planning.workshop import Workshop
from oracles.argocd.clusters import Declared
from oracles.argocd.scene import SET, Scene
from oracles.argocd.side import Application, Side
from oracles.gitserver import BRANCH


async def ours(scene: Scene, repository: Path, clusters: Sequence[Declared], workshop: Workshop) -> Side:
    """What we find in the repository, where the operator names the clusters that it does not declare."""
    named = () if scene.declares_clusters else tuple(map(_named, clusters))
    finding = Finding(Mode.ARGOCD, RepositoryIdentity.of([scene.url]), branch=BRANCH, argocd_clusters=named)
    applications, sets = {}, {}
    async with workshop.elsewhere.visit() as errand, Repository.open(repository) as opened:
        renderings = Renderings(workshop, Trust.TRUSTED, errand=errand)
        tree = await opened.tree(await opened.tree_of(await opened.resolve(BRANCH)))
        expansion = await expand_one(opened, tree, finding, renderings)
        for traced in expansion.targets.values():
            rendering = await renderings.whole(tree, traced)
            problem = _problem(rendering.diagnostics)
            assert traced.target.argocd is not None
            ref = traced.target.argocd.ref
            if ref.kind == SET:
                sets[ref.name] = problem
            else:
                applications[ref.name] = _application(traced, rendering, problem, expansion.diagnostics)
    return Side(applications, sets)


def _named(cluster: Declared) -> ArgoCluster:
    return ArgoCluster(cluster.name, cluster.server, cluster.labels, cluster.annotations)


def _application(
    traced: Traced, rendering: Rendering, problem: str, of_all: Sequence[Diagnostic]
) -> Application:
    assert traced.found is not None
    assert traced.target.argocd is not None
    made_by = traced.target.argocd.made_by
    return Application(
        traced.found.manifest,
        {} if problem else {found.id: _placed(found) for found in rendering.objects},
        problem,
        tuple(map(_told, rendering.holes)),
        made_by.name if made_by else "",
        _problem(traced.notices, Severity.WARNING),
        _problem((*traced.notices, *rendering.diagnostics, *of_all), Severity.WARNING),
    )


def _placed(found: Object) -> Manifest:
    """With the namespace that we know it to have."""
    metadata = {key: value for key, value in found.manifest["metadata"].items() if key != "namespace"}
    place = {"namespace": found.id.namespace} if found.id.namespace else {}
    return {**found.manifest, "metadata": {**metadata, **place}}


def _problem(diagnostics: Sequence[Diagnostic], *also: Severity) -> str:
    found = (d for d in diagnostics if d.severity in {Severity.ERROR, *also})
    return "; ".join(f"{d.file}: {d.message}" if d.file else d.message for d in found)


def _told(hole: Hole) -> str:
    return f"{hole.object}: {hole.field}: {hole.reason}"
