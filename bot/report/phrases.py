"""The short words that every surface shares, so that a comment, a check and a terminal say the same thing."""

import re
from collections.abc import Iterable, Sequence

from bot.model.danger import Loss
from bot.model.objects import ObjectId
from bot.model.plan import Action, Counts, MaterialChange, Plan, TargetPlan, TargetStatus
from bot.model.rendering import Material, Severity
from bot.model.target import EngineKind, TargetId
from bot.report.reasons import errors, standing
from bot.report.stays import Stay
from bot.report.view import Danger, plan_counts

DIGEST_CHARS = 12

SIGNS = {Action.ADDED: "+", Action.CHANGED: "~", Action.REMOVED: "-", Action.MOVED: ">"}
ICONS = {
    TargetStatus.UNCHANGED: "✅",
    TargetStatus.CHANGED: "✏️",
    TargetStatus.ADDED: "🆕",
    TargetStatus.REMOVED: "🗑️",
    TargetStatus.MOVED: "➡️",
    TargetStatus.UNKNOWN: "❓",
}
LOSSES = {
    Loss.NAMESPACE: "everything in the namespace is deleted with it",
    Loss.CUSTOM_OBJECTS: "every object of this kind is deleted with it, in all namespaces",
    Loss.STORAGE: "the data on it may be deleted with it",
    Loss.STATEFUL: "a workload that keeps data stops",
    Loss.ISOLATION: "traffic that it forbade is allowed",
    Loss.DELIVERED: "all that was delivered for it is deleted with it, unless it says otherwise",
    Loss.LEFT: "it goes; all that was delivered for it stays, because it says so, and nobody looks after that",
}
LOSSES_OF_MANY = {
    Loss.NAMESPACE: "everything in these namespaces is deleted with them",
    Loss.CUSTOM_OBJECTS: "every object of these kinds is deleted with them, in all namespaces",
    Loss.STORAGE: "the data on them may be deleted with them",
    Loss.STATEFUL: "workloads that keep data stop",
    Loss.ISOLATION: "traffic that they forbade is allowed",
    Loss.DELIVERED: "all that was delivered for them is deleted with them, unless they say otherwise",
    Loss.LEFT: "they go; all that was delivered for them stays, because they say so, and nobody looks after that",
}
PLANNING = "Planning"
PLANNING_AGAIN = "The base moved; planning again"
ANNOTATION_TITLES = {
    Severity.ERROR: "Has to be mended",
    Severity.WARNING: "Look at this",
    Severity.NOTICE: "Worth knowing",
}
STAYS = {
    Stay.NO_PRUNING: "pruning is off",
    Stay.ORPHANED: "its deletionPolicy is Orphan",
    Stay.NO_FINALIZER: "the Application has no finalizer that deletes them",
    Stay.OWNER_STAYS: "what delivers it is not deleted either",
    Stay.BY_HAND: "nothing deletes what was applied by hand",
}
HOOKS = "Helm hooks, each run at the moment named and not looked after otherwise"
KNOWN = "known, though not all of it"
WRONG = "This has to be mended"
DECLARED = "What is declared changes like this. It is not the whole effect, which is unknown:"

MATERIALS = {"chart": "charts", "source": "sources", "chart or source": "charts and sources"}

_NOTHING = Material("", "", "")
_OPERATORS = re.compile(r"(?<![\w./-])config\.yaml\b|\bthe operator\b")
"""In a reason that only the operator can do something about."""


def count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(items: Sequence[str], shown: int = 5) -> str:
    """`a, b and c`, or `a, b and 3 more`."""
    if len(items) > shown:
        return f"{', '.join(items[:shown])} and {len(items) - shown:,} more"
    return ", ".join([*items[:-2], " and ".join(items[-2:])])


def totals(counts: Counts) -> str:
    """`4 objects added, 2 changed`: only what there is."""
    parts = [
        (counts.added, "added"),
        (counts.changed, "changed"),
        (counts.removed, "removed"),
        (counts.moved, "moved"),
        (counts.left, "left in the cluster"),
    ]
    there = [(number, word) for number, word in parts if number]
    if not there:
        return "no object changes"
    (first, word), *rest = there
    return ", ".join([f"{count(first, 'object')} {word}", *(f"{number:,} {word}" for number, word in rest)])


