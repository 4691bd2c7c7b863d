"""What a moved base and the sweep wake."""

import pytest

from bot.loops import sweep
from bot.model.keys import SWEEP, BranchKey, PullKey
from bot.model.steps import Blocked, Done, StepKey
from tests.loops.conftest import House
from tests.stories.manifests import NS, config_map


async def test_a_moved_base_wakes_the_plans_onto_it_and_no_other(house: House) -> None:
    await house.push({"a.yaml": config_map("a", NS)})
    await house.push({"b.yaml": config_map("b", NS)}, "elsewhere")
    onto = await house.pull({"c.yaml": config_map("c", NS)}, "one")
    await house.pull({"d.yaml": config_map("d", NS)}, "two", base="elsewhere")
    assert await house.step(house.branch.base) == Done()
    assert house.woken == [PullKey(house.repo, onto.number).plan]
    house.woken.clear()
    assert await house.step(BranchKey(house.repo, "elsewhere").base) == Done()
    assert house.woken == []


async def test_the_sweep_finds_every_open_pull_request_and_delivery_branch(house: House) -> None:
    await house.push({"a.yaml": config_map("a", NS)})
    pull = await house.pull({"b.yaml": config_map("b", NS)})
    house.woken = [StepKey(SWEEP, sweep.ALL)]
    found = []
    while house.woken:
        key = house.woken.pop(0)
        found.append(str(key))
        if key.loop == SWEEP:
            assert await house.step(key) == Done()
    assert found == [
        "sweep:*",
        "sweep:hub",
        "sweep:hub:acme/fleet",
        "deliver:hub:acme/fleet@main",
        f"plan:hub:acme/fleet#{pull.number}",
    ]


@pytest.mark.parametrize("pattern", ["acme/*", "Acme/Fleet"])
async def test_a_repository_is_swept_under_one_name_however_it_is_configured(
    house: House, pattern: str
) -> None:
    await house.open(repositories=[{"forge": "hub", "repository": pattern}])
    await house.step(StepKey(SWEEP, "hub"))
    assert house.woken == [StepKey(SWEEP, "hub:acme/fleet")]


async def test_a_forge_may_be_called_all(house: House) -> None:
    await house.open(
        forges={"all": house.config["forges"]["hub"]},
        repositories=[{"forge": "all", "repository": "acme/fleet"}],
    )
    await house.step(StepKey(SWEEP, "all"))
    assert house.woken == [StepKey(SWEEP, "all:acme/fleet")]


async def test_a_repository_the_forge_does_not_show_is_blocked_with_the_reason(house: House) -> None:
    await house.open(repositories=[{"forge": "hub", "repository": "acme/gone", "branches": ["main"]}])
    ended = await house.step(StepKey(SWEEP, "hub:acme/gone"))
    assert isinstance(ended, Blocked)
    assert "does not show it to us" in ended.reason
