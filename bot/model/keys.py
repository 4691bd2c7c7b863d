"""How the loops spell what they look at: the web process writes these texts, the queue carries them, the loops read them."""

from dataclasses import dataclass

from bot.model.repo import Actor, RepoId
from bot.model.steps import StepKey
from bot.model.target import TargetId

PLAN = "plan"
BASE = "base"
DELIVER = "deliver"
TARGET = "target"
SWEEP = "sweep"

RECHECK = "check re-requested"
"""The one reason for a look that no state shows: somebody wants an answer although what is posted still holds."""
_ASKED_BY = f"{RECHECK} by "


def asked_by(actor: Actor) -> str:
    """The same reason where the forge lets anybody ask: whoever looks has to see whether this one may."""
    return f"{_ASKED_BY}{actor.id} {actor.login}"


def asker(reason: str) -> Actor | None:
    """Who is named by a reason as `asked_by` writes it; None for any other."""
    number, _, login = reason.removeprefix(_ASKED_BY).partition(" ")
    named = reason.startswith(_ASKED_BY) and number.isdecimal()
    return Actor(login, int(number)) if named else None


@dataclass(frozen=True, slots=True)
class PullKey:
    """`forge:owner/name#7`"""

    repo: RepoId
    number: int

    def __str__(self) -> str:
        return f"{self.repo}#{self.number}"

    @classmethod
    def parse(cls, text: str) -> "PullKey":
        repo, _, number = text.rpartition("#")
        return cls(RepoId.parse(repo), int(number))

    @property
    def plan(self) -> StepKey:
        return StepKey(PLAN, str(self))


@dataclass(frozen=True, slots=True)
class BranchKey:
    """`forge:owner/name@main`"""

    repo: RepoId
    branch: str

    def __str__(self) -> str:
        return f"{self.repo}@{self.branch}"

    @classmethod
    def parse(cls, text: str) -> "BranchKey":
        repo, _, branch = text.partition("@")
        return cls(RepoId.parse(repo), branch)

    @property
    def base(self) -> StepKey:
        """Wakes the plans of every open pull request onto this branch."""
        return StepKey(BASE, str(self))

    @property
    def deliver(self) -> StepKey:
        return StepKey(DELIVER, str(self))


@dataclass(frozen=True, slots=True)
class TargetKey:
    """`cluster/target forge:owner/name@main`: one target, and the branch it is delivered from."""

    target: TargetId
    source: BranchKey

    def __str__(self) -> str:
        return f"{self.target} {self.source}"

    @classmethod
    def parse(cls, text: str) -> "TargetKey":
        target, _, source = text.partition(" ")
        cluster, _, name = target.partition("/")
        return cls(TargetId(cluster, name), BranchKey.parse(source))

    @property
    def step(self) -> StepKey:
        return StepKey(TARGET, str(self))
