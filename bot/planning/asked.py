"""What is asked of others than those who hold files: of clusters what they are, of forges what generators of
ApplicationSets want to know. The answers are the same for one piece of work.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from bot.model.manifests import digest
from bot.model.objects import Digest
from bot.planning.once import Once
from bot.render.helm.inputs import ClusterFacts

if TYPE_CHECKING:
    from bot.render.applicationset import PullRequest, Repository

    PullRequests = tuple[PullRequest, ...]
    Repositories = tuple[Repository, ...]

Generator = Mapping[str, Any]
MOST_QUESTIONS = 50

FactsOf = Callable[[str], Awaitable[ClusterFacts]]
"""What is known of a cluster, by its name. Raises nothing."""


async def nothing_known(_cluster: str) -> ClusterFacts:
    return ClusterFacts()


class Forges(Protocol):
    """What one repository may ask. `generator` is a `pullRequest` or `scmProvider` as the controller takes it.

    Each raises `NotKnown` for what nobody can answer or the repository may not know, and the forge's own errors.
    """

    async def pull_requests(self, generator: Generator) -> "PullRequests": ...

    async def repositories(self, generator: Generator) -> "Repositories": ...


class Answers:
    """Of one piece of work: both sides of a change, and every entry of a matrix, are told the same."""

    def __init__(self, forges: Forges | None) -> None:
        self._forges = forges
        self._pulls: Once[Digest, PullRequests] = Once()
        self._repositories: Once[Digest, Repositories] = Once()

    async def pull_requests(self, generator: Generator) -> "PullRequests":
        """Raises as `Forges` does."""
        forges = self._asked("open pull requests", self._pulls, generator)
        return await self._pulls.get(_question(generator), lambda: forges.pull_requests(generator))

    async def repositories(self, generator: Generator) -> "Repositories":
        """Raises as `Forges` does."""
        forges = self._asked("repositories", self._repositories, generator)
        return await self._repositories.get(_question(generator), lambda: forges.repositories(generator))

    def _asked(self, what: str, known: "Once[Digest, Any]", generator: Generator) -> Forges:
        from bot.render.applicationset import NotKnown  # noqa: PLC0415 - few repositories need it

        if self._forges is None:
            raise NotKnown(
                f"it asks a forge for its {what}, and no forge is asked here",
                hint="the plan on a pull request asks it, where Longshore serves the repository",
            )
        if len(known) >= MOST_QUESTIONS and _question(generator) not in known:
            raise NotKnown(f"it is one of more than {MOST_QUESTIONS} questions to a forge")
        return self._forges

    async def end(self) -> None:
        await self._pulls.end()
        await self._repositories.end()


def _question(generator: Generator) -> Digest:
    """Without what is done with the answer."""
    asked = {name: generator[name] for name in generator if name not in _OF_ANSWERS}
    return digest(asked)


_OF_ANSWERS = frozenset({"template", "values", "requeueAfterSeconds"})
