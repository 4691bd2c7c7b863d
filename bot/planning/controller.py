"""What a search asks of each controller whose objects it follows."""

from collections.abc import Iterable
from typing import Protocol

from bot.discover.objects import DeclaredObject
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic
from bot.model.target import Target
from bot.planning.expansion import Traced

Start = tuple[DeclaredObject, str]
"""An object that declares a target, and the cluster that it is for."""


class Controller(Protocol):
    """One controller, for the length of one search over one tree."""

    @property
    def mentioning(self) -> frozenset[str]:
        """The files in which it is named at all."""
        ...

    @property
    def in_files(self) -> Iterable[DeclaredObject]:
        """Every object of it that stands in a file."""
        ...

    def is_ours(self, manifest: Manifest) -> bool: ...

    def declares_target(self, manifest: Manifest) -> bool:
        """Whether an object of it is more than something that others name."""
        ...

    async def starts(self) -> tuple[list[Start], list[Diagnostic]]:
        """What a search begins with, and what there is to say of the rest."""
        ...

    def lacks(self, found: DeclaredObject, cluster: str) -> bool:
        """Whether it names something that nobody has declared so far."""
        ...

    def kept(self, found: DeclaredObject, cluster: str) -> Traced | None:
        """The target as another search found it, where nothing that went into it differs."""
        ...

    async def target(self, found: DeclaredObject, cluster: str) -> Target:
        """Raises Malformed where even its name cannot be told."""
        ...

    async def look(
        self, found: DeclaredObject, target: Target, cluster: str, *, is_last_word: bool
    ) -> Traced | None:
        """With all that is put into it; None where something that it needs may still be found."""
        ...

    def note(self, traced: Traced) -> None:
        """A target that was found, whoever's it is."""
        ...

    def hold(self, cluster: str, held: Iterable[DeclaredObject]) -> None:
        """What a target of the cluster holds, of every controller."""
        ...

    def standing(self, parent: Traced) -> list[DeclaredObject]:
        """What a target that does not render would bring, as its files stand."""
        ...
