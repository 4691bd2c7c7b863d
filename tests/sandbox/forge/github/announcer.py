"""Webhooks: what happened, in the payloads GitHub promises, signed, to everyone who asked.

The invariant: a payload is rendered when its event happens, not when it is sent.
"""

from dataclasses import dataclass
from typing import Any

from tests.sandbox.forge.core.conversations import Label
from tests.sandbox.forge.core.deliveries import Hook
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
from tests.sandbox.forge.github.apps import App, Installation
from tests.sandbox.forge.github.checks import CheckRun, CheckSuite
from tests.sandbox.forge.github.mail import Envelope, Mail
from tests.sandbox.forge.github.reading import author_of, changes_by, comparison, extent_of, known_branches
from tests.sandbox.forge.github.render import checks, commits, delivering, issues, people, pulls, repositories
from tests.sandbox.forge.github.state import State

Json = dict[str, Any]

MAX_PUSHED_COMMITS = 2048


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
                await self._pull_changed(event)
            case CommentChanged():
                self._comment_changed(event)
            case StatusSet():
                await self._status_set(event)
            case DeploymentMade():
                self._deployment_made(event)
            case DeploymentMoved():
                self._deployment_moved(event)

    async def _pushed(self, event: Pushed) -> None:
        site, repository, store = self.state.site, event.repository, event.repository.store
        payload: Json = {
            "ref": event.ref,
            "before": event.before,
            "after": event.after,
            "created": event.created,
            "deleted": event.deleted,
            "forced": False,
            "base_ref": None,
            "commits": [],
            "head_commit": None,
            "compare": f"{site.web}/{repository.full_name}/compare/{comparison(event)}",
            "pusher": {"name": event.actor.login, "email": event.actor.email},
            "repository": repositories.push_repository(site, repository),
            "sender": people.user(site, event.actor),
        }
        if not event.deleted:
            if not event.created:
                payload["forced"] = not await store.is_ancestor(event.before, event.after)
            pushed = await store.commits(*_new_revisions(event), limit=MAX_PUSHED_COMMITS)
            payload["commits"] = [await self._pushed_commit(repository, known) for known in pushed[::-1]]
            head = await store.commit(event.after)
            payload["head_commit"] = await self._pushed_commit(repository, head)
        self.mail.announce(Envelope("push", payload, repository))
        if event.branch is not None and not event.deleted:
            await self._request_suites(event)

    async def _pushed_commit(self, repository: Repository, known: Commit) -> Json:
        changes = await changes_by(repository.store, known)
        return commits.pushed_commit(self.state.site, repository, known, changes)

    async def _request_suites(self, event: Pushed) -> None:
        """Every App that may write checks is asked for a suite on every push, subscribed or not."""
        for installation in self.state.apps.of_repository(event.repository):
            if installation.permissions.get("checks") != "write":
                continue
            suite = self.suite(event.repository, installation.app, event.after)
            suite.head_branch = event.branch
            suite.before = event.before
            head = await event.repository.store.commit(event.after)
            shown = checks.hook_check_suite(self.state.site, suite, head)
            payload = {"action": "requested", "check_suite": shown}
            self.mail.announce(
                self._about(event.repository, event.actor, "check_suite", payload, installation.app)
            )

    def suite(self, repository: Repository, app: App, sha: str) -> CheckSuite:
        suite = self.state.checks.suite(repository, app, sha)
        if suite is None:
            forge = self.state.forge
            suite = CheckSuite(forge.next_id(), repository, app, sha, None, forge.now())
            self.state.checks.suites[suite.id] = suite
        return suite

    async def _pull_changed(self, event: PullChanged) -> None:
        site, pull = self.state.site, event.pull
        shown = pulls.pull(site, pull, await extent_of(pull))
        payload: Json = {"action": event.action, "number": pull.number, "pull_request": shown}
        for name, value in event.detail.items():
            is_label = isinstance(value, Label)
            payload[name] = pulls.label(site, pull.repository, value) if is_label else value  # type: ignore[arg-type]
        self.mail.announce(self._about(pull.repository, event.actor, "pull_request", payload))

    def _comment_changed(self, event: CommentChanged) -> None:
        comment = event.comment
        payload: Json = {
            "action": event.action,
            "issue": issues.issue(self.state.site, comment.thread),
            "comment": issues.comment(self.state.site, comment),
        }
        if event.action == "edited":
            payload["changes"] = {"body": {"from": event.previous_body}}
        self.mail.announce(self._about(comment.thread.repository, event.actor, "issue_comment", payload))

    async def _status_set(self, event: StatusSet) -> None:
        site, repository, status = self.state.site, event.repository, event.status
        known = await repository.store.commit(status.sha)
        payload = {
            **delivering.simple_status(site, repository, status),
            "sha": status.sha,
            "name": repository.full_name,
            "commit": commits.commit(site, repository, known, author_of(self.state.forge, known)),
            "branches": [
                repositories.short_branch(site, repository, name, sha)
                for name, sha in await known_branches(repository)
                if sha == status.sha
            ],
        }
        self.mail.announce(self._about(repository, event.actor, "status", payload))

    def _deployment_made(self, event: DeploymentMade) -> None:
        shown = delivering.deployment(self.state.site, event.repository, event.deployment)
        payload = {"action": "created", "deployment": shown, "workflow": None, "workflow_run": None}
        self.mail.announce(self._about(event.repository, event.actor, "deployment", payload))

    def _deployment_moved(self, event: DeploymentMoved) -> None:
        site, repository = self.state.site, event.repository
        payload = {
            "action": "created",
            "deployment": delivering.deployment(site, repository, event.deployment),
            "deployment_status": delivering.deployment_status(
                site, repository, event.deployment, event.status
            ),
        }
        self.mail.announce(self._about(repository, event.actor, "deployment_status", payload))

    def check_run(self, run: CheckRun, action: str, actor: User, *, only: App | None = None) -> None:
        payload = {"action": action, "check_run": checks.hook_check_run(self.state.site, run)}
        self.mail.announce(self._about(run.repository, actor, "check_run", payload, only))

    def installation(self, known: Installation, action: str) -> None:
        covered = self.state.apps.repositories_of(known)
        payload = {
            "action": action,
            "installation": people.installation(self.state.site, known),
            "repositories": [_mention(repository) for repository in covered],
            "requester": None,
            "sender": people.user(self.state.site, known.account),
        }
        self.mail.tell_app("installation", known, payload)

    def installation_repositories(self, known: Installation, action: str, repository: Repository) -> None:
        mentioned = [_mention(repository)]
        payload = {
            "action": action,
            "installation": people.installation(self.state.site, known),
            "repository_selection": known.selection,
            "repositories_added": mentioned if action == "added" else [],
            "repositories_removed": mentioned if action == "removed" else [],
            "requester": None,
            "sender": people.user(self.state.site, known.account),
        }
        self.mail.tell_app("installation_repositories", known, payload)

    def ping(self, hook: Hook, place: Repository | App, owner: User) -> None:
        site = self.state.site
        shown: Json = {
            "type": "Repository" if isinstance(place, Repository) else "App",
            "id": hook.id,
            "name": "web",
            "active": hook.is_active,
            "events": sorted(hook.events),
            "config": {"url": hook.url, "content_type": "json", "insecure_ssl": "0"},
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2024-01-01T00:00:00Z",
        }
        payload: Json = {"zen": "Keep it logically awesome.", "hook_id": hook.id, "hook": shown}
        payload["sender"] = people.user(site, owner)
        if isinstance(place, App):
            shown["app_id"] = place.id
            envelope = Envelope("ping", payload, only=place)
        else:
            payload["repository"] = repositories.repository(site, place)
            envelope = Envelope("ping", payload, place)
        self.mail.post(hook, envelope, None)

    def _about(
        self, repository: Repository, actor: User, event: str, payload: Json, only: App | None = None
    ) -> Envelope:
        shown = repositories.repository(self.state.site, repository)
        sender = people.user(self.state.site, actor)
        return Envelope(event, {**payload, "repository": shown, "sender": sender}, repository, only)


def _mention(repository: Repository) -> Json:
    shown = {"id": repository.id, "name": repository.name, "full_name": repository.full_name}
    return {**shown, "node_id": f"R_{repository.id}", "private": repository.is_private}


def _new_revisions(push: Pushed) -> list[str]:
    """What the push brought: what was not on the branch before, or on any other branch when it is new."""
    if not push.created:
        return [push.after, f"^{push.before}"]
    return [push.after, "--not", *([f"--exclude={push.branch}"] if push.branch else []), "--branches"]
