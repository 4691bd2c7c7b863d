"""What happened, told to everyone who asked; and what GitLab itself does about it: versions and system notes.

The invariant: a payload is rendered when its event happens, not when it is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.sandbox.forge.core.conversations import Comment, Label, Pull, Reaction
from tests.sandbox.forge.core.delivering import Deployment
from tests.sandbox.forge.core.events import (
    CommentChanged,
    DeploymentMade,
    DeploymentMoved,
    Event,
    PullChanged,
    Pushed,
    StatusSet,
)
from tests.sandbox.forge.core.git_objects import Commit
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab import looking
from tests.sandbox.forge.gitlab.chronicle import Chronicle
from tests.sandbox.forge.gitlab.mail import Mail
from tests.sandbox.forge.gitlab.notes import CommitThread
from tests.sandbox.forge.gitlab.pipelines import Pipeline
from tests.sandbox.forge.gitlab.render import events, requests
from tests.sandbox.forge.gitlab.site import hook_time
from tests.sandbox.forge.gitlab.state import State

Json = dict[str, Any]

ACTIONS = {"opened": "open", "reopened": "reopen", "closed": "close"}
TOLD_STATES = frozenset({"running", "success", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class Announcer:
    state: State

    @property
    def mail(self) -> Mail:
        return Mail(self.state)

    async def __call__(self, event: Event) -> None:
        match event:
            case Pushed():
                await self._pushed(event)
            case PullChanged():
                await Chronicle(self.state).record(event)
                await self._pull_changed(event)
            case CommentChanged():
                await self._comment_changed(event)
            case DeploymentMade():
                await self.deployment(event.repository, event.deployment)
            case DeploymentMoved():
                await self.deployment(event.repository, event.deployment)
            case StatusSet():
                raise TypeError("statuses of GitLab are in pipelines")

    async def _pushed(self, event: Pushed) -> None:
        repository, store = event.repository, event.repository.store
        commits: list[Json] = []
        total = 0
        if not event.deleted:
            revisions = _new_revisions(event)
            total = await store.count(*revisions)
            newest = await store.commits(*revisions, limit=events.MAX_LISTED_COMMITS)
            commits = [await self._pushed_commit(repository, known) for known in newest[::-1]]
        payload = events.push(self.state, event, commits, total)
        name = "Push Hook" if event.branch is not None else "Tag Push Hook"
        self.mail.announce(name, payload, repository, branch=event.branch)

    async def _pushed_commit(self, repository: Repository, known: Commit) -> Json:
        store = repository.store
        parents = known.parents
        changes = await (store.changes(parents[0], known.sha) if parents else store.root(known.sha))
        return events.pushed_commit(self.state, repository, known, changes)

    async def _pull_changed(self, event: PullChanged) -> None:
        pull = event.pull
        action = ACTIONS.get(event.action, "update")
        if event.action == "closed" and pull.is_merged:
            action = "merge"
        extra: Json = {}
        if event.action == "synchronize":
            # Only a push has it: it is how a changed head is told from a changed title.
            extra["oldrev"] = event.detail["before"]
        await self.merge_request(pull, event.actor, action, extra, changes_of(event))

    async def merge_request(
        self,
        pull: Pull,
        actor: User,
        action: str,
        extra: Mapping[str, Any] | None = None,
        changes: Json | None = None,
    ) -> None:
        attributes = {**await self._request(pull), "action": action, **(extra or {})}
        payload = events.merge_request(self.state, pull, actor, attributes, changes or {})
        self.mail.announce("Merge Request Hook", payload, pull.repository)

    async def sample_request(self, pull: Pull, actor: User) -> Json:
        """What a test of a hook sends."""
        return events.merge_request(
            self.state, pull, actor, {**await self._request(pull), "action": "open"}, {}
        )

    async def _request(self, pull: Pull) -> Json:
        head = await pull.repository.store.commit(pull.head_sha) if pull.head_sha else None
        status = await looking.detailed_status(self.state, pull)
        return events.request_attributes(self.state, pull, head, status)

    async def _comment_changed(self, event: CommentChanged) -> None:
        """Nothing is said of a deletion, nor of what GitLab itself says."""
        detail = self.state.notes.of(event.comment)
        if event.action == "deleted" or detail.is_system:
            return
        await self.note(event.comment, event.actor, "create" if event.action == "created" else "update")

    async def note(self, comment: Comment, actor: User, action: str) -> None:
        thread = comment.thread
        about: Json = {}
        if isinstance(thread, CommitThread):
            head = await thread.repository.store.commit(thread.sha)
            about["commit"] = events.commit(self.state, thread.repository, head)
        elif isinstance(thread, Pull):
            about["merge_request"] = await self._request(thread)
        payload = events.note(self.state, comment, actor, action, about)
        is_internal = self.state.notes.of(comment).is_internal
        self.mail.announce(
            "Confidential Note Hook" if is_internal else "Note Hook", payload, thread.repository
        )

    async def emoji(self, reaction: Reaction, comment: Comment | None, pull: Pull, action: str) -> None:
        payload = events.emoji(self.state, reaction, comment, pull, action, await self._request(pull))
        self.mail.announce("Emoji Hook", payload, pull.repository)

    async def pipeline(self, known: Pipeline) -> None:
        head = await known.repository.store.commit(known.sha)
        self.mail.announce("Pipeline Hook", events.pipeline(self.state, known, head), known.repository)

    async def deployment(self, repository: Repository, known: Deployment) -> None:
        """A deployment that was only created is not told."""
        if known.state not in TOLD_STATES:
            return
        head = await repository.store.commit(known.sha)
        slug = self.state.projects.of(repository).environments[known.environment].slug
        payload = events.deployment(self.state, repository, known, head, slug)
        self.mail.announce("Deployment Hook", payload, repository)


def changes_of(event: PullChanged) -> Json:
    pull = event.pull
    moment = hook_time(pull.updated_at)
    changes: Json = {"updated_at": {"previous": moment, "current": moment}}
    given = event.detail.get("changes")
    for name, before in given.items() if isinstance(given, Mapping) else ():
        if name == "title":
            changes["title"] = {"previous": before["from"], "current": requests.title_of(pull)}
        elif name == "body":
            changes["description"] = {"previous": before["from"], "current": pull.body}
        elif name == "base":
            changes["target_branch"] = {"previous": before["ref"]["from"], "current": pull.base}
    if event.action in {"converted_to_draft", "ready_for_review"}:
        plain = pull.title
        titles = (
            [f"Draft: {plain}", plain] if event.action == "ready_for_review" else [plain, f"Draft: {plain}"]
        )
        changes["title"] = {"previous": titles[0], "current": titles[1]}
        changes["draft"] = {"previous": not pull.is_draft, "current": pull.is_draft}
    if event.action == "labeled" and isinstance(label := event.detail["label"], Label):
        shown = [requests.label_in_hook(pull, known) for known in pull.labels]
        before = [known for known in shown if known["id"] != label.id]
        changes["labels"] = {"previous": before, "current": shown}
    return changes if event.action != "opened" else {}


def _new_revisions(push: Pushed) -> list[str]:
    """What the push brought; of a new branch, what the other branches do not have."""
    if not push.created:
        return [push.after, f"^{push.before}"]
    return [push.after, "--not", *([f"--exclude={push.branch}"] if push.branch else []), "--branches"]
