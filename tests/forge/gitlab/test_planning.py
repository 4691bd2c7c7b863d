"""The loops on a strict GitLab: a merge request from its opening to its verdict, through forks, renames and pipelines."""

from bot.forge.base import Thread
from bot.model.keys import SWEEP, BranchKey, PullKey
from bot.model.steps import Done, StepKey
from bot.store.names import KnownNames
from bot.store.shared import Shared
from tests.forge.gitlab.conftest import FLEET
from tests.forge.gitlab.office import CHANGE, CHECK, Office
from tests.sandbox.forge.core.conversations import Pull
from tests.stories.manifests import config_map

PLAIN_SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n"


async def test_a_merge_request_is_planned_and_left_alone_while_the_plan_holds(office: Office) -> None:
    pull = await office.opened()
    assert await office.plan(pull) == Done()
    assert office.states(pull.head_sha) == ["success"]
    (body,) = office.said(pull)
    assert "level" in body
    office.outside.requests.clear()
    assert await office.plan(pull) == Done()
    assert office.outside.writes == []


async def test_the_verdict_follows_to_a_pipeline_that_began_later(office: Office) -> None:
    pull = await office.opened()
    await office.plan(pull)
    pipeline = await office.outside.gitlab.run_pipeline(pull)
    await office.plan(pull)
    assert [status.state for status in pipeline.newest if status.name == CHECK] == ["success"]
    assert len(office.said(pull)) == 1


async def test_a_fork_is_planned_from_its_head_and_never_fetched_from(office: Office) -> None:
    gitlab = office.outside.gitlab
    fork = await gitlab.fork(office.outside.fleet, "mallory")
    await gitlab.push(fork, "main", CHANGE)
    pull = await gitlab.open_pull(office.outside.fleet, "main", source=fork)
    assert await office.plan(pull) == Done()
    assert len(office.said(pull)) == 1
    assert office.states(pull.head_sha) == ["success"]
    assert office.states(await office.outside.head()) == []


async def test_a_rename_is_followed_by_steps_and_by_events(office: Office) -> None:
    pull = await office.opened()
    await office.plan(pull)
    await office.step(StepKey(SWEEP, str(FLEET)))
    office.outside.gitlab.rename(office.outside.fleet, "acme/elsewhere/navy")
    names = KnownNames(Shared(office.store))
    assert await names.path_of("lab", office.outside.fleet.id) == FLEET.path
    await office.outside.gitlab.push(
        office.outside.fleet, "change", {"app/a.yaml": config_map("a", "shop", level="3")}
    )
    assert await office.plan(pull) == Done()
    (body,) = office.said(pull)
    assert pull.head_sha[:10] in body


async def test_errors_are_a_thread_that_resolves_itself_where_that_is_wanted(office: Office) -> None:
    await office.open(findings="thread")
    pull = await office.opened({"secrets/db.yaml": PLAIN_SECRET})
    await office.plan(pull)
    forge = office.worker.forge(FLEET)
    assert forge.threads is not None
    (thread,) = await forge.threads.threads(FLEET, pull.number)
    assert not thread.is_resolved
    assert "secrets/db.yaml" in thread.comment.body
    assert "hunter2" not in thread.comment.body
    await office.outside.gitlab.push(office.outside.fleet, "change", {"secrets/db.yaml": None, **CHANGE})
    await office.plan(pull)
    (thread,) = await forge.threads.threads(FLEET, pull.number)
    assert thread.is_resolved


async def thread(office: Office, pull: Pull) -> Thread:
    on = office.worker.forge(FLEET).threads
    assert on is not None
    (found,) = await on.threads(FLEET, pull.number)
    return found


async def test_a_thread_is_withdrawn_with_its_plan_and_opened_again_with_it(office: Office) -> None:
    await office.open(findings="thread")
    pull = await office.opened({"secrets/db.yaml": PLAIN_SECRET, **CHANGE})
    await office.plan(pull)
    assert not (await thread(office, pull)).is_resolved
    # The base changes the same line: there is no plan any more, and nothing that could be settled.
    fleet = office.outside.fleet
    await office.outside.gitlab.push(fleet, "main", {"app/a.yaml": config_map("a", "shop", level="3")})
    await office.plan(pull)
    assert "does not merge" in office.said(pull)[0]
    assert (await thread(office, pull)).is_resolved
    await office.outside.gitlab.push(fleet, "main", CHANGE)
    await office.plan(pull)
    assert not (await thread(office, pull)).is_resolved


async def test_a_thread_is_withdrawn_from_a_merge_request_that_goes_elsewhere(office: Office) -> None:
    await office.open(findings="thread")
    await office.outside.gitlab.push(office.outside.fleet, "elsewhere", {"README.md": "no delivery branch"})
    pull = await office.opened({"secrets/db.yaml": PLAIN_SECRET})
    await office.plan(pull)
    await office.outside.gitlab.set_base(pull, "elsewhere")
    await office.plan(pull)
    assert (await thread(office, pull)).is_resolved


async def test_a_person_who_resolves_the_thread_is_not_asked_again_for_the_same(office: Office) -> None:
    await office.open(findings="thread")
    pull = await office.opened({"secrets/db.yaml": PLAIN_SECRET})
    await office.plan(pull)
    found, on = await thread(office, pull), office.worker.forge(FLEET).threads
    assert on is not None
    await on.update_thread(FLEET, pull.number, found, body=found.comment.body, resolved=True)
    await office.outside.gitlab.push(office.outside.fleet, "change", CHANGE)
    await office.plan(pull)
    assert (await thread(office, pull)).is_resolved


async def test_a_sweep_finds_what_is_open(office: Office) -> None:
    pull = await office.opened()
    assert await office.step(StepKey(SWEEP, "lab")) == Done()
    (repository,) = office.woken
    office.woken.clear()
    assert await office.step(repository) == Done()
    assert PullKey(FLEET, pull.number).plan in office.woken


async def test_trouble_with_a_branch_is_said_on_its_commit_and_the_status_leads_there(office: Office) -> None:
    outside = office.outside
    await outside.gitlab.push(
        outside.fleet, "main", {".longshore.yaml": "targets: [{name: x, nonsense: 1}]\n"}
    )
    await office.step(BranchKey(FLEET, "main").deliver)
    head = await outside.head()
    (status,) = outside.gitlab.statuses(outside.fleet, head)
    on = outside.forge.commit_remarks
    assert on is not None
    (remark,) = await on.remarks(FLEET, head)
    assert (status.state, status.target_url) == ("failed", remark.url)
    assert "nonsense" in remark.body
