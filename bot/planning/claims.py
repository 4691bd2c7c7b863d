"""Objects that two targets of one cluster declare: the later one to apply wins, again and again.

Looked for where a change brings an object, among the targets that read a file in which its name stands or that are a
release so called: who declares the object already cannot do without one of the two.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.aio import gather_bounded
from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.objects import ObjectId
from bot.model.plan import Action, TargetPlan, TargetStatus
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import Target, TargetId
from bot.planning.compare import Compared
from bot.planning.expansion import Expansion, Traced
from bot.planning.renderings import Renderings

_MAX_NAMES = 500
_MAX_SAID = 20
_AT_ONCE = 16
_PATHSPECS = ("*.yaml", "*.yml", "*.json")


async def with_disputes(
    compared: Compared,
    after: Expansion,
    tree: Tree,
    repository: Repository,
    renderings: Renderings,
) -> tuple[TargetPlan, ...]:
    """The plans, with a warning on each target that brings an object which another one declares."""
    plans = compared.plans
    brought = _brought(plans)
    names = sorted({id_.name for objects in brought.values() for id_ in objects})[:_MAX_NAMES]
    if not names:
        return plans
    files = await repository.grep(tree.id, tuple(names), _PATHSPECS)

    clusters = {target.cluster for target in brought}
    candidates = [
        traced
        for name, traced in sorted(after.targets.items())
        if name.cluster in clusters
        and not _goes_elsewhere(traced.target)
        and _may_declare(traced, files, names)
    ]

    async def declared(traced: Traced) -> frozenset[ObjectId]:
        known = compared.heads.get(traced.target.id) or await renderings.masked(tree, traced)
        return frozenset(found.id for found in known.objects)

    found = await gather_bounded(_AT_ONCE, declared, candidates)
    claims = {traced.target.id: objects for traced, objects in zip(candidates, found, strict=True)}
    return await asyncio.to_thread(_told, plans, brought, claims)


def _brought(plans: Iterable[TargetPlan]) -> Mapping[TargetId, frozenset[ObjectId]]:
    """Where no cluster is known, nobody can say that two targets meet in one."""
    brought = {
        plan.target.id: frozenset(c.id for c in plan.changes if c.action is Action.ADDED)
        for plan in plans
        if plan.changes
        and plan.target.id.cluster
        and plan.status is not TargetStatus.UNKNOWN
        and not _goes_elsewhere(plan.target)
    }
    return {target: objects for target, objects in brought.items() if objects}


def _goes_elsewhere(target: Target) -> bool:
    """To a cluster that only the one it was found for knows."""
    return target.flux is not None and target.flux.kube_config is not None


def _may_declare(traced: Traced, files: frozenset[str], names: Sequence[str]) -> bool:
    release = traced.rendered.release
    if release is not None and any(name.startswith(release.name) for name in names):
        return True
    if any(_may_declare(part, files, names) for part in traced.parts):
        return True
    return not traced.files.isdisjoint(files)


def _told(
    plans: Sequence[TargetPlan],
    brought: Mapping[TargetId, frozenset[ObjectId]],
    claims: Mapping[TargetId, frozenset[ObjectId]],
) -> tuple[TargetPlan, ...]:
    holders: dict[tuple[str, ObjectId], list[TargetId]] = defaultdict(list)
    for target, objects in claims.items():
        for id_ in objects:
            holders[target.cluster, id_].append(target)
    return tuple(
        replace(plan, diagnostics=(*plan.diagnostics, *_warnings(plan, brought, holders))) for plan in plans
    )


def _warnings(
    plan: TargetPlan,
    brought: Mapping[TargetId, frozenset[ObjectId]],
    holders: Mapping[tuple[str, ObjectId], list[TargetId]],
) -> list[Diagnostic]:
    target, found = plan.target, []
    for id_ in sorted(brought.get(target.id, ())):
        others = [str(other) for other in holders.get((target.id.cluster, id_), ()) if other != target.id]
        if others:
            message = f"{id_} is declared by {', '.join(others)} as well: they overwrite one another"
            found.append(Diagnostic(Severity.WARNING, message, target.origin.file, target.origin.line))
    more = len(found) - _MAX_SAID
    if more > 0:
        found = [*found[:_MAX_SAID], replace(found[0], message=f"{more} more objects are declared twice")]
    return found
