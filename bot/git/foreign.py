"""Other people's repositories, as far as a manifest builds on them.

A repository is fetched one commit at a time, without its history: what it was yesterday is nobody's question here. Only
where a commit is named by its id the history is asked, without files, whether a branch or tag contains it: forges keep
the commits of all forks in one store. What a ref leads to is asked once in a while, so that all that is planned meanwhile
sees the same commit.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.aio import cancel_all
from bot.errors import LongshoreError, Temporary
from bot.git.address import Address
from bot.git.errors import (
    AuthenticationFailed,
    HostNotAllowed,
    NoRoom,
    NoSuchVersion,
    NotKnownOffline,
    RefNotFound,
    RepositoryMoved,
    RepositoryNotFound,
    TooManySources,
    UnknownRevision,
)
from bot.git.mirror import Mirror
from bot.git.objects import MIB, ReadLimits
from bot.git.remote import BRANCHES, TAGS, Credentials, Extent, RefSpec, Remote
from bot.git.repository import Repository
from bot.git.resolver import public_addresses
from bot.git.room import make_room, mark_used
from bot.git.transfer import GIB, TransferLimits
from bot.git.tree import Tree
from bot.git.wanted import Wanted, wanted_by_controller, wanted_by_kustomize
from bot.model.hosts import Hosts
from bot.model.remote import RemoteKind, RemoteRef
from bot.model.repo import Sha
from bot.model.semver import BadRange, Version, newest, parse_full_version, parse_range, parse_version
from bot.model.target import GitSource

Source = GitSource | RemoteRef
CredentialsFor = Callable[[str], Credentials | None]
"""The operator's credentials for a URL, None to ask as nobody."""


_ANSWERS_KEPT = 1_000
_TRANSFERS_AT_ONCE = 4
"""By so many transfers the mirrors may outgrow what they may hold: each looks for room before it begins."""


@dataclass(frozen=True, slots=True)
class ForeignLimits:
    """`fresh_s`: how long an answer about a ref holds; `broken_s`: how long a failure does.

    `total_bytes` bounds all mirrors together, `sources` those that one visit may open.
    """

    transfer: TransferLimits = field(
        default_factory=lambda: TransferLimits(timeout_s=60.0, attempts=2, size_bytes=GIB)
    )
    read: ReadLimits = field(default_factory=lambda: ReadLimits(cache_bytes=8 * MIB))
    fresh_s: float = 300.0
    broken_s: float = 30.0
    total_bytes: int = 8 * GIB
    sources: int = 200


@dataclass(frozen=True, slots=True)
class ForeignTree:
    """The files of one commit of somebody else's repository. Readable as long as what opened it is open."""

    address: Address
    commit: Sha
    tree: Tree
    repository: Repository

    @property
    def identity(self) -> str:
        """Equal for equal bytes."""
        return f"{self.address}@{self.commit}"


