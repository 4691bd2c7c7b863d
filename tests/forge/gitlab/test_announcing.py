"""A delivery as it is told on GitLab: whatever it does not take from us, people hear how the delivery went."""

import pytest

from bot.forge.errors import ForgeUnavailable
from bot.model.keys import BranchKey
from bot.model.repo import Sha
from tests.forge.gitlab.conftest import FLEET
from tests.forge.gitlab.office import CHANGE, Office
from tests.forge.gitlab.office import CHECK as PLAN
from tests.sandbox.forge.core.conversations import Pull

CHECK = "longshore/deliver"
DEPLOYMENTS = r"/projects/\d+/deployments$"


async def merged(office: Office) -> Pull:
    pull = await office.opened()
    await office.outside.gitlab.merge_pull(pull)
    return pull


async def delivered(office: Office) -> Sha:
    """The loop has looked, and told what it found: this cluster cannot be reached."""
    await office.step(BranchKey(FLEET, "main").deliver)
    return await office.outside.head()


def told(office: Office, sha: str) -> list[str]:
    return [
        one.state for one in office.outside.gitlab.statuses(office.outside.fleet, sha) if one.context == CHECK
    ]


def on_commit(office: Office, sha: str) -> list[str]:
    return [remark.body for remark in office.outside.gitlab.said_about(office.outside.fleet, sha)]


async def test_the_statuses_of_plan_and_delivery_lead_to_what_they_are_short_for(office: Office) -> None:
    pull = await office.opened()
    await office.plan(pull)
    await office.outside.gitlab.merge_pull(pull)
    head = await delivered(office)
    gitlab, fleet = office.outside.gitlab, office.outside.fleet
    plan, delivery = gitlab.remarks(pull)
    led = {
        one.context: one.target_url for sha in (pull.head_sha, head) for one in gitlab.statuses(fleet, sha)
    }
    assert led == {
        PLAN: f"{gitlab.page_url(pull)}#note_{plan.id}",
        CHECK: f"{gitlab.page_url(pull)}#note_{delivery.id}",
    }


async def test_a_refused_deployment_hides_nothing_and_is_said_once(office: Office) -> None:
    pull = await merged(office)
    office.outside.gitlab.faults.answer("POST", DEPLOYMENTS, 403, times=9)
    head = await delivered(office)
    assert told(office, head) == ["failed"]
    (body,) = office.said(pull)
    assert body.count("does not let us deploy to staging") == 1
    assert "allow the token's user to deploy" in body.replace("&#39;", "'")
    office.outside.requests.clear()
    await delivered(office)
    assert not [line for line in office.outside.writes if not line.endswith("/deployments")]
    assert office.said(pull) == [body]


async def test_a_refused_deployment_of_a_push_is_said_on_its_commit(office: Office) -> None:
    await office.outside.gitlab.push(office.outside.fleet, "main", CHANGE)
    office.outside.gitlab.faults.answer("POST", DEPLOYMENTS, 400, times=9)
    head = await delivered(office)
    (remark,) = on_commit(office, head)
    assert "Not on the page of its environment" in remark


async def test_a_deployment_that_cannot_be_told_now_is_told_later_and_the_rest_at_once(
    office: Office,
) -> None:
    pull = await merged(office)
    office.outside.gitlab.faults.answer("POST", DEPLOYMENTS, 502)
    with pytest.raises(ForgeUnavailable):
        await delivered(office)
    head = await office.outside.head()
    assert told(office, head) == ["failed"]
    assert len(office.said(pull)) == 1
    assert office.outside.fleet.deployments == []
    await delivered(office)
    assert [one.environment for one in office.outside.fleet.deployments] == ["staging"]
