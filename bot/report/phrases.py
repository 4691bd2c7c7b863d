"""The short words that every surface shares, so that a comment, a check and a terminal say the same thing."""

from collections.abc import Sequence

from bot.model.danger import Loss
from bot.model.delivery import Failure, Health, Outcome, Phase
from bot.model.objects import ObjectId
from bot.model.plan import Action, Counts, ObjectChange, Plan, TargetStatus
from bot.model.rendering import Severity
from bot.model.target import EngineKind, TargetId

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
}
PLANNING = "Planning"
PLANNING_AGAIN = "The base moved; planning again"
ANNOTATION_TITLES = {
    Severity.ERROR: "Cannot be planned",
    Severity.WARNING: "Look at this",
    Severity.NOTICE: "Worth knowing",
}
PHASES = {
    Phase.WAITING: ("⏳", "waiting"),
    Phase.APPLYING: ("🔄", "being applied"),
    Phase.PRUNING: ("🔄", "being pruned"),
    Phase.CHECKING: ("🩺", "becoming healthy"),
    Phase.DELIVERED: ("✅", "delivered"),
    Phase.BLOCKED: ("✋", "waiting for a person"),
    Phase.FAILED: ("❌", "failed"),
    Phase.UNKNOWN: ("❓", "unknown"),
    Phase.HANDED_OVER: ("🤝", "delivered by Flux"),
}
OUTCOMES = {
    Outcome.CREATED: "created",
    Outcome.CONFIGURED: "changed",
    Outcome.UNCHANGED: "unchanged",
    Outcome.PRUNED: "deleted",
    Outcome.KEPT: "left alone",
    Outcome.FAILED: "failed",
}
HEALTHS = {
    Health.CURRENT: "healthy",
    Health.IN_PROGRESS: "not ready yet",
    Health.FAILED: "failed",
    Health.TERMINATING: "being deleted",
    Health.NOT_FOUND: "not there",
    Health.UNKNOWN: "could not be read",
}
FAILURES = {
    Failure.INVALID: "not accepted",
    Failure.IMMUTABLE: "cannot be changed",
    Failure.CONFLICT: "owned by another manager",
    Failure.FORBIDDEN: "forbidden by the cluster",
    Failure.NOT_ALLOWED: "not allowed by the operator",
    Failure.REFUSED: "refused by a policy",
    Failure.NO_KIND: "unknown kind",
    Failure.OWNED_ELSEWHERE: "belongs to another owner",
    Failure.UNREACHABLE: "cluster not reached",
    Failure.OTHER: "failed",
}
ADVICE = {
    Failure.INVALID: "The API server does not accept the object as it is written: mend the field it names and push.",
    Failure.IMMUTABLE: (
        "A field was changed that can only be set at creation: give the object another name, or delete it in the "
        "cluster yourself and deliver again."
    ),
    Failure.CONFLICT: (
        "Another manager owns the field: take the field out of the repository, or have the other manager give it up."
    ),
    Failure.FORBIDDEN: (
        "The identity that delivers here lacks the right: have the cluster's operator grant it, then deliver again."
    ),
    Failure.NOT_ALLOWED: (
        "The operator has not opened this cluster for it: the cluster's `allow` in `config.yaml` names the "
        "repositories, branches, paths, namespaces and kinds that may be delivered."
    ),
    Failure.REFUSED: (
        "An admission policy of the cluster refuses the object: mend what its message names, or ask whoever keeps the "
        "policy for an exception."
    ),
    Failure.NO_KIND: (
        "The cluster does not serve this kind: deliver its CustomResourceDefinition first, or mend `apiVersion`."
    ),
    Failure.OWNED_ELSEWHERE: (
        "Another target or tool looks after the object: take it out there first, or out of this repository."
    ),
    Failure.UNREACHABLE: "The cluster did not answer: it is tried again by itself, and nothing was left half done.",
    Failure.OTHER: "The message is the API server's own; once its cause is gone, deliver again.",
}
KEPT = "pruning is off, so it stays in the cluster and nobody looks after it"


