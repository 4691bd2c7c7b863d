"""Merge trains on GitLab: what waits in line is planned on top of what goes before it, merged, and delivered."""

from collections.abc import Iterator

import pytest

from tests.sandbox.forge import Tier
from tests.sandbox.forge.gitlab.trains import Car
from tests.stories.manifests import NS, config_map, target, team
from tests.stories.story import PLAN
from tests.stories.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

APP = {".longshore.yaml": team(target("app")), "app/settings.yaml": config_map("settings", NS, level="1")}


@pytest.fixture
def station(gitlab_town: Town) -> Iterator[Town]:
    """Trains are paid for."""
    gitlab_town.gitlab.tier = Tier.PREMIUM
    yield gitlab_town
    gitlab_town.gitlab.tier = Tier.FREE


def verdict(car: Car) -> str | None:
    found = car.pipeline.newest if car.pipeline else []
    return next((status.state for status in found if status.name == PLAN), None)


async def test_a_train_is_planned_as_it_merges_and_delivered_as_it_was_planned(station: Town) -> None:
    story, gitlab = await station.story("train", APP), station.gitlab
    gitlab.state.projects.of(story.repo).merge_trains = True
    first = await story.open({"app/first.yaml": config_map("first", NS, level="1")})
    second = await story.open({"app/second.yaml": config_map("second", NS, level="2")})
    for pull in (first, second):
        await story.planned(pull, "1 of 1 target changes", conclusion="success")
    cars = [await gitlab.board_train(pull) for pull in (first, second)]
    for car in cars:
        await story.until(lambda car=car: verdict(car) == "success", "the train has its verdict")  # type: ignore[misc]
    [plan] = story.said(second, "plan")
    assert "merge train" in plan.body
    assert "first" not in plan.body
    for car in cars:
        assert car.pipeline is not None
        await gitlab.finish_pipeline(car.pipeline)
    assert [pull.is_merged for pull in (first, second)] == [True, True]
    await story.delivered(second.merge_sha)
    told = await story.told_on(second, "1 target delivered")
    assert "Rendered otherwise" not in told
    assert await story.data("first") == {"level": "1"}
    assert await story.data("second") == {"level": "2"}