@dataclass(slots=True)
class _Answers:
    """What this process has been told of one repository, by what was wanted; times are of the monotonic clock."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    commits: dict[Wanted, tuple[float, Sha]] = field(default_factory=dict)
    failures: dict[Wanted | None, tuple[float, LongshoreError]] = field(default_factory=dict)


class ForeignRepositories:
    """One per process, for one event loop. `home` is where their mirrors live; several processes may share it."""

    def __init__(
        self,
        home: Path,
        hosts: Hosts,
        credentials: CredentialsFor = lambda _: None,
        *,
        limits: ForeignLimits = ForeignLimits(),
        offline: bool = False,
    ) -> None:
        self._home = home
        self._hosts = hosts
        self._credentials = credentials
        self._limits = limits
        self._offline = offline
        self._answers: dict[Address, _Answers] = {}
        self._transfers = asyncio.Semaphore(_TRANSFERS_AT_ONCE)

    @asynccontextmanager
    async def open(self, source: Source) -> AsyncIterator[ForeignTree]:
        """The tree that a source leads to now.

        Raises a `UserError` for what a person has to mend (`HostNotAllowed`, `BadRepositoryAddress`, `BadRef`,
        `UnknownRevision`, `RefNotFound`, `NoSuchVersion`, `NotKnownOffline`, and what `Mirror.fetch` raises), a
        `Temporary` for what may pass. No message holds a credential.
        """
        address, wanted = _read(source)
        refused = self._hosts.why_not(address.url)
        if refused:
            raise HostNotAllowed(refused)
        commit = await self._commit(address, wanted)
        mirror = self._mirror(address)
        mark_used(mirror.git_dir)
        async with mirror.open(self._limits.read) as repository:
            tree = await repository.tree(await repository.tree_of(commit))
            yield ForeignTree(address, commit, tree, repository)

    @asynccontextmanager
    async def visit(self) -> AsyncIterator["Visit"]:
        """For one piece of work that looks at several, and at some of them more than once."""
        async with AsyncExitStack() as stack:
            visit = Visit(self, stack, self._limits.sources)
            try:
                yield visit
            finally:
                await visit.end()

    def _mirror(self, address: Address) -> Mirror:
        return Mirror(self._home / "trees", address, self._limits.transfer)

    async def _commit(self, address: Address, wanted: Wanted) -> Sha:
        """Asked by one at a time: who comes second finds the answer."""
        if len(self._answers) > _ANSWERS_KEPT:
            self._answers = {a: known for a, known in self._answers.items() if known.lock.locked()}
        answers = self._answers.setdefault(address, _Answers())
        async with answers.lock:
            now = time.monotonic()
            told = answers.commits.get(wanted)
            if (
                told is not None
                and now - told[0] < self._limits.fresh_s
                # It may have been thrown away meanwhile, by another process too.
                and await self._mirror(address).commit(wanted.kept_as) == told[1]
            ):
                return told[1]
            for failed in (answers.failures.get(wanted), answers.failures.get(None)):
                if failed is not None and now - failed[0] < self._limits.broken_s:
                    raise failed[1].with_traceback(None)
            try:
                commit = await self._known(address, wanted) or await self._ask(address, wanted)
            except LongshoreError as error:
                # A forge that does not answer would not answer the next question either.
                answers.failures[None if isinstance(error, Temporary) else wanted] = (time.monotonic(), error)
                raise
            answers.commits[wanted] = (time.monotonic(), commit)
            return commit

    async def _known(self, address: Address, wanted: Wanted) -> Sha | None:
        """What a mirror on disk is enough for: a commit that was looked up before, and everything where nobody is asked."""
        if not (wanted.commit or self._offline):
            return None
        found = await self._mirror(address).commit(wanted.kept_as)
        if found is None and self._offline:
            raise NotKnownOffline(
                f"{wanted.shown} of {address} is not known, and nothing is asked offline",
                hint="run once with the network",
            )
        return found

    async def _ask(self, address: Address, wanted: Wanted) -> Sha:
        try:
            try:
                return await self._fetched(address, await self._remote(address, address.url), wanted)
            except RepositoryMoved:
                # Some forges redirect to the name with `.git`; no redirect is followed, so it is taken at its word.
                if address.url == address.with_suffix:
                    raise
                return await self._fetched(address, await self._remote(address, address.with_suffix), wanted)
        except (AuthenticationFailed, RepositoryNotFound) as error:
            raise type(error)(
                f"{address} is not shown to us",
                hint="check its name; for a private one, `sources.credentials` has to hold what opens it",
            ) from error
        except RefNotFound as error:
            raise RefNotFound(
                f"{address} has no {wanted.shown}", hint="was it deleted or renamed?"
            ) from error

    async def _remote(self, address: Address, url: str) -> Remote:
        addresses: tuple[str, ...] = ()
        if self._hosts.wants_public_address(url):
            addresses = await public_addresses(url, self._hosts.way_in)
        return Remote(url, self._credentials(address.url), addresses)

    async def _fetched(self, address: Address, remote: Remote, wanted: Wanted) -> Sha:
        mirror = self._mirror(address)
        if wanted.commit:
            await self._require_reachable(address, remote, wanted.commit, wanted)
        try:
            source = await self._source(address, remote, wanted)
            await self._transfer(mirror, remote, (RefSpec(source, wanted.kept_as),), Extent.TIP)
        except (RefNotFound, NoSuchVersion):
            if not wanted.otherwise:
                raise
            await self._transfer(mirror, remote, (RefSpec(wanted.otherwise, wanted.kept_as),), Extent.TIP)
        commit = await mirror.commit(wanted.kept_as)
        if commit is None:
            raise RefNotFound(f"{wanted.shown} of {address} leads to no commit")
        await make_room(self._home, self._limits.total_bytes)
        return commit

    async def _source(self, address: Address, remote: Remote, wanted: Wanted) -> str:
        """What `git fetch` is asked for. Raises `NoSuchVersion`."""
        if not wanted.semver:
            return wanted.commit or wanted.ref
        tags = await self._mirror(address).tags(remote)
        read = parse_version if wanted.is_lenient else parse_full_version
        return f"refs/tags/{_newest(address, wanted.semver, tags, read)}"

    async def _transfer(
        self, mirror: Mirror, remote: Remote, refs: Sequence[RefSpec], extent: Extent
    ) -> None:
        """Raises `NoRoom`, and what `Mirror.fetch` raises."""
        async with self._transfers:
            if await make_room(self._home, self._limits.total_bytes):
                raise NoRoom(
                    f"the mirrors of other repositories that are in use hold {self._limits.total_bytes / GIB:g} GiB, "
                    "which is all they may",
                    hint="an hour after they were last used they make room",
                )
            await mirror.fetch(remote, refs, extent)
            mark_used(mirror.git_dir)

    async def _require_reachable(self, address: Address, remote: Remote, commit: Sha, wanted: Wanted) -> None:
        """Raises `UnknownRevision` for a commit that may be anybody's."""
        graph = Mirror(self._home / "graphs", address, self._limits.transfer)
        await self._transfer(graph, remote, (BRANCHES, TAGS), Extent.GRAPH)
        async with graph.open(self._limits.read) as repository:
            if wanted.branch and await repository.contains(commit):
                tip = (await repository.branch(wanted.branch)).sha
                if await repository.is_ancestor(commit, tip):
                    return
            elif await repository.is_reachable(commit):
                return
        where = f"not on branch {wanted.branch}" if wanted.branch else "on no branch or tag"
        raise UnknownRevision(
            f"{wanted.shown} is {where} of {address}",
            hint="was it taken away by a forced push, or is it of a fork?",
        )


