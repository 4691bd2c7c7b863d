"""GitLab deployments: which commit went to which environment, and how that went.

The invariant: one commit, ref and environment is one deployment of ours, and its status is what was put last. GitLab
keeps nothing else with it: no key, no words, no address. Where one that ended is under way again, it is a new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.forge.errors import ForgeForbidden
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.shapes import Deployment as Held
from bot.forge.reports import Deployment, DeploymentId, DeploymentReport, DeploymentState
from bot.forge.shaped import shaped
from bot.model.repo import RepoId, Sha

MAX_DEPLOYMENTS: Final = 300

WORDS: Final[Mapping[DeploymentState, str]] = {
    DeploymentState.QUEUED: "running",
    DeploymentState.RUNNING: "running",
    DeploymentState.SUCCESS: "success",
    DeploymentState.FAILURE: "failed",
    DeploymentState.ERROR: "failed",
    DeploymentState.INACTIVE: "canceled",
}
STATES: Final[Mapping[str, DeploymentState]] = {
    "created": DeploymentState.QUEUED,
    "blocked": DeploymentState.QUEUED,
    "running": DeploymentState.RUNNING,
    "success": DeploymentState.SUCCESS,
    "failed": DeploymentState.FAILURE,
    "canceled": DeploymentState.INACTIVE,
}


@dataclass(frozen=True, slots=True)
class Deployments:
    projects: Projects

    async def find(self, repo: RepoId, sha: Sha, environment: str, key: str) -> Deployment | None:
        held = await self._held(repo, sha, environment)
        return _deployment(held, environment, key) if held else None

    async def put(self, repo: RepoId, report: DeploymentReport) -> Deployment:
        word = WORDS[report.state]
        held = await self._held(repo, report.sha, report.environment, report.ref)
        if held is None or (word == "running" and held.status not in {"created", "blocked", "running"}):
            data = {
                "environment": report.environment,
                "sha": report.sha,
                "ref": report.ref,
                "tag": False,
                "status": word,
            }
            held = await self._send("POST", repo, "/deployments", report.environment, data)
        elif held.status != word and not (word == "running" and held.status == "blocked"):
            path = f"/deployments/{held.id}"
            held = await self._send("PUT", repo, path, report.environment, {"status": word})
        return _deployment(held, report.environment, report.key)

    async def _send(
        self, method: str, repo: RepoId, path: str, environment: str, data: Mapping[str, object]
    ) -> Held:
        try:
            # One that may have been made is not made again: the next step finds it.
            answer = await self.projects.send(method, repo, path, data=data)
        except ForgeForbidden as error:
            raise ForgeForbidden(
                f"GitLab does not let us deploy to {environment}: {error.message}",
                hint="if the environment is protected, allow the token's user to deploy to it",
            ) from error
        return shaped(answer, Held)

    async def _held(self, repo: RepoId, sha: Sha, environment: str, ref: str | None = None) -> Held | None:
        params = {"environment": environment, "order_by": "id", "sort": "desc"}
        us = await self.projects.identity()
        found = await self.projects.list(repo, "/deployments", Held, params, limit=MAX_DEPLOYMENTS)
        ours = [
            held
            for held in found
            if held.sha == sha
            and (ref is None or held.ref == ref)
            # A job's deployment belongs to the job.
            and held.deployable is None
            and held.user is not None
            and held.user.id == us.id
        ]
        return max(ours, key=lambda held: held.id, default=None)


def _deployment(held: Held, environment: str, key: str) -> Deployment:
    return Deployment(DeploymentId(held.id), environment, Sha(held.sha), key, STATES.get(held.status))
