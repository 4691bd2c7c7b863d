"""Fits a report into what a forge accepts, by saying less rather than by cutting.

Each rung is a whole report of its own, so that no fence or fold is ever left open. The invariant: the first rung that
fits is taken, and the last one is so short that it fits anywhere.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING

from bot.report.hunks import Bounds

if TYPE_CHECKING:
    from bot.forge.base import TextLimit


class Rung(IntEnum):
    FULL = 0
    SHORT = 1
    FIELDS = 2
    OBJECTS = 3
    SOME = 4
    TOTALS = 5
    FEW = 6
    BARE = 7

    @property
    def bounds(self) -> Bounds | None:
        """How much of each object's diff is shown, None where none is."""
        return {Rung.FULL: Bounds(100, 400), Rung.SHORT: Bounds(6, 16)}.get(self)

    @property
    def declared(self) -> int:
        """Of how many declarations of unknown targets a diff is shown."""
        return {Rung.FULL: 20, Rung.SHORT: 5}.get(self, 0)

    @property
    def declared_bounds(self) -> Bounds:
        return Bounds(8, 24) if self is Rung.FULL else Bounds(3, 9)

    @property
    def paths(self) -> int:
        """How many paths of changed fields are named where there is no diff."""
        return 6 if self is Rung.FIELDS else 0

    @property
    def objects(self) -> int:
        """How many objects are listed for each group of targets."""
        return {Rung.FULL: 2000, Rung.SHORT: 500, Rung.FIELDS: 200, Rung.OBJECTS: 100, Rung.SOME: 5}.get(
            self, 0
        )

    @property
    def names(self) -> int:
        """How many objects that change alike are named."""
        return {Rung.FULL: 2000, Rung.SHORT: 100}.get(self, 10)

    @property
    def groups(self) -> int:
        """How many groups of targets are told apart."""
        return 0 if self.objects == 0 else 80 if self is Rung.SOME else 1000

    @property
    def rows(self) -> int:
        """How many rows a table or list has at most."""
        return {Rung.TOTALS: 40, Rung.FEW: 8, Rung.BARE: 0}.get(self, 100)

    @property
    def message_chars(self) -> int:
        """How much of one message is shown."""
        return {Rung.FULL: 2000, Rung.SHORT: 1000, Rung.FIELDS: 500}.get(self, 200)


class TooLong(Exception):
    """A rung noticed on its way that it will not fit."""


def fitting(write: Callable[[Rung, int | None], str], limit: "TextLimit | None") -> str:
    """The fullest report that fits. `write` gets the rung and the room in characters, and may raise `TooLong`."""
    room = None if limit is None else min(limit.code_points, limit.size_bytes)
    for rung in Rung:
        try:
            text = write(rung, room if rung < Rung.BARE else None)
        except TooLong:
            continue
        if limit is None or rung is Rung.BARE or fits(text, limit):
            return text
    raise AssertionError("the last rung always answers")


def fits(text: str, limit: "TextLimit") -> bool:
    return len(text) <= limit.code_points and len(text.encode()) <= limit.size_bytes
