"""Which repository a path stands for: paths change hands, the forge's own numbers do not.

The invariant: nothing is fetched from a repository, and so nothing planned for it or delivered from it, whose number is
another one than the operator wrote down (`repositories[].id`) or, where nothing is written down, another one than was
last taken for its path; until the operator writes down the new one.

What was taken for a path is remembered twice. In the store, which may be flushed: it stops every loop at once. And on
the record of every target in its cluster, which nobody flushes: it stops whatever would change that cluster, and is put
back into the store.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from bot.config import RepositoryConfig
from bot.errors import UserError
from bot.forge.base import Forge, Located
from bot.model.repo import RepoId
from bot.store.names import KnownNames

log = structlog.get_logger(__name__)


class AnotherRepository(UserError):
    """What lies at the path is not what the operator meant, or not what lay there before."""


@dataclass(frozen=True, slots=True)
class Identities:
    """For all repositories; one for the life of a worker."""

    names: KnownNames
    _told: dict[RepoId, int] = field(default_factory=dict)

    async def located(self, forge: Forge, repo: RepoId, entry: RepositoryConfig | None) -> Located:
        """The repository as the forge has it now. Raises AnotherRepository."""
        located = await forge.locate(repo)
        meant = entry.id if entry else None
        if meant is not None and meant != located.number:
            raise not_meant(repo, meant, located.number)
        if why := another(repo, await self.names.number_of(repo), located.number, meant):
            raise why
        # Also where it is known: what is used is remembered for longer.
        await self.names.remember(repo, located.number)
        self._tell(repo, located.number, is_meant=meant is not None)
        return located

    async def require(
        self, repo: RepoId, entry: RepositoryConfig | None, found: int, delivered: Iterable[int | None]
    ) -> None:
        """`delivered` are the numbers that a cluster has of what was delivered to it from this path; None: not known.

        Raises AnotherRepository where `found` is another one.
        """
        meant = entry.id if entry else None
        numbers = {number for number in delivered if number is not None}
        for before in sorted(numbers):
            why = another(repo, before, found, meant)
            if why is None:
                continue
            if found not in numbers:
                # The store was flushed, and took the first one that came along. Where ours delivered too, the record of
                # another stops that cluster alone: whoever writes to one cluster must not stop all of them.
                await self.names.remember(repo, before)
            raise why

    def _tell(self, repo: RepoId, number: int, *, is_meant: bool) -> None:
        """Once in the life of a worker."""
        if self._told.get(repo) != number:
            self._told[repo] = number
            log.info("repository_held", repo=str(repo), number=number, by="config" if is_meant else "sight")


def not_meant(repo: RepoId, meant: int, found: int) -> AnotherRepository:
    return AnotherRepository(
        f"the forge has number {found} at {repo}, and config.yaml means number {meant}",
        hint=f"was {meant} moved or deleted, and something else put in its place? The operator names it by its new path; or, "
        f"if what is there now is meant, writes `id: {found}`",
    )


def another(repo: RepoId, before: int | None, found: int, meant: int | None) -> AnotherRepository | None:
    """Why what is at the path must not be taken for what was there before; None where it is the same, where nothing is
    known of it, and where the operator means it.
    """
    if before is None or found in {before, meant}:
        return None
    return AnotherRepository(
        f"the forge has number {found} at {repo}, which was number {before} until now: another repository has taken its "
        "path",
        hint=f"if that is meant (it was deleted and made anew, say), the operator writes `id: {found}` into its own entry "
        "under `repositories` in config.yaml",
    )
