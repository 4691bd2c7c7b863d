"""What GitLab itself writes down when a merge request changes: versions of its diff, and system notes.

The invariant: a system note is written by whoever did it, and nobody is told of it.
"""

from dataclasses import dataclass

from tests.sandbox.forge.core.conversations import Comment, Pull
from tests.sandbox.forge.core.events import PullChanged
from tests.sandbox.forge.core.git_objects import ABSENT
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab import looking, owners
from tests.sandbox.forge.gitlab.notes import Detail, new_discussion
from tests.sandbox.forge.gitlab.projects import ApprovalRule
from tests.sandbox.forge.gitlab.requests import Version
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.tiers import Tier


@dataclass(frozen=True, slots=True)
class Chronicle:
    state: State

    async def record(self, event: PullChanged) -> None:
        pull, actor = event.pull, event.actor
        request = self.state.requests.of(pull)
        match event.action:
            case "opened":
                await self._add_version(pull)
            case "synchronize":
                await self._add_version(pull)
                request.is_checking = False
                request.check_states.clear()
                request.changes_requested_by.clear()
                if (
                    self.state.tier >= Tier.PREMIUM
                    and self.state.projects.of(pull.repository).resets_approvals_on_push
                ):
                    request.approved_by.clear()
                before = str(event.detail["before"])
                known = [f"^{before}"] if before != ABSENT else [f"^{pull.base_sha}"]
                new = await pull.repository.store.count(pull.head_sha, *known)
                self.note(pull, actor, f"added {new} commit{'s' if new != 1 else ''}")
            case "closed" if pull.is_merged:
                request.merge_commit = request.merge_commit or pull.merge_sha
                request.auto_merge_by = None
                self.note(pull, actor, "merged")
            case "closed":
                request.closed_by = actor
                self.note(pull, actor, "closed")
            case "reopened":
                request.closed_by = None
                await self._add_version(pull)
                self.note(pull, actor, "reopened")
            case "edited":
                await self._edited(event)
            case "converted_to_draft" | "ready_for_review":
                words = "draft" if pull.is_draft else "ready"
                self.note(pull, actor, f"marked this merge request as **{words}**")
            case _:
                # Labels have notes of another kind.
                pass

    async def _edited(self, event: PullChanged) -> None:
        pull, given = event.pull, event.detail.get("changes")
        names = set(given) if isinstance(given, dict) else set()
        if "base" in names:
            await self._add_version(pull)
            self.state.requests.of(pull).is_checking = False
            self.note(pull, event.actor, f"changed target branch to `{pull.base}`")
        if "title" in names:
            self.note(pull, event.actor, f"changed title to **{pull.title}**")
        if "body" in names:
            self.note(pull, event.actor, "changed the description")

    async def _add_version(self, pull: Pull) -> None:
        if not pull.head_sha:
            return
        version = await looking.version_of(self.state, pull)
        versions = self.state.requests.of(pull).versions
        if not versions or (versions[-1].head, versions[-1].base) != (version.head, version.base):
            versions.append(version)
        self.state.requests.of(pull).owner_rules = await self._owner_rules(pull, version)

    async def _owner_rules(self, pull: Pull, version: Version) -> list[ApprovalRule]:
        store, forge = pull.repository.store, self.state.forge
        found = [entry for place in owners.PLACES for entry in await store.entries(version.start, place)]
        if not found:
            return []
        text = (await store.read(found[0][2])).decode(errors="replace")
        paths = [change.path for change in await looking.changes_of(pull, version)]
        return [
            ApprovalRule(
                forge.next_id(),
                demand.pattern,
                "code_owner",
                demand.required,
                [user for user in forge.users.values() if user.login in demand.owners],
                section=demand.section,
            )
            for demand in owners.demands(text, paths)
        ]

    def note(self, pull: Pull, author: User, body: str) -> Comment:
        now, number = self.state.forge.now(), self.state.forge.next_id()
        comment = Comment(number, pull, author, body, now, now)
        pull.comments.append(comment)
        self.state.notes.put(comment, Detail(new_discussion(number, is_individual=True), is_system=True))
        return comment
