"""What the clusters say of a branch's targets, as data for the decision.

A cluster that cannot be asked makes its own targets unknown and delays no other; so does a record that cannot be read.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from bot.aio import cancel_all, gather_bounded
from bot.engines.direct.engine import REMOVED
from bot.engines.direct.standing import Standing, standing
from bot.engines.handed_over import delivered_by
from bot.engines.whole import NotWhole, require_whole
from bot.errors import LongshoreError
from bot.kube import listing
from bot.kube.client import KubeClient
from bot.kube.parent import Identity, Source
from bot.kube.record import RecordUnreadable
from bot.loops.allowed import rules_for, why_not
from bot.loops.decide import Seen
from bot.loops.head import Head
from bot.loops.identity import AnotherRepository
from bot.loops.world import World
from bot.model.delivery import Phase, TargetDelivery
from bot.model.keys import TargetKey
from bot.model.repo import RepoId, Sha
from bot.model.target import EngineKind, Target, TargetId
from bot.planning.declared import TEAM_FILE
from bot.planning.expansion import Traced

_AT_ONCE = 8

Answer = Standing | RecordUnreadable | None
"""What a cluster has of one target; None: nothing."""


@dataclass(frozen=True, slots=True)
class Survey:
    """`delivered` is the revision each target's cluster has, before this one where this one is there already.

    `attempts` holds the retries that people asked for. `asked` are the clusters that answered, `lost` those that could
    not be asked, and why.
    """

    seen: Mapping[TargetId, Seen]
    delivered: Mapping[TargetId, Sha] = field(default_factory=dict)
    vanished: Mapping[TargetId, Identity] = field(default_factory=dict)
    attempts: Mapping[TargetId, str] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    lost: Mapping[str, LongshoreError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Answers:
    """One cluster's word on each target asked for, and on those it has that the branch declares no more (`gone`)."""

    of: Mapping[TargetId, Answer]
    gone: Mapping[TargetId, Identity] = field(default_factory=dict)


async def survey(world: World, head: Head, cluster: str) -> Survey:
    """What one cluster says. Nothing that is decided about a target depends on what another cluster has."""
    targets = {name: traced for name, traced in head.targets.items() if name.cluster == cluster}
    return await _ask(world, head, cluster, targets)


async def surveys(world: World, head: Head) -> AsyncGenerator[Survey, None]:
    """Every cluster that the branch's targets are for, or that may hold targets it declared before, as each answers.

    One that hangs takes its whole time, and holds up nobody who acts on the others at once.
    """
    clusters = dict.fromkeys([*_clusters_of(world, head), *(name.cluster for name in head.targets)])
    asking = [asyncio.create_task(survey(world, head, cluster)) for cluster in clusters]
    try:
        for answered in asyncio.as_completed(asking):
            yield await answered
    finally:
        await cancel_all(asking)


def joined(parts: Iterable[Survey]) -> Survey:
    """What several clusters say, as one."""
    every = list(parts)
    return Survey(
        {name: one for part in every for name, one in part.seen.items()},
        {name: sha for part in every for name, sha in part.delivered.items()},
        {name: identity for part in every for name, identity in part.vanished.items()},
        {name: attempt for part in every for name, attempt in part.attempts.items()},
        frozenset(name for part in every for name in part.asked),
        {name: error for part in every for name, error in part.lost.items()},
    )


async def departed(
    world: World, head: Head, found: Survey, earlier: Mapping[TargetId, Traced]
) -> tuple[Seen, ...]:
    """Targets that this commit took out and whose clusters have nothing of them any more: their removal is done.

    The record went with the last object. What is known besides is the target loop's last word.
    """
    gone = [
        traced.target
        for name, traced in earlier.items()
        if traced.target.engine is EngineKind.DIRECT and name not in head.targets and name not in found.seen
    ]
    return tuple([await _departed(world, head, found, target) for target in gone if not head.mistakes])


async def _departed(world: World, head: Head, found: Survey, target: Target) -> Seen:
    plain = Seen(target.id, world.environment(target), vanished=True)
    if target.id.cluster not in found.asked:
        lost = found.lost.get(target.id.cluster)
        reason = (
            _cannot_be_asked(target.id.cluster, lost) if lost else "this branch may not write to its cluster"
        )
        return replace(plain, why_not=f"it is not known what is left of it: {reason}")
    word = await world.words.get(TargetKey(target.id, head.source))
    if word is None or word.revision != head.sha:
        word = TargetDelivery(target.id, plain.environment, head.sha, Phase.DELIVERED)
    return replace(plain, delivery=replace(word, phase=Phase.DELIVERED, reason=REMOVED))


def _clusters_of(world: World, head: Head) -> list[str]:
    """Clusters this branch may write to: a target that is declared no more may have left something there."""
    path = head.source.repo.path
    return [
        name
        for name, cluster in world.config.clusters.items()
        if cluster.is_written_from(path, head.source.branch)
    ]


