"""The plan's verdict in GitLab's pipelines: none of ours is left running, and none of ours wakes us without end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.errors import UserError
from bot.forge.errors import ForgeForbidden
from bot.forge.reports import CheckReport, CheckState, Conclusion
from bot.forge.webhooks import CheckRerequested, Event, VerdictAwaited
from bot.loops.told import OVERTAKEN
from bot.model.keys import RECHECK, PullKey
from bot.model.plan import Plan
from bot.model.repo import Sha
from bot.model.steps import Again, Done, StepResult
from bot.web.routing import route
from tests.forge.gitlab.conftest import FLEET
from tests.forge.gitlab.office import CHANGE, CHECK, Office
from tests.forge.gitlab.test_deliveries import Listener, listening
from tests.sandbox.forge import Level
from tests.sandbox.forge import Tier as Paid
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.gitlab.pipelines import Pipeline
from tests.stories.manifests import config_map, kustomization, target, team

MAX_ROUNDS = 6
NOBODY = "127.0.0.1:1"
"""A port that answers nobody."""
UNANSWERED = {
    ".longshore.yaml": team(target("app"), target("far", renderer="kustomize")),
    "far/kustomization.yaml": kustomization(f"http://{NOBODY}/charts/base.git//web?ref=v1"),
}


def states(pipeline: Pipeline) -> list[str]:
    return [status.state for status in pipeline.newest if status.name == CHECK]


def awaited(events: list[Event]) -> bool:
    return any(isinstance(event, VerdictAwaited) for event in events)


class Rounds:
    """Plans as often as our own writing wakes us, as the queue would."""

    def __init__(self, office: Office, listener: Listener) -> None:
        self.office = office
        self.listener = listener
        self.count = 0

    async def settled(self, pull: Pull) -> StepResult | ForgeForbidden:
        """How the last one ended."""
        result: StepResult | ForgeForbidden
        while True:
            self.listener.taken()
            try:
                result = await self.office.plan(pull)
            except ForgeForbidden as error:
                result = error
            self.count += 1
            await self.office.outside.gitlab.settle()
            if not awaited(self.listener.taken()):
                return result
            assert self.count < MAX_ROUNDS, "our own status wakes us without end"


@asynccontextmanager
async def rounds(office: Office) -> AsyncIterator[Rounds]:
    async with listening(office.outside) as listener:
        yield Rounds(office, listener)


@pytest.fixture
async def unanswered(office: Office) -> Office:
    """A repository with a target that nothing is known of: what it asks for does not answer."""
    office.config["sources"] = {"hosts": [NOBODY]}
    await office.open()
    await office.outside.gitlab.push(office.outside.fleet, "main", UNANSWERED)
    return office


async def finished(office: Office, pull: Pull) -> Pipeline:
    """A pipeline of the merge request whose own jobs have ended: each status of ours begins it anew."""
    pipeline = await office.outside.gitlab.run_pipeline(pull)
    await office.outside.gitlab.finish_pipeline(pipeline)
    return pipeline


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        ({**CHANGE, "far/kustomization.yaml": UNANSWERED["far/kustomization.yaml"] + "\n"}, "failed"),
        (CHANGE, "success"),
    ],
)
async def test_a_plan_that_lacks_something_is_made_again_when_it_is_time_and_not_for_our_own_status(
    unanswered: Office, files: dict[str, str], verdict: str
) -> None:
    office = unanswered
    pull = await office.opened(files)
    pipeline = await finished(office, pull)
    async with rounds(office) as done:
        result = await done.settled(pull)
        assert isinstance(result, Again)
        assert states(pipeline) == [verdict]
        assert done.count == 2
        office.outside.requests.clear()
        # Whoever wakes it in between, nothing is written before its time.
        assert await office.plan(pull) == result
        assert office.outside.writes == []


async def test_what_is_made_again_in_time_says_nothing_that_wakes_us(unanswered: Office) -> None:
    office = unanswered
    office.config["schedules"] = {"retry": "1s"}
    await office.open()
    pull = await office.opened()
    pipeline = await finished(office, pull)
    async with rounds(office) as done:
        first = await done.settled(pull)
        assert isinstance(first, Again)
        await asyncio.sleep(1)
        before = [*pipeline.statuses]
        done.count = 0
        later = await done.settled(pull)
        assert isinstance(later, Again)
        assert later.at > first.at
        assert done.count == 1
        assert pipeline.statuses == before


async def test_a_person_who_asks_is_shown_that_it_is_planned_again(unanswered: Office) -> None:
    office = unanswered
    pull = await office.opened()
    pipeline = await finished(office, pull)
    await office.plan(pull)
    before = len(pipeline.statuses)
    await office.plan(pull, RECHECK)
    assert len(pipeline.statuses) == before + 1
    assert states(pipeline) == ["success"]


async def test_a_refusal_after_planning_began_wakes_us_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def make_plan(*_: object) -> Plan:
        raise UserError("this cannot be planned")

    monkeypatch.setattr("bot.loops.plan.make_plan", make_plan)
    pull = await office.opened()
    pipeline = await finished(office, pull)
    async with rounds(office) as done:
        assert await done.settled(pull) == Done()
        assert states(pipeline) == ["failed"]


async def test_a_comment_that_is_refused_wakes_us_once(office: Office) -> None:
    pull = await office.opened()
    pipeline = await finished(office, pull)
    office.outside.gitlab.faults.answer("POST", "/notes$", 403, times=MAX_ROUNDS * 4)
    async with rounds(office) as done:
        assert isinstance(await done.settled(pull), ForgeForbidden)
        assert states(pipeline) == ["failed"]


async def merged_results(office: Office) -> None:
    gitlab = office.outside.gitlab
    gitlab.tier = Paid.PREMIUM
    gitlab.state.projects.of(office.outside.fleet).merge_pipelines = True


async def began(office: Office, pull: Pull) -> Pipeline:
    """The verdict is under way in a pipeline on the merged result."""
    pipeline = await office.outside.gitlab.run_pipeline(pull)
    assert pipeline.sha != pull.head_sha
    report = CheckReport(CHECK, Sha(pull.head_sha), CheckState.RUNNING, "Planning", pull=pull.number)
    await office.worker.forge(FLEET).put_check(FLEET, report)
    assert states(pipeline) == ["running"]
    return pipeline


async def test_a_plan_that_is_overtaken_ends_what_it_began_on_a_merged_result(office: Office) -> None:
    await merged_results(office)
    pull = await office.opened()
    pipeline = await began(office, pull)
    office.is_superseded = True
    assert await office.plan(pull) == Done()
    assert states(pipeline) == ["canceled"]


async def test_a_merge_request_that_is_closed_ends_what_runs_on_its_merged_result(office: Office) -> None:
    await merged_results(office)
    pull = await office.opened()
    first = await began(office, pull)
    # The target branch moves on: a newer pipeline takes this one's place, and nothing of ours is in it yet.
    await office.outside.gitlab.push(office.outside.fleet, "main", {"README.md": "moved"})
    newer = await office.outside.gitlab.run_pipeline(pull)
    await office.outside.gitlab.close_pull(pull)
    assert await office.plan(pull) == Done()
    assert states(first) == ["canceled"]
    assert states(newer) == ["canceled"]
    assert office.states(pull.head_sha) == []


async def test_a_verdict_ends_what_runs_in_a_pipeline_whose_place_was_taken(office: Office) -> None:
    await merged_results(office)
    pull = await office.opened()
    first = await began(office, pull)
    await office.outside.gitlab.push(office.outside.fleet, "main", {"README.md": "moved"})
    newer = await office.outside.gitlab.run_pipeline(pull)
    assert await office.plan(pull) == Done()
    assert (states(first), states(newer)) == (["success"], ["success"])


async def test_a_head_that_is_past_ends_where_it_began_and_nowhere_else(office: Office) -> None:
    await merged_results(office)
    pull = await office.opened()
    old = Sha(pull.head_sha)
    pipeline = await began(office, pull)
    await office.outside.gitlab.push(office.outside.fleet, "change", {"app/b.yaml": config_map("b", "shop")})
    forge = office.worker.forge(FLEET)
    found = await forge.find_check(FLEET, old, CHECK, pull=pull.number)
    assert found is not None
    assert found.state is CheckState.RUNNING
    report = CheckReport(
        CHECK, old, CheckState.DONE, OVERTAKEN, "", "", Conclusion.CANCELLED, pull=pull.number
    )
    await forge.put_check(FLEET, report)
    assert states(pipeline) == ["canceled"]
    assert office.states(old) == []


async def test_a_verdict_that_was_broken_off_is_none_when_it_is_opened_again(office: Office) -> None:
    pull = await office.opened()
    await office.plan(pull)
    forge = office.worker.forge(FLEET)
    report = CheckReport(CHECK, Sha(pull.head_sha), CheckState.RUNNING, "Planning", pull=pull.number)
    await forge.put_check(FLEET, report)
    await office.outside.gitlab.close_pull(pull)
    await office.plan(pull)
    assert office.states(pull.head_sha)[-1] == "canceled"
    await office.outside.gitlab.reopen_pull(pull)
    await office.plan(pull)
    assert office.states(pull.head_sha)[-1] == "success"


async def reacted(office: Office, pull: Pull, login: str) -> StepResult:
    """Somebody gives our plan the emoji that asks for it again, and what GitLab tells of it is worked off."""
    async with listening(office.outside) as listener:
        (note,) = office.outside.gitlab.remarks(pull)
        await office.outside.gitlab.react(note, "repeat", login)
        await office.outside.gitlab.settle()
        (event,) = [one for one in listener.taken() if isinstance(one, CheckRerequested)]
    (wake,) = route("lab", event)
    assert wake.step == PullKey(FLEET, pull.number).plan
    office.outside.requests.clear()
    return await office.plan(pull, wake.reason)


@pytest.mark.parametrize(
    ("level", "is_planned"), [(None, False), (Level.REPORTER, False), (Level.DEVELOPER, True)]
)
async def test_only_who_may_push_has_a_plan_made_again_by_an_emoji(
    office: Office, level: Level | None, is_planned: bool
) -> None:
    office.outside.fleet.is_private = False
    pull = await office.opened()
    await office.plan(pull)
    if level is not None:
        office.outside.gitlab.give_level(office.outside.fleet, "walter", level)
    assert await reacted(office, pull, "walter") == Done()
    assert bool(office.outside.writes) is is_planned
