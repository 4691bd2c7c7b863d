"""What the clusters say of a branch's targets, as data for the decision.

A cluster that cannot be asked makes its own targets unknown and delays no other.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from bot.aio import gather_bounded
from bot.engines.direct.standing import Standing, standing
from bot.errors import LongshoreError
from bot.kube import parent as parents
from bot.kube.client import KubeClient
from bot.kube.parent import Identity, Source
from bot.loops.allowed import rules_for, why_not
from bot.loops.decide import Seen
from bot.loops.head import Head
from bot.loops.world import World
from bot.model.delivery import Phase
from bot.model.keys import TargetKey
from bot.model.rendering import Severity
from bot.model.repo import Sha
from bot.model.target import EngineKind, Target, TargetId
from bot.planning.expansion import Traced

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Survey:
    """`delivered` is the revision each target's cluster has, before this one where this one is there already.

    `attempts` holds the retries that people asked for. `unreachable` names clusters that could not be asked: they are
    asked again by and by.
    """

    seen: Mapping[TargetId, Seen]
    delivered: Mapping[TargetId, Sha]
    vanished: Mapping[TargetId, Identity]
    attempts: Mapping[TargetId, str] = field(default_factory=dict)
    unreachable: frozenset[str] = frozenset()


async def survey(world: World, head: Head) -> Survey:
    """Ask every cluster that the branch's targets are for, or that may hold targets it declared before."""
    by_cluster: dict[str, dict[TargetId, Traced]] = {name: {} for name in _clusters_of(world, head)}
    for name, traced in head.targets.items():
        by_cluster.setdefault(name.cluster, {})[name] = traced
    parts = await asyncio.gather(
        *(_ask(world, head, cluster, targets) for cluster, targets in by_cluster.items())
    )
    return Survey(
        {name: one for part in parts for name, one in part.seen.items()},
        {name: sha for part in parts for name, sha in part.delivered.items()},
        {name: identity for part in parts for name, identity in part.vanished.items()},
        {name: attempt for part in parts for name, attempt in part.attempts.items()},
        frozenset(name for part in parts for name in part.unreachable),
    )


def _clusters_of(world: World, head: Head) -> Iterable[str]:
    """Clusters this repository may write to: a target that is declared no more may have left something there."""
    path = head.source.repo.path
    return [
        name
        for name, cluster in world.config.clusters.items()
        if any(rule.admits_branch(path, head.source.branch) for rule in cluster.allow)
    ]


async def _ask(world: World, head: Head, cluster: str, targets: Mapping[TargetId, Traced]) -> Survey:
    plain = {name: _plain(world, head, traced.target) for name, traced in targets.items()}
    wanted = [name for name, one in plain.items() if not (one.why_not or one.handed_over)]
    if not wanted and cluster not in world.config.clusters:
        return Survey(plain, {}, {})
    try:
        client = await world.clusters(cluster)
        namespace = world.config.clusters[cluster].namespace
        ask = partial(standing, client, head.source.repo, namespace=namespace)
        standings = dict(zip(wanted, await gather_bounded(_AT_ONCE, ask, wanted), strict=True))
        gone = [] if head.mistakes else await _vanished(client, head, targets, namespace)
        left = {identity.target: await ask(identity.target) for identity in gone}
    except LongshoreError as error:
        reason = f"cluster {cluster} cannot be asked: {error.message}"
        lost = {name: replace(plain[name], why_not=reason) for name in wanted}
        return Survey({**plain, **lost}, {}, {}, unreachable=frozenset({cluster}))
    seen = dict(plain)
    for name in wanted:
        seen[name] = await _seen(world, head, plain[name], targets[name], standings[name])
    for identity in gone:
        environment = world.config.clusters[cluster].environment
        seen[identity.target] = _leaving(head, identity.target, environment, left[identity.target])
    known = standings | left
    return Survey(
        seen,
        {name: sha for name, one in known.items() if (sha := _before(one, head.sha))},
        {identity.target: identity for identity in gone},
        {name: one.attempt for name, one in known.items() if one is not None and one.attempt},
    )


def _plain(world: World, head: Head, target: Target) -> Seen:
    """What is known without asking: who delivers it, what it waits for, and whether it may be delivered at all."""
    environment = world.environment(target)
    if target.engine is EngineKind.FLUX:
        return Seen(target.id, environment, handed_over=f"delivered by Flux (Kustomization {target.id.name})")
    reason = target.unknown_because
    if not reason and not rules_for(world.config, head.source.repo, head.source.branch, target):
        reason = why_not(target, head.source.repo, head.source.branch)
    depends_on = tuple(TargetId(target.id.cluster, name) for name in target.depends_on)
    return Seen(target.id, environment, depends_on, why_not=reason)


async def _seen(world: World, head: Head, plain: Seen, traced: Traced, found: Standing | None) -> Seen:
    """What the cluster's record says of this revision; where it says nothing yet, what stands in the way of it."""
    last = found.last if found else None
    here = last if last is not None and last.revision == head.sha else None
    if found and found.wants_retry and not (here and here.phase is Phase.DELIVERED):
        return plain
    if here is not None:
        return replace(plain, delivery=replace(here, environment=plain.environment))
    if found and last and found.content_key == traced.key and last.phase is Phase.DELIVERED:
        return replace(plain, is_current=True)
    return await _untold(world, head, plain, traced, found)


async def _untold(world: World, head: Head, plain: Seen, traced: Traced, found: Standing | None) -> Seen:
    rendering = await head.renderings.masked(head.tree, traced)
    if rendering.failed:
        reasons = [d.message for d in rendering.diagnostics if d.severity is Severity.ERROR]
        return replace(plain, why_not=f"it cannot be rendered: {reasons[0]}")
    if found and (rewritten := await _rewritten(head, found)):
        return replace(plain, rewritten=rewritten)
    word = await world.words.get(TargetKey(plain.target, head.source))
    if word is not None and word.revision == head.sha:
        return replace(plain, delivery=word, is_word=True)
    return plain


async def _rewritten(head: Head, found: Standing) -> str:
    """Why a person has to accept this revision first: the branch has left what was delivered behind."""
    old = found.revision
    if old is None or found.accepted == head.sha:
        return ""
    if await head.repository.contains(old) and await head.repository.is_ancestor(old, head.sha):
        return ""
    return (
        f"{head.source.branch} was rewritten: {head.sha[:12]} does not contain {old[:12]}, which was delivered. "
        f"To go on run `longshore deliver {head.source} --accept {head.sha}`"
    )


def _leaving(head: Head, target: TargetId, environment: str, found: Standing | None) -> Seen:
    last = found.last if found else None
    here = last if last is not None and last.revision == head.sha else None
    delivery = replace(here, environment=environment) if here else None
    return Seen(target, environment, delivery=delivery, vanished=True)


async def _vanished(
    client: KubeClient, head: Head, targets: Mapping[TargetId, Traced], namespace: str
) -> list[Identity]:
    source = Source(head.source.repo, head.source.branch)
    return await parents.vanished(client, source, set(targets), namespace)


def _before(found: Standing | None, revision: Sha) -> Sha | None:
    """The last delivered revision that is not this one."""
    if found is None:
        return None
    if found.revision is not None and found.revision != revision:
        return found.revision
    return next(
        (e.revision for e in found.history if e.revision != revision and e.phase is Phase.DELIVERED), None
    )
