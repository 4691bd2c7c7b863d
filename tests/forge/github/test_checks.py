"""Check runs as an App writes them, and the commit status that a plain token writes instead."""

from dataclasses import replace

import pytest

from bot.forge.base import Feature
from bot.forge.errors import ForgeUnavailable
from bot.forge.github.statuses import CONCLUSIONS
from bot.forge.reports import Annotation, CheckReport, CheckState, Conclusion
from bot.forge.text import NOTE
from bot.model.rendering import Severity
from bot.model.repo import Sha
from tests.forge.github.conftest import FLEET, World
from tests.sandbox.forge.github.checks import CheckRun, CheckSuite

NAME = "longshore/plan"


async def make_report(world: World, **fields: object) -> CheckReport:
    report = CheckReport(
        NAME,
        await world.head(),
        CheckState.DONE,
        "2 changes in 1 target",
        "One\n",
        "Two\n",
        Conclusion.SUCCESS,
        external_id="sha256:abc",
        details_url="https://longshore.example/plan/1",
    )
    return replace(report, **fields)  # type: ignore[arg-type]


def make_annotations(count: int) -> tuple[Annotation, ...]:
    return tuple(Annotation("apps/web.yaml", n + 1, Severity.ERROR, f"Bad {n}") for n in range(count))


async def test_what_was_put_is_found(as_app: World) -> None:
    report = await make_report(as_app)
    put = await as_app.forge.put_check(FLEET, report)
    assert put == await as_app.forge.find_check(FLEET, report.head_sha, NAME)
    assert (put.state, put.conclusion, put.external_id) == (
        CheckState.DONE,
        Conclusion.SUCCESS,
        "sha256:abc",
    )
    (run,) = as_app.github.check_runs(as_app.fleet, report.head_sha)
    assert (run.title, run.summary, run.text) == ("2 changes in 1 target", "One\n", "Two\n")
    assert (run.status, run.details_url) == ("completed", "https://longshore.example/plan/1")


@pytest.mark.parametrize("conclusion", list(Conclusion))
async def test_every_conclusion_comes_back(as_app: World, conclusion: Conclusion) -> None:
    report = await make_report(as_app, conclusion=conclusion)
    assert (await as_app.forge.put_check(FLEET, report)).conclusion is conclusion


async def test_nothing_is_found_where_nothing_was_put(world: World) -> None:
    assert await world.forge.find_check(FLEET, await world.head(), NAME) is None


async def test_queued_running_done_is_one_run(as_app: World) -> None:
    for state in CheckState:
        conclusion = Conclusion.FAILURE if state is CheckState.DONE else None
        report = await make_report(as_app, state=state, conclusion=conclusion)
        assert (await as_app.forge.put_check(FLEET, report)).state is state
    assert len(as_app.github.check_runs(as_app.fleet, await as_app.head())) == 1


async def test_a_check_that_is_done_gives_way_to_a_new_run(as_app: World) -> None:
    await as_app.forge.put_check(FLEET, await make_report(as_app))
    stale = await make_report(as_app, state=CheckState.QUEUED, conclusion=None, title="The base moved")
    put = await as_app.forge.put_check(FLEET, stale)
    assert put.state is CheckState.QUEUED
    assert await as_app.forge.find_check(FLEET, stale.head_sha, NAME) == put
    assert len(as_app.github.check_runs(as_app.fleet, stale.head_sha)) == 2


@pytest.mark.parametrize("annotations", [0, 3, 120])
async def test_the_same_report_twice_writes_once(as_app: World, annotations: int) -> None:
    report = await make_report(as_app, annotations=make_annotations(annotations))
    first = await as_app.forge.put_check(FLEET, report)
    as_app.requests.clear()
    assert await as_app.forge.put_check(FLEET, report) == first
    assert as_app.writes == []


async def test_more_annotations_than_a_request_takes_are_all_there_and_only_then_it_is_done(
    as_app: World,
) -> None:
    await as_app.forge.put_check(FLEET, await make_report(as_app, state=CheckState.RUNNING, conclusion=None))
    as_app.requests.clear()
    report = await make_report(as_app, annotations=make_annotations(120))
    await as_app.forge.put_check(FLEET, report)
    (run,) = as_app.github.check_runs(as_app.fleet, report.head_sha)
    assert [found["message"] for found in run.annotations] == [f"Bad {n}" for n in range(120)]
    assert [line.split()[0] for line in as_app.writes] == ["PATCH"] * 3
    assert run.status == "completed"


async def test_annotations_are_not_doubled_when_an_answer_is_lost(as_app: World) -> None:
    report = await make_report(as_app, annotations=make_annotations(120))
    as_app.github.faults.reset("PATCH", r"/check-runs/\d+$", phase="after")
    with pytest.raises(ForgeUnavailable):
        await as_app.forge.put_check(FLEET, report)
    (half,) = as_app.github.check_runs(as_app.fleet, report.head_sha)
    assert (half.status, half.conclusion, len(half.annotations)) == ("in_progress", None, 100)
    put = await as_app.forge.put_check(FLEET, report)
    newest = as_app.github.check_runs(as_app.fleet, report.head_sha)[-1]
    assert newest.id == put.id
    assert len(newest.annotations) == 120


