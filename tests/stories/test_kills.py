"""A worker killed at any of its writes leaves nothing behind that its successor does not put right.

Killed after write N and before write N + 1 look the same from outside, so every N is killed after, and the first one
also before; a seeded choice of the others as well.
"""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.sandbox.cluster import ClusterAccess
from tests.stories.town import Forge, identity_on
from tests.stories.universe import Kill, Universe, universe

pytestmark = [pytest.mark.timeout(600)]

AT_ONCE = 4
ALSO_BEFORE = 5
SEED = 20261123


@pytest_asyncio.fixture
async def universes(
    tmp_path: Path, forge: Forge, control_plane: ClusterAccess
) -> AsyncIterator[list[Universe]]:
    identity = identity_on(forge)
    async with AsyncExitStack() as stack:
        opening = [
            stack.enter_async_context(universe(tmp_path / str(n), forge, control_plane, identity))
            for n in range(AT_ONCE)
        ]
        yield [await each for each in opening]


async def test_a_kill_at_any_write_of_plan_and_delivery_changes_nothing_in_the_end(
    universes: list[Universe],
) -> None:
    first = universes[0]
    undisturbed = await first.round()
    count = len(first.written)
    assert count > 15, first.written
    assert undisturbed == await first.round(), "two undisturbed rounds end alike"
    chosen = random.Random(SEED).sample(range(2, count + 1), ALSO_BEFORE)
    kills = [
        Kill(1, "before"),
        *(Kill(n, "after") for n in range(1, count + 1)),
        *(Kill(n, "before") for n in chosen),
    ]
    todo = iter(kills)

    async def work_off(here: Universe) -> list[tuple[Kill, str, dict[str, Any]]]:
        wrong = []
        for kill in todo:
            ended = await here.round(kill)
            if ended != undisturbed:
                wrong.append((kill, here.written[kill.number - 1], ended))
        return wrong

    found = await asyncio.gather(*(work_off(here) for here in universes))
    assert list(itertools.chain(*found)) == []
