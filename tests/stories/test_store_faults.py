"""The store may be killed or flushed at any moment: nothing is lost but time."""

import os
import signal

import pytest
from redis.asyncio import Redis

from tests.stories.manifests import NS, config_map, deployment, target, team
from tests.stories.story import Story
from tests.stories.test_forge_faults import is_told_once
from tests.stories.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

APP = {".longshore.yaml": team(target("app")), "app/settings.yaml": config_map("settings", NS, level="1")}
# Long enough to become healthy for the store to be struck in the middle.
CHANGE = {
    "app/settings.yaml": config_map("settings", NS, level="2"),
    "app/web.yaml": deployment("web", NS, annotations={"sandbox.longshore/ready-after": "3s"}),
}


async def test_a_store_that_is_killed_is_back_with_all_it_had_acknowledged(restless_town: Town) -> None:
    story = await restless_town.story("killed", APP)
    await story.delivered()
    async with Redis.from_url(restless_town.bot.store_url) as store:
        pid = int((await store.info("server"))["process_id"])
    pull = await story.open(CHANGE)
    os.kill(pid, signal.SIGKILL)
    await story.planned(pull, "1 of 1 target changes")
    await finishes(story)


async def test_a_store_that_is_flushed_in_the_middle_of_a_plan_is_filled_again_by_the_sweep(
    restless_town: Town,
) -> None:
    story = await restless_town.story("flushed", APP)
    await story.delivered()
    pull = await story.open(CHANGE)
    await restless_town.forge.settle()
    await flush(restless_town)
    await story.planned(pull, "1 of 1 target changes")
    await finishes(story)


async def test_a_store_that_is_flushed_in_the_middle_of_a_delivery_is_filled_again_by_the_sweep(
    restless_town: Town,
) -> None:
    story = await restless_town.story("flushed", APP)
    await story.delivered()
    pull = await story.open(CHANGE)
    await story.planned(pull)
    sha = await story.merge(pull)
    await story.comes_to(lambda: has_level(story, "2"), "it is applied")
    await flush(restless_town)
    await story.delivered(sha)
    await story.told_on(pull, "1 target delivered")
    await is_told_once(story, sha)


async def test_a_whole_bot_that_is_killed_goes_on_when_it_is_started_again(restless_town: Town) -> None:
    story = await restless_town.story("power", APP)
    await story.delivered()
    pull = await story.open(CHANGE)
    await story.planned(pull)
    sha = await story.merge(pull)
    await restless_town.bot.process.end(signal.SIGKILL)
    await restless_town.bot.start()
    await story.delivered(sha, within_s=90)
    await story.told_on(pull, "1 target delivered")
    await is_told_once(story, sha)


async def flush(town: Town) -> None:
    async with Redis.from_url(town.bot.store_url) as store:
        await store.flushall()


async def finishes(story: Story) -> None:
    [pull] = story.repo.pulls
    sha = await story.merge(pull)
    await story.delivered(sha, within_s=60)
    await story.told_on(pull, "1 target delivered")
    await is_told_once(story, sha)


async def has_level(story: Story, level: str) -> bool:
    return await story.data("settings") == {"level": level}
