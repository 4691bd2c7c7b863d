"""The verdict on a commit: on the right pipeline, with transitions that a strict GitLab takes."""

import pytest

from bot.forge.reports import CheckReport, CheckState, Conclusion
from bot.model.repo import Sha
from tests.forge.gitlab.conftest import FLEET, World
from tests.sandbox.forge import Tier as Paid

PLAN = "longshore/plan"


def report(sha: Sha, state: CheckState | Conclusion, title: str = "T", **more: object) -> CheckReport:
    conclusion = state if isinstance(state, Conclusion) else None
    told = CheckState.DONE if isinstance(state, Conclusion) else state
    return CheckReport(PLAN, sha, told, title, conclusion=conclusion, **more)  # type: ignore[arg-type]


def states(world: World, sha: str) -> list[tuple[str, str]]:
    return [(known.state, known.description or "") for known in world.gitlab.statuses(world.fleet, sha)]


async def test_a_verdict_goes_its_way(world: World) -> None:
    pull = await world.opened()
    sha = await world.head("x")
    for state in (CheckState.QUEUED, CheckState.RUNNING, CheckState.RUNNING):
        check = await world.forge.put_check(FLEET, report(sha, state, pull=pull.number))
        assert check.state is state
    check = await world.forge.put_check(FLEET, report(sha, Conclusion.SUCCESS, pull=pull.number))
    assert (check.state, check.conclusion, check.head_sha) == (CheckState.DONE, Conclusion.SUCCESS, sha)
    assert await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number) == check
    assert await world.forge.find_check(FLEET, sha, PLAN) == check
    assert states(world, sha) == [("success", "T")]


async def test_what_is_said_already_is_not_said_again(world: World) -> None:
    pull = await world.opened()
    sha = await world.head("x")
    for state in (CheckState.RUNNING, Conclusion.FAILURE):
        await world.forge.put_check(FLEET, report(sha, state, pull=pull.number))
        world.requests.clear()
        await world.forge.put_check(FLEET, report(sha, state, pull=pull.number))
        assert world.writes == []


@pytest.mark.parametrize("first", [*Conclusion, CheckState.QUEUED, CheckState.RUNNING])
@pytest.mark.parametrize("second", [*Conclusion, CheckState.QUEUED, CheckState.RUNNING])
async def test_from_every_state_every_other_is_reached(
    world: World, first: Conclusion | CheckState, second: Conclusion | CheckState
) -> None:
    pull = await world.opened()
    sha = await world.head("x")
    await world.forge.put_check(FLEET, report(sha, first, "first", pull=pull.number))
    check = await world.forge.put_check(FLEET, report(sha, second, "second", pull=pull.number))
    if isinstance(second, Conclusion):
        assert check.state is CheckState.DONE
        assert check.title == "second"
    else:
        assert check.state is not CheckState.DONE
    assert await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number) == check


async def test_a_status_stands_in_the_pipeline_of_the_merge_request(world: World) -> None:
    pull = await world.opened()
    sha = await world.head("x")
    pipeline = await world.gitlab.run_pipeline(pull)
    await world.forge.put_check(FLEET, report(sha, Conclusion.SUCCESS, pull=pull.number))
    assert [status.name for status in pipeline.newest] == [PLAN]
    assert (await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number)) is not None


async def test_a_verdict_stands_nowhere_in_a_pipeline_that_starts_later(world: World) -> None:
    pull = await world.opened()
    sha = await world.head("x")
    await world.forge.put_check(FLEET, report(sha, Conclusion.SUCCESS, pull=pull.number))
    await world.gitlab.run_pipeline(pull)
    assert await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number) is None
    assert await world.forge.find_check(FLEET, sha, PLAN) is not None


async def test_a_pipeline_that_starts_later_gets_the_verdict_too(world: World) -> None:
    pull = await world.opened()
    sha = await world.head("x")
    await world.forge.put_check(FLEET, report(sha, CheckState.RUNNING, pull=pull.number))
    pipeline = await world.gitlab.run_pipeline(pull)
    # What is under way stands in another place than where GitLab looks now: that is no verdict there.
    found = await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number)
    assert found is not None
    assert found.state is CheckState.RUNNING
    await world.forge.put_check(FLEET, report(sha, Conclusion.FAILURE, "No", pull=pull.number))
    assert [status.state for status in pipeline.newest] == ["failed"]
    assert set(states(world, sha)) == {("failed", "No")}, "the first pipeline must not run for ever"
    found = await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number)
    assert found is not None
    assert found.conclusion is Conclusion.FAILURE


