"""How the loops spell what they look at: the web process writes these texts, the queue carries them, the loops read them."""

from dataclasses import dataclass

from bot.model.repo import RepoId
from bot.model.steps import StepKey
from bot.model.target import TargetId

PLAN = "plan"
BASE = "base"
DELIVER = "deliver"
TARGET = "target"
SWEEP = "sweep"

RECHECK = "check re-requested"
"""The one reason for a look that no state shows: somebody wants an answer although what is posted still holds."""


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
