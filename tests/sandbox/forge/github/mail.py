"""Addressing and sealing: which hooks an event goes to, and the headers and signatures it carries.

The invariant: what is signed is, byte for byte, what is sent.
"""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from typing import Any

from tests.sandbox.forge.core.deliveries import Hook, Letter
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import App, Installation
from tests.sandbox.forge.github.render import people
from tests.sandbox.forge.github.state import State

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who is told about an event, beside those who subscribed to it."""

    event: str
    payload: Json
    repository: Repository | None = None
    # Only this App is told, whether it subscribed or not.
    only: App | None = None

    @property
    def action(self) -> str | None:
        return self.payload.get("action")


@dataclass(frozen=True, slots=True)
class Mail:
    state: State

    def announce(self, envelope: Envelope) -> None:
        repository = envelope.repository
        if repository is None:
            return
        if envelope.only is None:
            for hook in repository.hooks:
                if hook.wants(envelope.event):
                    self.post(hook, envelope, None)
        for installation in self.state.apps.of_repository(repository):
            app = installation.app
            is_wanted = app is envelope.only or (
                envelope.only is None and app.hook and app.hook.wants(envelope.event)
            )
            if app.hook is not None and is_wanted:
                self.post(app.hook, envelope, installation)

    def tell_app(self, event: str, known: Installation, payload: Json) -> None:
        if known.app.hook is not None:
            self.post(known.app.hook, Envelope(event, payload), known)

    def post(self, hook: Hook, envelope: Envelope, installation: Installation | None) -> None:
        payload = dict(envelope.payload)
        if installation is not None:
            payload.setdefault("installation", people.simple_installation(installation))
        body = json.dumps(payload, separators=(",", ":")).encode("utf-8", "surrogatepass")
        guid = str(uuid.uuid4())
        headers = _headers(hook, envelope, installation, guid) | _signatures(hook.secret, body)
        if self.state.contract is not None:
            faults = self.state.contract.webhook_faults(envelope.event, envelope.action, headers, payload)
            self.state.violations += faults
        repository_id = envelope.repository.id if envelope.repository else None
        installation_id = installation.id if installation else None
        letter = Letter(
            hook, guid, envelope.event, envelope.action, repository_id, installation_id, headers, body
        )
        self.state.forge.post_office.post(letter)


def _headers(hook: Hook, envelope: Envelope, installation: Installation | None, guid: str) -> dict[str, str]:
    app = installation.app if installation else envelope.only
    target = app.id if app else (envelope.repository.id if envelope.repository else hook.id)
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": envelope.event,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-ID": str(target),
        "X-GitHub-Hook-Installation-Target-Type": "integration" if app else "repository",
    }


def _signatures(secret: str, body: bytes) -> dict[str, str]:
    if not secret:
        return {}
    key = secret.encode()
    return {
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }
