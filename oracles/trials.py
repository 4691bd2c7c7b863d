"""What is tried, and what came of it: the words that the oracles share, whoever we are held against."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Say = Callable[[str], None]
"""Tells whoever waits how far it is."""
Url = Callable[[str], str]
"""Where a repository of that name is served."""


def slug(feature: str) -> str:
    """A part of a repository's name."""
    return re.sub(r"[^a-z0-9]+", "-", feature.lower()).strip("-")[:40].strip("-")


class NeverSettled(Exception):
    """The controllers did not come to a verdict."""


class Outcome(StrEnum):
    SAME = "the same"
    """Both apply the same objects, or both refuse for the same reason."""
    REFUSED = "refused by both"
    """Neither takes a combination that chance came upon."""
    OPEN = "left open"
    """The same, but for values that we say are only in the cluster."""
    INCOMPLETE = "unknown to us"
    """They apply it, and we say that we do not know. Safe, but not what is wished for."""
    DIFFERENT = "different"
    """Wrong: other objects, or we render what they refuse."""


AGREEING = frozenset({Outcome.SAME, Outcome.REFUSED})


@dataclass(frozen=True, slots=True)
class Refusal:
    """What both sides have to say where nothing is applied: a part of their message, and a part of ours."""

    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one target, by the name that they have for it. `why` is what differs, in words; empty where both are the same."""

    target: str
    outcome: Outcome
    why: tuple[str, ...] = ()
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one repository: a judgement of each of its targets."""

    name: str
    features: tuple[str, ...]
    judgements: tuple[Judgement, ...]

    @property
    def agrees(self) -> bool:
        return all(judgement.outcome in AGREEING for judgement in self.judgements)


@dataclass(frozen=True, slots=True)
class Known:
    """A deviation that has its reason. `says` is a part of what differs, in the words of the judgement."""

    outcome: Outcome
    says: str
    reason: str
