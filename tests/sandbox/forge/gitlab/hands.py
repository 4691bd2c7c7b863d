"""What people do on GitLab and nowhere else: groups, members, tokens, hooks, approvals, pipelines."""

from collections.abc import Iterable
from datetime import date

from tests.sandbox.forge.core import comments
from tests.sandbox.forge.core.conversations import Comment, Pull, Thread
from tests.sandbox.forge.core.deliveries import Hook
from tests.sandbox.forge.core.delivering import Status
from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.core.standin import StandIn
from tests.sandbox.forge.gitlab import approvals, boarding, hooking, issuing, reporting, running
from tests.sandbox.forge.gitlab.announcer import Announcer
from tests.sandbox.forge.gitlab.chronicle import Chronicle
from tests.sandbox.forge.gitlab.hooks import EVENTS
from tests.sandbox.forge.gitlab.members import OF_ROLE, Group, Level
from tests.sandbox.forge.gitlab.merging import Words, merge_now
from tests.sandbox.forge.gitlab.pipelines import Pipeline
from tests.sandbox.forge.gitlab.projects import Access, ApprovalRule, ProtectedBranch
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.tiers import Tier
from tests.sandbox.forge.gitlab.tokens import AccessToken
from tests.sandbox.forge.gitlab.trains import Car


