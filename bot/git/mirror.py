"""The bot's own copy of a repository, shared by every process on the machine.

Only a fetch writes to it, one at a time; readers need no lock. It holds nothing that the forge does not: when it is
found broken, whatever the reason, it is thrown away and fetched anew.
"""

import asyncio
import logging
import re
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from bot.errors import LongshoreError
from bot.git.address import Address
from bot.git.command import Git
from bot.git.environment import offline
from bot.git.errors import GitFailed, MirrorDamaged, MissingObject, NotARepository, RepositoryTooLarge
from bot.git.lock import locked
from bot.git.objects import ReadLimits
from bot.git.remote import BRANCHES, TAGS, Extent, RefSpec, Remote
from bot.git.repository import FORGE_PULLS, Repository
from bot.git.scratch import write_bare_skeleton
from bot.git.transfer import TransferLimits, list_tags, transfer
from bot.model.repo import RepoId, Sha

log = logging.getLogger(__name__)

PACKS_BEFORE_REPACK = 40
_LEFTOVERS = (
    "*.lock",
    "refs/**/*.lock",
    "objects/**/tmp_*",
    "objects/pack/*.keep",
    "objects/**/*.lock",
    "gc.pid",
)
_REPACK_CONFIG = {"pack.threads": "2", "pack.windowMemory": "256m"}


