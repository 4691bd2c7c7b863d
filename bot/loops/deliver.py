"""The deliver loop: closes the distance between a delivery branch and the clusters its targets are for.

It decides the order and tells people where things stand; what is done to a cluster is done by the target loop, one
target at a time. Both may be woken at any moment, and read everything anew.
"""

from contextlib import aclosing

import structlog

from bot.config import RepositoryConfig
from bot.errors import Temporary, UserError
from bot.loops.announce import Announcement, announce, announce_trouble
from bot.loops.decide import Decision, decide
from bot.loops.head import Head, head_of
from bot.loops.survey import Survey, departed, joined, surveys
from bot.loops.world import World, now
from bot.model.delivery import Phase, TargetDelivery
from bot.model.keys import BranchKey, TargetKey
from bot.model.repo import Sha
from bot.model.steps import Again, Blocked, Done, StepContext, StepResult, Wake
from bot.model.target import TargetId

_LAST_ATTEMPT = 3
_LOOK_AGAIN_S = 30.0
"""A target wakes us when it gets on; this is for the ones that cannot say so."""
_ASK_AGAIN_S = 120.0
"""For clusters that do not answer; one that refuses us is left to the sweep."""

log = structlog.get_logger(__name__)


async def step(world: World, context: StepContext, key: str) -> StepResult:
    """See where a delivery branch's targets stand, let those go on that may, and say so."""
    source = BranchKey.parse(key)
    entry = world.served(source.repo)
    if entry is None or source.branch not in await world.delivery_branches(source.repo, entry):
        return Done()
    try:
        return await _deliver(world, context, source, entry)
    except Temporary:
        raise
    except UserError as error:
        await announce_trouble(world, source, str(error))
        return Blocked(str(error))
    except Exception:
        if context.attempt >= _LAST_ATTEMPT:
            await announce_trouble(world, source, f"something went wrong on our side, run {context.run_id}")
        raise


async def _deliver(
    world: World, context: StepContext, source: BranchKey, entry: RepositoryConfig
) -> StepResult:
    async with head_of(world, source, entry) as head:
        if head is None:
            return Blocked(f"the branch {source.branch} does not exist")
        found = await _survey_and_wake(world, context, head)
        earlier = await head.earlier()
        seen = (*found.seen.values(), *await departed(world, head, found, earlier))
        decision = decide(head.sha, seen, head.changed_since(earlier))
        await announce(world, head, _announcement(head, found, decision))
    if not decision.is_settled:
        return Again.after(_LOOK_AGAIN_S, now(), "the delivery is under way")
    if any(isinstance(error, Temporary) for error in found.lost.values()):
        return Again.after(_ASK_AGAIN_S, now(), f"asking {', '.join(sorted(found.lost))} again")
    return Done()


async def _survey_and_wake(world: World, context: StepContext, head: Head) -> Survey:
    """Ask every cluster, and let the targets of each go on as soon as it has answered."""
    parts, reason = [], f"deliver {head.sha[:12]}"
    async with aclosing(surveys(world, head)) as answers:
        async for part in answers:
            due = decide(head.sha, tuple(part.seen.values()), ()).due
            await context.wake(*(Wake(TargetKey(name, head.source).step, reason) for name in due))
            parts.append(part)
    return joined(parts)


def _announcement(head: Head, found: Survey, decision: Decision) -> Announcement:
    deliveries = (*decision.deliveries, *_mistaken(head))
    concerned = {delivery.target for delivery in deliveries}
    return Announcement(
        deliveries, tuple(sha for name, sha in sorted(found.delivered.items()) if name in concerned)
    )


def _mistaken(head: Head) -> tuple[TargetDelivery, ...]:
    """A configuration that cannot be used stops the delivery, and is told like a target that is unknown."""
    return tuple(
        TargetDelivery(TargetId("", "configuration"), "", Sha(head.sha), Phase.UNKNOWN, reason=message)
        for message in head.mistakes
    )
