"""Plans and deliveries to write about, and the comparison with golden files."""

import os
from pathlib import Path
from typing import Any

from bot.diff.mask import Mask
from bot.diff.objects import compare
from bot.model.delivery import (
    Failure,
    Health,
    ObjectHealth,
    ObjectResult,
    Outcome,
    Phase,
    PruneGuard,
    TargetDelivery,
)
from bot.model.objects import Digest, Manifest, Object, ObjectId
from bot.model.plan import (
    Plan,
    Protection,
    Side,
    TargetPlan,
    TargetStatus,
)
from bot.model.rendering import Diagnostic, MaskedRendering, Rendering, Severity
from bot.model.repo import RepoId, Sha, TreeId
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId
from bot.report.context import DeliveryContext, PlanContext

GOLDEN = Path(__file__).parent / "golden"
HEAD = Sha("4f3c2a1b0d" * 4)
BASE = Sha("9e8d7c6b5a" * 4)
REPO = RepoId("github", "acme/fleet")
MASK = Mask(b"a key for tests, 32 bytes of it..")


def agrees_with_golden(name: str, text: str) -> bool:
    """Run with LONGSHORE_UPDATE_GOLDEN=1 to write what is shown now, then read the difference."""
    file = GOLDEN / name
    if os.environ.get("LONGSHORE_UPDATE_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8")
    return file.read_text(encoding="utf-8") == text


def masked(*manifests: Manifest) -> MaskedRendering:
    return MASK.mask(Rendering(tuple(Object.of(m) for m in manifests)))


def target(name: str = "apps", cluster: str = "production", **fields: Any) -> Target:
    values: dict[str, Any] = {
        "path": f"clusters/{cluster}/{name}",
        "renderer": RendererKind.KUSTOMIZE,
        "engine": EngineKind.DIRECT,
        "origin": Origin(Found.CONFIG),
        "environment": cluster,
    }
    return Target(TargetId(cluster, name), **(values | fields))


def target_plan(where: Target, old: MaskedRendering | None, new: MaskedRendering | None) -> TargetPlan:
    changes = compare(old, new)
    status = TargetStatus.CHANGED if changes else TargetStatus.UNCHANGED
    if old is None:
        status = TargetStatus.ADDED
    elif new is None:
        status = TargetStatus.REMOVED
    return TargetPlan(where, status, changes)


def unknown(where: Target, *reasons: Diagnostic) -> TargetPlan:
    return TargetPlan(where, TargetStatus.UNKNOWN, diagnostics=reasons)


def plan(*targets: TargetPlan, **fields: Any) -> Plan:
    sides = {"base": Side("main", TreeId("b" * 40), BASE), "head": Side("pull request", TreeId("a" * 40))}
    return Plan(targets=targets, **(sides | fields))


def deployment(image: str = "ghcr.io/acme/web:1.4.1", replicas: int = 2, namespace: str = "shop") -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace, "labels": {"app.kubernetes.io/name": "web"}},
        "spec": {
            "replicas": replicas,
            "template": {"spec": {"containers": [{"name": "web", "image": image}]}},
        },
    }


def config(text: str, name: str = "web-config-9d8k2mft6h") -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"},
        "data": {"app.yaml": text},
    }


def secret(value: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "shop"},
        "stringData": {"password": value, "user": "web"},
    }


def named(kind: str, name: str, api_version: str = "v1", **fields: Any) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


OLD_TEXT = "".join(f"line{i}: {i}\n" for i in range(12))
NEW_TEXT = OLD_TEXT.replace("line5: 5", "line5: five").replace("line11: 11\n", "")


