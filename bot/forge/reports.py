"""What Longshore tells a forge about a commit: checks and deployments, in words that all forges have.

The invariant: a report is the whole truth about its subject. Putting the same report twice changes nothing, and
putting another one replaces what was there.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from bot.model.rendering import Severity
from bot.model.repo import Sha

CheckId = NewType("CheckId", int)
DeploymentId = NewType("DeploymentId", int)


class CheckState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


class Conclusion(StrEnum):
    """How a check that is done ended. A forge with statuses only knows good and bad; `neutral` counts as good there."""

    SUCCESS = "success"
    NEUTRAL = "neutral"
    SKIPPED = "skipped"
    FAILURE = "failure"
    ACTION_REQUIRED = "action_required"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark on a line of a file of the commit; `path` is relative to the repository root."""

    path: str
    line: int
    severity: Severity
    message: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """One named verdict on one commit; name and commit together say which check it is.

    `external_id` comes back from `Forge.find_check`, but only where the forge has checks. `pull` is the pull request
    that the check is about, `branch` the branch: some forges file verdicts below one of them.
    """

    name: str
    head_sha: Sha
    state: CheckState
    title: str
    summary: str = ""
    text: str = ""
    conclusion: Conclusion | None = None
    annotations: tuple[Annotation, ...] = ()
    external_id: str = ""
    details_url: str | None = None
    pull: int | None = None
    branch: str | None = None

    def __post_init__(self) -> None:
        if (self.state is CheckState.DONE) is not (self.conclusion is not None):
            raise ValueError(f"check {self.name}: it has a conclusion exactly when it is done")


@dataclass(frozen=True, slots=True)
class Check:
    """A check as the forge holds it; `external_id` is empty where the forge has statuses only."""

    id: CheckId
    name: str
    head_sha: Sha
    state: CheckState
    conclusion: Conclusion | None
    title: str
    external_id: str
    url: str | None


class DeploymentState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class DeploymentReport:
    """One delivery of one commit to one environment. `key` tells it from every other of the same commit and place:
    reports with one key are one deployment, whose state moves on.
    """

    environment: str
    sha: Sha
    ref: str
    state: DeploymentState
    key: str
    description: str = ""
    log_url: str | None = None
    environment_url: str | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    id: DeploymentId
    environment: str
    sha: Sha
    key: str
    state: DeploymentState | None
