"""The short words for what became of a delivery, shared by its comment, check and deployments."""

from bot.model.delivery import Failure, Health, Outcome, Phase

PHASES = {
    Phase.WAITING: ("⏳", "waiting"),
    Phase.APPLYING: ("🔄", "being applied"),
    Phase.PRUNING: ("🔄", "being pruned"),
    Phase.CHECKING: ("🩺", "becoming healthy"),
    Phase.DELIVERED: ("✅", "delivered"),
    Phase.BLOCKED: ("✋", "waiting for a person"),
    Phase.FAILED: ("❌", "failed"),
    Phase.UNKNOWN: ("❓", "unknown"),
    Phase.HANDED_OVER: ("🤝", "left to its controller"),
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
LET_GO = "If that is meant, someone who may run Longshore lets exactly these go:"
ACCEPT = "If that is meant, someone who may run Longshore goes on with it:"
RETRY = "Once that is mended, push again; or, where the cluster was at fault, someone who may run Longshore tries again:"