async def _ask(world: World, head: Head, cluster: str, targets: Mapping[TargetId, Traced]) -> Survey:
    plain = {name: _plain(world, head, traced.target) for name, traced in targets.items()}
    if head.mistakes or cluster not in _clusters_of(world, head):
        return Survey(plain)
    wanted = [name for name, one in plain.items() if not (one.why_not or one.handed_over)]
    try:
        answers = await _answers(world, head, cluster, wanted, known=set(targets))
    except AnotherRepository as error:
        # Also what it does not declare stays: nothing of it is listed, so nothing is taken for vanished.
        held = {name: replace(plain[name], held=str(error)) for name in wanted}
        return Survey({**plain, **held}, lost={cluster: error})
    except LongshoreError as error:
        reason = _cannot_be_asked(cluster, error)
        lost = {name: replace(plain[name], why_not=reason) for name in wanted}
        return Survey({**plain, **lost}, lost={cluster: error})
    environment = world.config.clusters[cluster].environment
    leaving = {name: Seen(name, environment, vanished=True) for name in answers.gone}
    seen = plain | leaving
    for name, answer in answers.of.items():
        seen[name] = await _seen(world, head, seen[name], targets.get(name), answer)
    readable = {name: one for name, one in answers.of.items() if isinstance(one, Standing)}
    return Survey(
        seen,
        {name: sha for name, one in readable.items() if (sha := _before(one, head.sha))},
        answers.gone,
        {name: one.attempt for name, one in readable.items() if one.attempt},
        asked=frozenset({cluster}),
    )


async def _answers(
    world: World, head: Head, cluster: str, wanted: Iterable[TargetId], *, known: set[TargetId]
) -> _Answers:
    client = await world.clusters(cluster)
    namespace = world.config.clusters[cluster].namespace
    source = Source(head.source.repo, head.source.branch, head.located.number)
    every = await listing.listed(client, namespace)
    numbers = [identity.source.number for identity in every if identity.source.repo == source.repo]
    await world.identities.require(source.repo, world.served(source.repo), head.located.number, numbers)
    ask = partial(_answer, client, namespace)
    gone = {one.target: one for one in listing.vanished(every, source, known, client.cluster)}
    places = [*((source.repo, name) for name in wanted), *((source.repo, name) for name in gone)]
    found = dict(zip([*wanted, *gone], await gather_bounded(_AT_ONCE, ask, places), strict=True))
    if not _has_its_name(head):
        return _Answers(found, gone)
    for one in listing.former(every, source, known, client.cluster):
        left = await ask((one.source.repo, one.target))
        if (
            not world.is_named(one.source.repo)
            and isinstance(left, Standing)
            and not await _rewritten(head, left)
        ):
            name = TargetId(one.target.cluster, f"{one.target.name}({one.source.repo.path})")
            found[name], gone[name] = left, one
    return _Answers(found, gone)


def _has_its_name(head: Head) -> bool:
    """Whether it is asked for by the path that it has now: what it left under others then goes along."""
    return head.located.path.lower() == head.source.repo.path


async def _answer(client: KubeClient, namespace: str, place: tuple[RepoId, TargetId]) -> Answer:
    try:
        return await standing(client, *place, namespace)
    except RecordUnreadable as error:
        return error


def _cannot_be_asked(cluster: str, error: LongshoreError) -> str:
    if isinstance(error, AnotherRepository):
        return str(error)
    return f"cluster {cluster} cannot be asked: {error.message}"


def _plain(world: World, head: Head, target: Target) -> Seen:
    """What is known without asking: who delivers it, what it waits for, and whether it may be delivered at all."""
    environment = world.environment(target)
    if target.engine is not EngineKind.DIRECT:
        return Seen(target.id, environment, handed_over=delivered_by(target))
    reason = target.unknown_because
    if head.mistakes:
        reason = f"nothing of this branch is delivered while its {TEAM_FILE} cannot be used"
    elif not reason and not rules_for(world.config, head.source.repo, head.source.branch, target):
        reason = why_not(target, head.source.repo, head.source.branch)
    depends_on = tuple(TargetId(target.id.cluster, name) for name in target.depends_on)
    return Seen(target.id, environment, depends_on, why_not=reason)


async def _seen(world: World, head: Head, plain: Seen, traced: Traced | None, found: Answer) -> Seen:
    """What the cluster's record says of this revision; where it says nothing yet, what stands in the way of it.

    `traced` is None for a target that the branch declares no more.
    """
    if isinstance(found, RecordUnreadable):
        return replace(plain, why_not=str(found))
    last = found.last if found else None
    here = last if last is not None and last.revision == head.sha else None
    if found and found.wants_retry and not (here and here.phase is Phase.DELIVERED):
        return await _untold(world, head, plain, traced, found)
    if here is not None:
        return replace(plain, delivery=replace(here, target=plain.target, environment=plain.environment))
    is_same = traced is not None and found is not None and found.content_key == traced.key
    if is_same and last is not None and last.phase is Phase.DELIVERED:
        return replace(plain, is_current=True)
    return await _untold(world, head, plain, traced, found)


async def _untold(
    world: World, head: Head, plain: Seen, traced: Traced | None, found: Standing | None
) -> Seen:
    if traced is not None:
        try:
            require_whole(await head.renderings.masked(head.tree, traced))
        except NotWhole as error:
            return replace(plain, why_not=str(error))
    if found and (rewritten := await _rewritten(head, found)):
        return replace(plain, rewritten=rewritten)
    word = await world.words.get(TargetKey(plain.target, head.source))
    if word is not None and word.revision == head.sha:
        return replace(plain, delivery=replace(word, target=plain.target), is_word=True)
    return plain


async def _rewritten(head: Head, found: Standing) -> str:
    """Why a person has to accept this revision first: the branch has left what was delivered behind."""
    old = found.revision
    if old is None or found.accepted == head.sha:
        return ""
    if await head.repository.contains(old) and await head.repository.is_ancestor(old, head.sha):
        return ""
    return f"{head.source.branch} was rewritten: {head.sha[:12]} does not contain {old[:12]}, which was delivered"


def _before(found: Standing, revision: Sha) -> Sha | None:
    """The last delivered revision that is not this one."""
    if found.revision is not None and found.revision != revision:
        return found.revision
    return next(
        (e.revision for e in found.history if e.revision != revision and e.phase is Phase.DELIVERED), None
    )
