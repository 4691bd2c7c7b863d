"""Rules of both forges, told once: what people do, who is told of it, and what stands in git afterwards."""

import time
from pathlib import Path

import pytest

from tests.sandbox.faces import Face
from tests.sandbox.forge import Mishap, Role, StandInGitHub
from tests.sandbox.forge.core.pulls import RefusedError
from tests.sandbox.forge.gitlab.errors import ApiError
from tests.sandbox.gituser import Git
from tests.sandbox.receiver import Receiver

NOWHERE = "0" * 40


@pytest.fixture
async def hooked(face: Face, receiver: Receiver) -> Face:
    """What a new hook is greeted with is over."""
    face.hook(receiver)
    await face.forge.settle()
    return face


@pytest.fixture
def alice(face: Face, tmp_path: Path) -> Git:
    return Git(tmp_path / "alice", face.forge.token("alice"))


# Pull requests


async def test_life_of_a_pull_request_is_told_step_by_step(hooked: Face, receiver: Receiver) -> None:
    forge, pull = hooked.forge, await hooked.pull()
    await forge.push(hooked.repository, "change", {"a.yaml": "a: 2\n"})
    await forge.edit_pull(pull, title="Another title")
    await forge.set_draft(pull, draft=True)
    await forge.set_draft(pull, draft=False)
    await forge.close_pull(pull)
    await forge.reopen_pull(pull)
    await forge.merge_pull(pull)
    await forge.settle()
    told = [word for word in hooked.heard(receiver) if word != "push"]
    assert sorted(told) == sorted(
        ["opened", "moved", "edited", "edited", "edited", "closed", "reopened", "merged"]
    )


@pytest.mark.parametrize("method", ["merge", "squash"])
async def test_merge_brings_the_change_to_the_base_and_is_told_with_its_push(
    hooked: Face, receiver: Receiver, method: str
) -> None:
    forge, pull = hooked.forge, await hooked.pull()
    await forge.push(hooked.repository, "main", {"c.yaml": "c: 1\n"})
    await forge.merge_pull(pull, method)
    await forge.settle()
    store, head = hooked.repository.store, await forge.head(hooked.repository)
    assert {entry[4] for entry in await store.entries(head)} == {"a.yaml", "c.yaml", "dir"}
    assert pull.is_merged
    assert (hooked.heard(receiver).count("merged"), hooked.pushes(receiver)[-1]["after"]) == (1, head)


async def test_conflicting_change_is_not_merged(face: Face) -> None:
    pull = await face.pull()
    await face.forge.push(face.repository, "main", {"a.yaml": "a: other\n"})
    before = await face.forge.head(face.repository)
    with pytest.raises((RefusedError, ApiError)):
        await face.forge.merge_pull(pull)
    assert (pull.is_merged, await face.forge.head(face.repository)) == (False, before)


async def test_head_is_kept_in_the_base_repository_also_that_of_a_fork(face: Face) -> None:
    fork = await face.forge.fork(face.repository, "bob")
    head = await face.forge.push(fork, "theirs", {"c.yaml": "c: 1\n"}, author="bob")
    pull = await face.forge.open_pull(face.repository, "theirs", source=fork, author="bob")
    ref = f"{face.head_refs}/{pull.number}/head"
    assert (await face.repository.store.refs(face.head_refs))[ref] == head
    moved = await face.forge.push(fork, "theirs", {"c.yaml": "c: 2\n"}, author="bob")
    assert (await face.repository.store.refs(face.head_refs))[ref] == pull.head_sha == moved


async def test_pull_request_whose_branch_is_deleted_is_closed(hooked: Face, receiver: Receiver) -> None:
    pull = await hooked.pull()
    await hooked.forge.force(hooked.repository, "change", None)
    await hooked.forge.settle()
    assert not pull.is_open
    assert "closed" in hooked.heard(receiver)


async def test_change_that_reached_the_base_otherwise_counts_as_merged(face: Face) -> None:
    pull = await face.pull()
    await face.forge.force(face.repository, "main", pull.head_sha)
    assert pull.is_merged


async def test_what_the_bot_says_is_told_to_the_bot_as_well(hooked: Face, receiver: Receiver) -> None:
    pull = await hooked.pull()
    comment = await hooked.forge.comment(pull, "the plan", author="longshore")
    await hooked.forge.edit_comment(comment, "the new plan", author="longshore")
    await hooked.forge.settle()
    assert [word for word in hooked.heard(receiver) if word in {"said", "corrected"}] == ["said", "corrected"]


