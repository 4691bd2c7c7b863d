"""Is a live object as it should be? kstatus' rules, as Flux applies them.

Invariant: pure; a live object and the time go in, a verdict comes out. Jobs follow Flux, not kstatus: a running Job is
in progress, a suspended one is done.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bot.model.delivery import Health
from bot.model.objects import Manifest

SCHEDULE_WINDOW = timedelta(seconds=15)
_NO_DEADLINE = 2**31 - 1


class Verdict(NamedTuple):
    health: Health
    message: str = ""


_Rule = Callable[[Manifest, datetime], Verdict]


def status(live: Manifest | None, now: datetime) -> Verdict:
    """The verdict on one object as the server returned it; None means that it is not there."""
    if live is None:
        return Verdict(Health.NOT_FOUND, "not found")
    if live["metadata"].get("deletionTimestamp"):
        return Verdict(Health.TERMINATING, "is being deleted")
    if (generic := _generic(live)) is not None:
        return generic
    group = live["apiVersion"].rpartition("/")[0]
    rule = _RULES.get((group, live["kind"]))
    return rule(live, now) if rule else _ready(live)


def needs_body(group: str, kind: str) -> bool:
    """Whether the verdict depends on more than metadata: a list of metadata is enough for the rest."""
    return (group, kind) not in _WITHOUT_STATUS


def _generic(live: Manifest) -> Verdict | None:
    observed = _status(live).get("observedGeneration")
    generation = live["metadata"].get("generation")
    if observed is not None and generation is not None and observed != generation:
        return _progress(f"generation is {generation}, but the controller has seen {observed}")
    if (condition := _condition(live, "Reconciling")) and condition.get("status") == "True":
        return _progress(_said(condition))
    if (condition := _condition(live, "Stalled")) and condition.get("status") == "True":
        return Verdict(Health.FAILED, _said(condition))
    return None


def _ready(live: Manifest) -> Verdict:
    condition = _condition(live, "Ready")
    if condition and condition.get("status") in {"False", "Unknown"}:
        return _progress(_said(condition) or "not Ready")
    return Verdict(Health.CURRENT)


def _deployment(live: Manifest, _now: datetime) -> Verdict:  # noqa: PLR0911 - one line a rule
    progressing = _condition(live, "Progressing") or {}
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Verdict(Health.FAILED, _said(progressing) or "progress deadline exceeded")
    wanted = _number(live, "spec", "replicas", default=1)
    replicas = _number(live, "status", "replicas")
    updated = _number(live, "status", "updatedReplicas")
    available = _number(live, "status", "availableReplicas")
    ready = _number(live, "status", "readyReplicas")
    if wanted > replicas:
        return _progress(f"replicas: {replicas}/{wanted}")
    if wanted > updated:
        return _progress(f"updated: {updated}/{wanted}")
    if replicas > wanted:
        return _progress(f"pending termination: {replicas - wanted}")
    if updated > available:
        return _progress(f"available: {available}/{updated}")
    if wanted > ready:
        return _progress(f"ready: {ready}/{wanted}")
    deadline = _number(live, "spec", "progressDeadlineSeconds", default=_NO_DEADLINE)
    rolled_out = progressing.get("status") == "True" and progressing.get("reason") == "NewReplicaSetAvailable"
    if deadline != _NO_DEADLINE and not rolled_out:
        return _progress("the new ReplicaSet is not available")
    if not _is_true(live, "Available"):
        return _progress("not Available")
    return Verdict(Health.CURRENT, f"replicas: {replicas}")


def _stateful_set(live: Manifest, _now: datetime) -> Verdict:  # noqa: PLR0911 - one line a rule
    strategy = _mapping(_mapping(live, "spec"), "updateStrategy")
    if strategy.get("type") == "OnDelete":
        return Verdict(Health.CURRENT, "is updated on delete")
    wanted = _number(live, "spec", "replicas", default=1)
    replicas = _number(live, "status", "replicas")
    ready = _number(live, "status", "readyReplicas")
    if wanted > replicas:
        return _progress(f"replicas: {replicas}/{wanted}")
    if wanted > ready:
        return _progress(f"ready: {ready}/{wanted}")
    if replicas > wanted:
        return _progress(f"pending termination: {replicas - wanted}")
    partition = _mapping(strategy, "rollingUpdate").get("partition")
    if partition is not None:
        updated = _number(live, "status", "updatedReplicas")
        if updated < wanted - partition:
            return _progress(f"updated: {updated}/{wanted - partition}")
        return Verdict(Health.CURRENT, f"partition rolled out: {updated}")
    current = _number(live, "status", "currentReplicas")
    if wanted > current:
        return _progress(f"current: {current}/{wanted}")
    found = _status(live)
    if found.get("currentRevision") != found.get("updateRevision"):
        return _progress("waiting for the updated revision")
    return Verdict(Health.CURRENT, f"replicas: {replicas}")


def _daemon_set(live: Manifest, _now: datetime) -> Verdict:
    found = _status(live)
    if "observedGeneration" not in found:
        return _progress("the controller has not seen it yet")
    if "desiredNumberScheduled" not in found:
        return _progress("the number of nodes is not known yet")
    wanted = found["desiredNumberScheduled"]
    for name, key in (
        ("current", "currentNumberScheduled"),
        ("updated", "updatedNumberScheduled"),
        ("available", "numberAvailable"),
        ("ready", "numberReady"),
    ):
        if wanted > (count := found.get(key) or 0):
            return _progress(f"{name}: {count}/{wanted}")
    return Verdict(Health.CURRENT, f"replicas: {wanted}")


def _replica_set(live: Manifest, _now: datetime) -> Verdict:
    if _is_true(live, "ReplicaFailure"):
        return _progress(_said(_condition(live, "ReplicaFailure") or {}))
    wanted = _number(live, "spec", "replicas", default=1)
    for name, key in (
        ("labelled", "fullyLabeledReplicas"),
        ("available", "availableReplicas"),
        ("ready", "readyReplicas"),
    ):
        if wanted > (count := _number(live, "status", key)):
            return _progress(f"{name}: {count}/{wanted}")
    if (replicas := _number(live, "status", "replicas")) > wanted:
        return _progress(f"pending termination: {replicas - wanted}")
    return Verdict(Health.CURRENT, f"replicas: {wanted}")


def _job(live: Manifest, _now: datetime) -> Verdict:
    if _is_true(live, "Failed"):
        return Verdict(Health.FAILED, _said(_condition(live, "Failed") or {}) or "the Job failed")
    if _is_true(live, "Complete"):
        return Verdict(Health.CURRENT, "complete")
    if _mapping(live, "spec").get("suspend") or _is_true(live, "Suspended"):
        return Verdict(Health.CURRENT, "suspended")
    if not _status(live).get("startTime"):
        return _progress("not started")
    return _progress("running")


def _pod(live: Manifest, now: datetime) -> Verdict:  # noqa: PLR0911 - one line a rule
    phase = _status(live).get("phase")
    if phase in {"Succeeded", "Failed"}:
        return Verdict(Health.CURRENT, f"has ended: {phase}")
    if phase == "Running" and _is_true(live, "Ready"):
        return Verdict(Health.CURRENT, "is ready")
    if looping := _crash_looping(live):
        return Verdict(Health.FAILED, f"containers in a crash loop: {', '.join(looping)}")
    if phase == "Running":
        return _progress("is running, but not Ready")
    scheduled = _condition(live, "PodScheduled") or {}
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        if now - _created(live, now) > SCHEDULE_WINDOW:
            return Verdict(Health.FAILED, f"cannot be scheduled: {_said(scheduled)}")
        return _progress("is not scheduled yet")
    return _progress("is pending" if phase == "Pending" else "has no phase yet")


def _volume_claim(live: Manifest, _now: datetime) -> Verdict:
    phase = _status(live).get("phase", "")
    return (
        Verdict(Health.CURRENT, "is bound") if phase == "Bound" else _progress(f"is {phase or 'not bound'}")
    )


def _definition(live: Manifest, _now: datetime) -> Verdict:
    names = _condition(live, "NamesAccepted") or {}
    if names.get("status") == "False":
        return Verdict(Health.FAILED, _said(names) or "its names are not accepted")
    established = _condition(live, "Established") or {}
    if established.get("status") == "True":
        return Verdict(Health.CURRENT, "is established")
    if established.get("status") == "False" and established.get("reason") != "Installing":
        return Verdict(Health.FAILED, _said(established) or "is not established")
    return _progress("is being installed")


def _service(live: Manifest, _now: datetime) -> Verdict:
    spec = _mapping(live, "spec")
    if spec.get("type") == "LoadBalancer" and not spec.get("clusterIP"):
        return _progress("has no cluster IP yet")
    return Verdict(Health.CURRENT)


def _always_current(_live: Manifest, _now: datetime) -> Verdict:
    return Verdict(Health.CURRENT)


_RULES: dict[tuple[str, str], _Rule] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _always_current,
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _volume_claim,
    ("", "Service"): _service,
    ("", "ConfigMap"): _always_current,
    ("", "Secret"): _always_current,
    ("policy", "PodDisruptionBudget"): _always_current,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_WITHOUT_STATUS = {
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("", "LimitRange"),
    (_RBAC, "ClusterRole"),
    (_RBAC, "ClusterRoleBinding"),
    (_RBAC, "Role"),
    (_RBAC, "RoleBinding"),
    (_ADMISSION, "MutatingWebhookConfiguration"),
    (_ADMISSION, "ValidatingWebhookConfiguration"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "StorageClass"),
}


def _crash_looping(live: Manifest) -> list[str]:
    found = _status(live)
    statuses = (found.get("initContainerStatuses") or []) + (found.get("containerStatuses") or [])
    return [
        str(s.get("name"))
        for s in statuses
        if _mapping(_mapping(s, "state"), "waiting").get("reason") == "CrashLoopBackOff"
    ]


def _created(live: Manifest, now: datetime) -> datetime:
    stamp = live["metadata"].get("creationTimestamp")
    return datetime.fromisoformat(stamp) if stamp else now


def _progress(message: str) -> Verdict:
    return Verdict(Health.IN_PROGRESS, message)


def _mapping(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _status(live: Manifest) -> dict[str, Any]:
    return _mapping(live, "status")


def _number(live: Manifest, part: str, key: str, default: int = 0) -> int:
    found = _mapping(live, part).get(key)
    return found if isinstance(found, int) else default


def _condition(live: Manifest, kind: str) -> dict[str, Any] | None:
    conditions = _status(live).get("conditions")
    if not isinstance(conditions, list):
        return None
    return next((c for c in conditions if isinstance(c, dict) and c.get("type") == kind), None)


def _is_true(live: Manifest, kind: str) -> bool:
    condition = _condition(live, kind)
    return condition is not None and condition.get("status") == "True"


def _said(condition: dict[str, Any]) -> str:
    return str(condition.get("message") or condition.get("reason") or "")[:300]
