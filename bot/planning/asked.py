"""What is asked of others than those who hold files: of clusters what they are, of forges what generators of
ApplicationSets want to know. The answers are the same for one piece of work.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from bot.errors import LongshoreError
from bot.planning.once import Once
from bot.render.helm.inputs import ClusterFacts

if TYPE_CHECKING:
    from bot.render.applicationset import Branch, PullRequest, Repository
    from bot.render.applicationset.providers import OwnerAsked, PullsAsked

    PullRequests = tuple[PullRequest, ...]
    Repositories = tuple[Repository, ...]
    Branches = tuple[Branch, ...]

Generator = Mapping[str, Any]
MOST_QUESTIONS = 50
MOST_LOOKS = 2_000
"""Into repositories that were listed: for their branches, and for paths."""
MOST_BRANCHES = 5_000

FactsOf = Callable[[str], Awaitable[ClusterFacts]]
"""What is known of a cluster, by its name. Raises nothing."""


async def nothing_known(_cluster: str) -> ClusterFacts:
    return ClusterFacts()


class Forges(Protocol):
    """What one repository may ask.

    Each raises `NotKnown` for what nobody can answer or the repository may not know, and the forge's own errors.
    """

    async def pull_requests(self, of: "PullsAsked") -> "PullRequests":
        """All in that state, whether they fit or not."""

    async def repositories(self, of: "OwnerAsked") -> "Repositories":
        """All that are listed, and every one may be asked about."""

    async def branches(self, repository: "Repository", *, every: bool, limit: int) -> "Branches":
        """Of a repository that was listed: the first `limit`, or the default one where it exists."""

    async def has_path(self, branch: "Branch", path: str) -> bool: ...


class Answers:
    """Of one piece of work: both sides of a change, and every entry of a matrix, are told the same."""

    def __init__(self, forges: Forges | None) -> None:
        self._forges = forges
        self._pulls: Once[Hashable, PullRequests] = Once()
        self._repositories: Once[OwnerAsked, Repositories] = Once()
        self._branches: Once[tuple[int, bool], Branches] = Once()
        self._paths: Once[tuple[int, str, str], bool] = Once()
        self._branches_found = 0

    async def pull_requests(self, generator: Generator) -> "PullRequests":
        """`generator` is a `pullRequest` as the controller takes it. Raises as `Forges` does."""
        from bot.render.applicationset.providers import api_root, pulls_asked  # noqa: PLC0415 - see below

        forges, of = self._asked("open pull requests"), pulls_asked(generator)
        # However many ask for it with other labels and credentials, it is one list.
        question = (of.kind, api_root(of.kind, of.api), of.path.lower(), of.state)
        self._admit(self._pulls, question)
        found = await self._pulls.get(question, lambda: forges.pull_requests(of))
        return tuple(each for each in found if of.fits(each.labels))

    async def repositories(self, of: "OwnerAsked") -> "Repositories":
        """Raises as `Forges` does."""
        forges = self._asked("repositories")
        self._admit(self._repositories, of)
        return await self._repositories.get(of, lambda: forges.repositories(of))

    async def branches(self, repository: "Repository", *, every: bool) -> "Branches":
        """Raises as `Forges` does."""
        forges, key = self._asked("branches"), (repository.id, every)

        async def ask() -> "Branches":
            found = await forges.branches(repository, every=every, limit=MOST_BRANCHES + 1)
            self._branches_found += len(found)
            if self._branches_found > MOST_BRANCHES:
                raise _not_known(f"there are more than {MOST_BRANCHES:,} branches", hint=_NARROWER)
            return found

        self._admit_look(self._branches, key)
        return await self._branches.get(key, ask)

    async def has_path(self, branch: "Branch", path: str) -> bool:
        """Raises as `Forges` does."""
        forges, key = self._asked("files"), (branch.repository.id, branch.sha, path)
        self._admit_look(self._paths, key)
        return await self._paths.get(key, lambda: forges.has_path(branch, path))

    def _asked(self, what: str) -> Forges:
        if self._forges is None:
            raise _not_known(
                f"it asks a forge for its {what}, and no forge is asked here",
                hint="the plan on a pull request asks it, where Longshore serves the repository",
            )
        return self._forges

    def _admit(self, known: "Once[Any, Any]", question: Hashable) -> None:
        if len(self._pulls) + len(self._repositories) >= MOST_QUESTIONS and question not in known:
            raise _not_known(f"it is one of more than {MOST_QUESTIONS} questions to a forge")

    def _admit_look(self, known: "Once[Any, Any]", question: Hashable) -> None:
        if len(self._branches) + len(self._paths) >= MOST_LOOKS and question not in known:
            raise _not_known(
                f"it takes more than {MOST_LOOKS:,} looks into repositories to tell which are meant",
                hint=_NARROWER,
            )

    async def end(self) -> None:
        for each in (self._pulls, self._repositories, self._branches, self._paths):
            await each.end()


def _not_known(message: str, hint: str = "") -> LongshoreError:
    from bot.render.applicationset import NotKnown  # noqa: PLC0415 - few repositories need it

    return NotKnown(message, hint=hint)


_NARROWER = "let `repositoryMatch` or `labelMatch`, in filters of their own, leave fewer repositories"