LET_GO = "If that is meant, someone who may run Longshore lets exactly these go:"
ACCEPT = "If that is meant, someone who may run Longshore goes on with it:"
RETRY = "Once that is mended, push again; or, where the cluster was at fault, someone who may run Longshore tries again:"


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
    ]
    there = [(number, word) for number, word in parts if number]
    if not there:
        return "no object changes"
    (first, word), *rest = there
    return ", ".join([f"{count(first, 'object')} {word}", *(f"{number:,} {word}" for number, word in rest)])


def short_totals(counts: Counts) -> str:
    """`+4 ~2 -1`, for a table."""
    parts = ((counts.added, "+"), (counts.changed, "~"), (counts.removed, "-"), (counts.moved, "→"))
    return " ".join(f"{sign}{number:,}" for number, sign in parts if number)


def verdict(plan: Plan) -> str:
    """The one sentence that a person reads if they read only one. Holds no text of others."""
    errors = sum(d.severity is Severity.ERROR for d in plan.diagnostics)
    unknown, touched = len(plan.with_status(TargetStatus.UNKNOWN)), len(plan.changed)
    parts = [f"{count(errors, 'error')} in finding the targets"] if errors else []
    if unknown:
        parts.append(f"{count(unknown, 'target')} cannot be planned")
    if touched:
        verb = "changes" if touched == 1 else "change"
        parts.append(f"{touched:,} of {count(len(plan.targets), 'target')} {verb}: {totals(plan.counts)}")
        return "; ".join(parts)
    rest = len(plan.targets) - unknown
    if not parts:
        return (
            f"Changes nothing rendered: {_all_same(rest)}"
            if rest
            else "No targets were found, so nothing is delivered"
        )
    if rest:
        parts.append(f"{count(rest, 'other')} {'stays as it is' if rest == 1 else 'stay as they are'}")
    return "; ".join(parts)


def is_unsure(plan: Plan) -> bool:
    """Whether something of the change is unknown: a target, or which targets there are."""
    errors = any(d.severity is Severity.ERROR for d in plan.diagnostics)
    return errors or bool(plan.with_status(TargetStatus.UNKNOWN))


def cannot_be_rendered(number: int) -> str:
    """Of targets that were so before. Holds no text of others."""
    return f"{count(number, 'unchanged target')} cannot be rendered, with or without this change"


def object_name(id_: ObjectId, *, with_namespace: bool = True) -> str:
    return f"{id_.namespace}/{id_.name}" if id_.namespace and with_namespace else id_.name


def went_where(change: ObjectChange) -> str:
    """Where a moved or renamed object was before, or is now; empty for the rest. Holds names of others."""
    if change.from_target:
        return f"taken over from target {change.from_target}"
    if change.to_target:
        return f"handed over to target {change.to_target}"
    if change.old_name and change.old_name != change.id.name:
        return f"was {change.old_name}"
    return "from another namespace" if change.action is Action.MOVED else ""


def appliers(plan: Plan) -> str:
    """Who will apply the change once it is merged."""
    touched = [t.target for t in plan.targets if t.changes]
    who = []
    if any(t.engine is EngineKind.DIRECT and t.id.cluster for t in touched):
        who.append("Longshore applies this")
    if any(t.engine is EngineKind.FLUX for t in touched):
        who.append("Flux applies what it looks after" if who else "Flux applies this")
    if any(t.engine is EngineKind.ARGOCD for t in touched):
        who.append("Argo CD applies what it looks after" if who else "Argo CD applies this")
    return " and ".join(who)


def target_names(targets: Sequence[TargetId], shown: int = 5) -> str:
    return listed([str(t) for t in targets], shown)


def seconds(duration_s: float) -> str:
    if duration_s < 10:
        return f"{duration_s:.1f} s"
    return f"{duration_s:.0f} s" if duration_s < 120 else f"{duration_s / 60:.0f} min"


def _all_same(number: int) -> str:
    return "the one target stays as it is" if number == 1 else f"all {number:,} targets stay as they are"
