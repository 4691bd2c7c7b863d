"""The web application on a real store, and the forges' side of it: deliveries of GitHub and of GitLab."""

import hashlib
import hmac
import io
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bot.forge.github import webhooks
from bot.forge.gitlab import webhooks as gitlab_webhooks
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.web.app import WebOptions, create_app
from bot.web.intake import Hook
from tests.store.conftest import queue, server, shared, store

__all__ = ["client", "options", "queue", "server", "shared", "store"]

SECRET = b"new secret"
OLD_SECRET = b"old secret"
MAX_BODY_BYTES = 2 << 20

Client = TestClient[Any, Any]


@pytest.fixture
def options(server: EmbeddedStore) -> WebOptions:
    hook = Hook("gh", webhooks, (SECRET, OLD_SECRET), lambda path: path.startswith("acme/"))
    other = Hook("gl", gitlab_webhooks, (SECRET,), lambda path: path.startswith("acme/"))
    hooks = {"gh": hook, "gl": other}
    return WebOptions(server.url, hooks, max_body_bytes=MAX_BODY_BYTES, read_timeout_s=0.5)


@pytest.fixture
async def client(
    aiohttp_client: Callable[..., Awaitable[Client]], options: WebOptions, store: Store
) -> Client:
    return await aiohttp_client(create_app(options, store))


@dataclass
class Signed:
    """One delivery as GitHub sends it; `headers` override or, with None, remove."""

    kind: str
    payload: Mapping[str, Any] | bytes
    secret: bytes = SECRET
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    headers: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return self.payload if isinstance(self.payload, bytes) else json.dumps(self.payload).encode()

    def all_headers(self) -> dict[str, str]:
        signature = hmac.new(self.secret, self.body, hashlib.sha256).hexdigest()
        merged: dict[str, str | None] = {
            "Content-Type": "application/json",
            "X-GitHub-Event": self.kind,
            "X-GitHub-Delivery": self.guid,
            "X-Hub-Signature-256": f"sha256={signature}",
            **self.headers,
        }
        return {name: value for name, value in merged.items() if value is not None}


def pull_request(number: int = 7, action: str = "opened", repo: str = "acme/fleet", **options: Any) -> Signed:
    sha = "a" * 40
    pull = {"number": number, "base": {"ref": "main"}, "head": {"sha": sha}, "merged": False}
    payload = {"action": action, "pull_request": pull, "repository": {"full_name": repo}}
    return Signed("pull_request", payload, **options)


@dataclass
class Token(Signed):
    """One delivery as GitLab sends it."""

    def all_headers(self) -> dict[str, str]:
        merged: dict[str, str | None] = {
            "Content-Type": "application/json",
            "X-Gitlab-Event": self.kind,
            "X-Gitlab-Token": self.secret.decode(),
            "X-Gitlab-Webhook-UUID": "hook",
            "Idempotency-Key": self.guid,
            **self.headers,
        }
        return {name: value for name, value in merged.items() if value is not None}


def merge_request(number: int = 7, repo: str = "acme/fleet", repo_id: int = 15, **options: Any) -> Token:
    about = {"iid": number, "action": "open", "target_branch": "main", "last_commit": {"id": "a" * 40}}
    project = {"id": repo_id, "path_with_namespace": repo}
    payload = {"object_kind": "merge_request", "project": project, "object_attributes": about}
    return Token("Merge Request Hook", payload, **options)


async def send(client: Client, delivery: Signed, path: str = "/hooks/gh") -> tuple[int, dict[str, Any]]:
    async with client.post(path, data=io.BytesIO(delivery.body), headers=delivery.all_headers()) as response:
        return response.status, await response.json()