# Pushes


async def test_push_is_told_with_what_it_moved(hooked: Face, receiver: Receiver) -> None:
    before = await hooked.forge.head(hooked.repository)
    after = await hooked.forge.push(hooked.repository, "main", {"a.yaml": "a: 2\n"}, "Two")
    await hooked.forge.settle()
    (push,) = hooked.pushes(receiver)
    assert (push["ref"], push["before"], push["after"]) == ("refs/heads/main", before, after)
    assert [commit["message"].strip() for commit in push["commits"]] == ["Two"]
    assert push["commits"][0]["modified"] == ["a.yaml"]


async def test_new_and_deleted_branches_come_from_and_go_to_nowhere(hooked: Face, receiver: Receiver) -> None:
    await hooked.forge.push(hooked.repository, "other", {"x": "1"})
    await hooked.forge.force(hooked.repository, "other", None)
    await hooked.forge.settle()
    made, deleted = hooked.pushes(receiver)
    assert (made["before"], deleted["after"], deleted["commits"]) == (NOWHERE, NOWHERE, [])


async def test_push_of_more_than_three_tags_is_told_to_nobody(hooked: Face, receiver: Receiver) -> None:
    forge, repository = hooked.forge, hooked.repository
    head = await forge.head(repository)
    for count in (3, 4):
        async with forge.forge.moving_refs(repository, forge.user("alice")):
            for number in range(count):
                await repository.store.set_ref(f"refs/tags/v{count}.{number}", head)
        await forge.settle()
        assert len(hooked.pushes(receiver)) == 3


# Git


async def test_clone_change_and_push_arrive_as_a_push_and_a_new_head(
    hooked: Face, receiver: Receiver, alice: Git
) -> None:
    pull = await hooked.pull()
    await alice("clone", "-q", hooked.forge.clone_url(hooked.repository), ".")
    await alice("switch", "-q", "change")
    (alice.directory / "a.yaml").write_text("a: 3\n")
    await alice("commit", "-qam", "Three")
    await alice("push", "-q")
    await hooked.forge.settle()
    assert pull.head_sha == await alice("rev-parse", "HEAD")
    assert hooked.heard(receiver)[-2:] in (["push", "moved"], ["moved", "push"])


async def test_head_of_a_pull_request_is_fetched_and_never_pushed(face: Face, alice: Git) -> None:
    pull = await face.pull()
    ref = f"{face.head_refs}/{pull.number}/head"
    await alice("init", "-q")
    url = face.forge.clone_url(face.repository)
    await alice("fetch", "-q", url, ref)
    assert await alice("rev-parse", "FETCH_HEAD") == pull.head_sha
    main = await face.forge.head(face.repository)
    await alice("fetch", "-q", url, main)
    code, _ = await alice.try_("push", "-q", url, f"{main}:{ref}")
    assert code != 0
    assert (await face.repository.store.refs(ref))[ref] == pull.head_sha


async def test_any_commit_is_fetched_by_its_id_and_without_its_blobs(face: Face, alice: Git) -> None:
    first = await face.forge.head(face.repository)
    await face.forge.push(face.repository, "main", {"a.yaml": "a: 2\n"})
    await alice("init", "-q")
    await alice("fetch", "-q", "--filter=blob:none", face.forge.clone_url(face.repository), first)
    assert await alice("rev-parse", "FETCH_HEAD") == first


@pytest.mark.parametrize("login", [None, "mallory"])
async def test_private_repository_is_not_cloned_by_strangers(
    face: Face, tmp_path: Path, login: str | None
) -> None:
    stranger = Git(tmp_path / "stranger", face.forge.token(login) if login else None)
    code, _ = await stranger.try_("clone", "-q", face.forge.clone_url(face.repository), ".")
    assert code != 0


async def test_reader_clones_and_does_not_push(face: Face, tmp_path: Path) -> None:
    face.forge.give_role(face.repository, "reader", Role.READ)
    reader = Git(tmp_path / "reader", face.forge.token("reader"))
    await reader("clone", "-q", face.forge.clone_url(face.repository), ".")
    code, said = await reader.try_("push", "-q", "origin", "HEAD:refs/heads/mine")
    assert code != 0, said


