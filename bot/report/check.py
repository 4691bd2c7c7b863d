"""The plan as a check on the commit.

The conclusion follows one rule each: anything unknown is a failure, for unknown is not clean; a deletion that takes more than
the object with it is neutral, seen but not in the way; everything else, changes or none, is a success.
"""

from dataclasses import dataclass

from bot.forge.base import TextLimit
from bot.forge.reports import Annotation, Conclusion
from bot.model.plan import Plan
from bot.model.rendering import Diagnostic
from bot.report import phrases, reasons, view
from bot.report.comment import group_values, plan_values
from bot.report.context import PlanContext
from bot.report.escape import one_line, visible
from bot.report.ladder import fitting
from bot.report.templates import fill

MAX_ANNOTATIONS = 200
MAX_MESSAGE_CHARS = 4000


@dataclass(frozen=True, slots=True)
class CheckWords:
    """What a check says. `conclusion` is None while it is still running."""

    conclusion: Conclusion | None
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckLimits:
    summary: TextLimit
    text: TextLimit


def plan_check(plan: Plan, context: PlanContext, limits: CheckLimits) -> CheckWords:
    return CheckWords(
        plan_conclusion(plan),
        title=phrases.verdict(plan),
        summary=_summary(plan, context, limits.summary),
        text=_details(plan, limits.text),
        annotations=_annotations(plan),
    )


def planning_check(context: PlanContext) -> CheckWords:
    """While a plan is being made; `context.is_stale` says that it is made again because the base moved."""
    return CheckWords(None, phrases.PLANNING_AGAIN if context.is_stale else phrases.PLANNING, summary="")


def plan_conclusion(plan: Plan) -> Conclusion:
    if phrases.is_unsure(plan):
        return Conclusion.FAILURE
    if any(not danger.is_kept for danger in view.dangers(plan)):
        return Conclusion.NEUTRAL
    return Conclusion.SUCCESS


def _summary(plan: Plan, context: PlanContext, limit: TextLimit) -> str:
    return fitting(lambda rung, _: fill("plan_summary.md.j2", **plan_values(plan, context, rung)), limit)


def _details(plan: Plan, limit: TextLimit) -> str:
    gathered = view.groups(plan)
    text = fitting(lambda rung, room: fill("plan_groups.md.j2", **group_values(gathered, rung, room)), limit)
    return text.strip("\n")


def _annotations(plan: Plan) -> tuple[Annotation, ...]:
    """Every diagnostic of the change that has a file, on that file; forges show them raw, so nothing is escaped but the unseen."""
    found: dict[Diagnostic, None] = dict.fromkeys(plan.diagnostics)
    found |= dict.fromkeys(diagnostic for _, diagnostic in reasons.own_diagnostics(plan))
    return tuple(
        Annotation(
            visible(d.file), d.line or 1, d.severity, visible(d.message)[:MAX_MESSAGE_CHARS], title=_title(d)
        )
        for d in [d for d in found if d.file][:MAX_ANNOTATIONS]
        if d.file
    )


def _title(diagnostic: Diagnostic) -> str:
    return one_line(phrases.ANNOTATION_TITLES[diagnostic.severity])
