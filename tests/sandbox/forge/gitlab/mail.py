"""Addressing and sealing: which hooks an event goes to, and the headers and signatures it carries.

The invariant: what is signed is, byte for byte, what is sent; the signature tells when.
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.sandbox.forge.core.deliveries import Hook, Letter
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.site import VERSION
from tests.sandbox.forge.gitlab.state import State

Json = dict[str, Any]
SIGNING_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Mail:
    state: State

    def hooks_of(self, repository: Repository) -> list[Hook]:
        group = self.state.members.group_of(repository)
        above = [
            hook
            for known in (group.lineage if group else ())
            for hook in self.state.hooks.of_groups.get(known, [])
        ]
        return [*repository.hooks, *above]

    def announce(
        self, event: str, payload: Json, repository: Repository, *, branch: str | None = None
    ) -> None:
        """All hooks that hear of one event share its UUID."""
        event_uuid, now = str(uuid.uuid4()), self.state.forge.now()
        for hook in self.hooks_of(repository):
            wanted = self.state.hooks.of(hook).branch_filter
            is_filtered = branch is not None and wanted is not None and not fnmatchcase(branch, wanted)
            if hook.wants(event) and not is_filtered and self.state.hooks.may_call(hook, now):
                self.state.forge.post_office.post(self.letter(hook, event, payload, repository, event_uuid))

    def letter(
        self, hook: Hook, event: str, payload: Json, repository: Repository, event_uuid: str | None = None
    ) -> Letter:
        body = json.dumps(payload, separators=(",", ":")).encode("utf-8", "surrogatepass")
        key = str(uuid.uuid4())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"GitLab/{VERSION}",
            "Idempotency-Key": key,
            "X-Gitlab-Event": event,
            "X-Gitlab-Webhook-UUID": self.state.hooks.of(hook).uuid,
            "X-Gitlab-Instance": self.state.site.web,
            "X-Gitlab-Event-UUID": event_uuid or str(uuid.uuid4()),
        }
        if hook.secret:
            headers["X-Gitlab-Token"] = hook.secret
        if self.state.contract is not None:
            self.state.violations += self.state.contract.webhook_faults(event, headers, payload)
        action = (payload.get("object_attributes") or {}).get("action")
        stamp = _stamp(self.state.hooks.of(hook).signing_token, key, body)
        return Letter(hook, key, event, action, repository.id, None, headers, body, stamp)


def _stamp(signing_token: str | None, key: str, body: bytes) -> Callable[[float], Mapping[str, str]]:
    """The signature of the Standard Webhooks specification; none where the hook has no signing token."""
    if signing_token is None:
        return lambda _moment: {}
    secret = base64.b64decode(signing_token.removeprefix(SIGNING_PREFIX))

    def stamp(moment: float) -> Mapping[str, str]:
        at = str(int(moment))
        digest = hmac.digest(secret, f"{key}.{at}.".encode() + body, hashlib.sha256)
        return {
            "webhook-id": key,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }

    return stamp