async def test_a_report_with_too_many_annotations_says_how_many_are_left_out(as_app: World) -> None:
    report = await make_report(as_app, annotations=make_annotations(260))
    await as_app.forge.put_check(FLEET, report)
    (run,) = as_app.github.check_runs(as_app.fleet, report.head_sha)
    assert len(run.annotations) == 250
    assert "10 more annotations" in (run.summary or "")


async def test_an_annotation_has_a_line_and_a_level(as_app: World) -> None:
    annotations = tuple(
        Annotation("apps/web.yaml", line, severity, "x" * 9_000, "t" * 300)
        for line, severity in ((0, Severity.NOTICE), (7, Severity.WARNING))
    )
    report = await make_report(as_app, annotations=annotations)
    await as_app.forge.put_check(FLEET, report)
    (run,) = as_app.github.check_runs(as_app.fleet, report.head_sha)
    shown = [(found["start_line"], found["annotation_level"]) for found in run.annotations]
    assert shown == [(1, "notice"), (7, "warning")]


@pytest.mark.parametrize("letter", ["a", "é", "🚢"])
async def test_texts_too_long_by_either_count_are_cut_and_say_so(as_app: World, letter: str) -> None:
    report = await make_report(as_app, summary=letter * 70_000, text=letter * 70_000, title=letter * 300)
    await as_app.forge.put_check(FLEET, report)
    (run,) = as_app.github.check_runs(as_app.fleet, report.head_sha)
    for text in (run.summary, run.text):
        assert text is not None
        assert len(text.encode()) <= 65_535
        assert text.endswith(NOTE)
    assert run.title is not None
    assert len(run.title) == 255


async def test_a_report_without_a_summary_shows_its_title_there(as_app: World) -> None:
    report = await make_report(as_app, summary="")
    await as_app.forge.put_check(FLEET, report)
    (run,) = as_app.github.check_runs(as_app.fleet, report.head_sha)
    assert run.summary == report.title


async def test_another_apps_check_of_the_same_name_is_not_ours(as_app: World) -> None:
    report = await make_report(as_app)
    other = as_app.github.create_app("other")
    state, now = as_app.github.state, as_app.github.forge.now()
    suite = CheckSuite(1, as_app.fleet, other, report.head_sha, "main", now)
    run = CheckRun(
        2, suite, NAME, now, "completed", "success", now, external_id="theirs", title="t", summary="s"
    )
    suite.runs.append(run)
    state.checks.suites[1], state.checks.runs[2] = suite, run
    assert await as_app.forge.find_check(FLEET, report.head_sha, NAME) is None
    assert (await as_app.forge.put_check(FLEET, report)).id != run.id


def test_a_conclusion_and_being_done_go_together() -> None:
    for state, conclusion in ((CheckState.DONE, None), (CheckState.RUNNING, Conclusion.SUCCESS)):
        with pytest.raises(ValueError, match="exactly when it is done"):
            CheckReport(NAME, Sha("a" * 40), state, "t", conclusion=conclusion)


async def test_a_plain_token_says_that_it_has_statuses_only(with_token: World, as_app: World) -> None:
    assert not with_token.forge.capabilities.has(Feature.CHECKS)
    assert "commit status" in " ".join(with_token.forge.capabilities.degraded)
    assert as_app.forge.capabilities.has(Feature.CHECKS)
    assert as_app.forge.capabilities.degraded == ()


@pytest.mark.parametrize("conclusion", list(CONCLUSIONS))
async def test_a_plain_token_writes_a_status(with_token: World, conclusion: Conclusion | None) -> None:
    state = CheckState.DONE if conclusion else CheckState.RUNNING
    report = await make_report(with_token, state=state, conclusion=conclusion, title="Long\n" * 40)
    put = await with_token.forge.put_check(FLEET, report)
    assert put == await with_token.forge.find_check(FLEET, report.head_sha, NAME)
    (status,) = with_token.github.statuses(with_token.fleet, report.head_sha)
    assert (status.context, status.state) == (NAME, CONCLUSIONS[conclusion])
    assert status.target_url == report.details_url
    assert len(status.description or "") == 140
    assert put.external_id == ""


async def test_a_status_that_says_so_already_is_not_written(with_token: World) -> None:
    report = await make_report(with_token)
    await with_token.forge.put_check(FLEET, report)
    with_token.requests.clear()
    await with_token.forge.put_check(FLEET, report)
    assert with_token.writes == []
    await with_token.forge.put_check(FLEET, replace(report, conclusion=Conclusion.FAILURE))
    assert len(with_token.writes) == 1
