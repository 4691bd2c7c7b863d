"""The forge behind the faces: people, repositories, refs that move, and who is told.

The invariant: every ref moves inside `moving_refs`, so no push, however it came about, goes unannounced.
"""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.sandbox.forge.core.conversations import Mergeability, Pull
from tests.sandbox.forge.core.deliveries import PostOffice
from tests.sandbox.forge.core.events import Event, Listener, PullChanged, Pushed
from tests.sandbox.forge.core.faults import Faults
from tests.sandbox.forge.core.git import GitStore
from tests.sandbox.forge.core.git_objects import ABSENT, Files
from tests.sandbox.forge.core.people import Role, Token, Tokens, User, random_text
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.core.ways import Ways

MOVABLE = ("refs/heads", "refs/tags")


@dataclass(slots=True)
class Forge:
    directory: Path
    ways: Ways = field(default_factory=Ways)
    faults: Faults = field(default_factory=Faults)
    tokens: Tokens = field(default_factory=Tokens)
    users: dict[str, User] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    post_office: PostOffice = field(init=False)
    _repositories: dict[str, Repository] = field(default_factory=dict)
    _former_names: dict[str, Repository] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001))
    _ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.post_office = PostOffice(self.faults, self.now)

    # Time and identity

    def now(self) -> datetime:
        return (datetime.now(UTC) + self._ahead).replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Let time pass for tokens and rate limits without waiting for it."""
        self._ahead += timedelta(seconds=seconds)

    def next_id(self) -> int:
        return next(self._ids)

    # People

    def user(self, login: str) -> User:
        """The person of that login, who comes into being when first named."""
        if login.lower() not in self.users:
            self.add_user(User(self.next_id(), login, login.title()))
        return self.users[login.lower()]

    def add_user(self, user: User) -> User:
        self.users[user.login.lower()] = user
        return user

    def issue_token(
        self, login: str, prefix: str, *, cap: Role = Role.ADMIN, scopes: tuple[str, ...] | None = None
    ) -> Token:
        return self.tokens.add(Token(random_text(prefix), self.user(login), cap=cap, scopes=scopes))

    # Repositories

    async def create_repository(
        self,
        full_name: str,
        *,
        is_private: bool = True,
        default_branch: str = "main",
        files: Files | None = None,
    ) -> Repository:
        owner, _, name = full_name.rpartition("/")
        if full_name.lower() in self._repositories:
            raise ValueError(f"{full_name} exists already")
        number = self.next_id()
        store = await GitStore.create(self.directory / f"{number}.git", default_branch, self.ways.pull_refs)
        now = self.now()
        repository = Repository(number, self.user(owner), name, is_private, default_branch, store, now, now)
        self._repositories[full_name.lower()] = repository
        if files:
            await self.push_files(repository, default_branch, files, "Initial commit", repository.owner)
        return repository

    async def fork(self, parent: Repository, owner: User) -> Repository:
        fork = await self.create_repository(
            f"{owner.login}/{parent.name}", is_private=parent.is_private, default_branch=parent.default_branch
        )
        fork.fork_of = parent
        await fork.store.share_objects_of(parent.store)
        for ref, sha in (await parent.store.refs(*MOVABLE)).items():
            await fork.store.set_ref(ref, sha)
        return fork

    def repository(self, full_name: str) -> Repository | None:
        return self._repositories.get(full_name.lower())

    def renamed(self, full_name: str) -> Repository | None:
        """The repository that used to have this name."""
        return self._former_names.get(full_name.lower())

    def by_id(self, number: int) -> Repository | None:
        return next((found for found in self.repositories if found.id == number), None)

    @property
    def repositories(self) -> list[Repository]:
        return list(self._repositories.values())

    def rename(self, repository: Repository, name: str, owner: User | None = None) -> None:
        """Another name or (where an owner is given) another home; the former name leads here."""
        former = repository.full_name.lower()
        self._former_names[former] = self._repositories.pop(former)
        repository.name, repository.owner = name, owner or repository.owner
        self._repositories[repository.full_name.lower()] = repository

    def delete(self, repository: Repository) -> None:
        """Pull requests from a deleted fork stay, with a head repository of nowhere."""
        del self._repositories[repository.full_name.lower()]
        for other in self.repositories:
            for pull in other.pulls:
                if pull.head_repository is repository:
                    pull.head_repository = None

    # What moves

    async def emit(self, event: Event) -> None:
        for listener in self.listeners:
            await listener(event)

    @asynccontextmanager
    async def moving_refs(self, repository: Repository, actor: User) -> AsyncIterator[None]:
        """Compare the refs before and after, announce what moved, and carry pull requests along.

        What the body did is announced even when it failed half-way: a push may be cut off after its refs moved.
        """
        async with repository.lock:
            before = await repository.store.refs(*MOVABLE)
            try:
                yield
            finally:
                after = await repository.store.refs(*MOVABLE)
                await self._announce_moves(repository, actor, before, after)

    async def _announce_moves(
        self, repository: Repository, actor: User, before: Mapping[str, str], after: Mapping[str, str]
    ) -> None:
        pushes = [
            Pushed(repository, actor, ref, before.get(ref, ABSENT), after.get(ref, ABSENT))
            for ref in sorted(before.keys() | after.keys())
            if before.get(ref) != after.get(ref)
        ]
        untold = self.ways.untold(pushes)
        for push in pushes:
            repository.pushed_at = self.now()
            if push not in untold:
                await self.emit(push)
            if push.branch is not None:
                await self._carry_pulls(push)

    async def push_files(
        self, repository: Repository, branch: str, files: Files, message: str, author: User
    ) -> str:
        """A commit on the branch (made from the default branch when it is new), and the push that it is."""
        store = repository.store
        ref = f"refs/heads/{branch}"
        async with self.moving_refs(repository, author):
            parent = await store.resolve(ref) or await store.resolve(
                f"refs/heads/{repository.default_branch}"
            )
            sha = await store.commit_files(files, message, author.identity, parent=parent)
            await store.set_ref(ref, sha)
        return sha

    async def move_ref(self, repository: Repository, ref: str, sha: str | None, actor: User) -> None:
        """Force a ref somewhere else, or (None) delete it."""
        async with self.moving_refs(repository, actor):
            await repository.store.set_ref(ref, sha)

    async def _carry_pulls(self, push: Pushed) -> None:
        for pull in [pull for repository in self.repositories for pull in repository.pulls if pull.is_open]:
            if pull.head_repository is push.repository and pull.head == push.branch:
                await self._head_moved(pull, push)
            elif pull.repository is push.repository and pull.base == push.branch:
                await self._base_moved(pull, push)

    async def _head_moved(self, pull: Pull, push: Pushed) -> None:
        if push.deleted:
            await self.close(pull, push.actor)
            return
        await self.set_head(pull, push.after)
        detail = {"before": push.before, "after": push.after}
        await self.emit(PullChanged(pull, push.actor, "synchronize", detail))

    async def _base_moved(self, pull: Pull, push: Pushed) -> None:
        pull.mergeability = Mergeability.UNKNOWN
        if push.deleted:
            if self.ways.closes_without_base:
                await self.close(pull, push.actor)
        elif await pull.repository.store.is_ancestor(pull.head_sha, push.after):
            pull.merged_at, pull.merged_by, pull.merge_sha = self.now(), push.actor, push.after
            await self.close(pull, push.actor)

    async def set_head(self, pull: Pull, sha: str) -> None:
        """The base repository holds the head of every pull request, also of those from forks."""
        if pull.head_repository is not None and pull.is_from_fork:
            await pull.repository.store.fetch_objects(pull.head_repository.store, sha, pull.head_ref)
        else:
            await pull.repository.store.set_ref(pull.head_ref, sha)
        pull.head_sha = sha
        pull.base_sha = await pull.repository.store.resolve(f"refs/heads/{pull.base}") or pull.base_sha
        pull.mergeability = Mergeability.UNKNOWN
        pull.updated_at = self.now()

    async def close(self, pull: Pull, actor: User) -> None:
        pull.is_open = False
        pull.closed_at = pull.updated_at = self.now()
        await self.emit(PullChanged(pull, actor, "closed"))
