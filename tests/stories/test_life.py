"""The life of a pull request, from opened to delivered and pruned, with an App and with a plain token."""

import pytest

from tests.sandbox.forge.core.conversations import Comment
from tests.stories.manifests import NS, config_map, deployment, target, team
from tests.stories.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

SETTINGS = {
    ".longshore.yaml": team(target("app")),
    "app/settings.yaml": config_map("settings", NS, level="1"),
}


async def test_a_pull_request_is_planned_merged_applied_reported_and_its_removal_pruned(
    either_town: Town,
) -> None:
    story = await either_town.story("life")
    first = await story.push(
        {
            ".longshore.yaml": team(target("base"), target("shop", dependsOn=["base"])),
            "base/settings.yaml": config_map("settings", NS, level="1"),
            "shop/web.yaml": deployment("web", NS, image="nginx:1.25"),
            "shop/old.yaml": config_map("old", NS),
        }
    )
    await story.delivered(first)

    pull = await story.open({"shop/web.yaml": deployment("web", NS, image="nginx:1.26")})
    plan = await story.planned(pull, "1 of 2 targets changes: 1 object changed", "`1.25`", "`1.26`")
    assert "base" not in plan.split("unchanged")[0]
    [comment] = story.said(pull, "plan")

    await story.push({"shop/web.yaml": deployment("web", NS, image="nginx:1.27", replicas=2)}, pull.head)
    await story.planned(pull, "`1.27`", "spec.replicas", conclusion="success")
    assert story.said(pull, "plan") == [comment], "a new plan is told in the same comment"

    merged = await story.merge(pull)
    await story.delivered(merged)
    await story.told_on(pull, "1 target delivered", "changed Deployment")
    web = await story.live(f"/apis/apps/v1/namespaces/{story.name}/deployments/web")
    assert web is not None
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.27"
    assert web["status"]["readyReplicas"] == 2, "delivered means healthy"
    assert story.deployments()[-1] == ("staging", merged, "success")

    removal = await story.open({"shop/old.yaml": None})
    await story.planned(removal, "1 object removed", "old")
    pruned = await story.merge(removal, "squash")
    await story.delivered(pruned)
    await story.told_on(removal, "deleted ConfigMap")
    assert await story.data("old") is None
    assert await story.data("settings") == {"level": "1"}


async def test_a_moved_base_changes_nothing_unless_it_matters(either_town: Town) -> None:
    story = await either_town.story("base")
    await story.push(
        {
            ".longshore.yaml": team(target("one"), target("two")),
            "one/settings.yaml": config_map("one", NS, level="1"),
            "two/settings.yaml": config_map("two", NS, level="1"),
        }
    )
    await story.delivered()
    pull = await story.open({"one/settings.yaml": config_map("one", NS, level="2")})
    before = await story.planned(pull, "1 of 2 targets")

    written = story.plan_writes()
    async with story.looked_at("plan", story.key(pull)):
        await story.push({"README.md": "Words.\n"})
    assert story.plan_writes() == written, "what is posted still holds, so nothing is written"

    await story.push({"one/more.yaml": config_map("more", NS)})
    after = await story.until(lambda: other_than(before, story.said(pull, "plan")), "a new plan")
    assert "1 of 2 targets changes: 1 object changed" in after, (
        "what the base brought is not the pull's doing"
    )
    if either_town.app:
        titles = [v.title for v in either_town.sight.verdicts(story.repo, pull.head_sha)]
        assert any("base moved" in (title or "") for title in titles) or len(titles) == 2


async def test_a_draft_is_planned_as_one_until_it_is_ready(town: Town) -> None:
    story = await town.story("draft", SETTINGS)
    pull = await story.open({"app/settings.yaml": config_map("settings", NS, level="2")}, draft=True)
    await story.planned(pull, "still a draft")
    await town.forge.set_draft(pull, draft=False)
    await story.until(lambda: "still a draft" not in story.said(pull, "plan")[0].body, "it is ready")


async def test_a_new_base_means_a_new_plan_and_only_delivery_branches_are_planned_onto(town: Town) -> None:
    story = await town.story("retarget", SETTINGS)
    await story.push({"app/settings.yaml": config_map("settings", NS, level="9")}, "elsewhere")
    pull = await story.open({"app/settings.yaml": config_map("settings", NS, level="2")}, base="elsewhere")
    async with story.looked_at("plan", story.key(pull)):
        await town.forge.edit_pull(pull, title="Another title")
        await story.push({"app/settings.yaml": config_map("settings", NS, level="3")}, pull.head)
    assert story.said(pull, "plan") == [], "nobody delivers from there"
    await town.forge.set_base(pull, "main")
    await story.planned(pull, "1 of 1 target changes")


async def test_a_conflict_is_said_and_gone_once_it_is_solved(either_town: Town) -> None:
    story = await either_town.story("conflict", SETTINGS)
    await story.delivered()
    pull = await story.open({"app/settings.yaml": config_map("settings", NS, level="2")})
    await story.planned(pull, "1 of 1 target changes")
    await story.push({"app/settings.yaml": config_map("settings", NS, level="3")})
    body = await story.planned(
        pull, "does not merge with the base", "app/settings.yaml", conclusion="failure"
    )
    assert "1 of 1 target" not in body
    await story.push({"app/settings.yaml": config_map("settings", NS, level="1")})
    await story.planned(pull, "1 of 1 target changes", conclusion="success")


async def test_a_closed_pull_request_is_left_alone_and_planned_when_it_is_open_again(town: Town) -> None:
    story = await town.story("closed", SETTINGS)
    pull = await story.open({"app/settings.yaml": config_map("settings", NS, level="2")})
    await story.planned(pull)
    async with story.looked_at("plan", story.key(pull)):
        await town.forge.close_pull(pull)
    written = story.plan_writes()
    await story.push({"app/settings.yaml": config_map("settings", NS, level="3")}, pull.head)
    await story.push({"app/more.yaml": config_map("more", NS)})
    await story.delivered()
    assert story.plan_writes() == written
    await town.forge.reopen_pull(pull)
    await story.planned(pull, "1 object changed")


def other_than(before: str, comments: list[Comment]) -> str:
    return comments[0].body if comments and comments[0].body != before else ""
