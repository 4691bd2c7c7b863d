"""Merge trains: what is planned is what the train is about to merge, and the verdict stands in the train's pipeline."""

import pytest

from bot.forge.base import Queued
from bot.forge.errors import ForgeUnavailable
from bot.forge.gitlab.settings import Tier
from bot.model.steps import Again, Done
from bot.planning.plan import Change
from tests.forge.gitlab.conftest import FLEET, World
from tests.forge.gitlab.office import CHECK, Office
from tests.sandbox.forge import Tier as Paid
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.gitlab.trains import Car
from tests.stories.manifests import config_map


@pytest.fixture
async def station(office: Office) -> Office:
    """A project with merge trains, and a worker that knows what was paid for."""
    office.outside.gitlab.tier = Paid.PREMIUM
    office.outside.gitlab.state.projects.of(office.outside.fleet).merge_trains = True
    await office.open(tier="premium")
    return office


async def changing(office: Office, name: str) -> Pull:
    return await office.opened({f"app/{name}.yaml": config_map(name, "shop")}, branch=name)


async def boarded(office: Office, pull: Pull) -> Car:
    return await office.outside.gitlab.board_train(pull)


def states(car: Car) -> list[str]:
    assert car.pipeline is not None
    return [status.state for status in car.pipeline.newest if status.name == CHECK]


async def test_a_merge_request_on_a_train_is_planned_on_top_of_those_before_it(station: Office) -> None:
    first, second = await changing(station, "first"), await changing(station, "second")
    for pull in (first, second):
        await station.plan(pull)
    cars = [await boarded(station, pull) for pull in (first, second)]
    ahead = cars[0].pipeline
    assert ahead is not None
    for pull in (first, second):
        assert await station.plan(pull) == Done()
    assert [states(car) for car in cars] == [["success"], ["success"]]
    (body,) = station.said(second)
    assert "shop/second" in body
    assert "shop/first" not in body
    assert f"`main` at `{ahead.sha[:10]}`" in body
    assert "merge train" in body


async def test_what_only_breaks_together_fails_on_the_train(station: Office) -> None:
    """Each by itself is well; both declare one object."""
    first = await station.opened({"app/x.yaml": config_map("x", "shop", of="first")}, branch="first")
    second = await station.opened({"app/y.yaml": config_map("x", "shop", of="second")}, branch="second")
    for pull in (first, second):
        await station.plan(pull)
        assert station.states(pull.head_sha) == ["success"]
    await boarded(station, first)
    car = await boarded(station, second)
    await station.plan(second)
    assert states(car) == ["failed"]
    # By itself it is as well as it was.
    assert station.states(second.head_sha) == ["success"]


async def test_whoever_gets_off_the_train_is_planned_on_the_branch_again(station: Office) -> None:
    first, second = await changing(station, "first"), await changing(station, "second")
    await boarded(station, first)
    car = await boarded(station, second)
    await station.plan(second)
    assert car.pipeline is not None
    await station.outside.gitlab.finish_pipeline(car.pipeline, "failed")
    assert car.state == "skip_merged"
    await station.plan(second)
    (body,) = station.said(second)
    main = await station.outside.head()
    assert f"`main` at `{main[:10]}`" in body
    assert "merge train" not in body


async def test_a_train_hears_at_once_that_there_is_a_verdict_to_wait_for(
    station: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def look(*_: object) -> Change:
        seen.extend(states(car))
        raise ForgeUnavailable("not now")

    pull = await changing(station, "first")
    await station.plan(pull)
    car = await boarded(station, pull)
    monkeypatch.setattr("bot.loops.plan.look", look)
    with pytest.raises(ForgeUnavailable):
        await station.plan(pull)
    assert seen == ["running"]


async def test_a_train_that_passed_while_it_was_looked_at_is_no_obstacle(
    station: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = await changing(station, "first")
    await station.plan(pull)
    (before,) = station.said(pull)
    car = await boarded(station, pull)
    forge = station.worker.forge(FLEET)
    queued = await forge.queued(FLEET, pull.number)
    assert queued is not None
    assert car.pipeline is not None

    async def as_it_was(*_: object) -> Queued:
        return queued

    await station.outside.fleet.store.set_ref(queued.ref, None)
    monkeypatch.setattr(type(forge), "queued", as_it_was)
    assert isinstance(await station.plan(pull), Again)
    assert station.said(pull) == [before]


@pytest.mark.parametrize("method", ["squash", "ff"])
async def test_a_train_that_does_not_merge_the_head_itself_gets_the_verdict_too(
    station: Office, method: str
) -> None:
    pull = await changing(station, "first")
    if method == "ff":
        station.outside.gitlab.state.projects.of(station.outside.fleet).merge_method = "ff"
    else:
        station.outside.gitlab.state.requests.of(pull).squash = True
    car = await boarded(station, pull)
    assert car.pipeline is not None
    made = await station.outside.fleet.store.commit(car.pipeline.sha)
    assert pull.head_sha not in made.parents
    assert await station.plan(pull) == Done()
    assert states(car) == ["success"]
    assert await station.plan(pull) == Done()


@pytest.mark.parametrize("tier", [Tier.FREE, Tier.PREMIUM])
async def test_without_a_train_nothing_is_queued(world: World, tier: Tier) -> None:
    forge = await world.open(world.settings(tier=tier))
    pull = await world.opened()
    await world.gitlab.run_pipeline(pull)
    assert await forge.queued(FLEET, pull.number) is None
