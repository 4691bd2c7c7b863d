"""The plan as a comment on the pull request."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.model.plan import Plan, TargetStatus
from bot.report import page, phrases, view
from bot.report.context import PlanContext
from bot.report.ladder import Rung, fitting
from bot.report.templates import fill

if TYPE_CHECKING:
    from bot.forge.base import TextLimit


def plan_comment(plan: Plan, context: PlanContext | None = None, limit: "TextLimit | None" = None) -> str:
    """Markdown within `limit`, which leaves room for whatever the caller adds (a marker)."""
    surroundings = context or PlanContext()
    gathered = view.groups(plan)

    def write(rung: Rung, room: int | None) -> str:
        groups = group_values(gathered, rung, room)
        return fill("plan.md.j2", **plan_values(plan, surroundings, rung), **groups)

    return fitting(write, limit)


def group_values(gathered: Sequence[view.Group], rung: Rung, room: int | None) -> dict[str, Any]:
    """What `plan_groups` is filled with. Raises `TooLong` when that alone exceeds `room`."""
    groups = page.group_items(gathered[: rung.groups], rung, room)
    return {
        "groups": groups,
        "more_groups": len(gathered) - len(groups) if groups else 0,
        "opens": len(gathered) == 1 and rung is Rung.FULL,
    }


def plan_values(plan: Plan, context: PlanContext, rung: Rung) -> dict[str, Any]:
    """What `plan_head` and `plan_foot` are filled with."""
    rows, remarks = page.rows(plan), view.remarks(plan)
    dangers, images, unknowns = view.dangers(plan), view.images(plan), view.unknowns(plan)
    standing = view.standing(plan)
    return {
        "plan": plan,
        "context": context,
        "rung": rung,
        "Rung": Rung,
        "verdict": phrases.verdict(plan),
        "icon": _icon(plan),
        "rows": rows[: rung.rows],
        "has_clusters": any(row.cluster for row in rows),
        "more_rows": max(0, len(rows) - rung.rows),
        "unchanged": len(plan.with_status(TargetStatus.UNCHANGED)),
        "unknowns": unknowns[: rung.rows],
        "more_unknowns": max(0, len(unknowns) - rung.rows),
        "dangers": dangers[: rung.rows],
        "more_dangers": max(0, len(dangers) - rung.rows),
        "message_chars": rung.message_chars,
        "reasons": 1 if rung >= Rung.OBJECTS else 3,
        "losses": phrases.LOSSES,
        "kept": phrases.KEPT,
        "images": [page.image_item(image) for image in images[: rung.rows]],
        "more_images": max(0, len(images) - rung.rows),
        "remarks": remarks[: rung.rows],
        "more_remarks": max(0, len(remarks) - rung.rows),
        "standing": standing[: rung.rows] if rung < Rung.OBJECTS else (),
        "still_standing": phrases.cannot_be_rendered(sum(len(s.targets) for s in standing))
        if standing
        else "",
        "missing": [p for p in plan.protections if not p.active],
        "is_unsure": phrases.is_unsure(plan),
        "appliers": phrases.appliers(plan),
        "took": "" if context.duration_s is None else phrases.seconds(context.duration_s),
        "head": context.head_sha or plan.head.sha,
        "base": context.base_sha or plan.base.sha,
    }


def _icon(plan: Plan) -> str:
    if phrases.is_unsure(plan):
        return "❓"
    if not plan.changed:
        return "✅"
    return "⚠️" if any(not danger.is_kept for danger in view.dangers(plan)) else "✏️"
