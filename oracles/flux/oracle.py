"""Flux, as an oracle."""

from pathlib import Path

from bot.render.helm.inputs import ClusterFacts
from oracles.flux.known import KNOWN
from oracles.flux.programme import worlds
from oracles.flux.trial import tried
from oracles.gitserver import GitServer
from oracles.oracle import Oracle, Wanted
from oracles.trials import Say, Trial
from oracles.workshops import workshop
from tools.programs import FLUX as CONTROLLERS
from tools.programs import KUBERNETES


async def _tried(wanted: Wanted, directory: Path, say: Say) -> list[Trial]:
    trials: list[Trial] = []
    async with (
        workshop(directory, ClusterFacts(KUBERNETES.version)) as made,
        GitServer.running(wanted.keep or directory / "git") as server,
    ):
        for number, scenes in enumerate(worlds(server.url, wanted.seed, wanted.combinations), 1):
            chosen = [scene for scene in scenes if wanted.has(scene.name)]
            if chosen:
                private = directory / f"world-{number}"
                private.mkdir()
                trials += await tried(chosen, server, private, made, say)
    return trials


FLUX = Oracle("flux", "Kustomizations", CONTROLLERS, KNOWN, _tried)
