"""One repository on a real Gitea: what people do to it, and what they see of the bot there."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from oracles.gitea.api import Refused
from tests.sandbox.cluster import observe
from tests.stories.bot import HOOK_SECRET
from tests.stories.manifests import NS
from tests.stories.patience import until

if TYPE_CHECKING:
    from oracles.gitea.api import Api, Files
    from oracles.gitea.town import Town

T = TypeVar("T")

EVENTS = ("push", "pull_request_only", "pull_request_sync", "pull_request_comment")
"""What docs/forges.md says to switch on, by the names of the API."""
_MARKER = re.compile(r"\A<!-- longshore:(?P<kind>[a-z-]+) v1 ")


@dataclass(eq=False, slots=True)
class Fleet:
    """`name` is its organisation and its namespace alike, which `NS` in files stands for; `owner` may do everything."""

    town: Town
    owner: Api
    name: str
    _branches: int = field(default=0)

    @property
    def path(self) -> str:
        return f"{self.name}/fleet"

    @classmethod
    async def founded(cls, town: Town, slug: str, *, hook_url: str = "") -> Fleet:
        """A private repository of a new organisation that the bot may write to, and hears of; or whoever is named."""
        name = f"{slug}-{secrets.token_hex(3)}"
        owner = town.owner
        await owner.post("/orgs", {"username": name, "visibility": "private"})
        about = {"name": "fleet", "private": True, "default_branch": "main", "auto_init": True}
        await owner.post(f"/orgs/{name}/repos", about)
        fleet = cls(town, owner, name)
        await fleet.give(town.bot_name, "write")
        await fleet.hook(hook_url or town.bot.hook_url)
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        await observe.create(town.cluster, "/api/v1/namespaces", namespace)
        return fleet

    async def give(self, user: str, role: str) -> None:
        await self.owner.call("PUT", f"/repos/{self.path}/collaborators/{user}", {"permission": role})

    async def hook(self, url: str) -> None:
        config = {"url": url, "content_type": "json", "secret": HOOK_SECRET}
        hook = {"type": "gitea", "active": True, "config": config, "events": EVENTS}
        await self.owner.post(f"/repos/{self.path}/hooks", hook)

    # What people do

    async def push(self, files: Files, branch: str = "main", *, since: str | None = None) -> str:
        own = {path: text and text.replace(NS, self.name) for path, text in files.items()}
        return await self.owner.commit(self.path, own, branch, since=since)

    async def open(self, files: Files, title: str = "A change", *, base: str = "main") -> dict[str, Any]:
        """A pull request from a branch of its own."""
        self._branches += 1
        branch = f"change-{self._branches}"
        await self.push(files, branch, since="main")
        return await self.request(branch, title, base=base)

    async def request(self, head: str, title: str = "A change", *, base: str = "main") -> dict[str, Any]:
        asked = {"head": head, "base": base, "title": title}
        opened: dict[str, Any] = await self.owner.post(f"/repos/{self.path}/pulls", asked)
        return opened

    async def edit(self, number: int, **changes: Any) -> None:
        await self.owner.call("PATCH", f"/repos/{self.path}/pulls/{number}", changes)

    async def say(self, number: int, body: str) -> None:
        await self.owner.post(f"/repos/{self.path}/issues/{number}/comments", {"body": body})

    async def merge(self, number: int, how: str = "merge") -> str:
        """The commit that it became."""

        async def merged() -> bool:
            # Until Gitea has looked whether it can be merged, it says "try again".
            try:
                await self.owner.post(f"/repos/{self.path}/pulls/{number}/merge", {"Do": how})
            except Refused as error:
                if error.status != 405:
                    raise
                return False
            return True

        await until(merged, f"#{number} can be merged")
        sha: str = (await self.owner.get(f"/repos/{self.path}/pulls/{number}"))["merge_commit_sha"]
        return sha

    # What people see

    async def said(self, number: int, kind: str) -> list[dict[str, Any]]:
        """The bot's own comments of this kind."""
        comments = await self.owner.get(f"/repos/{self.path}/issues/{number}/comments")
        return [
            comment
            for comment in comments
            if comment["user"]["login"] == self.town.bot_name
            and (found := _MARKER.match(comment["body"]))
            and found["kind"] == kind
        ]

    async def statuses(self, sha: str, context: str) -> list[dict[str, Any]]:
        """The newest first."""
        found = await self.owner.get(f"/repos/{self.path}/commits/{sha}/statuses", limit=50)
        of_context = [status for status in found if status["context"] == context]
        return sorted(of_context, key=lambda status: -status["id"])

    async def told(self, number: int, kind: str, *words: str) -> dict[str, Any]:
        """The one comment of this kind, once it has these words."""

        async def look() -> dict[str, Any] | None:
            comments = await self.said(number, kind)
            assert len(comments) <= 1, f"two comments of kind {kind}"
            return comments[0] if comments and all(word in comments[0]["body"] for word in words) else None

        return await self.until(look, f"#{number} is told: {kind} {words}")

    async def verdict(self, sha: str, context: str, state: str = "success") -> dict[str, Any]:
        """The newest status of this name, once it says so."""

        async def look() -> dict[str, Any] | None:
            found = await self.statuses(sha, context)
            return found[0] if found and found[0]["status"] == state else None

        return await self.until(look, f"{sha[:10]} comes to {context} {state}")

    async def data(self, name: str) -> Mapping[str, str] | None:
        """What a ConfigMap in the cluster holds; None where there is none."""
        found = await observe.read(self.town.cluster, f"/api/v1/namespaces/{self.name}/configmaps/{name}")
        return found["data"] if found else None

    async def until(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        log = self.town.bot.log
        return await until(look, f"{self.name}: {what}", dump=lambda: log.tail(self.name))
