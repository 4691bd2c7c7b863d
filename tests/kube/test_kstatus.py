"""Every row of the kstatus table."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.kube.kstatus import needs_body, status
from bot.model.delivery import Health

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CURRENT, PROGRESS, FAILED = Health.CURRENT, Health.IN_PROGRESS, Health.FAILED


def condition(kind: str, value: str = "True", reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": value, "reason": reason, "message": message}


def live(
    kind: str,
    api_version: str = "apps/v1",
    spec: dict[str, Any] | None = None,
    found: dict[str, Any] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "x", "generation": 2, **metadata},
        "spec": spec or {},
        "status": found or {},
    }


AVAILABLE = [condition("Available"), condition("Progressing", reason="NewReplicaSetAvailable")]
ROLLED = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}


def deployment(conditions: list[dict[str, str]] = AVAILABLE, **counts: int) -> dict[str, Any]:
    found = {**ROLLED, **counts, "conditions": conditions, "observedGeneration": 2}
    return live("Deployment", spec={"replicas": 2, "progressDeadlineSeconds": 600}, found=found)


def stateful_set(spec: dict[str, Any] | None = None, **found: Any) -> dict[str, Any]:
    settled = {
        "replicas": 3,
        "readyReplicas": 3,
        "currentReplicas": 3,
        "updatedReplicas": 3,
        "currentRevision": "a",
        "updateRevision": "a",
    }
    return live("StatefulSet", spec={"replicas": 3, **(spec or {})}, found={**settled, **found})


def daemon_set(**found: Any) -> dict[str, Any]:
    settled = {
        "observedGeneration": 2,
        "desiredNumberScheduled": 3,
        "currentNumberScheduled": 3,
        "updatedNumberScheduled": 3,
        "numberAvailable": 3,
        "numberReady": 3,
    }
    merged = {k: v for k, v in {**settled, **found}.items() if v is not None}
    return live("DaemonSet", found=merged)


def replica_set(**found: Any) -> dict[str, Any]:
    settled = {"replicas": 2, "fullyLabeledReplicas": 2, "availableReplicas": 2, "readyReplicas": 2}
    return live("ReplicaSet", spec={"replicas": 2}, found={**settled, **found})


def job(spec: dict[str, Any] | None = None, *conditions: dict[str, str], **found: Any) -> dict[str, Any]:
    return live("Job", "batch/v1", spec, {"conditions": list(conditions), **found})


def pod(phase: str, *conditions: dict[str, str], age_s: int = 60, **found: Any) -> dict[str, Any]:
    created = (NOW - timedelta(seconds=age_s)).isoformat().replace("+00:00", "Z")
    return live(
        "Pod",
        "v1",
        found={"phase": phase, "conditions": list(conditions), **found},
        creationTimestamp=created,
    )


LOOPING: dict[str, Any] = {
    "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
}
UNSCHEDULABLE = condition("PodScheduled", "False", "Unschedulable", "0/3 nodes")
CRD = ("CustomResourceDefinition", "apiextensions.k8s.io/v1")

ROWS: list[tuple[str, dict[str, Any], Health]] = [
    ("deleting", live("ConfigMap", "v1", deletionTimestamp="2026-01-01T00:00:00Z"), Health.TERMINATING),
    ("not observed", live("Widget", "example.com/v1", found={"observedGeneration": 1}), PROGRESS),
    (
        "reconciling",
        live("Widget", "example.com/v1", found={"conditions": [condition("Reconciling")]}),
        PROGRESS,
    ),
    ("stalled", live("Widget", "example.com/v1", found={"conditions": [condition("Stalled")]}), FAILED),
    ("ready", live("Widget", "example.com/v1", found={"conditions": [condition("Ready")]}), CURRENT),
    (
        "not ready",
        live("Widget", "example.com/v1", found={"conditions": [condition("Ready", "False")]}),
        PROGRESS,
    ),
    (
        "ready unknown",
        live("Widget", "example.com/v1", found={"conditions": [condition("Ready", "Unknown")]}),
        PROGRESS,
    ),
    ("no conditions", live("Widget", "example.com/v1"), CURRENT),
    ("deployment", deployment(), CURRENT),
    ("deadline", deployment([condition("Progressing", "False", "ProgressDeadlineExceeded")]), FAILED),
    ("too few", deployment(replicas=1), PROGRESS),
    ("not updated", deployment(updatedReplicas=1), PROGRESS),
    ("extra pods", deployment(replicas=3), PROGRESS),
    ("not available", deployment(availableReplicas=1), PROGRESS),
    ("not ready", deployment(readyReplicas=1), PROGRESS),
    (
        "no new set",
        deployment([condition("Available"), condition("Progressing", reason="ReplicaSetUpdated")]),
        PROGRESS,
    ),
    ("unavailable", deployment([condition("Available", "False"), AVAILABLE[1]]), PROGRESS),
    (
        "no deadline set",
        live("Deployment", spec={"replicas": 2}, found={**ROLLED, "conditions": [condition("Available")]}),
        CURRENT,
    ),
    (
        "deadline off",
        live(
            "Deployment",
            spec={"replicas": 2, "progressDeadlineSeconds": 2147483647},
            found={**ROLLED, "conditions": [condition("Available")]},
        ),
        CURRENT,
    ),
    ("stateful set", stateful_set(), CURRENT),
    ("on delete", stateful_set({"updateStrategy": {"type": "OnDelete"}}, readyReplicas=0), CURRENT),
    ("too few", stateful_set(replicas=2), PROGRESS),
    ("not ready", stateful_set(readyReplicas=2), PROGRESS),
    ("extra pods", stateful_set(replicas=4), PROGRESS),
    (
        "partition open",
        stateful_set({"updateStrategy": {"rollingUpdate": {"partition": 1}}}, updatedReplicas=1),
        PROGRESS,
    ),
    (
        "partition done",
        stateful_set({"updateStrategy": {"rollingUpdate": {"partition": 1}}}, updatedReplicas=2),
        CURRENT,
    ),
    ("not current", stateful_set(currentReplicas=1), PROGRESS),
    ("old revision", stateful_set(updateRevision="b"), PROGRESS),
    ("daemon set", daemon_set(), CURRENT),
    ("not observed", daemon_set(observedGeneration=None), PROGRESS),
    ("no desired number", daemon_set(desiredNumberScheduled=None), PROGRESS),
    ("not scheduled", daemon_set(currentNumberScheduled=2), PROGRESS),
    ("not updated", daemon_set(updatedNumberScheduled=2), PROGRESS),
    ("not available", daemon_set(numberAvailable=2), PROGRESS),
    ("not ready", daemon_set(numberReady=2), PROGRESS),
    ("replica set", replica_set(), CURRENT),
    ("replica failure", replica_set(conditions=[condition("ReplicaFailure")]), PROGRESS),
    ("not labelled", replica_set(fullyLabeledReplicas=1), PROGRESS),
    ("not available", replica_set(availableReplicas=1), PROGRESS),
    ("not ready", replica_set(readyReplicas=1), PROGRESS),
    ("extra pods", replica_set(replicas=3), PROGRESS),
    ("job failed", job({}, condition("Failed")), FAILED),
    ("job complete", job({}, condition("Complete")), CURRENT),
    ("job running", job({}, startTime="2026-11-23T11:00:00Z", active=1), PROGRESS),
    ("job not started", job({}), PROGRESS),
    ("job suspended", job({"suspend": True}), CURRENT),
    ("pod succeeded", pod("Succeeded"), CURRENT),
    ("pod failed", pod("Failed"), CURRENT),
    ("pod ready", pod("Running", condition("Ready")), CURRENT),
    ("pod not ready", pod("Running", condition("Ready", "False")), PROGRESS),
    ("pod looping", pod("Running", **LOOPING), FAILED),
    ("pending looping", pod("Pending", **LOOPING), FAILED),
    ("just unschedulable", pod("Pending", UNSCHEDULABLE, age_s=10), PROGRESS),
    ("long unschedulable", pod("Pending", UNSCHEDULABLE, age_s=20), FAILED),
    ("pod pending", pod("Pending"), PROGRESS),
    ("pod without phase", pod(""), PROGRESS),
    ("claim bound", live("PersistentVolumeClaim", "v1", found={"phase": "Bound"}), CURRENT),
    ("claim pending", live("PersistentVolumeClaim", "v1", found={"phase": "Pending"}), PROGRESS),
    ("crd", live(*CRD, found={"conditions": [condition("Established")]}), CURRENT),
    ("crd names", live(*CRD, found={"conditions": [condition("NamesAccepted", "False")]}), FAILED),
    (
        "crd installing",
        live(*CRD, found={"conditions": [condition("Established", "False", "Installing")]}),
        PROGRESS,
    ),
    (
        "crd refused",
        live(*CRD, found={"conditions": [condition("Established", "False", "NotAccepted")]}),
        FAILED,
    ),
    ("crd new", live(*CRD), PROGRESS),
    ("service", live("Service", "v1", {"type": "ClusterIP"}), CURRENT),
    ("balancer without ip", live("Service", "v1", {"type": "LoadBalancer"}), PROGRESS),
    ("balancer", live("Service", "v1", {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}), CURRENT),
    ("config map", live("ConfigMap", "v1"), CURRENT),
    ("secret", live("Secret", "v1"), CURRENT),
    ("cron job", live("CronJob", "batch/v1"), CURRENT),
    (
        "budget",
        live("PodDisruptionBudget", "policy/v1", found={"conditions": [condition("Ready", "False")]}),
        CURRENT,
    ),
]


@pytest.mark.parametrize(
    ("manifest", "health"), [row[1:] for row in ROWS], ids=[f"{r[1]['kind']}-{r[0]}" for r in ROWS]
)
def test_judges_as_kstatus_does(manifest: dict[str, Any], health: Health) -> None:
    assert status(manifest, NOW).health is health


def test_an_absent_object_is_not_found() -> None:
    assert status(None, NOW).health is Health.NOT_FOUND


def test_another_group_s_deployment_is_no_deployment() -> None:
    assert status(live("Deployment", "example.com/v1", spec={"replicas": 3}), NOW).health is CURRENT


def test_bodies_are_fetched_only_where_health_is_in_them() -> None:
    assert needs_body("apps", "Deployment")
    assert not needs_body("", "Secret")