def everyday_plan() -> Plan:
    """Two clusters get the same new image, one target goes away, one cannot be rendered, nor could another."""
    base = masked(deployment(), config(OLD_TEXT), secret("hunter2-old"))
    head = masked(
        deployment("ghcr.io/acme/web:1.5.0", 3),
        config(NEW_TEXT, "web-config-2bbb45h6cg"),
        secret("hunter2-new"),
    )
    storage = masked(
        named("Namespace", "legacy"),
        named("PersistentVolumeClaim", "data") | {"metadata": {"name": "data", "namespace": "legacy"}},
    )
    added = masked(
        named("Service", "api", spec={"ports": [{"port": 80, "targetPort": "http"}], "selector": {}})
    )
    return plan(
        target_plan(target(), base, head),
        target_plan(target("legacy"), storage, None),
        target_plan(target("monitoring"), base, base),
        unknown(
            target("search"),
            Diagnostic(
                Severity.ERROR,
                "resources names ../../secrets, which is outside the repository; copy it inside",
                "clusters/production/search/kustomization.yaml",
                4,
            ),
        ),
        TargetPlan(
            target("grafana", "staging"),
            TargetStatus.UNCHANGED,
            diagnostics=(Diagnostic(Severity.NOTICE, "ksops is not a plugin built into kustomize", "grafana/secrets.yaml", 2),),
        ),
        target_plan(target(cluster="staging"), base, head),
        target_plan(target("api", "staging", engine=EngineKind.FLUX), None, added),
        protections=(Protection("landlock", active=True), Protection("no-network", active=False, detail="no user namespaces here")),
        diagnostics=(
            Diagnostic(Severity.WARNING, "two targets have this path", ".longshore.yaml", 12),
            Diagnostic(Severity.NOTICE, "3 kustomizations are not used by any cluster"),
        ),
    )  # fmt: skip


def pull_context(**fields: Any) -> PlanContext:
    values: dict[str, Any] = {
        "head_sha": HEAD,
        "base_sha": BASE,
        "base_ref": "main",
        "on_merge_result": True,
        "duration_s": 1.84,
        "details_url": "https://forge.example/acme/fleet/runs/7",
    }
    return PlanContext(**(values | fields))


def delivery_context(**fields: Any) -> DeliveryContext:
    values: dict[str, Any] = {
        "repo": REPO,
        "branch": "main",
        "revision": HEAD,
        "before": BASE,
        "pulls": (41, 42),
        "duration_s": 93.0,
        "details_url": "https://forge.example/acme/fleet/runs/8",
    }
    return DeliveryContext(**(values | fields))


def ids(*names: str, kind: str = "ConfigMap") -> tuple[ObjectId, ...]:
    return tuple(ObjectId("", kind, "shop", name) for name in names)


def delivered(name: str = "apps", phase: Phase = Phase.DELIVERED, **fields: Any) -> TargetDelivery:
    cluster = fields.pop("cluster", "production")
    values: dict[str, Any] = {"environment": cluster, "revision": HEAD}
    return TargetDelivery(TargetId(cluster, name), phase=phase, **(values | fields))


def troubled_delivery() -> list[TargetDelivery]:
    """One of everything that can become of a target."""
    results = (
        *(ObjectResult(i, Outcome.CREATED) for i in ids("a", "b")),
        *(ObjectResult(i, Outcome.UNCHANGED) for i in ids("c", "d", "e")),
    )
    web = ObjectId("apps", "Deployment", "shop", "web")
    return [
        delivered(results=(*results, *(ObjectResult(i, Outcome.PRUNED) for i in ids("old")))),
        delivered("api", Phase.CHECKING, results=results, health=(
            ObjectHealth(web, Health.IN_PROGRESS, "1 of 3 replicas are ready"),
            ObjectHealth(ids("a")[0], Health.CURRENT),
        )),
        delivered("db", Phase.FAILED, results=(
            ObjectResult(ObjectId("apps", "StatefulSet", "shop", "db"), Outcome.FAILED, Failure.IMMUTABLE,
                         "spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden"),
            ObjectResult(ids("x")[0], Outcome.FAILED, Failure.FORBIDDEN, "cannot patch resource configmaps"),
        )),
        delivered("flux-apps", Phase.HANDED_OVER, cluster="staging"),
        delivered("infra", Phase.BLOCKED, guard=PruneGuard(
            Digest("sha256:" + "5e" * 32), ids("one", "two", "three"), "nothing is rendered any more",
        ), reason="the target renders to nothing", results=(
            ObjectResult(ids("shared")[0], Outcome.KEPT, message="another manager owns fields of it"),
        )),
        delivered("search", Phase.UNKNOWN, reason="kustomization.yaml: resources names a file that is not there"),
        delivered("old", Phase.BLOCKED, reason="main was rewritten", is_rewritten=True),
        delivered("web", Phase.WAITING, cluster="staging", reason="waits for production/infra"),
    ]  # fmt: skip