async def test_a_pipeline_on_the_merged_result_gets_the_verdict_on_the_head(world: World) -> None:
    world.gitlab.tier = Paid.PREMIUM
    world.gitlab.state.projects.of(world.fleet).merge_pipelines = True
    pull = await world.opened()
    sha = await world.head("x")
    await world.forge.put_check(FLEET, report(sha, CheckState.RUNNING, pull=pull.number))
    pipeline = await world.gitlab.run_pipeline(pull)
    assert pipeline.sha != sha
    begun = await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number)
    assert begun is not None
    assert begun.state is CheckState.RUNNING
    check = await world.forge.put_check(FLEET, report(sha, Conclusion.SUCCESS, pull=pull.number))
    assert check.head_sha == sha
    assert [status.state for status in pipeline.newest] == ["success"]
    assert [state for state, _ in states(world, sha)] == ["success"], "what began elsewhere must end there"
    assert await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number) == check
    # The next head has another result, and no verdict yet.
    await world.gitlab.push(world.fleet, "x", {"c.yaml": b""})
    newer = await world.head("x")
    assert await world.forge.find_check(FLEET, newer, PLAN, pull=pull.number) is None


async def test_a_verdict_on_a_head_that_was_pushed_over_never_stands_in_the_pipeline_of_the_next(
    world: World,
) -> None:
    pull = await world.opened()
    planned = await world.head("x")
    await world.gitlab.push(world.fleet, "x", {"c.yaml": b""})
    newer = await world.head("x")
    pipeline = await world.gitlab.run_pipeline(pull)
    assert (pipeline.sha, pipeline.ref) == (newer, f"refs/merge-requests/{pull.number}/head")
    for state in (CheckState.RUNNING, Conclusion.SUCCESS):
        await world.forge.put_check(FLEET, report(planned, state, pull=pull.number))
        assert pipeline.newest == []
    assert await world.forge.find_check(FLEET, newer, PLAN, pull=pull.number) is None


async def test_a_project_that_shows_no_pipelines_gets_the_verdict_too(world: World) -> None:
    pull = await world.opened()
    sha = await world.head("x")
    world.gitlab.faults.answer("GET", "/pipelines$", 403, times=9)
    assert await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number) is None
    check = await world.forge.put_check(FLEET, report(sha, Conclusion.SUCCESS, pull=pull.number))
    assert await world.forge.find_check(FLEET, sha, PLAN, pull=pull.number) == check


async def test_a_verdict_on_a_fork_never_stands_on_a_branch_of_ours(world: World) -> None:
    fork = await world.gitlab.fork(world.fleet, "mallory")
    await world.gitlab.push(fork, "main", {"apps/evil.yaml": b"kind: Secret\n"})
    pull = await world.gitlab.open_pull(world.fleet, "main", source=fork)
    sha = Sha(await world.gitlab.head(fork))
    check = await world.forge.put_check(FLEET, report(sha, Conclusion.FAILURE, pull=pull.number))
    assert check.conclusion is Conclusion.FAILURE
    assert world.gitlab.statuses(world.fleet, await world.head()) == []
    refs = {known.ref for known in world.gitlab.state.pipelines.of(world.fleet)}
    assert refs == {f"refs/merge-requests/{pull.number}/head"}


async def test_a_delivery_is_told_on_its_branch(world: World) -> None:
    sha = await world.head()
    await world.gitlab.push(world.fleet, "x", {})
    await world.forge.put_check(FLEET, report(sha, Conclusion.SUCCESS, branch="main"))
    assert {known.ref for known in world.gitlab.state.pipelines.of(world.fleet)} == {"main"}


async def test_somebody_elses_status_of_the_same_name_is_not_ours(world: World) -> None:
    sha = await world.head()
    other = world.gitlab.project_token(world.fleet, "other")
    theirs = await world.open(world.settings(read=lambda: other.bearer.text))
    await theirs.put_check(FLEET, report(sha, Conclusion.SUCCESS, branch="main"))
    assert await world.forge.find_check(FLEET, sha, PLAN) is None


async def test_a_commit_nobody_knows_has_no_verdict(world: World) -> None:
    assert await world.forge.find_check(FLEET, Sha("f" * 40), PLAN) is None


async def test_a_long_title_fits_and_a_long_address_is_left_out(world: World) -> None:
    sha = await world.head()
    long = report(
        sha, Conclusion.SUCCESS, "x" * 999, branch="main", details_url=f"https://a.example/{'x' * 300}"
    )
    check = await world.forge.put_check(FLEET, long)
    assert len(check.title) == 255
    assert check.url is None
