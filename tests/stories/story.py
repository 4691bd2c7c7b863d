"""One story: what people do to a repository, and what they see on the forge and in the cluster afterwards."""

from __future__ import annotations

import base64
import json
import re
import shlex
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tests.sandbox.cluster import observe
from tests.sandbox.forge.core.conversations import Comment, Pull
from tests.sandbox.forge.core.repositories import Repository
from tests.stories.manifests import NS, Content, Files
from tests.stories.patience import PATIENCE_S, until
from tests.stories.sight import Verdict, deployed

if TYPE_CHECKING:
    from tests.stories.bot import Event
    from tests.stories.town import Town

T = TypeVar("T")

PLAN = "longshore/plan"
DELIVER = "longshore/deliver"
_MARKER = re.compile(r"\A<!-- longshore:(?P<kind>[a-z-]+) v1 (?P<payload>\S+) [0-9a-f]{64} -->")
_COMMAND = re.compile(r"^longshore (deliver .*)$", re.MULTILINE)
_SHOWN_CHARS = 1200


@dataclass(eq=False, slots=True)
class Story:
    town: Town
    repo: Repository
    name: str
    """Account and namespace alike."""
    _branches: int = field(default=0)

    # What people do

    async def push(self, files: Files, branch: str | None = None, **how: Any) -> str:
        """These files, for this story: `NS` in them is its namespace."""
        where = branch or self.repo.default_branch
        return await self.town.forge.push(self.repo, where, self.own(files), **how)

    def own(self, files: Files) -> Files:
        return {path: _own(content, self.name) for path, content in files.items()}

    async def open(self, files: Files, title: str = "A change", *, branch: str = "", **how: Any) -> Pull:
        """A pull request that changes these files, from a branch of its own."""
        self._branches += 1
        branch = branch or f"change-{self._branches}"
        await self.push(files, branch)
        return await self.town.forge.open_pull(self.repo, branch, title, **how)

    async def merge(self, pull: Pull, method: str = "merge") -> str:
        return await self.town.forge.merge_pull(pull, method)

    async def head(self, branch: str | None = None) -> str:
        return await self.town.forge.head(self.repo, branch)

    async def obey(self, text: str) -> str:
        """Run the `longshore deliver` command that a report names, word for word."""
        found = _COMMAND.search(text) or re.search(r"`longshore (deliver [^`]*)`", text)
        assert found, f"no command in:\n{text}"
        return await self.town.bot.command(*shlex.split(found[1]))

    # What people see on GitHub

    def said(self, pull: Pull, kind: str) -> list[Comment]:
        """The bot's own comments of this kind."""
        return [
            comment
            for comment in pull.comments
            if comment.author.login == self.town.author
            and (found := _MARKER.match(comment.body))
            and found["kind"] == kind
        ]

    def verdict(self, sha: str, name: str) -> Verdict | None:
        """The newest of this name on the commit."""
        found = [v for v in self.town.sight.verdicts(self.repo, sha) if v.name == name]
        return found[-1] if found else None

    def plan_writes(self) -> list[str]:
        """What the plan loop wrote: everything but deliveries' verdicts, which go to other commits, cannot be told apart."""
        heads = {pull.head_sha for pull in self.repo.pulls}
        verdicts = [
            f"{v.id} {v.conclusion}" for sha in heads for v in self.town.sight.verdicts(self.repo, sha)
        ]
        comments = re.compile(f"^(POST|PUT|PATCH) .*({self.town.sight.paths.comments}|/issues/comments)")
        return [*verdicts, *filter(comments.search, self.writes())]

    async def planned(self, pull: Pull, *words: str, conclusion: str | None = None) -> str:
        """The one plan comment, once it and the check tell of the head as it is now, with these words in it."""

        def look() -> str:
            comments, verdict = self.said(pull, "plan"), self.verdict(pull.head_sha, PLAN)
            assert len(comments) <= 1, "two plan comments"
            if not comments or verdict is None or not verdict.is_concluded(conclusion):
                return ""
            body = comments[0].body
            is_of_head = payload(comments[0]).get("head") == pull.head_sha
            return body if is_of_head and all(word in body for word in words) else ""

        return await self.until(look, f"#{pull.number} is planned, saying {words} {conclusion or ''}")

    async def delivered(
        self, sha: str | None = None, conclusion: str = "success", *words: str, within_s: float = PATIENCE_S
    ) -> Verdict:
        """The delivery's verdict on the commit, once it has come to this; the words count where it has room for them."""
        revision = sha or await self.head()

        def look() -> Verdict | None:
            verdict = self.verdict(revision, DELIVER)
            is_it = verdict is not None and verdict.is_concluded(conclusion) and verdict.has(words)
            return verdict if is_it else None

        return await self.until(look, f"{revision[:12]} comes to {conclusion} {words}", within_s=within_s)

    async def told_on(self, pull: Pull, *words: str) -> str:
        """The one delivery comment, once it has these words."""

        def look() -> str:
            comments = self.said(pull, "delivery")
            assert len(comments) <= 1, "two delivery comments"
            return comments[0].body if comments and all(w in comments[0].body for w in words) else ""

        return await self.until(look, f"#{pull.number} is told of its delivery: {words}")

    def deployments(self) -> list[tuple[str, str, str | None]]:
        """Environment, commit and newest state of each."""
        return [(d.environment, d.sha, deployed(d.state)) for d in self.repo.deployments]

    def everything_said(self) -> str:
        """Every word of the bot that the forge has of this repository."""
        ours = (
            c.body for pull in self.repo.pulls for c in pull.comments if c.author.login == self.town.author
        )
        return "\n".join([*ours, *self.town.sight.texts(self.repo)])

    def writes(self) -> list[str]:
        """What the bot has written to this repository so far, request by request."""
        is_about = self.town.sight.is_about
        return [f"{s.method} {s.path}" for s in self.town.writes if is_about(self.repo, s.path)]

    # What the bot logs

    @asynccontextmanager
    async def looked_at(self, loop: str, key: str, *, within_s: float = PATIENCE_S) -> AsyncIterator[None]:
        """Ends once a step that was woken inside has ended, whether it found anything to do or not."""
        began = time.time()
        seen = len(self.town.bot.log.events)
        yield

        def look() -> bool:
            fresh = self.town.bot.log.events[seen:]
            return any(
                e.get("event") == "step_ended" and (e.get("loop"), e.get("key")) == (loop, key) for e in fresh
            )

        await self.until(look, f"{loop} {key} is looked at after {began:.0f}", within_s=within_s)

    def key(self, pull: Pull) -> str:
        return f"hub:{self.repo.full_name}#{pull.number}"

    @property
    def branch_key(self) -> str:
        return f"hub:{self.repo.full_name}@{self.repo.default_branch}"

    def events(self, name: str) -> list[Event]:
        """Log lines of this name about this repository."""
        return [e for e in self.town.bot.log.events if e.get("event") == name and self.name in json.dumps(e)]

    # What is in the cluster

    async def make_namespace(self, name: str) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        await observe.create(self.town.cluster, "/api/v1/namespaces", body)

    async def live(self, path: str) -> dict[str, Any] | None:
        """An object by `configmaps/NAME` in the story's namespace, or by its whole path."""
        whole = path if path.startswith("/") else f"/api/v1/namespaces/{self.name}/{path}"
        return await observe.read(self.town.cluster, whole)

    async def data(self, name: str) -> dict[str, str] | None:
        """What a ConfigMap holds; None where there is none."""
        found = await self.live(f"configmaps/{name}")
        return found["data"] if found else None

    async def put(self, collection: str, body: dict[str, Any]) -> None:
        """Make an object behind the bot's back."""
        whole = collection if collection.startswith("/") else f"/api/v1/namespaces/{self.name}/{collection}"
        await observe.create(self.town.cluster, whole, body)

    # Waiting

    async def until(self, look: Callable[[], T | None], what: str, *, within_s: float = PATIENCE_S) -> T:
        return await until(look, f"{self.name}: {what}", within_s=within_s, dump=self.dump)

    async def comes_to(
        self, look: Callable[[], Awaitable[T | None]], what: str, *, within_s: float = PATIENCE_S
    ) -> T:
        """As `until`, where looking takes asking."""
        return await until(look, f"{self.name}: {what}", within_s=within_s, dump=self.dump)

    def dump(self) -> str:
        comments = [
            f"#{p.number} {c.author.login}: {c.body[:_SHOWN_CHARS]}"
            for p in self.repo.pulls
            for c in p.comments
        ]
        heads = [sha for pull in self.repo.pulls for sha in (pull.head_sha, pull.merge_sha) if sha]
        runs = [
            f"{sha[:10]} {v.name} {v.conclusion} {v.title}"
            for sha in dict.fromkeys(heads)
            for v in self.town.sight.verdicts(self.repo, sha)
        ]
        return "\n".join(
            ["--- said", *comments, "--- checks", *runs, "--- log", self.town.bot.log.tail(self.name)]
        )


def _own(content: Content, namespace: str) -> Content:
    return content.replace(NS, namespace) if isinstance(content, str) else content


def payload(comment: Comment) -> Mapping[str, str]:
    found = _MARKER.match(comment.body)
    return json.loads(base64.b64decode(found["payload"])) if found else {}
