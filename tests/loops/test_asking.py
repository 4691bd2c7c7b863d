"""What generators of ApplicationSets may ask the forge that their repository lives on, and nothing else."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest

from bot.config import Config
from bot.forge.errors import ForgeError
from bot.forge.gitlab.forge import open_gitlab
from bot.forge.gitlab.settings import GitLabSettings
from bot.loops import asking
from bot.loops.asking import Asking
from bot.model.repo import RepoId
from bot.planning import asked
from bot.planning.asked import Answers
from bot.render.applicationset import NotKnown, PullRequest
from tests.loops.conftest import House
from tests.sandbox.forge import Level, StandInGitHub, StandInGitLab
from tests.sandbox.forge.core.faults import Seen

Fields = Mapping[str, Any]
FILES = {"a.yaml": b""}


def on_github(github: StandInGitHub, **more: Any) -> Fields:
    return {"github": {"owner": "acme", "repo": "fleet", "api": github.api_url, **more}}


@pytest.fixture
async def fleet(house: House) -> House:
    await house.push({"README.md": b""})
    return house


def way_of(house: House, *asks: str) -> Asking:
    entry = {**house.config["repositories"][0], "argocd": {"asks": list(asks)}}
    config = Config.model_validate({**house.config, "repositories": [entry]})
    return Asking(house.repo, config.repositories[0], config.forges["hub"], house.world.forges["hub"])


async def told(way: Asking, generator: Fields) -> tuple[PullRequest, ...]:
    """In a piece of work of its own."""
    answers = Answers(way)
    try:
        return await answers.pull_requests(generator)
    finally:
        await answers.end()


async def test_a_repository_is_told_its_own_open_pull_requests_with_drafts(fleet: House) -> None:
    pull = await fleet.pull(FILES, "feature/a", draft=True)
    closed = await fleet.pull({"b.yaml": b""}, "b")
    await fleet.github.close_pull(closed)
    (found,) = await told(way_of(fleet), on_github(fleet.github))
    assert (found.number, found.branch, found.target_branch) == (pull.number, "feature/a", "main")
    assert (found.head_sha, found.author) == (await fleet.github.head(fleet.repository, "feature/a"), "alice")


async def test_only_those_with_all_of_the_labels_count(fleet: House) -> None:
    both, one = await fleet.pull(FILES, "both"), await fleet.pull({"b.yaml": b""}, "one")
    for pull, name in ((both, "preview"), (both, "ready"), (one, "preview")):
        await fleet.github.label(pull, name)
    for labels, numbers in ((["preview"], {both.number, one.number}), (["preview", "ready"], {both.number})):
        found = await told(way_of(fleet), on_github(fleet.github, labels=labels))
        assert {each.number for each in found} == numbers
    assert await told(way_of(fleet), on_github(fleet.github, labels=["Preview"])) == ()


async def test_a_repository_learns_nothing_of_another_one_that_it_was_not_given(fleet: House) -> None:
    shop = await fleet.github.create_repo("acme/shop", files=FILES)
    fleet.github.select(fleet.installation, shop, is_covered=True)
    await fleet.github.push(shop, "x", {"x.yaml": b""})
    await fleet.github.open_pull(shop, "x", "A secret plan")
    wanted = on_github(fleet.github, repo="Shop")
    with pytest.raises(NotKnown, match="another repository") as refused:
        await told(way_of(fleet, "acme/shops", "other/*"), wanted)
    assert "asks" in refused.value.hint
    for pattern in ("acme/shop", "ACME/*"):
        (found,) = await told(way_of(fleet, pattern), wanted)
        assert found.title == "A secret plan"


@pytest.mark.parametrize(
    ("generator", "message"),
    [
        ({"github": {"owner": "acme", "repo": "fleet"}}, "another forge"),
        ({"github": {"owner": "acme", "repo": "fleet", "api": "https://evil.example/"}}, "another forge"),
        ({"github": {"owner": "acme", "repo": "fleet", "api": "http://127.0.0.1:x/"}}, "another forge"),
        ({"gitlab": {"project": "acme/fleet"}}, "another forge"),
        ({"gitea": {"owner": "acme", "repo": "fleet", "api": "https://x.example"}}, "another forge"),
        ({"gitea": {"owner": "acme", "repo": "fleet"}}, "api is empty"),
        ({"bitbucket": {"owner": "acme", "repo": "fleet"}}, "asks bitbucket"),
        ({}, "no forge"),
        ({"github": {"owner": "acme", "repo": "../acme/fleet"}}, "another"),
    ],
)
async def test_no_other_forge_is_asked(fleet: House, generator: Fields, message: str) -> None:
    with pytest.raises(NotKnown, match=message):
        await told(way_of(fleet, "acme/fleet"), generator)


async def test_an_api_is_the_same_however_it_is_written(fleet: House) -> None:
    root = fleet.github.api_url.removesuffix("/").removesuffix("/api/v3")
    for written in (root, f"{root}/", f"{root}/api/v3", f"{root.upper().replace('HTTP', 'http')}/api/v3/"):
        assert await told(way_of(fleet), on_github(fleet.github, api=written)) == ()


async def test_more_than_longshore_takes_is_unknown_and_never_a_part(
    fleet: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_PULLS", 1)
    await fleet.pull(FILES, "a")
    assert len(await told(way_of(fleet), on_github(fleet.github))) == 1
    await fleet.pull({"b.yaml": b""}, "b")
    with pytest.raises(NotKnown, match="more than 1"):
        await told(way_of(fleet), on_github(fleet.github))


async def test_what_the_forge_does_not_show_us_is_an_error_and_not_nothing(fleet: House) -> None:
    generator = {**on_github(fleet.github, repo="hidden"), "continueOnRepoNotFoundError": True}
    with pytest.raises(ForgeError):
        await told(way_of(fleet, "acme/*"), generator)


async def test_an_answer_holds_for_the_whole_piece_of_work(fleet: House) -> None:
    await fleet.pull(FILES, "a")
    answers = Answers(way_of(fleet))
    first = await answers.pull_requests(on_github(fleet.github))
    await fleet.pull({"b.yaml": b""}, "b")
    again = {**on_github(fleet.github), "values": {"a": "b"}, "filters": [{"branchMatch": "x"}]}
    assert await answers.pull_requests(again) == first
    assert len(await told(way_of(fleet), on_github(fleet.github))) == 2
    await answers.end()


async def test_whoever_asks_with_other_labels_and_credentials_reads_the_same_list(
    fleet: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "MOST_QUESTIONS", 1)
    labelled, _plain = await fleet.pull(FILES, "a"), await fleet.pull({"b.yaml": b""}, "b")
    await fleet.github.label(labelled, "preview")
    lists: list[str] = []

    def note(seen: Seen) -> None:
        if seen.phase == "before" and seen.path.endswith("/pulls"):
            lists.append(seen.path)

    fleet.github.faults.on_request.append(note)
    answers, api = Answers(way_of(fleet)), fleet.github.api_url
    for more, count in (
        ({"labels": ["preview"]}, 1),
        ({"labels": ["none"]}, 0),
        ({"tokenRef": {"secretName": "one", "key": "token"}}, 2),
        ({"appSecretName": "two", "repo": "Fleet", "api": f"{api}/"}, 2),
    ):
        assert len(await answers.pull_requests(on_github(fleet.github, **more))) == count
    assert len(lists) == 1
    with pytest.raises(NotKnown, match="more than 1 questions"):
        await answers.pull_requests(on_github(fleet.github, repo="shop"))
    await answers.end()


async def test_where_there_is_no_forge_it_is_said(fleet: House) -> None:
    with pytest.raises(NotKnown, match="no forge is asked here") as refused:
        await Answers(None).pull_requests(on_github(fleet.github))
    assert "Longshore serves the repository" in refused.value.hint


@pytest.fixture
async def way_on_gitlab(gitlab: StandInGitLab) -> AsyncIterator[Callable[[], Asking]]:
    repo = await gitlab.create_repo("acme/platform/fleet", files=FILES)
    gitlab.give_level(repo, "alice", Level.MAINTAINER)
    token = gitlab.project_token(repo, level=Level.MAINTAINER).bearer.text
    config = Config.model_validate(
        {
            "forges": {
                "lab": {
                    "kind": "gitlab",
                    "gitUrl": gitlab.url,
                    "token": "${env:LAB_TOKEN}",
                    "webhookSecrets": ["${env:HOOK_SECRET}"],
                }
            },
            "repositories": [{"forge": "lab", "repository": "acme/platform/fleet"}],
        }
    )
    async with AsyncExitStack() as stack:
        settings = GitLabSettings("lab", lambda: token, gitlab.api_url, gitlab.url)
        forge = await stack.enter_async_context(open_gitlab(settings))
        name = RepoId("lab", "acme/platform/fleet")
        yield lambda: Asking(name, config.repositories[0], config.forges["lab"], forge)


async def test_gitlab_is_asked_for_the_state_that_is_written_and_without_one_for_all(
    gitlab: StandInGitLab, way_on_gitlab: Callable[[], Asking]
) -> None:
    (repo,) = (each for each in gitlab.forge.repositories if each.full_name == "acme/platform/fleet")
    for name in ("open", "closed"):
        await gitlab.push(repo, name, {f"{name}.yaml": b""})
    opened, closed = await gitlab.open_pull(repo, "open"), await gitlab.open_pull(repo, "closed")
    await gitlab.close_pull(closed)
    await gitlab.label(opened, "preview")
    fields = {"project": "acme/platform/fleet", "api": gitlab.url}

    async def numbers(**more: Any) -> set[int]:
        return {each.number for each in await told(way_on_gitlab(), {"gitlab": {**fields, **more}})}

    assert await numbers(pullRequestState="opened") == {opened.number}
    assert await numbers() == {opened.number, closed.number}
    assert await numbers(labels=["preview"]) == await numbers(labels=["ANY"]) == {opened.number}
    assert await numbers(labels=["None"]) == {closed.number}
    with pytest.raises(NotKnown, match="pullRequestState"):
        await numbers(pullRequestState="locked")
    with pytest.raises(NotKnown, match="is a number"):
        await numbers(project="17")