def short_totals(counts: Counts) -> str:
    """`+4 ~2 -1 (1 left in the cluster)`, for a table."""
    parts = ((counts.added, "+"), (counts.changed, "~"), (counts.removed, "-"), (counts.moved, "→"))
    left = f"({counts.left:,} left in the cluster)" if counts.left else ""
    return " ".join(filter(None, [*(f"{sign}{number:,}" for number, sign in parts if number), left]))


def group_totals(counts: Counts, hooks: int) -> str:
    """`3 objects changed, 1 of them a hook`."""
    if not hooks:
        return totals(counts)
    if hooks == counts.total:
        return f"{totals(counts)}, {'a hook' if hooks == 1 else 'all of them hooks'}"
    return f"{totals(counts)}, {hooks:,} of them {'a hook' if hooks == 1 else 'hooks'}"


def verdict(plan: Plan) -> str:
    """The one sentence that a person reads if they read only one. Holds no text of others."""
    wrong = len(errors(plan))
    unknown, touched = len(plan.with_status(TargetStatus.UNKNOWN)), len(plan.changed)
    parts = [count(wrong, "error")] if wrong else []
    if unknown:
        parts.append(f"{count(unknown, 'target')} cannot be planned")
    if touched:
        verb = "changes" if touched == 1 else "change"
        parts.append(
            f"{touched:,} of {count(len(plan.targets), 'target')} {verb}: {totals(plan_counts(plan))}"
        )
        return "; ".join(parts)
    rest = len(plan.targets) - unknown
    if not parts and renders_nothing(plan):
        return f"Nothing that can be rendered changes; {rest:,} of {count(rest, 'target')} cannot be rendered"
    if not parts:
        return (
            f"Changes nothing rendered: {_all_same(rest)}"
            if rest
            else "No targets were found, so nothing is delivered"
        )
    if rest and unknown:
        parts.append(f"{count(rest, 'other')} {'stays as it is' if rest == 1 else 'stay as they are'}")
    elif rest:
        parts.append(_all_same(rest))
    return "; ".join(parts)


def is_unsure(plan: Plan) -> bool:
    """Whether something of the change is wrong or unknown: a file, a target, or which targets there are."""
    return bool(errors(plan) or plan.with_status(TargetStatus.UNKNOWN))


def renders_nothing(plan: Plan) -> bool:
    """Whether there are targets, and none of them could be rendered before this change or after it."""
    return bool(plan.targets) and sum(len(u.targets) for u in standing(plan)) == len(plan.targets)


def cannot_be_rendered(number: int) -> str:
    """Of targets that were so before. Holds no text of others."""
    return f"{count(number, 'unchanged target')} cannot be rendered, with or without this change"


def object_name(id_: ObjectId, *, with_namespace: bool = True) -> str:
    return f"{id_.namespace}/{id_.name}" if id_.namespace and with_namespace else id_.name


def loss(danger: Danger) -> str:
    is_one = len(danger.ids) == 1
    if danger.stay is not None:
        rest = "it stays in the cluster" if is_one else "they stay in the cluster"
        unowned = f" and nobody looks after {'it' if is_one else 'them'}"
        return f"{STAYS[danger.stay]}, so {rest}{unowned if danger.stay is not Stay.OWNER_STAYS else ''}"
    return (LOSSES if is_one else LOSSES_OF_MANY)[danger.loss]


def material_noun(changes: Iterable[MaterialChange]) -> str:
    """`chart` where nothing else is among them."""
    charts = [material_name(change).startswith("chart ") for change in changes]
    return "chart" if all(charts) else "chart or source" if any(charts) else "source"


def same_in(objects: int) -> str:
    """Before the names of so many objects."""
    return f"the same in {count(objects, 'object')}"


def stamped(objects: int) -> str:
    """Before the labels, and the names of so many objects."""
    return f"{count(objects, 'object')} changed in nothing but"


def material_name(change: MaterialChange) -> str:
    return (change.new or change.old or _NOTHING).name


