"""The life of a pull request on a real Gitea, with the bot as it runs in production."""

import pytest

from oracles.gitea.fleet import Fleet
from oracles.gitea.town import Town
from tests.stories.manifests import NS, config_map, target, team

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

PLAN, DELIVER = "longshore/plan", "longshore/deliver"
SETTINGS = {
    ".longshore.yaml": team(target("app")),
    "app/settings.yaml": config_map("settings", NS, level="1"),
}


async def test_a_pull_request_is_planned_merged_applied_reported_and_its_removal_pruned(town: Town) -> None:
    fleet = await Fleet.founded(town, "life")
    first = await fleet.push({**SETTINGS, "app/old.yaml": config_map("old", NS)})
    await fleet.verdict(first, DELIVER)

    pull = await fleet.open({"app/settings.yaml": config_map("settings", NS, level="2")})
    number, head = pull["number"], pull["head"]
    planned = await fleet.told(number, "plan", "1 of 1 target changes: 1 object changed")
    await fleet.verdict(head["sha"], PLAN)

    changed = await fleet.push({"app/settings.yaml": config_map("settings", NS, level="3")}, head["ref"])
    edited = await fleet.told(number, "plan", changed[:10])
    assert edited["id"] == planned["id"], "a new plan is told in the same comment"
    status = await fleet.verdict(changed, PLAN)
    assert status["target_url"].startswith(town.gitea.url), "the status leads to the comment"

    merged = await fleet.merge(number)
    await fleet.verdict(merged, DELIVER)
    await fleet.told(number, "delivery", "1 target delivered", "changed ConfigMap")
    assert await fleet.data("settings") == {"level": "3"}

    removal = await fleet.open({"app/old.yaml": None})
    await fleet.told(removal["number"], "plan", "1 object removed")
    await fleet.verdict(await fleet.merge(removal["number"], "squash"), DELIVER)
    await fleet.told(removal["number"], "delivery", "deleted ConfigMap")
    assert await fleet.data("old") is None


@pytest.mark.parametrize("how", ["rebase", "rebase-merge", "squash"])
async def test_however_it_is_merged_the_delivery_is_told_on_the_pull_request(town: Town, how: str) -> None:
    fleet = await Fleet.founded(town, "how")
    await fleet.verdict(await fleet.push(SETTINGS), DELIVER)
    pull = await fleet.open({"app/settings.yaml": config_map("settings", NS, level="2")})
    await fleet.push({"app/more.yaml": config_map("more", NS)}, pull["head"]["ref"])
    await fleet.told(pull["number"], "plan", "1 object added")
    await fleet.merge(pull["number"], how)
    await fleet.told(pull["number"], "delivery", "1 target delivered")


async def test_what_cannot_be_rendered_fails_the_status(town: Town) -> None:
    fleet = await Fleet.founded(town, "broken")
    await fleet.verdict(await fleet.push(SETTINGS), DELIVER)
    pull = await fleet.open({"app/settings.yaml": "kind: [\n"})
    status = await fleet.verdict(pull["head"]["sha"], PLAN, "failure")
    assert 0 < len(status["description"]) <= 140


async def test_a_pull_request_from_a_fork_is_planned(town: Town) -> None:
    fleet = await Fleet.founded(town, "fork")
    await fleet.verdict(await fleet.push(SETTINGS), DELIVER)
    guest = await town.gitea.administrator.new_user(f"guest-{fleet.name}", "all")
    await fleet.give(f"guest-{fleet.name}", "read")
    fork = (await guest.post(f"/repos/{fleet.path}/forks", {"name": "copy"}))["full_name"]
    await guest.commit(fork, {"app/more.yaml": config_map("more", fleet.name)}, "change", since="main")
    asked = {"head": f"guest-{fleet.name}:change", "base": "main", "title": "From outside"}
    pull = await guest.post(f"/repos/{fleet.path}/pulls", asked)
    await fleet.told(pull["number"], "plan", "1 object added")
    await fleet.verdict(pull["head"]["sha"], PLAN)


async def test_a_pull_request_that_is_turned_to_another_base_is_planned_for_that(town: Town) -> None:
    fleet = await Fleet.founded(town, "turn")
    await fleet.verdict(await fleet.push(SETTINGS), DELIVER)
    await fleet.push({"README.md": "Other.\n"}, "other", since="main")
    pull = await fleet.open({"app/more.yaml": config_map("more", NS)}, base="other")
    await fleet.edit(pull["number"], base="main")
    await fleet.told(pull["number"], "plan", "1 object added")
