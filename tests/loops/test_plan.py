"""The plan loop, step by step, on a strict GitHub: whatever stops a plan is said, and nothing is left running."""

import pytest

from bot.errors import Temporary
from bot.git.errors import GitFailed
from bot.model.plan import Plan
from bot.model.steps import Again, Done
from tests.loops.conftest import House
from tests.sandbox.forge.core.conversations import Pull
from tests.stories.manifests import NS, Files, config_map, target, team

CHECK = "longshore/plan"
APP: Files = {".longshore.yaml": team(target("app")), "app/a.yaml": config_map("a", NS, level="1")}
CHANGE: Files = {"app/a.yaml": config_map("a", NS, level="2")}


async def opened(house: House, **how: str) -> Pull:
    await house.push(APP)
    return await house.pull(CHANGE, **how)


def runs(house: House, pull: Pull) -> list[tuple[str, str | None]]:
    return [(run.status, run.conclusion) for run in house.github.check_runs(house.repository, pull.head_sha)]


async def test_a_plan_that_still_holds_is_not_written_again(house: House) -> None:
    pull = await opened(house)
    assert await house.plan(pull) == Done()
    assert house.check(pull.head_sha, CHECK).conclusion == "success"
    before = (runs(house, pull), [c.body for c in pull.comments])
    assert await house.plan(pull) == Done()
    assert (runs(house, pull), [c.body for c in pull.comments]) == before


async def test_a_plan_that_is_overtaken_ends_the_check_it_began(house: House) -> None:
    pull = await opened(house)
    house.is_superseded = True
    assert await house.plan(pull) == Done()
    assert runs(house, pull) == [("completed", "cancelled")]
    assert pull.comments == []
    house.is_superseded = False
    await house.plan(pull)
    assert runs(house, pull)[-1] == ("completed", "success")


async def test_a_pull_request_that_is_closed_while_it_is_planned_keeps_no_check_running(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = await opened(house)
    fails(monkeypatch, Temporary("the forge is away"))
    with pytest.raises(Temporary):
        await house.plan(pull)
    assert runs(house, pull) == [("in_progress", None)]
    await house.github.close_pull(pull)
    await house.plan(pull)
    assert runs(house, pull) == [("completed", "cancelled")]


async def test_a_plan_does_not_outlive_its_base(house: House) -> None:
    pull = await opened(house)
    await house.plan(pull)
    await house.push({"README.md": "elsewhere\n"}, "elsewhere")
    await house.github.set_base(pull, "elsewhere")
    await house.plan(pull)
    [comment] = pull.comments
    assert "the base is not a delivery branch" in comment.body
    assert "level" not in comment.body
    assert house.check(pull.head_sha, CHECK).conclusion == "neutral"
    await house.github.set_base(pull, "main")
    await house.plan(pull)
    assert "1 of 1 target changes" in comment.body


async def test_a_pull_request_that_was_never_planned_is_not_spoken_to(house: House) -> None:
    await house.push(APP)
    await house.push({"README.md": "elsewhere\n"}, "elsewhere")
    pull = await house.pull(CHANGE, base="elsewhere")
    assert await house.plan(pull) == Done()
    assert (runs(house, pull), pull.comments) == ([], [])


@pytest.mark.parametrize("error", [GitFailed("git ended with 128"), ZeroDivisionError("a bug")])
async def test_what_goes_wrong_on_our_side_is_said_once_it_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    pull = await opened(house)
    fails(monkeypatch, error)
    with pytest.raises(type(error)):
        await house.plan(pull)
    assert pull.comments == []
    with pytest.raises(type(error)):
        await house.plan(pull, attempt=3)
    [comment] = pull.comments
    assert "something went wrong on our side" in comment.body
    assert str(error) not in comment.body
    assert house.check(pull.head_sha, CHECK).conclusion == "failure"


async def test_planning_that_takes_too_long_says_so_before_its_time_is_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.open(limits={"stepTimeout": "1ms"})
    pull = await opened(house)
    with pytest.raises(TimeoutError):
        await house.plan(pull)
    assert await house.plan(pull, attempt=3) == Done()
    [comment] = pull.comments
    assert "planning took longer" in comment.body
    assert "limits.stepTimeout" in comment.body.replace("\\", "")


async def test_a_head_that_moves_while_it_is_fetched_is_looked_at_again(house: House) -> None:
    pull = await opened(house)
    await house.plan(pull)
    forge = house.world.forge(house.repo)
    stale = await forge.pull(house.repo, pull.number)
    await house.push({"app/a.yaml": config_map("a", NS, level="3")}, "change")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(forge), "pull", lambda *_: answered(stale))
        assert isinstance(await house.plan(pull), Again)
    await house.plan(pull)
    assert pull.head_sha[:10] in pull.comments[0].body


async def answered(value: object) -> object:
    return value


def fails(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Something between fetching and posting goes wrong."""

    async def make_plan(*_: object) -> Plan:
        raise error

    monkeypatch.setattr("bot.loops.plan.make_plan", make_plan)


async def test_a_refusal_does_not_outlive_the_operators_answer(house: House) -> None:
    staging = house.config["clusters"]["staging"]
    [allow] = staging["allow"]
    await house.open(clusters={"staging": {**staging, "allow": [{**allow, "branches": ["release"]}]}})
    pull = await opened(house)
    await house.plan(pull)
    [comment] = pull.comments
    assert "will not be delivered" in comment.body
    await house.open()
    await house.plan(pull)
    assert "will not be delivered" not in comment.body


async def test_one_commit_proposed_to_two_delivery_branches_has_a_check_for_each(house: House) -> None:
    repository = {"forge": "hub", "repository": "acme/fleet", "branches": ["main", "live"]}
    await house.open(repositories=[repository])
    await house.push(APP)
    await house.push({"README.md": "live\n"}, "live")
    first = await house.pull(CHANGE)
    second = await house.github.open_pull(house.repository, "change", base="live")
    await house.plan(first)
    await house.plan(second)
    before = runs(house, first)
    await house.plan(first)
    await house.plan(second)
    assert runs(house, first) == before, "neither writes over the other's"
    assert house.check(first.head_sha, f"{CHECK}/main").conclusion == "success"
    assert house.check(first.head_sha, f"{CHECK}/live").conclusion == "success"
