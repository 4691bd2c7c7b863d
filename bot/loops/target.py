"""The target loop: takes one target one short step further in its cluster, and says when it got on."""

from dataclasses import replace

import structlog

from bot.engines.base import Order, Step
from bot.engines.claims import Claims
from bot.engines.direct.engine import DirectEngine, Removal
from bot.engines.direct.options import Options
from bot.engines.direct.prune import Limits
from bot.errors import Temporary, UserError
from bot.kube.parent import Source
from bot.loops.allowed import admits, rules_for
from bot.loops.decide import decide, may_prune
from bot.loops.head import Head, head_of
from bot.loops.survey import Survey, survey
from bot.loops.world import World, now
from bot.model.delivery import Phase, TargetDelivery
from bot.model.keys import TargetKey
from bot.model.rendering import MaskedRendering
from bot.model.steps import Again, Done, StepContext, StepResult, Wake
from bot.model.target import TargetId

_LAST_ATTEMPT = 3
"""From this one on a failure of our own is said; those before may have been chance."""

log = structlog.get_logger(__name__)


async def step(world: World, context: StepContext, key: str) -> StepResult:
    """One step of one target, if the order of the delivery lets it go on."""
    name = TargetKey.parse(key)
    entry = world.served(name.source.repo)
    if entry is None or name.target.cluster not in world.config.clusters:
        return Done()
    async with head_of(world, name.source, entry) as head:
        if head is None:
            return Done()
        found = await survey(world, head, name.target.cluster)
        decision = decide(head.sha, tuple(found.seen.values()), ())
        if name.target not in decision.due:
            return Done()
        before = found.seen[name.target].delivery
        try:
            taken = await _take(world, head, found, name.target)
        except Temporary:
            raise
        except Exception as error:
            if isinstance(error, UserError) or context.attempt >= _LAST_ATTEMPT:
                await _tell(world, context, name, before, _given_up(world, context, head, name.target, error))
            raise
    await _tell(world, context, name, before, taken.delivery)
    if taken.again_after_s is None:
        return Done()
    return Again.after(taken.again_after_s, now(), taken.delivery.reason)


async def _tell(
    world: World, context: StepContext, name: TargetKey, before: TargetDelivery | None, word: TargetDelivery
) -> None:
    """Leave word, for what the cluster's record may not tell, and wake whoever reports when it got on."""
    await world.words.put(name, word)
    if before is None or before.phase is not word.phase:
        log.info("target_moved", target=str(name.target), phase=word.phase.value)
        await context.wake(Wake(name.source.deliver, f"{name.target} is {word.phase.value}"))


def _given_up(
    world: World, context: StepContext, head: Head, name: TargetId, error: Exception
) -> TargetDelivery:
    traced = head.targets.get(name)
    environment = world.environment(traced.target) if traced else ""
    is_ours = not isinstance(error, UserError)
    why = f"something went wrong on our side, run {context.run_id}" if is_ours else str(error)
    return TargetDelivery(name, environment, head.sha, Phase.UNKNOWN, reason=why)


async def _take(world: World, head: Head, found: Survey, name: TargetId) -> Step:
    client = await world.clusters(name.cluster)
    options = Options(
        state_namespace=world.config.clusters[name.cluster].namespace,
        limits=_limits(world, head, found, name),
    )
    engine = DirectEngine(client, world.holder, options)
    claims = await _claims(head, found, name.cluster, options.state_namespace)
    if name in found.vanished:
        return await engine.remove(_removal(world, head, found, name, claims))
    order = await _order(world, head, found, name, claims)
    taken = await engine.step(order)
    if taken.delivery.phase in {Phase.PRUNING, Phase.BLOCKED} and taken.again_after_s is None:
        seen = {**found.seen, name: replace(found.seen[name], delivery=taken.delivery)}
        if may_prune(name, seen):
            return await engine.prune(order)
    return taken


def _limits(world: World, head: Head, found: Survey, name: TargetId) -> Limits:
    """A branch that declares nothing at all any more has lost its configuration as likely as its targets: it asks."""
    if name in found.vanished and not head.targets:
        return Limits(far_less=0.0, few_objects=1)
    return Limits(world.config.prune.max_ratio, world.config.prune.max_objects)


async def _order(world: World, head: Head, found: Survey, name: TargetId, claims: Claims) -> Order:
    traced = head.targets[name]
    rendering = await head.renderings.whole(head.tree, traced)
    rules = rules_for(world.config, head.source.repo, head.source.branch, traced.target)
    return Order(
        source=Source(head.source.repo, head.source.branch, head.located.number),
        target=replace(traced.target, environment=world.environment(traced.target)),
        revision=head.sha,
        rendering=rendering,
        masked=head.renderings.mask(rendering),
        claims=claims,
        admits=admits(rules),
        content_key=traced.key,
        attempt=found.attempts.get(name, ""),
    )


def _removal(world: World, head: Head, found: Survey, name: TargetId, claims: Claims) -> Removal:
    """What a vanished target had may go wherever this branch may write: its path is not known any more."""
    cluster = world.config.clusters[name.cluster]
    rules = [rule for rule in cluster.allow if rule.admits_branch(head.source.repo.path, head.source.branch)]
    return Removal(
        found.vanished[name],
        head.sha,
        claims,
        admits(rules),
        environment=cluster.environment,
        attempt=found.attempts.get(name, ""),
    )


async def _claims(head: Head, found: Survey, cluster: str, namespace: str) -> Claims:
    """What every target of the cluster declares. Most renderings come from the cache; secrets do not matter here."""
    renderings: dict[TargetId, MaskedRendering | None] = {}
    for name, traced in head.targets.items():
        if name.cluster == cluster:
            renderings[name] = await head.renderings.masked(head.tree, traced)
    vanished = [identity for name, identity in found.vanished.items() if name.cluster == cluster]
    return Claims.of(head.source.repo, renderings, vanished=vanished, namespace=namespace)
