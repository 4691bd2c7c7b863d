"""GitHub deployments: which commit went to which environment, and how that went.

The invariant: one key is one deployment, told by the payload we gave it; GitHub is neither to merge anything for it
nor to wait for checks. Its newest status is what was put last.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.forge.github.calls import Calls
from bot.forge.github.pages import Listing
from bot.forge.github.shapes import Deployment as Held
from bot.forge.github.shapes import DeploymentStatus
from bot.forge.reports import Deployment, DeploymentId, DeploymentReport, DeploymentState
from bot.forge.shaped import shaped
from bot.forge.text import clip_line
from bot.model.repo import RepoId, Sha

MAX_DEPLOYMENTS: Final = 300
MAX_STATUSES: Final = 100
DESCRIPTION_CHARACTERS: Final = 140
PAYLOAD_KEY: Final = "longshore"

STATES: Final[Mapping[DeploymentState, str]] = {
    DeploymentState.QUEUED: "queued",
    DeploymentState.RUNNING: "in_progress",
    DeploymentState.SUCCESS: "success",
    DeploymentState.FAILURE: "failure",
    DeploymentState.ERROR: "error",
    DeploymentState.INACTIVE: "inactive",
}


@dataclass(frozen=True, slots=True)
class Deployments:
    calls: Calls

    async def find(self, repo: RepoId, sha: Sha, environment: str, key: str) -> Deployment | None:
        held = await self._held(repo, sha, environment, key)
        if held is None:
            return None
        return _deployment(held, key, await self._newest_status(repo, held))

    async def put(self, repo: RepoId, report: DeploymentReport) -> Deployment:
        held = await self._held(repo, report.sha, report.environment, report.key)
        if held is None:
            held = await self._create(repo, report)
        body = _body(report)
        status = await self._newest_status(repo, held)
        if status is None or not _says(status, body):
            path = "/deployments/{id}/statuses"
            answer = await self.calls.send("POST", repo, path, {"id": held.id}, data=body)
            status = shaped(answer, DeploymentStatus)
        return _deployment(held, report.key, status)

    async def _create(self, repo: RepoId, report: DeploymentReport) -> Held:
        # The commit and not the branch: that may have moved since.
        body = {
            "ref": report.sha,
            "environment": report.environment,
            "description": clip_line(report.description, DESCRIPTION_CHARACTERS),
            "payload": {PAYLOAD_KEY: report.key},
            "auto_merge": False,
            "required_contexts": [],
        }
        return shaped(await self.calls.send("POST", repo, "/deployments", {}, data=body), Held)

    async def _held(self, repo: RepoId, sha: Sha, environment: str, key: str) -> Held | None:
        variables = {"sha": sha, "environment": environment, "per_page": 100}
        listing = Listing("/deployments{?sha,environment,per_page}", variables)
        us = await self.calls.auth.identity()
        found = await self.calls.list(repo, listing, Held, limit=MAX_DEPLOYMENTS)
        ours = [
            held for held in found if held.creator and held.creator.id == us.id and _key(held.payload) == key
        ]
        # Where two workers made one each, all of them go on with the first.
        return min(ours, key=lambda held: held.id, default=None)

    async def _newest_status(self, repo: RepoId, held: Held) -> DeploymentStatus | None:
        listing = Listing("/deployments/{id}/statuses{?per_page}", {"id": held.id, "per_page": 100})
        found = await self.calls.list(repo, listing, DeploymentStatus, limit=MAX_STATUSES)
        return max(found, key=lambda status: status.id, default=None)


def _body(report: DeploymentReport) -> dict[str, Any]:
    return {
        "state": STATES[report.state],
        "description": clip_line(report.description, DESCRIPTION_CHARACTERS),
        "log_url": report.log_url or "",
        "environment_url": report.environment_url or "",
    }


def _says(status: DeploymentStatus, body: Mapping[str, Any]) -> bool:
    held = (status.state, status.description, status.log_url, status.environment_url)
    return held == (body["state"], body["description"], body["log_url"], body["environment_url"])


def _key(payload: Mapping[str, Any] | str | None) -> str | None:
    """GitHub hands a payload back as it came, which for other tools is text."""
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except ValueError:
            return None
    key = payload.get(PAYLOAD_KEY) if isinstance(payload, Mapping) else None
    return key if isinstance(key, str) else None


def _deployment(held: Held, key: str, status: DeploymentStatus | None) -> Deployment:
    word = status.state if status else None
    state = next((state for state, name in STATES.items() if name == word), None)
    return Deployment(DeploymentId(held.id), held.environment, Sha(held.sha), key, state)