class Visit:
    """What one piece of work sees of other repositories: the first answer for a source, or its failure, holds to the end."""

    def __init__(self, repositories: ForeignRepositories, stack: AsyncExitStack, most: int) -> None:
        self._repositories = repositories
        self._stack = stack
        self._most = most
        self._asked: dict[object, asyncio.Task[ForeignTree]] = {}

    async def tree(self, source: Source) -> ForeignTree:
        """Readable until the visit ends. Raises as `ForeignRepositories.open` does."""
        key = source if isinstance(source, RemoteRef) else (source.url, source.ref)
        task = self._asked.get(key)
        if task is None:
            if len(self._asked) >= self._most:
                raise TooManySources(f"more than {self._most} other repositories are built on")
            opened = self._stack.enter_async_context(self._repositories.open(source))
            task = self._asked[key] = asyncio.create_task(opened)
        return await asyncio.shield(task)

    async def end(self) -> None:
        await cancel_all(self._asked.values())


def _read(source: Source) -> tuple[Address, Wanted]:
    if isinstance(source, GitSource):
        return Address.of(source.url), wanted_by_controller(source.ref)
    if source.kind is not RemoteKind.REPOSITORY:
        raise ValueError(f"{source} is no repository")
    return Address.of(source.url), wanted_by_kustomize(source.revision)


def _newest(address: Address, semver: str, tags: tuple[str, ...], read: Callable[[str], Version]) -> str:
    try:
        found = newest(tags, str, parse_range(semver), read=read)
    except BadRange as error:
        raise NoSuchVersion(str(error)) from None
    if found is None:
        raise NoSuchVersion(f"no tag of {address} is a version within {semver[:80]!r}")
    return found
