"""The plan as a comment on the pull request."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.model.plan import Plan, TargetStatus
from bot.report import page, phrases, reasons, view
from bot.report.context import PlanContext
from bot.report.ladder import Rung, fitting
from bot.report.templates import fill

if TYPE_CHECKING:
    from bot.forge.base import TextLimit

MAX_OPEN_ROWS = 12
"""A longer table is folded: what stands below it should not be a screen further down."""


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
        "hooks_words": phrases.HOOKS,
        "same_in": phrases.same_in,
        "stamped_words": phrases.stamped,
        "more_groups": len(gathered) - len(groups) if groups else 0,
        "opens": len(gathered) == 1 and rung is Rung.FULL,
    }


def plan_values(plan: Plan, context: PlanContext, rung: Rung) -> dict[str, Any]:
    """What `plan_head` and `plan_foot` are filled with."""
    rows, remarks, wrong = page.rows(plan), reasons.remarks(plan), reasons.errors(plan)
    dangers, unknowns, standing = view.dangers(plan), reasons.unknowns(plan), reasons.standing(plan)
    return (
        _made_of(plan, rung)
        | _declared(unknowns, rung)
        | {
            "plan": plan,
            "context": context,
            "rung": rung,
            "Rung": Rung,
            "verdict": phrases.verdict(plan),
            "icon": _icon(plan),
            "rows": rows[: rung.rows],
            "has_clusters": any(row.cluster for row in rows),
            "more_rows": max(0, len(rows) - rung.rows),
            "open_rows": MAX_OPEN_ROWS,
            "unchanged": len(plan.with_status(TargetStatus.UNCHANGED)),
            "wrong": wrong[: rung.rows],
            "more_wrong": max(0, len(wrong) - rung.rows),
            "wrong_words": phrases.WRONG,
            "unknowns": unknowns[: rung.rows],
            "more_unknowns": max(0, len(unknowns) - rung.rows),
            "dangers": dangers[: rung.rows],
            "more_dangers": max(0, len(dangers) - rung.rows),
            "message_chars": rung.message_chars,
            "reasons": 1 if rung >= Rung.OBJECTS else 3,
            "loss": phrases.loss,
            "remarks": remarks[: rung.rows],
            "more_remarks": max(0, len(remarks) - rung.rows),
            "standing": standing[: rung.rows] if rung < Rung.OBJECTS else (),
            "still_standing": phrases.cannot_be_rendered(sum(len(s.targets) for s in standing))
            if standing
            else "",
            "missing": [p for p in plan.protections if not p.active],
            "fate": phrases.fate(plan),
            "next_step": phrases.next_step(plan) if phrases.is_unsure(plan) else "",
            "appliers": phrases.appliers(plan),
            "is_told": phrases.is_told(plan),
            "took": "" if context.duration_s is None else phrases.seconds(context.duration_s),
            "head": context.head_sha or plan.head.sha,
            "base": context.base_sha or plan.base.sha,
        }
    )


def _made_of(plan: Plan, rung: Rung) -> dict[str, Any]:
    """Charts, foreign sources and images that become others."""
    images, materials, anew = view.images(plan), view.materials(plan), view.made_anew(plan)
    noun = phrases.material_noun(use.change for use in materials)
    return {
        "images": [page.image_item(image) for image in images[: rung.rows]],
        "more_images": max(0, len(images) - rung.rows),
        "materials": [page.material_item(use) for use in materials[: rung.rows]],
        "more_materials": max(0, len(materials) - rung.rows),
        "material_noun": noun,
        "material_nouns": phrases.MATERIALS[noun],
        "anew": [str(target.target.id) for target in anew] if rung < Rung.BARE else [],
        "made_anew": phrases.made_anew(anew),
    }


def _declared(unknowns: Sequence[reasons.Unknown], rung: Rung) -> dict[str, Any]:
    """What is known of unknown targets all the same."""
    known = [declared for unknown in unknowns for declared in unknown.declared]
    return {
        "known": phrases.KNOWN,
        "known_fields": page.known_fields,
        "declared": [page.declared_item(declared, rung) for declared in known[: rung.declared]],
        "declared_words": phrases.DECLARED,
        "opens_declared": len(known) == 1 and rung is Rung.FULL,
        "more_declared": max(0, len(known) - rung.declared) if rung.declared else 0,
    }


def _icon(plan: Plan) -> str:
    if reasons.errors(plan):
        return "❌"
    if phrases.is_unsure(plan):
        return "❓"
    if not plan.changed:
        return "❔" if phrases.renders_nothing(plan) else "✅"
    return "⚠️" if any(not danger.is_kept for danger in view.dangers(plan)) else "✏️"