class GitLabHands(StandIn):
    def __init__(self, state: State) -> None:
        super().__init__(state.forge, state.violations)
        self.state = state
        self.announcer = Announcer(state)
        self.chronicle = Chronicle(state)
        state.forge.listeners.append(self.announcer)
        state.forge.post_office.listeners.append(state.hooks.learn)

    @property
    def tier(self) -> Tier:
        return self.state.tier

    @tier.setter
    def tier(self, tier: Tier) -> None:
        self.state.tier = tier

    # Groups and people

    def create_group(self, full_path: str, *, private: bool = True) -> Group:
        """With the groups above it."""
        return self.state.group(full_path, is_private=private)

    def give_level(self, place: Repository | Group | str, login: str, level: Level) -> None:
        """`place` may be the path of a group."""
        if isinstance(place, str):
            place = self.create_group(place)
        members = place.members if isinstance(place, Group) else self.state.members.direct(place)
        members[self.user(login)] = level

    def give_role(self, repository: Repository, login: str, role: Role) -> None:
        """What corresponds to it: read is Reporter, write is Developer, admin is Maintainer."""
        self.give_level(repository, login, OF_ROLE[role])

    def token(self, login: str, *, scopes: tuple[str, ...] = ("api",), expires_on: date | None = None) -> str:
        return self.personal_token(login, scopes=scopes, expires_on=expires_on).bearer.text

    def personal_token(
        self, login: str, *, scopes: tuple[str, ...] = ("api",), expires_on: date | None = None
    ) -> AccessToken:
        return issuing.issue(self.state, self.user(login), "by hand", scopes, expires_on)

    def project_token(
        self,
        repository: Repository,
        name: str = "longshore",
        *,
        level: Level = Level.MAINTAINER,
        scopes: tuple[str, ...] = ("api",),
        expires_on: date | None = None,
    ) -> AccessToken:
        """Its text is `.bearer.text`, the bot it makes is `.user`."""
        return issuing.issue_for_place(self.state, repository, name, level, scopes, expires_on)

    def group_token(
        self,
        full_path: str,
        name: str = "longshore",
        *,
        level: Level = Level.MAINTAINER,
        scopes: tuple[str, ...] = ("api",),
        expires_on: date | None = None,
    ) -> AccessToken:
        return issuing.issue_for_place(
            self.state, self.create_group(full_path), name, level, scopes, expires_on
        )

    def add_hook(
        self,
        place: Repository | Group,
        url: str,
        secret: str = "",
        events: Iterable[str] = ("*",),
        *,
        signing_token: str | None = None,
    ) -> Hook:
        """`events` are words like `push_events`; `*` is all of them."""
        names = {"*"} if "*" in events else {EVENTS[word] for word in events}
        hook = Hook(self.forge.next_id(), url, secret, frozenset(names), created_at=self.forge.now())
        self.state.hooks.details[hook] = hooking.new_detail(place, signing_token)
        if isinstance(place, Group):
            self.state.hooks.of_groups.setdefault(place, []).append(hook)
        else:
            place.hooks.append(hook)
        return hook

    # Projects

    async def create_repo(self, full_name: str, **how: object) -> Repository:
        """`acme/fleet` or `acme/platform/fleet`: what stands before the name is a group, made where it is not yet."""
        namespace = full_name.rpartition("/")[0]
        is_private = bool(how.get("private", True))
        if namespace.lower() not in self.forge.users:
            self.state.group(namespace, is_private=is_private)
        return await super().create_repo(full_name, **how)  # type: ignore[arg-type]

    def share(self, repository: Repository, full_path: str) -> None:
        """With the group of that path, to whose projects it then counts."""
        self.state.members.shared.setdefault(repository, []).append(self.create_group(full_path))

    def protect(self, repository: Repository, branch: str, *contexts: str) -> None:
        """As a new project's default branch is: pushing and merging are for maintainers."""
        self.protect_branch(repository, branch)
        if contexts:
            self.state.projects.of(repository).must_pipeline_succeed = True

    def protect_branch(
        self,
        repository: Repository,
        branch: str,
        *,
        push: Level = Level.MAINTAINER,
        merge: Level = Level.MAINTAINER,
        force_push: bool = False,
        code_owners: bool = False,
    ) -> None:
        def access(level: Level) -> list[Access]:
            return [Access(self.forge.next_id(), level)]

        made = ProtectedBranch(
            self.forge.next_id(), branch, access(push), access(merge), [], force_push, code_owners
        )
        self.state.projects.of(repository).protected[branch] = made

    def rename(self, repository: Repository, full_name: str) -> None:
        """Also to another group; the former path leads there."""
        namespace, _, name = full_name.rpartition("/")
        self.forge.rename(repository, name, self.state.group(namespace).namespace)

    # Merge requests

    async def merge_pull(self, pull: Pull, method: str = "merge", author: str = "alice") -> str:
        """Press "Merge", with "Squash" ticked or not."""
        if method not in {"merge", "squash"}:
            raise ValueError(f"GitLab's button cannot {method}: that is a setting of the project")
        self.state.requests.of(pull).squash = method == "squash"
        return await merge_now(self.state, pull, self.user(author), Words())

    async def approve(self, pull: Pull, author: str = "bob") -> None:
        await approvals.approve(self.state, pull, self.user(author))

    def require_approvals(self, repository: Repository, count: int, *logins: str) -> None:
        """A rule of the paid tiers: of these people, or (none named) of anybody."""
        kind = "regular" if logins else "any_approver"
        rule = ApprovalRule(
            self.forge.next_id(), "Reviewers", kind, count, [self.user(one) for one in logins]
        )
        self.state.projects.of(repository).approval_rules.append(rule)

    async def react(self, comment: Comment, emoji: str, author: str = "alice") -> None:
        """Give an emoji to what somebody said."""
        reaction, is_new = comments.react(self.forge, comment.reactions, self.user(author), emoji)
        if is_new and isinstance(comment.thread, Pull):
            await self.announcer.emoji(reaction, comment, comment.thread, "award")

    def system_note(self, pull: Pull, body: str, author: str = "alice") -> Comment:
        return self.chronicle.note(pull, self.user(author), body)

    def remarks(self, thread: Thread) -> list[Comment]:
        return [known for known in thread.comments if not self.state.notes.of(known).is_system]

    def said_about(self, repository: Repository, sha: str) -> list[Comment]:
        """What stands on the page of a commit."""
        return self.state.notes.about(repository, sha, self.forge.now()).comments

    # Pipelines

    async def run_pipeline(self, pull: Pull, author: str = "alice") -> Pipeline:
        """A merge request pipeline with jobs of its own, running."""
        return await running.run_for(self.state, pull, self.user(author))

    async def board_train(self, pull: Pull, author: str = "alice") -> Car:
        """Press "Merge" where the project has merge trains; its pipeline runs on `refs/merge-requests/N/train`."""
        return await boarding.board(self.state, pull, self.user(author))

    async def finish_pipeline(self, pipeline: Pipeline, state: str = "success") -> None:
        await reporting.finish(self.state, pipeline, state)

    def statuses(self, repository: Repository, sha: str) -> list[Status]:
        """In no forge's shape; the oldest first."""
        return [
            Status(
                known.id,
                sha,
                known.state,
                known.name,
                known.description,
                known.target_url,
                known.author,
                known.created_at,
            )
            for known in self.state.pipelines.statuses(repository, sha)
        ]
