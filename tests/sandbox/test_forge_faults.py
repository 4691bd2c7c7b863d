"""Bad weather between the stand-in and its callers: each fault strikes as asked, as often as asked."""

import asyncio
import time
from pathlib import Path

import aiohttp
import pytest
from gidgethub import BadRequest, GitHubBroken

from tests.sandbox.forge import Seen
from tests.sandbox.forge.acme import Acme

REPOSITORY = "/repos/acme/fleet"


@pytest.mark.parametrize("status", [401, 403])
async def test_answer_of_choice_comes_as_often_as_asked(acme: Acme, status: int) -> None:
    acme.github.faults.answer("GET", r"/repos/acme/fleet$", status, times=2)
    for _ in range(2):
        with pytest.raises(BadRequest) as refusal:
            await acme.bot.getitem(REPOSITORY)
        assert refusal.value.status_code == status
    assert (await acme.bot.getitem(REPOSITORY))["name"] == "fleet"


async def test_server_error_changes_nothing(acme: Acme) -> None:
    pull = await acme.pull()
    acme.github.faults.answer("POST", "/comments$", 502)
    with pytest.raises(GitHubBroken):
        await acme.bot.post(f"{REPOSITORY}/issues/{pull.number}/comments", data={"body": "x"})
    assert pull.comments == []


@pytest.mark.parametrize("status", [403, 429])
async def test_secondary_limit_says_when_to_come_back(acme: Acme, status: int) -> None:
    acme.github.faults.rate_limit("GET", "fleet", status=status, retry_after_s=7)
    with pytest.raises(BadRequest, match="secondary rate limit") as refusal:
        await acme.bot.getitem(REPOSITORY)
    assert (refusal.value.status_code, refusal.value.headers["Retry-After"]) == (status, "7")


async def test_slow_answer_is_the_true_one(acme: Acme) -> None:
    acme.github.faults.slow("GET", "fleet$", 0.2)
    start = time.monotonic()
    assert (await acme.bot.getitem(REPOSITORY))["name"] == "fleet"
    assert time.monotonic() - start >= 0.2


async def test_reset_before_a_write_leaves_nothing_behind(acme: Acme) -> None:
    pull = await acme.pull()
    acme.github.faults.reset("POST", "/comments$")
    with pytest.raises(aiohttp.ClientError):
        await acme.bot.post(f"{REPOSITORY}/issues/{pull.number}/comments", data={"body": "x"})
    assert pull.comments == []


async def test_lost_answer_leaves_what_was_written(acme: Acme) -> None:
    """The fault that tells a client which repeats itself safely from one that says everything twice."""
    pull = await acme.pull()
    acme.github.faults.reset("POST", "/comments$", phase="after")
    with pytest.raises(aiohttp.ClientError):
        await acme.bot.post(f"{REPOSITORY}/issues/{pull.number}/comments", data={"body": "x"})
    assert [comment.body for comment in pull.comments] == ["x"]


async def test_every_request_is_shown_before_and_after(acme: Acme) -> None:
    pull = await acme.pull()
    seen: list[Seen] = []
    acme.github.faults.on_request.append(seen.append)
    await acme.bot.getitem(REPOSITORY)
    await acme.bot.post(f"{REPOSITORY}/issues/{pull.number}/comments", data={"body": "x"})
    assert [(one.method, one.phase, one.is_write) for one in seen] == [
        ("GET", "before", False),
        ("GET", "after", False),
        ("POST", "before", True),
        ("POST", "after", True),
    ]
    assert seen[2].number == seen[3].number == seen[0].number + 1


async def test_fetching_and_getting_a_token_are_no_writes(acme: Acme, tmp_path: Path) -> None:
    seen: list[Seen] = []
    acme.github.faults.on_request.append(seen.append)
    token = await acme.installation_token()
    url = acme.github.clone_url(acme.repository).replace("//", f"//x-access-token:{token}@")
    directory = tmp_path / "clone"
    directory.mkdir()
    for arguments in (("clone", "-q", "--bare", url, "."), ("push", "-q", url, "main:new")):
        process = await asyncio.create_subprocess_exec("git", *arguments, cwd=directory)
        assert await process.wait() == 0
    written = [one.path for one in seen if one.is_write and one.phase == "before"]
    assert written == ["/acme/fleet.git/git-receive-pack"]


@pytest.mark.parametrize(("phase", "written"), [("before", []), ("after", ["x"])])
async def test_hook_cuts_a_write_off_before_or_after_it_took_effect(
    acme: Acme, phase: str, written: list[str]
) -> None:
    pull = await acme.pull()

    async def cut(seen: Seen) -> None:
        await asyncio.sleep(0)
        if seen.is_write and seen.phase == phase:
            raise ConnectionAbortedError

    acme.github.faults.on_request.append(cut)
    with pytest.raises(aiohttp.ClientError):
        await acme.bot.post(f"{REPOSITORY}/issues/{pull.number}/comments", data={"body": "x"})
    assert [comment.body for comment in pull.comments] == written
