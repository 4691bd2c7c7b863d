"""Argo CD, as an oracle."""

from pathlib import Path

from oracles.argocd.known import KNOWN
from oracles.argocd.trial import tried
from oracles.gitserver import GitServer
from oracles.oracle import Oracle, Wanted
from oracles.trials import Say, Trial
from tools.programs import ARGOCD as PROGRAM


async def _tried(wanted: Wanted, directory: Path, say: Say) -> list[Trial]:
    private = directory / "argocd"
    private.mkdir()
    async with GitServer.running(wanted.keep or directory / "git") as server:
        return await tried(wanted, server, private, say)


ARGOCD = Oracle("argocd", "Applications and ApplicationSets", (PROGRAM,), KNOWN, _tried)
