"""A delivery on the real API server, from nothing to healthy."""

from bot.kube.parent import read
from bot.model.delivery import Outcome, Phase
from tests.engines.direct.world import World, config_map, deliver, deployment


async def test_applies_waits_for_health_and_remembers(world: World) -> None:
    ns = world.namespace
    order = world.order([config_map(ns, "settings"), deployment(ns, "web")])
    step = await deliver(world.engine(), order)
    assert step.delivery.phase is Phase.DELIVERED, step
    assert step.delivery.count(Outcome.CREATED) == 2
    held = await read(world.client(), world.parent())
    assert held is not None
    assert held.record.revision == order.revision
    assert held.record.healthy_since is not None
