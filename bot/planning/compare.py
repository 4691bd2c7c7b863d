"""Two expansions to one verdict per target."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from bot.aio import gather_bounded
from bot.diff.across import Comparison, match_across
from bot.diff.objects import compare as compare_objects
from bot.git.tree import Tree
from bot.model.objects import Digest
from bot.model.plan import MaterialChange, TargetPlan, TargetStatus
from bot.model.rendering import Diagnostic, MaskedRendering, Severity
from bot.model.target import TargetId
from bot.planning.declaration import declared_changes
from bot.planning.expansion import Expansion, Traced
from bot.planning.releases import as_applied, one_sided, unseen
from bot.planning.renderings import Renderings

_AT_ONCE = 16
"""Targets compared at once; how many are rendered at once is for `Renderings` to say."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A verdict for every target of either side, sorted by cluster and name, and what those that differ render to now."""

    plans: tuple[TargetPlan, ...]
    heads: Mapping[TargetId, MaskedRendering]


async def compare(
    base: Expansion, head: Expansion, trees: tuple[Tree, Tree], renderings: Renderings
) -> Compared:
    names = sorted(base.targets.keys() | head.targets.keys(), key=lambda name: (name.cluster, name.name))
    comparisons: list[Comparison] = []

    async def rendered(tree: Tree, traced: Traced | None) -> MaskedRendering | None:
        return await renderings.masked(tree, traced) if traced else None

    async def one(name: TargetId) -> TargetPlan:
        before, after = base.targets.get(name), head.targets.get(name)
        if before is not None and after is None:
            lost = await _lost(before, base, head, lambda traced: rendered(trees[1], traced))
            if lost:
                return TargetPlan(before.target, TargetStatus.UNKNOWN, diagnostics=lost)
        old, new = await asyncio.gather(rendered(trees[0], before), rendered(trees[1], after))
        traced = after or before
        assert traced is not None
        lopsided = one_sided(traced.target, old, new)
        changes = () if _failed(old) or _failed(new) or lopsided else compare_objects(old, new)
        changes, said = as_applied(changes, traced.target, (old, new))
        comparisons.append(Comparison(name, old, new, changes))
        return _verdict(before, after, comparisons[-1], (*lopsided, *said))

    plans = (
        {} if renderings.exhaustive else {name: plan for name in names if (plan := _same(name, base, head))}
    )
    differing = [name for name in names if name not in plans]
    plans |= zip(differing, await gather_bounded(_AT_ONCE, one, differing), strict=True)
    for name, changes in match_across(comparisons).items():
        plans[name] = replace(plans[name], changes=changes)
    heads = {found.target: found.head for found in comparisons if found.head is not None}
    return Compared(tuple(_paired([plans[name] for name in names])), heads)


def _same(name: TargetId, base: Expansion, head: Expansion) -> TargetPlan | None:
    """The verdict where nothing needs to be rendered for it."""
    before, after = base.targets.get(name), head.targets.get(name)
    if before is None or after is None or before.key != after.key:
        return None
    return TargetPlan(after.target, TargetStatus.UNCHANGED, diagnostics=_unrenderable(after))


async def _lost(
    before: Traced,
    base: Expansion,
    head: Expansion,
    rendered: Callable[[Traced], Awaitable[MaskedRendering | None]],
) -> tuple[Diagnostic, ...]:
    """Why a target that is missing may be declared all the same. Whoever declared it can tell, where that one renders."""
    parent = before.parent
    if parent is not None and parent in base.targets:
        if parent not in head.targets:
            return await _lost(base.targets[parent], base, head, rendered)
        if not _failed(await rendered(head.targets[parent])):
            return ()
        why = f"{parent}, which declares it, cannot be rendered"
    elif head.whole:
        return ()
    else:
        why = "a file that may declare it cannot be read"
    message = f"what becomes of it is not known: {why} after this change"
    return (Diagnostic(Severity.ERROR, message, before.target.origin.file),)


