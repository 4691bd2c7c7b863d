"""One world: its repositories given to Flux and to us, and what came of each."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.planning.workshop import Workshop
from oracles.cluster import Cluster
from oracles.documents import namespace
from oracles.flux.controllers import NAMESPACE, flux_cluster
from oracles.flux.judge import Judge
from oracles.flux.live import Verdict, settled
from oracles.flux.ours import rendered
from oracles.flux.scene import Scene
from oracles.gitserver import GitServer
from oracles.trials import Judgement, Say, Trial

KUSTOMIZATIONS = ("kustomize.toolkit.fluxcd.io/v1", "kustomizations")
RELEASES = ("helm.toolkit.fluxcd.io/v2", "helmreleases")
REPOSITORIES = ("source.toolkit.fluxcd.io/v1", "gitrepositories")


async def tried(
    scenes: Sequence[Scene], server: GitServer, directory: Path, workshop: Workshop, say: Say
) -> list[Trial]:
    """Every scene of one world. Raises where Flux does not come to rest."""
    say(f"writing {len(scenes)} repositories")
    for scene in scenes:
        await server.put(scene.name, scene.files)
    say("starting a control plane with Flux in it")
    async with flux_cluster(directory) as cluster:
        verdicts = await _reconciled(scenes, cluster, say)
        trials = []
        for number, scene in enumerate(scenes, 1):
            ours = await rendered(scene, server.path(scene.name), workshop)
            theirs = {
                f"{where}/{name}": v for (where, name), v in verdicts.items() if where in scene.namespaces
            }
            trials.append(
                Trial(scene.name, scene.features, await _judged(Judge(scene, cluster, theirs, ours)))
            )
            if number % 20 == 0 or number == len(scenes):
                say(f"compared {number} of {len(scenes)} repositories")
        return trials


async def _reconciled(scenes: Sequence[Scene], cluster: Cluster, say: Say) -> dict[tuple[str, str], Verdict]:
    await cluster.create(namespace(NAMESPACE))
    for scene in scenes:
        for manifest in scene.given:
            await cluster.create(manifest)
        source, _ = scene.sync
        await cluster.create(source)
    sources = await settled(cluster, *REPOSITORIES, say)
    assert all(verdict.is_ready for verdict in sources.values()), sources
    for scene in scenes:
        _, root = scene.sync
        await cluster.create(root)
    verdicts = await settled(cluster, *KUSTOMIZATIONS, say)
    releases = await settled(cluster, *RELEASES, say)
    # Those that failed would be tried again for ever, and what is compared has to stand still.
    await cluster.stop()
    return verdicts | {(where, f"{name}:helm"): verdict for (where, name), verdict in releases.items()}


async def _judged(judge: Judge) -> tuple[Judgement, ...]:
    names = sorted(judge.theirs.keys() | judge.ours.keys())
    return tuple(await asyncio.gather(*map(judge.of, names)))
