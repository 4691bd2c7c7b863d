"""Orders, objects and a clock for tests of the direct engine on the real API server."""

import asyncio
import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.engines.base import Order, Step
from bot.engines.claims import Claims
from bot.engines.direct import DirectEngine
from bot.engines.direct.options import Options
from bot.kube.applyset import Parent
from bot.kube.client import KubeClient
from bot.kube.connection import Connection
from bot.kube.lease import Holder
from bot.kube.parent import Identity, Source
from bot.kube.resources import Write
from bot.model.delivery import Failure, Outcome, Phase
from bot.model.objects import Digest, Manifest, Object, ObjectId
from bot.model.rendering import MaskedRendering, Rendering
from bot.model.repo import RepoId, Sha
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId

REPO = RepoId("github", "acme/fleet")
SOURCE = Source(REPO, "main")


class TestClock:
    """Real time, moved forward at will; waiting is shortened."""

    __test__ = False

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.1))

    def advance(self, seconds: float) -> None:
        self.ahead_s += seconds


def admit_all(identity: ObjectId, *, namespaced: bool) -> bool:
    return True


def masked(manifest: Manifest) -> Manifest:
    """Stands in for the real mask: a Secret's values become keyed hashes."""
    if manifest["kind"] != "Secret":
        return manifest

    def hidden(values: dict[str, str]) -> dict[str, str]:
        return {k: "***" + hashlib.sha256(f"key{v}".encode()).hexdigest()[:12] for k, v in values.items()}

    parts: Manifest = {part: hidden(manifest[part]) for part in ("data", "stringData") if part in manifest}
    return {**manifest, **parts}


def sha(number: int) -> Sha:
    return Sha(f"{number:040x}")


def make_target(name: str = "apps", **override: Any) -> Target:
    return replace(
        Target(
            TargetId("test", name),
            path=f"clusters/test/{name}",
            renderer=RendererKind.KUSTOMIZE,
            engine=EngineKind.DIRECT,
            origin=Origin(Found.CONFIG),
            environment="testing",
            timeout_s=30.0,
        ),
        **override,
    )


def make_order(manifests: Iterable[Manifest], *, revision: int = 1, **override: Any) -> Order:
    """An order whose claims are those of its own target alone, unless given."""
    objects = tuple(Object.of(m) for m in manifests)
    shown = tuple(Object.of(masked(m)) for m in manifests)
    text = json.dumps([o.manifest for o in shown], sort_keys=True)
    target = override.pop("target", None) or make_target()
    rendering = Rendering(objects)
    namespace = override.pop("state_namespace", "")
    claims = override.pop("claims", None) or Claims.of(REPO, {target.id: rendering}, namespace=namespace)
    digest = Digest(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}")
    return replace(
        Order(
            SOURCE,
            target,
            sha(revision),
            rendering,
            MaskedRendering(shown, digest),
            claims,
            admit_all,
        ),
        **override,
    )


def config_map(namespace: str, name: str, **data: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data or {"key": "value"},
    }


def deployment(namespace: str, name: str, *, replicas: int = 1) -> Manifest:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "web", "image": "web:1", "ports": [{"containerPort": 80}]}]},
            },
        },
    }


def crd(group: str) -> Manifest:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [version],
        },
    }


@dataclass
class World:
    """A cluster with a state namespace of the test's own, and any number of workers that deliver to it."""

    kubeconfig: Path
    namespace: str
    clock: TestClock = field(default_factory=TestClock)
    clients: list[KubeClient] = field(default_factory=list)

    @property
    def state_namespace(self) -> str:
        return f"{self.namespace}-state"

    def client(self, *gates: Any, kubeconfig: Path | None = None) -> KubeClient:
        connection = Connection("test", kubeconfig or self.kubeconfig)
        client = KubeClient(connection, clock=self.clock, gates=gates)
        self.clients.append(client)
        return client

    def engine(
        self,
        *gates: Any,
        worker: str = "worker-1",
        client: KubeClient | None = None,
        clock: TestClock | None = None,
        **options: Any,
    ) -> DirectEngine:
        holder = Holder(worker, clock or self.clock)
        return DirectEngine(
            client or self.client(*gates), holder, Options(state_namespace=self.state_namespace, **options)
        )

    def order(self, manifests: Iterable[Manifest], **override: Any) -> Order:
        return make_order(list(manifests), state_namespace=self.state_namespace, **override)

    def parent(self, target: Target | None = None) -> Parent:
        return Parent.of(REPO, (target or make_target()).id, self.state_namespace)

    def identity(self, target: Target | None = None) -> Identity:
        return Identity(self.parent(target), SOURCE, (target or make_target()).id)

    async def close(self) -> None:
        for client in self.clients:
            await client.close()


async def deliver(engine: DirectEngine, order: Order, *, steps: int = 60) -> Step:
    """Step until nothing more is to be waited for, pruning when it is time."""
    step = None
    for _ in range(steps):
        step = await engine.step(order)
        if step.delivery.phase.value == "pruning":
            step = await engine.prune(order)
        if step.again_after_s is None:
            return step
        await asyncio.sleep(min(step.again_after_s, 0.2))
    raise AssertionError(f"not final after {steps} steps: {step}")


class Recorder:
    """A gate that notes every write and stops none."""

    def __init__(self) -> None:
        self.writes: list[str] = []

    async def admit(self, write: Write) -> float | None:
        if write.resource.kind != "Lease":
            self.writes.append(str(write))
        return None


async def refused(world: World, order: Any, failure: Failure) -> str:
    step = await deliver(world.engine(), order)
    assert step.delivery.phase is Phase.FAILED, step
    (result,) = [r for r in step.delivery.results if r.outcome is Outcome.FAILED]
    assert result.failure is failure, result
    return result.message
