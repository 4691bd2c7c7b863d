"""Both forges in one vocabulary, for rules that hold on either."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.sandbox.forge import Role, StandInGitHub, StandInGitLab
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.receiver import Receiver

SECRET = "a secret of the hook"
FILES = {"a.yaml": "a: 1\n", "dir/b.yaml": "b: 1\n"}

_GITHUB_WORDS = {
    "opened": "opened",
    "synchronize": "moved",
    "reopened": "reopened",
    "edited": "edited",
    "converted_to_draft": "edited",
    "ready_for_review": "edited",
}
_GITLAB_WORDS = {"open": "opened", "reopen": "reopened", "close": "closed", "merge": "merged"}


@dataclass(frozen=True)
class Face:
    forge: StandInGitHub | StandInGitLab
    repository: Repository

    @property
    def is_github(self) -> bool:
        return isinstance(self.forge, StandInGitHub)

    @property
    def head_refs(self) -> str:
        return "refs/pull" if self.is_github else "refs/merge-requests"

    def hook(self, receiver: Receiver) -> None:
        self.forge.add_hook(self.repository, receiver.url, SECRET)

    async def pull(self, branch: str = "change") -> Pull:
        await self.forge.push(self.repository, branch, {"a.yaml": f"a: {branch}\n"})
        return await self.forge.open_pull(self.repository, branch)

    def rename(self, name: str) -> None:
        if isinstance(self.forge, StandInGitLab):
            self.forge.rename(self.repository, f"acme/{name}")
        else:
            self.forge.forge.rename(self.repository, name)

    # What was told, in the same words for both

    def heard(self, receiver: Receiver) -> list[str]:
        """Without pings, which only one of the forges sends."""
        names = [self._word(headers, json.loads(body)) for headers, body in receiver.received]
        return [name for name in names if name not in {"ping", "check_suite"}]

    def _word(self, headers: Mapping[str, str], payload: dict[str, Any]) -> str:
        if self.is_github:
            event, action = headers["x-github-event"], str(payload.get("action"))
            if event == "issue_comment":
                return {"created": "said", "edited": "corrected"}.get(action, action)
            if event == "pull_request" and action == "closed":
                return "merged" if payload["pull_request"]["merged"] else "closed"
            return _GITHUB_WORDS[action] if event == "pull_request" else event
        event, attributes = headers["x-gitlab-event"], payload.get("object_attributes") or {}
        action = str(attributes.get("action"))
        if event == "Note Hook":
            return {"create": "said", "update": "corrected"}[action]
        if event == "Merge Request Hook":
            return _GITLAB_WORDS.get(action) or ("moved" if "oldrev" in attributes else "edited")
        return {"Push Hook": "push", "Tag Push Hook": "push"}.get(event, event)

    def is_authentic(self, headers: Mapping[str, str], body: bytes) -> bool:
        if not self.is_github:
            return headers.get("x-gitlab-token") == SECRET
        expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return headers["x-hub-signature-256"] == f"sha256={expected}"

    def delivery_id(self, headers: Mapping[str, str]) -> str:
        return headers["x-github-delivery" if self.is_github else "idempotency-key"]

    def said(self, receiver: Receiver) -> list[str]:
        """The words of every comment that was told of."""
        found = []
        for headers, body in receiver.received:
            payload = json.loads(body)
            if self._word(headers, payload) == "said":
                found.append(
                    payload["comment"]["body"] if self.is_github else payload["object_attributes"]["note"]
                )
        return found

    def pushes(self, receiver: Receiver) -> list[dict[str, Any]]:
        found = []
        for headers, body in receiver.received:
            payload = json.loads(body)
            if self._word(headers, payload) == "push":
                found.append(payload)
        return found


async def of_github(github: StandInGitHub) -> Face:
    repository = await github.create_repo("acme/fleet", files=FILES)
    github.give_role(repository, "alice", Role.ADMIN)
    return Face(github, repository)


async def of_gitlab(gitlab: StandInGitLab) -> Face:
    repository = await gitlab.create_repo("acme/fleet", files=FILES)
    gitlab.give_role(repository, "alice", Role.ADMIN)
    return Face(gitlab, repository)
