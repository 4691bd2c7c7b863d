"""The life of a pull request, from opened to delivered and pruned, with an App and with a plain token."""

import pytest

from tests.stories.manifests import config_map, deployment, target, team
from tests.stories.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_a_pull_request_is_planned_merged_applied_reported_and_its_removal_pruned(
    either_town: Town,
) -> None:
    story = await either_town.story("life")
    ns = story.name
    first = await story.push(
        {
            ".longshore.yaml": team(target("base"), target("shop", dependsOn=["base"])),
            "base/settings.yaml": config_map("settings", ns, level="1"),
            "shop/web.yaml": deployment("web", ns, image="nginx:1.25"),
            "shop/old.yaml": config_map("old", ns),
        }
    )
    await story.delivered(first)

    pull = await story.open({"shop/web.yaml": deployment("web", ns, image="nginx:1.26")})
    plan = await story.planned(pull, "1 of 2 targets changes: 1 object changed", "`1.25`", "`1.26`")
    assert "base" not in plan.split("unchanged")[0]
    [comment] = story.said(pull, "plan")

    await story.push({"shop/web.yaml": deployment("web", ns, image="nginx:1.27", replicas=2)}, pull.head)
    await story.planned(pull, "`1.27`", "spec.replicas", conclusion="success")
    assert story.said(pull, "plan") == [comment], "a new plan is told in the same comment"

    merged = await story.merge(pull)
    await story.delivered(merged)
    await story.told_on(pull, "1 target delivered", "changed Deployment")
    web = await story.live(f"/apis/apps/v1/namespaces/{ns}/deployments/web")
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