def _verdict(
    before: Traced | None, after: Traced | None, compared: Comparison, said: tuple[Diagnostic, ...]
) -> TargetPlan:
    traced = after or before
    assert traced is not None
    old, new = compared.base, compared.head
    open_ones = unseen(traced.target, old, new) if old and new else ()
    is_doubtful = any(d.severity is Severity.ERROR for d in said)
    unknown = _failed(old) or _failed(new) or is_doubtful or (bool(open_ones) and not compared.changes)
    status = TargetStatus.UNKNOWN if unknown else _status(before, after, changed=bool(compared.changes))
    return TargetPlan(
        traced.target,
        status,
        compared.changes,
        (*_of_old(old, new), *(new.diagnostics if new else ()), *open_ones, *said, *_notices(after, status)),
        _digest(old),
        _digest(new),
        moved_from=before.target.path if before and status is TargetStatus.MOVED else "",
        materials=_materials(old, new),
        declared=declared_changes(before, after) if unknown else (),
    )


def _materials(old: MaskedRendering | None, new: MaskedRendering | None) -> tuple[MaterialChange, ...]:
    """What from elsewhere the target is made of, where it differs."""
    before = {m.name: m for m in old.materials} if old else {}
    after = {m.name: m for m in new.materials} if new else {}
    return tuple(
        MaterialChange(before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def _notices(after: Traced | None, status: TargetStatus) -> tuple[Diagnostic, ...]:
    return after.notices if after and status is not TargetStatus.UNCHANGED else ()


def _failed(rendering: MaskedRendering | None) -> bool:
    return rendering is not None and rendering.failed


def _status(before: Traced | None, after: Traced | None, *, changed: bool) -> TargetStatus:
    if before is None:
        return TargetStatus.ADDED
    if after is None:
        return TargetStatus.REMOVED
    if changed:
        return TargetStatus.CHANGED
    return TargetStatus.UNCHANGED if before.target.path == after.target.path else TargetStatus.MOVED


def _digest(rendering: MaskedRendering | None) -> Digest | None:
    return None if rendering is None or rendering.failed else rendering.digest


def _of_old(old: MaskedRendering | None, new: MaskedRendering | None) -> tuple[Diagnostic, ...]:
    """What was wrong before the change is said only where it leaves the change itself unknown."""
    if old is None or not old.failed:
        return ()
    if new is not None and new.failed:
        return ()
    when = "declared no more, and what it held is not known" if new is None else "before this change"
    return tuple(
        replace(d, severity=Severity.WARNING, message=f"{when}: {d.message}", line=None)
        for d in old.diagnostics
    )


def _unrenderable(traced: Traced) -> tuple[Diagnostic, ...]:
    """Unchanged, but a person should know that it could not have been rendered either."""
    if traced.parts:
        return tuple(dict.fromkeys(said for part in traced.parts for said in _unrenderable(part)))
    if traced.target.unknown_because:
        reason = traced.target.unknown_because
        return (Diagnostic(Severity.NOTICE, reason, traced.target.origin.file, traced.target.origin.line),)
    return tuple(
        replace(d, severity=Severity.NOTICE) for d in traced.trace.diagnostics if d.severity is Severity.ERROR
    )


def _paired(plans: list[TargetPlan]) -> list[TargetPlan]:
    """A target that went and one that came with the very same objects are one that moved; several pair up in order."""
    gone: dict[tuple[str, Digest], list[TargetId]] = defaultdict(list)
    for plan in plans:
        if plan.status is TargetStatus.REMOVED and plan.base_digest is not None and plan.changes:
            gone[plan.target.id.cluster, plan.base_digest].append(plan.target.id)
    came_from: dict[TargetId, TargetId] = {}
    for plan in plans:
        if plan.status is TargetStatus.ADDED and plan.head_digest is not None:
            origins = gone.get((plan.target.id.cluster, plan.head_digest))
            if origins:
                came_from[plan.target.id] = origins.pop(0)
    left = frozenset(came_from.values())
    return [
        _arrived(plan, came_from[plan.target.id]) if plan.target.id in came_from else plan
        for plan in plans
        if plan.target.id not in left
    ]


def _arrived(plan: TargetPlan, origin: TargetId) -> TargetPlan:
    return replace(
        plan, status=TargetStatus.MOVED, changes=(), base_digest=plan.head_digest, moved_from=origin.name
    )
