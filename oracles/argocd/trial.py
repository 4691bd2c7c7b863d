"""One control plane: its repositories given to Argo CD and to us, and what came of each."""

from collections.abc import Sequence
from pathlib import Path

from bot.render.helm.inputs import ClusterFacts
from oracles.argocd.cache import Cache
from oracles.argocd.charts import charts_in
from oracles.argocd.cmp import programs
from oracles.argocd.controllers import ArgoCluster, argo_cluster
from oracles.argocd.judge import judged
from oracles.argocd.live import ask_again, settled, side
from oracles.argocd.ours import ours
from oracles.argocd.programme import scenes
from oracles.argocd.scene import Ground, Scene
from oracles.argocd.side import Side
from oracles.cluster import Cluster
from oracles.gitserver import GitServer
from oracles.oracle import Wanted
from oracles.trials import Say, Trial
from oracles.workshops import workshop
from tools.programs import KUBERNETES


async def tried(wanted: Wanted, server: GitServer, directory: Path, say: Say) -> list[Trial]:
    """Every scene. Raises NeverSettled where Argo CD does not come to rest."""
    say("starting a control plane with Argo CD in it")
    async with argo_cluster(directory) as argo, charts_in(directory / "published") as charts:
        every = scenes(Ground(server.url, argo.declared, charts), wanted.seed, wanted.combinations)
        chosen = [scene for scene in every if wanted.has(scene.name)]
        theirs = await reconciled(chosen, server, argo, say)
        facts = ClusterFacts(KUBERNETES.version, await _served(argo.cluster))
        trials = []
        async with workshop(directory, facts, is_asking=True, programs=programs()) as made:
            for number, scene in enumerate(chosen, 1):
                mine = await ours(scene, server.path(scene.name), argo.declared, made)
                trials.append(Trial(scene.name, scene.features, judged(scene, of(scene, theirs), mine)))
                if number % 20 == 0 or number == len(chosen):
                    say(f"compared {number} of {len(chosen)} repositories")
        return trials


async def _served(cluster: Cluster) -> tuple[str, ...]:
    """What charts are told: every version of a group, and every kind in it."""
    versions = {version: await cluster.served(version) for version in await cluster.versions()}
    kinds = (f"{version}/{kind}" for version, served in versions.items() for kind in served)
    return tuple(sorted({*versions, *kinds}))


async def reconciled(chosen: Sequence[Scene], server: GitServer, argo: ArgoCluster, say: Say) -> Side:
    """What Argo CD makes of the scenes, of all of them together."""
    say(f"writing {len(chosen)} repositories")
    for scene in chosen:
        for name, files in {scene.name: scene.files, **scene.others}.items():
            await server.put(name, files)
    for scene in chosen:
        for manifest in scene.by_hand:
            await argo.cluster.create(manifest)
    await ask_again(await settled(argo.cluster, say), argo.cluster)
    seen = await settled(argo.cluster, say)
    async with Cache(argo.redis) as cache:
        theirs = await side(seen, argo.cluster, cache)
    await argo.cluster.stop()
    return theirs


def of(scene: Scene, every: Side) -> Side:
    """What belongs to the scene."""
    return Side(
        {name: found for name, found in every.applications.items() if scene.owns(name)},
        {name: found for name, found in every.sets.items() if scene.owns(name)},
    )