class Mirror:
    """One per repository; cheap to make. `directory` is where all mirrors live.

    A `RepoId` is a repository we serve, an `Address` somebody else's.
    """

    def __init__(
        self,
        directory: Path,
        repo: RepoId | Address,
        limits: TransferLimits = TransferLimits(),  # noqa: B008 - frozen
    ) -> None:
        self._home = directory / _safe_name(repo)
        self._repo = repo
        self._limits = limits
        self._git = Git(self.git_dir, offline(_REPACK_CONFIG))

    @property
    def git_dir(self) -> Path:
        return self._home / "repo.git"

    @asynccontextmanager
    async def open(self, limits: ReadLimits = ReadLimits()) -> AsyncIterator[Repository]:  # noqa: B008 - frozen
        """The mirror as it was last fetched. What is missing from it marks it for repair: raises `MirrorDamaged`."""
        try:
            async with Repository.open(self.git_dir, limits) as repository:
                yield repository
        except (MissingObject, NotARepository) as error:
            if self._home.is_dir():
                self._suspect.touch()
            raise MirrorDamaged(
                f"the mirror of {self._repo} is not complete: {error.message}", hint="the next fetch mends it"
            ) from error

    async def fetch(
        self,
        remote: Remote,
        refspecs: Sequence[RefSpec] = (BRANCHES, TAGS),
        extent: Extent = Extent.HISTORY,
    ) -> None:
        """Bring the mirror to what the forge has now; one round trip when nothing is new.

        One mirror is always fetched to the same extent.

        Raises what `bot.git.errors` has for the forge's refusals, `TransferTimeout`, `Unavailable`, `MirrorBusy`.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        async with locked(self._home / "lock", wait_s=self._limits.wait_s):
            await self._make_ready()
            with self._marked():
                try:
                    await self._transfer(remote, refspecs, extent)
                except (MissingObject, GitFailed):
                    if await self._is_sound():
                        raise
                    await asyncio.to_thread(self._start_over)
                    await self._transfer(remote, refspecs, extent)
                await self._keep_small()

    async def tags(self, remote: Remote) -> tuple[str, ...]:
        """The names of the tags that the forge has now; nothing is fetched. Raises as `fetch` does."""
        self._home.mkdir(parents=True, exist_ok=True)
        return await list_tags(self._home, remote, self._limits)

    async def commit(self, ref: str) -> Sha | None:
        """The commit that a ref of the mirror leads to, None where the mirror does not hold it or may be damaged."""
        if not self.git_dir.is_dir() or self._suspect.exists():
            return None
        try:
            answer = await self._git.ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        except (GitFailed, MissingObject):
            return None
        return Sha(answer) if answer else None

    async def forget_pull(self, number: int) -> None:
        """Let go of the head of a closed pull request; fetching it brings it back. Raises `MirrorBusy`."""
        if not self.git_dir.is_dir():
            return
        async with locked(self._home / "lock", wait_s=self._limits.wait_s):
            await self._git.run("update-ref", "-d", f"{FORGE_PULLS}{number}")

    async def _make_ready(self) -> None:
        """Create the mirror, or look it over after a fetch that never ended or a reader's complaint."""
        if not self.git_dir.is_dir():
            await asyncio.to_thread(self._start_over)
        elif self._unfinished.exists() or self._suspect.exists():
            self._clear()
            if not await self._is_sound():
                await asyncio.to_thread(self._start_over)
        self._suspect.unlink(missing_ok=True)

    @contextmanager
    def _marked(self) -> Iterator[None]:
        """The mark stays only when the process dies or is cancelled in here; git itself ends orderly or is cleared up."""
        self._unfinished.touch()
        try:
            yield
        except LongshoreError:
            self._unfinished.unlink(missing_ok=True)
            raise
        self._unfinished.unlink(missing_ok=True)

    async def _transfer(self, remote: Remote, refspecs: Sequence[RefSpec], extent: Extent) -> None:
        await transfer(self.git_dir, remote, refspecs, self._limits, extent=extent, clear=self._clear)
        # git is content with a ref whose commit is gone, as long as the forge names the same one.
        await self._git.run("for-each-ref", "--format=%(objecttype)")

    async def _is_sound(self) -> bool:
        try:
            await self._git.run("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
        except (GitFailed, MissingObject):
            return False
        return True

    def _start_over(self) -> None:
        """Put an empty mirror in the place of whatever is there. A reader in between finds none and comes again."""
        fresh = Path(mkdtemp(prefix="new-", dir=self._home))
        write_bare_skeleton(fresh)
        if self.git_dir.exists():
            self.git_dir.rename(Path(mkdtemp(prefix="old-", dir=self._home)) / "repo.git")
        fresh.rename(self.git_dir)
        for litter in (*self._home.glob("old-*"), *self._home.glob("new-*")):
            shutil.rmtree(litter, ignore_errors=True)

    def _clear(self) -> None:
        """Remove what a killed git leaves behind. Nobody else writes here: we hold the lock."""
        for pattern in _LEFTOVERS:
            for leftover in self.git_dir.glob(pattern):
                leftover.unlink(missing_ok=True)

    async def _keep_small(self) -> None:
        packs = [path.stat().st_size for path in (self.git_dir / "objects/pack").glob("*.pack")]
        if sum(packs) > self._limits.size_bytes:
            await asyncio.to_thread(self._start_over)
            raise RepositoryTooLarge(
                f"{self._repo} has {sum(packs)} bytes, more than the {self._limits.size_bytes} that a mirror may have",
                hint="raise the limit, or leave the repository out",
            )
        if len(packs) > PACKS_BEFORE_REPACK:
            await self._repack()

    async def _repack(self) -> None:
        """Cruft stays for two weeks: a reader may still be at a commit that a forced push took away."""
        try:
            await self._git.run("gc", "--quiet", "--cruft", "--prune=2.weeks.ago")
        except MissingObject:
            self._suspect.touch()
        except GitFailed as error:
            # The mirror is whole, only larger than it need be; the next fetch tries again.
            log.warning("mirror_not_repacked", extra={"repo": str(self._repo), "error": error.message})

    @property
    def _unfinished(self) -> Path:
        return self._home / "fetching"

    @property
    def _suspect(self) -> Path:
        return self._home / "suspect"


def _safe_name(repo: RepoId | Address) -> str:
    """A directory for the eye, made unique by a hash: two paths may differ only in what a file system cannot hold."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", str(repo)).strip(".-")[:80]
    return f"{readable}-{sha256(str(repo).encode()).hexdigest()[:12]}"
