"""What is not known here is planned, and never applied: not a part of it, and not around it."""

from dataclasses import replace

import pytest

from bot.engines.base import Order
from bot.engines.direct.standing import standing
from bot.engines.whole import NotWhole, require_whole
from bot.kube.parent import CONFIG_MAP
from bot.model.delivery import Phase
from bot.model.objects import Object
from bot.model.rendering import Hole, Rendering
from tests.engines.direct.world import REPO, World, config_map, deliver

REASON = "token in Secret flux-system/vars is secret"


def holed(order: Order, *fields: str) -> Order:
    found = order.rendering.objects[0].id
    holes = tuple(Hole(found, field, "TOKEN", REASON) for field in fields)
    return replace(order, rendering=replace(order.rendering, holes=holes))


async def test_a_rendering_with_holes_is_refused_by_name_and_writes_nothing(world: World) -> None:
    ns = world.namespace
    order = holed(world.order([config_map(ns, "holed", key="${TOKEN}"), config_map(ns, "whole")]), "data.key")
    for act in (world.engine().step, world.engine().prune):
        step = await act(order)
        assert (step.delivery.phase, step.again_after_s) == (Phase.UNKNOWN, None)
        assert f"TOKEN in data.key of ConfigMap {ns}/holed ({REASON})" in step.delivery.reason
    assert await standing(world.client(), REPO, order.target.id, world.state_namespace) is None
    for name in ("holed", "whole"):
        assert await world.client().find(CONFIG_MAP, ns, name) is None


async def test_a_hole_that_comes_later_leaves_what_was_delivered_and_prunes_nothing(world: World) -> None:
    ns = world.namespace
    first = world.order([config_map(ns, "a", level="1"), config_map(ns, "b")])
    assert (await deliver(world.engine(), first)).delivery.phase is Phase.DELIVERED
    later = holed(world.order([config_map(ns, "a", level="${TOKEN}")], revision=2), "data.level")
    assert (await deliver(world.engine(), later)).delivery.phase is Phase.UNKNOWN
    live = await world.client().find(CONFIG_MAP, ns, "a")
    assert live is not None
    assert live["data"] == {"level": "1"}
    assert await world.client().find(CONFIG_MAP, ns, "b") is not None
    known = await standing(world.client(), REPO, first.target.id, world.state_namespace)
    assert known is not None
    assert known.revision == first.revision


@pytest.mark.parametrize(("count", "more"), [(1, ""), (5, ""), (6, "and 1 more"), (500, "and 495 more")])
def test_a_refusal_names_the_first_holes_and_counts_the_others(count: int, more: str) -> None:
    one = Object.of(config_map("shop", "a"))
    holes = tuple(Hole(one.id, f"data.k{n}", "TOKEN", REASON) for n in range(count))
    with pytest.raises(NotWhole) as caught:
        require_whole(Rendering((one,), holes=(*holes, holes[0])))
    assert caught.value.holes == holes
    assert str(caught.value).count(REASON) == min(count, 5)
    assert str(caught.value).endswith(more or ")")


def test_a_rendering_without_holes_is_whole() -> None:
    require_whole(Rendering(()))