def material_change(change: MaterialChange) -> str:
    """`6.5.0 (0a1b2c3d4e5f) -> 6.6.1 (6f7e8d9c0b1a)`. Holds names of others."""
    old, new = (exact(side) for side in (change.old, change.new))
    shown = [f"{side[0]} ({side[1]})" if len(side) == 2 else "".join(side) for side in (old, new)]
    return f"new, {shown[1]}" if not old else f"no more, was {shown[0]}" if not new else " -> ".join(shown)


def exact(material: Material | None) -> tuple[str, ...]:
    """Version and short digest, without what there is not; empty for none."""
    return tuple(filter(None, (material.version, short_digest(material)))) if material else ()


def short_digest(material: Material) -> str:
    """Enough of the digest to tell it from another; empty where the version ends in it already."""
    short = material.digest.rpartition(":")[2][:DIGEST_CHARS]
    return "" if material.version.endswith(short) else short


def made_anew(targets: Sequence[TargetPlan]) -> str:
    """Before the names of such targets."""
    noun = material_noun(change for target in targets for change in target.materials)
    return f"Another {noun}, and yet the same objects"


def fate(plan: Plan) -> str:
    """What becomes of unknown targets, as one sentence or none; a controller does not wait for us."""
    unknown = [t.target for t in plan.with_status(TargetStatus.UNKNOWN)]
    controllers = [
        name
        for engine, name in ((EngineKind.FLUX, "Flux"), (EngineKind.ARGOCD, "Argo CD"))
        if any(t.engine is engine for t in unknown)
    ]
    ours = any(t.engine is EngineKind.DIRECT and t.id.cluster for t in unknown)
    verb = "applies" if len(controllers) == 1 else "apply"
    theirs = f"{' and '.join(controllers)} {verb}" if controllers else ""
    if ours:
        rest = f"; what {theirs} is applied all the same" if theirs else ""
        return f"Longshore does not deliver it{rest}."
    return f"Once merged, {theirs} it all the same." if theirs else ""


def next_step(plan: Plan) -> str:
    """How to go on where something is wrong or unknown. Holds no text of others."""
    told = [d.message for t in plan.with_status(TargetStatus.UNKNOWN) for d in t.diagnostics]
    told += [d.message for d in errors(plan)]
    steps = ["mend what can be mended here and push; the plan follows by itself."]
    if any(_OPERATORS.search(message) for message in told):
        steps.append("What the operator has to allow is planned once the check is re-run.")
    if plan.with_status(TargetStatus.UNKNOWN):
        steps.append("What stays unknown is for you to judge.")
    return " ".join(steps)


def appliers(plan: Plan) -> str:
    """Who will apply the change once it is merged, and for whom somebody has to ask."""
    touched = [t.target for t in plan.targets if t.changes]
    who = []
    if any(t.engine is EngineKind.DIRECT and t.id.cluster for t in touched):
        who.append("Longshore applies this")
    for engine, name in ((EngineKind.FLUX, "Flux"), (EngineKind.ARGOCD, "Argo CD")):
        theirs = [t for t in touched if t.engine is engine]
        waiting = [t for t in theirs if t.argocd is not None and not t.argocd.is_automated]
        if theirs and len(waiting) < len(theirs):
            who.append(f"{name} applies what it looks after" if who else f"{name} applies this")
        if waiting:
            names = target_names([t.id for t in waiting])
            who.append(
                f"{names} waits for somebody to sync it"
                if len(waiting) == 1
                else f"{names} wait for somebody to sync them"
            )
    return " and ".join(who)


def is_told(plan: Plan) -> bool:
    """Whether some of it is applied by Longshore, which then says what became of it."""
    return any(
        t.changes and t.target.engine is EngineKind.DIRECT and t.target.id.cluster for t in plan.targets
    )


def target_names(targets: Sequence[TargetId], shown: int = 5) -> str:
    return listed([str(t) for t in targets], shown)


def seconds(duration_s: float) -> str:
    if duration_s < 10:
        return f"{duration_s:.1f} s"
    return f"{duration_s:.0f} s" if duration_s < 120 else f"{duration_s / 60:.0f} min"


def _all_same(number: int) -> str:
    return "the one target stays as it is" if number == 1 else f"all {number:,} targets stay as they are"
