"""What a strict GitLab really sends, as our side reads it; and that pipelines of trains and merged results are understood."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.forge.gitlab import webhooks
from bot.forge.gitlab.settings import Tier
from bot.forge.reports import CheckState, Conclusion
from bot.forge.webhooks import (
    BadSignature,
    CheckRerequested,
    Commented,
    DeploymentChanged,
    Event,
    PullAction,
    PullRequestChanged,
    Pushed,
    VerdictAwaited,
)
from bot.model.repo import Sha
from tests.forge.gitlab.conftest import FLEET, PATH, World
from tests.forge.gitlab.test_deployments import report as deployment
from tests.forge.gitlab.test_statuses import PLAN, report
from tests.forge.rogue import rogue
from tests.sandbox.forge import Tier as Paid
from tests.sandbox.forge.core.faults import Mishap

SECRET = "a shared secret"
SIGNING = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class Listener:
    """Every delivery that proves its origin, with its id; what does not is counted."""

    def __init__(self) -> None:
        self.events: list[Event | None] = []
        self.ids: list[str] = []
        self.refused = 0

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            webhooks.verify(request.headers, body, [SECRET.encode(), SIGNING.encode()])
        except BadSignature:
            self.refused += 1
            return web.Response(status=401)
        self.events.append(webhooks.normalise(request.headers, body))
        self.ids.append(webhooks.delivery(request.headers).guid)
        return web.json_response({}, status=202)

    def taken(self) -> list[Event]:
        found = [event for event in self.events if event is not None]
        self.events.clear()
        return found


@asynccontextmanager
async def listening(world: World, *, signed: bool = False) -> AsyncIterator[Listener]:
    listener = Listener()
    async with rogue(listener.handle, "/hooks/lab") as url:
        secret, token = ("", SIGNING) if signed else (SECRET, None)
        world.gitlab.add_hook(world.fleet, url, secret, signing_token=token)
        yield listener
        await world.gitlab.settle()


@pytest.mark.parametrize("signed", [False, True])
async def test_the_life_of_a_merge_request_is_told(world: World, signed: bool) -> None:
    async with listening(world, signed=signed) as listener:
        pull = await world.opened()
        await world.gitlab.settle()
        head, number = await world.head("x"), world.fleet.id
        told = listener.taken()
        assert "x" in [event.branch for event in told if isinstance(event, Pushed)]
        assert PullRequestChanged(PATH, pull.number, PullAction.OPENED, "main", head, False, number) in told
        await world.gitlab.push(world.fleet, "x", {"c.yaml": b""})
        await world.gitlab.set_draft(pull, draft=True)
        await world.gitlab.set_draft(pull, draft=False)
        await world.gitlab.push(world.fleet, "other", {"d.yaml": b""})
        await world.gitlab.set_base(pull, "other")
        await world.gitlab.close_pull(pull)
        await world.gitlab.reopen_pull(pull)
        await world.gitlab.settle()
        actions = [event.action for event in listener.taken() if isinstance(event, PullRequestChanged)]
        assert actions == [
            PullAction.UPDATED,
            PullAction.READY,
            PullAction.RETARGETED,
            PullAction.CLOSED,
            PullAction.REOPENED,
        ]
        await world.gitlab.merge_pull(pull)
        await world.gitlab.settle()
        told = listener.taken()
        (merged,) = [event for event in told if isinstance(event, PullRequestChanged)]
        assert (merged.action, merged.merged) == (PullAction.CLOSED, True)
        assert "other" in [event.branch for event in told if isinstance(event, Pushed)]
        assert listener.refused == 0


async def test_what_we_write_ourselves_wakes_nothing(world: World) -> None:
    async with listening(world) as listener:
        pull = await world.opened()
        head = await world.head("x")
        await world.gitlab.settle()
        listener.taken()
        await world.forge.create_comment(FLEET, pull.number, "<!-- longshore:plan v1 e30= 00 -->\nPlan")
        await world.forge.put_check(FLEET, report(head, CheckState.RUNNING, pull=pull.number))
        await world.forge.put_check(FLEET, report(head, Conclusion.FAILURE, pull=pull.number))
        world.gitlab.system_note(pull, "added 1 commit")
        await world.gitlab.settle()
        assert listener.taken() == []
        await world.forge.put_deployment(FLEET, await deployment(world))
        await world.gitlab.settle()
        assert set(listener.taken()) == {DeploymentChanged(PATH, "staging", world.fleet.id)}
        await world.gitlab.comment(pull, "Looks good", "alice")
        await world.gitlab.settle()
        (said,) = listener.taken()
        assert isinstance(said, Commented)
        assert said.number == pull.number


async def test_a_reaction_to_our_note_asks_for_the_plan_again(world: World) -> None:
    async with listening(world) as listener:
        pull = await world.opened()
        note = await world.forge.create_comment(
            FLEET, pull.number, "<!-- longshore:plan v1 e30= 00 -->\nPlan"
        )
        await world.gitlab.settle()
        listener.taken()
        async with world.gitlab_client() as alice:
            path = f"/projects/{world.fleet.id}/merge_requests/{pull.number}/notes/{note.id}/award_emoji"
            await alice.call("POST", path, data={"name": "thumbsup"})
            await alice.call("POST", path, data={"name": "repeat"})
        await world.gitlab.settle()
        (asked,) = listener.taken()
        assert isinstance(asked, CheckRerequested)
        assert (asked.repo_path, asked.pulls) == (PATH, (pull.number,))


async def test_a_renamed_project_is_told_under_its_new_name_and_its_old_number(world: World) -> None:
    async with listening(world) as listener:
        world.gitlab.rename(world.fleet, "acme/new/navy")
        await world.gitlab.push(world.fleet, "main", {"c.yaml": b""})
        await world.gitlab.settle()
        (pushed,) = [event for event in listener.taken() if isinstance(event, Pushed)]
        assert (pushed.repo_path, pushed.repo_id) == ("acme/new/navy", world.fleet.id)


@pytest.mark.parametrize("mishap", [Mishap.TAMPER, Mishap.STALE])
async def test_a_signed_delivery_that_was_changed_or_is_old_is_refused(world: World, mishap: Mishap) -> None:
    async with listening(world, signed=True) as listener:
        world.gitlab.faults.deliver(mishap)
        await world.gitlab.push(world.fleet, "main", {"c.yaml": b""})
        await world.gitlab.settle()
        assert (listener.refused, listener.taken()) == (1, [])


async def test_a_pipeline_of_the_merge_request_waits_for_our_verdict(world: World) -> None:
    async with listening(world) as listener:
        pull = await world.opened()
        await world.gitlab.settle()
        listener.taken()
        await world.gitlab.run_pipeline(pull)
        await world.gitlab.settle()
        assert VerdictAwaited(PATH, pull.number, world.fleet.id) in listener.taken()


async def test_a_merge_train_is_no_branch_and_its_pipeline_gets_the_verdict(world: World) -> None:
    world.gitlab.tier = Paid.PREMIUM
    world.gitlab.state.projects.of(world.fleet).merge_trains = True
    forge = await world.open(world.settings(tier=Tier.PREMIUM))
    async with listening(world) as listener:
        pull = await world.opened()
        head = await world.head("x")
        await forge.put_check(FLEET, report(head, Conclusion.SUCCESS, pull=pull.number))
        await world.gitlab.settle()
        listener.taken()
        car = await world.gitlab.board_train(pull)
        await world.gitlab.settle()
        told = listener.taken()
        assert not [event for event in told if isinstance(event, Pushed)]
        assert VerdictAwaited(PATH, pull.number, world.fleet.id) in told
        assert await forge.find_check(FLEET, head, PLAN, pull=pull.number) is None
        check = await forge.put_check(FLEET, report(head, Conclusion.SUCCESS, pull=pull.number))
        assert check.head_sha == head
        assert car.pipeline is not None
        assert car.pipeline.sha != head
        assert [status.name for status in car.pipeline.newest] == [PLAN]
        assert await forge.find_check(FLEET, head, PLAN, pull=pull.number) == check


async def test_an_external_status_check_of_our_name_is_answered(world: World) -> None:
    world.gitlab.tier = Paid.ULTIMATE
    forge = await world.open(world.settings(tier=Tier.ULTIMATE))
    async with world.gitlab_client() as alice:
        for name in (PLAN, "somebody else's"):
            data = {"name": name, "external_url": f"https://{name.split()[0].replace('/', '-')}.example"}
            await alice.call("POST", f"/projects/{world.fleet.id}/external_status_checks", data=data)
    pull = await world.opened()
    head = await world.head("x")
    states = world.gitlab.state.requests.of(pull).check_states

    async def put(state: CheckState | Conclusion) -> list[str]:
        await forge.put_check(FLEET, report(head, state, pull=pull.number))
        assert await forge.find_check(FLEET, head, PLAN, pull=pull.number) is not None
        return list(states.values())

    # A new head is waited for without our saying so.
    assert await put(CheckState.RUNNING) == []
    assert await put(Conclusion.FAILURE) == ["failed"]
    assert await put(Conclusion.NEUTRAL) == ["passed"]
    # GitLab may have lost patience meanwhile, and what was said before counts no more.
    states.update(dict.fromkeys(states, "failed"))
    assert await forge.find_check(FLEET, head, PLAN, pull=pull.number) is None
    assert await put(Conclusion.NEUTRAL) == ["passed"]


async def test_a_verdict_on_a_head_that_moved_on_answers_no_check(world: World) -> None:
    world.gitlab.tier = Paid.ULTIMATE
    forge = await world.open(world.settings(tier=Tier.ULTIMATE))
    async with world.gitlab_client() as alice:
        data = {"name": PLAN, "external_url": "https://checks.example"}
        await alice.call("POST", f"/projects/{world.fleet.id}/external_status_checks", data=data)
    pull = await world.opened()
    old = await world.head("x")
    await world.gitlab.push(world.fleet, "x", {"c.yaml": b""})
    await asyncio.sleep(0)
    await forge.put_check(FLEET, report(Sha(old), Conclusion.CANCELLED, pull=pull.number))
    assert "passed" not in world.gitlab.state.requests.of(pull).check_states.values()
    assert not [line for line in world.writes if "status_check_responses" in line]