async def test_former_name_still_leads_git_to_the_repository(face: Face, alice: Git) -> None:
    former = face.forge.clone_url(face.repository)
    face.rename("moved")
    await alice("clone", "-q", former, ".")
    assert await alice("rev-parse", "HEAD") == await face.forge.head(face.repository)


# Deliveries


async def test_delivery_is_authentic_unless_somebody_tampered_with_it(
    hooked: Face, receiver: Receiver
) -> None:
    pull = await hooked.pull()
    await hooked.forge.comment(pull, "one")
    await hooked.forge.settle()
    assert all(hooked.is_authentic(headers, body) for headers, body in receiver.received)


async def test_nothing_is_retried_and_the_log_says_what_failed(hooked: Face, receiver: Receiver) -> None:
    receiver.status = 503
    await hooked.forge.push(hooked.repository, "main", {"a": "1"})
    await hooked.forge.settle()
    assert len(hooked.pushes(receiver)) == 1
    assert hooked.forge.deliveries[-1].status_code == 503


async def test_redelivery_is_the_same_event_under_the_same_id(hooked: Face, receiver: Receiver) -> None:
    await hooked.forge.push(hooked.repository, "main", {"a": "1"})
    await hooked.forge.settle()
    hooked.forge.redeliver(hooked.forge.deliveries[-1])
    await hooked.forge.settle()
    first, second = receiver.received[-2:]
    assert first[1] == second[1]
    assert hooked.delivery_id(first[0]) == hooked.delivery_id(second[0])
    assert hooked.forge.deliveries[-1].is_redelivery


async def test_receiver_that_does_not_answer_is_given_up_on(hooked: Face, receiver: Receiver) -> None:
    hooked.forge.forge.post_office.timeout_s = 0.1
    receiver.delay_s = 0.5
    await hooked.forge.push(hooked.repository, "main", {"a": "1"})
    await hooked.forge.settle()
    assert hooked.forge.deliveries[-1].status == "timed out"


async def _say(face: Face, *bodies: str) -> None:
    pull = face.repository.pull(1) or await face.pull()
    await face.forge.settle()
    for body in bodies:
        await face.forge.comment(pull, body)
    await face.forge.settle()


def _comments(face: Face) -> str:
    return "issue_comment" if face.is_github else "Note Hook"


@pytest.mark.parametrize(
    ("mishap", "heard"),
    [
        (Mishap.DROP, ["two"]),
        (Mishap.DOUBLE, ["one", "one", "two"]),
        (Mishap.REORDER, ["two", "one"]),
        (Mishap.TRICKLE, ["one", "two"]),
        (Mishap.WRONG_CONTENT_TYPE, ["one", "two"]),
        (Mishap.DELAY, ["two", "one"]),
    ],
)
async def test_mishap_befalls_one_delivery_and_no_other(
    hooked: Face, receiver: Receiver, mishap: Mishap, heard: list[str]
) -> None:
    await _say(hooked)
    hooked.forge.faults.deliver(mishap, _comments(hooked))
    await _say(hooked, "one", "two")
    said = hooked.said(receiver)
    assert sorted(said) == sorted(heard)
    if mishap in {Mishap.REORDER, Mishap.DELAY}:
        assert said == heard
    assert hooked.forge.faults.pending == 0


async def test_doubled_delivery_arrives_twice_under_one_id(hooked: Face, receiver: Receiver) -> None:
    await _say(hooked)
    hooked.forge.faults.deliver(Mishap.DOUBLE, _comments(hooked))
    await _say(hooked, "one")
    assert len({hooked.delivery_id(headers) for headers, _ in receiver.received[-2:]}) == 1


# The stand-in itself


async def test_starts_in_an_instant(face: Face, tmp_path: Path) -> None:
    start = time.monotonic()
    async with type(face.forge).running(tmp_path / "other"):
        pass
    assert time.monotonic() - start < 0.5


async def test_two_of_a_kind_do_not_know_of_one_another(face: Face, tmp_path: Path) -> None:
    async with type(face.forge).running(tmp_path / "other") as other:
        assert other.forge.repository("acme/fleet") is None
        assert isinstance(other, StandInGitHub) is face.is_github
