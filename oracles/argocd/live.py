"""What Argo CD says of its Applications and ApplicationSets, and when it has said it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model.objects import Manifest
from oracles.argocd.cache import Cache
from oracles.argocd.clusters import NAMESPACE
from oracles.argocd.scene import APPLICATION, SET
from oracles.argocd.side import Application, Side
from oracles.cluster import Cluster, Kind
from oracles.trials import NeverSettled, Say

_BASE = "/apis/argoproj.io/v1alpha1"
_POLL_S = 1.0
_QUIET_S = 8.0
"""Longer than what an Application takes that a parent has just applied."""
_SILENT_S = 40.0
"""Who has said nothing when all others have been quiet for so long says nothing: a controller that panics does."""
_PATIENCE_S = 900.0
_SAY_S = 10.0
_ERRORS = frozenset({"ComparisonError", "InvalidSpecError", "UnknownError"})
_REFRESH = "argocd.argoproj.io/refresh"
"""Taken away by the controller when it has done so."""
_NOTHING = "says nothing"
_ENDED = frozenset({"Succeeded", "Failed", "Error"})


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything there is, by name."""

    applications: Mapping[str, Manifest] = field(default_factory=dict)
    sets: Mapping[str, Manifest] = field(default_factory=dict)

    @property
    def verdicts(self) -> dict[str, Any]:
        of = {f"{APPLICATION} {name}": _application_verdict(item) for name, item in self.applications.items()}
        return of | {f"{SET} {name}": _set_verdict(item) for name, item in self.sets.items()}


async def settled(cluster: Cluster, say: Say) -> Seen:
    """Once every one has a verdict, and none has changed for a while. Raises NeverSettled."""
    known: dict[str, Any] = {}
    changed_s = began_s = time.monotonic()
    said_s = 0.0
    while time.monotonic() - began_s < _PATIENCE_S:
        cluster.check()
        seen = await _seen(cluster)
        verdicts = seen.verdicts
        waiting = [name for name, verdict in verdicts.items() if verdict is None]
        if verdicts != known:
            known, changed_s = verdicts, time.monotonic()
        if time.monotonic() - said_s > _SAY_S:
            said_s = time.monotonic()
            say(f"{len(verdicts) - len(waiting)} of {len(verdicts)} have settled")
        if time.monotonic() - changed_s > (_SILENT_S if waiting else _QUIET_S):
            return seen
        await asyncio.sleep(_POLL_S)
    raise NeverSettled(f"Argo CD did not come to rest within {_PATIENCE_S:.0f} s")


async def ask_again(seen: Seen, cluster: Cluster) -> None:
    """Have everything looked at anew that errs: what the controller mended in a `spec` by itself counts from then on."""
    patch = {"metadata": {"annotations": {_REFRESH: "hard"}}}
    headers = {"Content-Type": "application/merge-patch+json"}
    for name, item in seen.applications.items():
        if _errors(item):
            url = f"{_BASE}/namespaces/{NAMESPACE}/applications/{name}"
            async with cluster.session.patch(url, json=patch, headers=headers) as response:
                response.raise_for_status()


async def side(seen: Seen, cluster: Cluster, cache: Cache) -> Side:
    """What Argo CD made of all that it was given."""
    kinds = await _kinds(cluster)

    def is_namespaced(manifest: Manifest) -> bool:
        kind = kinds.get((manifest.get("apiVersion", ""), manifest["kind"]))
        return kind is None or kind.namespaced

    applications = {}
    for name, item in seen.applications.items():
        destination = item["spec"].get("destination", {}).get("namespace", "")
        problem = _problem(item)
        objects = {} if problem else await cache.objects(name, destination, is_namespaced)
        applications[name] = Application(item, objects, problem, made_by=_made_by(item))
    return Side(applications, {name: _set_problem(item) for name, item in seen.sets.items()})


async def _seen(cluster: Cluster) -> Seen:
    asked = (cluster.items(f"{_BASE}/{plural}") for plural in ("applications", "applicationsets"))
    applications, sets = [{i["metadata"]["name"]: i for i in items} for items in await asyncio.gather(*asked)]
    return Seen(applications, sets)


async def _kinds(cluster: Cluster) -> dict[tuple[str, str], Kind]:
    found = {}
    for version in await cluster.versions():
        for name, kind in (await cluster.served(version)).items():
            found[version, name] = kind
    return found


def _conditions(item: Manifest) -> list[Manifest]:
    return (item.get("status") or {}).get("conditions") or []


def _application_verdict(item: Manifest) -> Any:
    """None while Argo CD is still at it."""
    status: Mapping[str, Any] = item.get("status") or {}
    problem = _errors(item)
    if not problem and ("reconciledAt" not in status or "sync" not in status):
        return None
    phase = (status.get("operationState") or {}).get("phase")
    is_asked = _REFRESH in (item["metadata"].get("annotations") or {})
    if is_asked or "operation" in item or (phase is not None and phase not in _ENDED):
        return None
    resources = [(r.get("kind"), r.get("namespace"), r.get("name")) for r in status.get("resources") or ()]
    return problem, status.get("sync", {}).get("status"), phase, resources


def _set_verdict(item: Manifest) -> Any:
    said = {c["type"]: (c["status"], c["reason"]) for c in _conditions(item)}
    return said if "ErrorOccurred" in said else None


def _problem(item: Manifest) -> str:
    return _NOTHING if _application_verdict(item) is None else _errors(item)


def _errors(item: Manifest) -> str:
    return "; ".join(f"{c['type']}: {c['message']}" for c in _conditions(item) if c["type"] in _ERRORS)


def _set_problem(item: Manifest) -> str:
    if _set_verdict(item) is None:
        return _NOTHING
    errors = (c for c in _conditions(item) if c["type"] == "ErrorOccurred" and c["status"] == "True")
    return "; ".join(f"{c['reason']}: {c['message']}" for c in errors)


def _made_by(item: Manifest) -> str:
    owners = item["metadata"].get("ownerReferences") or ()
    return next((owner["name"] for owner in owners if owner["kind"] == SET), "")
