"""Why there is no plan, in words a person can act on: a conflict, an error, a fork that is not planned.

The invariant: whatever stops a plan, the pull request says so, and says how to go on.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.report.context import PlanContext
from bot.report.escape import one_line
from bot.report.ladder import fits
from bot.report.templates import fill

if TYPE_CHECKING:
    from bot.forge.base import TextLimit

MAX_DETAILS = 50


class ObstacleKind(StrEnum):
    CONFLICT = "conflict"
    """The head does not merge with the base; `details` are the files."""
    REFUSED = "refused"
    """A person can mend it: a wrong configuration, say; `details` are the mistakes."""
    FORK = "fork"
    """The head comes from a fork and the protections here do not suffice; `details` are the missing ones."""
    ELSEWHERE = "elsewhere"
    """The base is no delivery branch: nothing would be delivered from there."""
    FAILED = "failed"
    """Our own fault; `run_id` finds it in the log."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    kind: ObstacleKind
    message: str = ""
    hint: str = ""
    details: tuple[str, ...] = ()
    run_id: str = ""


def obstacle_comment(
    obstacle: Obstacle, context: PlanContext | None = None, limit: "TextLimit | None" = None
) -> str:
    text = ""
    for shown in (MAX_DETAILS, 5, 0):
        text = fill(
            "obstacle.md.j2",
            obstacle=obstacle,
            context=context or PlanContext(),
            title=obstacle_title(obstacle),
            details=obstacle.details[:shown],
            more=max(0, len(obstacle.details) - shown),
        )
        if limit is None or fits(text, limit):
            break
    return text


def obstacle_title(obstacle: Obstacle) -> str:
    """One plain line, for the title of a check; may hold names of others, in sight."""
    match obstacle.kind:
        case ObstacleKind.CONFLICT:
            return "Not planned: the head does not merge with the base"
        case ObstacleKind.FORK:
            return "Not planned: pull requests from forks are not rendered here"
        case ObstacleKind.ELSEWHERE:
            return "Not planned: the base is not a delivery branch"
        case ObstacleKind.FAILED:
            return "Not planned: something went wrong on our side"
        case ObstacleKind.REFUSED:
            return one_line(f"Not planned: {obstacle.message}", 140)
