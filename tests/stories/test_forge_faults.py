"""A forge's bad days: each of its refusals once where it bites, and webhooks that do not arrive as they were sent."""

import asyncio
import json
from collections.abc import Callable

import aiohttp
import pytest

from tests.sandbox.forge import Mishap, StandInGitLab
from tests.sandbox.forge.core.faults import Faults
from tests.stories.bot import HOOK_SECRET
from tests.stories.manifests import NS, config_map, target, team
from tests.stories.sight import Paths
from tests.stories.story import DELIVER, PLAN, Story
from tests.stories.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

APP = {".longshore.yaml": team(target("app")), "app/settings.yaml": config_map("settings", NS, level="1")}
CHANGE = {"app/settings.yaml": config_map("settings", NS, level="2")}


def refuse_and_renew_badly(faults: Faults, at: Paths) -> None:
    """A token is kept until it is refused."""
    faults.answer("POST", at.comments, 401)
    faults.answer("POST", "/access_tokens", 500)


Fault = Callable[[Faults, Paths], None]
FAULTS: dict[str, Fault] = {
    "401 for the comment": lambda f, at: f.answer("POST", at.comments, 401),
    "401 for the pull request": lambda f, at: f.answer("GET", at.pull, 401),
    "403 for the check": lambda f, at: f.answer("POST", at.checks, 403),
    "429 for the comment": lambda f, at: f.rate_limit("POST", at.comments),
    "429 for longer than a step waits": lambda f, at: f.rate_limit("GET", at.pull, retry_after_s=5),
    "500 for the comment, which was made": lambda f, at: f.answer("POST", at.comments, 500, phase="after"),
    "502 for the check, which was made": lambda f, at: f.answer("POST", at.checks, 502, phase="after"),
    "503 for the check's end": lambda f, at: f.answer(at.closing, at.checks, 503, times=4),
    "500 for git": lambda f, _: f.answer("POST", "git-upload-pack", 500),
    "a slow comment": lambda f, at: f.slow("POST", at.comments, 2.0),
    "a connection that breaks before the comment": lambda f, at: f.reset("POST", at.comments),
    "a connection that breaks after the comment": lambda f, at: f.reset("POST", at.comments, phase="after"),
    "a connection that breaks under git": lambda f, _: f.reset("POST", "git-upload-pack"),
    "502 for the deployment, which was made": lambda f, at: f.answer(
        "POST", at.deployments, 502, phase="after"
    ),
    "500 for the deployment's status": lambda f, at: f.answer(*at.deployment_status, 500, phase="after"),
}
GITHUB_FAULTS: dict[str, Fault] = {
    "403 with Retry-After for the check": lambda f, at: f.rate_limit("POST", at.checks, status=403),
    "500 for the token": refuse_and_renew_badly,
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_of_the_forge_costs_time_and_nothing_else(restless_town: Town, name: str) -> None:
    await _is_only_late(restless_town, FAULTS[name])


@pytest.mark.parametrize("_restless", ["github"], indirect=True)
@pytest.mark.parametrize("name", GITHUB_FAULTS)
async def test_a_fault_of_githubs_own_costs_time_and_nothing_else(restless_town: Town, name: str) -> None:
    await _is_only_late(restless_town, GITHUB_FAULTS[name])


async def _is_only_late(town: Town, fault: Fault) -> None:
    story = await town.story("weather", APP)
    await story.delivered()
    faults = town.forge.faults
    fault(faults, town.sight.paths)
    try:
        pull = await story.open(CHANGE)
        await story.planned(pull, "1 of 1 target changes", conclusion="success")
        sha = await story.merge(pull)
        await story.delivered(sha)
        await story.told_on(pull, "1 target delivered")
        assert faults.pending == 0, "the fault has struck"
    finally:
        faults._requests.clear()
    await is_told_once(story, sha)


@pytest.mark.parametrize("mishap", [Mishap.DROP, Mishap.DOUBLE, Mishap.DELAY, Mishap.REORDER])
async def test_what_befalls_webhooks_on_their_way_changes_nothing_in_the_end(
    restless_town: Town, mishap: Mishap
) -> None:
    story = await restless_town.story(f"mail-{mishap.name.lower()}", APP)
    await story.delivered()
    faults = restless_town.forge.faults
    events = restless_town.sight.events
    faults.deliver(mishap, events.pull, times=2, delay_s=1.0)
    faults.deliver(mishap, events.push, times=2, delay_s=1.0)
    try:
        pull = await story.open(CHANGE)
        await story.planned(pull, "1 of 1 target changes")
        sha = await story.merge(pull)
        await story.delivered(sha)
        await story.told_on(pull, "1 target delivered")
    finally:
        faults._deliveries.clear()
    await is_told_once(story, sha)


@pytest.mark.parametrize("_restless", ["github"], indirect=True)
async def test_a_tampered_webhook_is_refused_and_what_it_told_is_found(restless_town: Town) -> None:
    """GitLab's token does not cover the body."""
    story = await restless_town.story("tampered", APP)
    await story.delivered()
    restless_town.forge.faults.deliver(Mishap.TAMPER, "pull_request")
    pull = await story.open(CHANGE)
    await story.planned(pull)
    letters = [d for d in restless_town.forge.deliveries if d.letter.event == "pull_request"]
    assert 401 in {delivery.status_code for delivery in letters}


async def test_a_replayed_webhook_is_answered_and_does_nothing(restless_town: Town) -> None:
    story = await restless_town.story("replayed", APP)
    await story.delivered()
    pull = await story.open(CHANGE)
    await story.planned(pull)
    sha = await story.merge(pull)
    await story.delivered(sha)
    await story.told_on(pull, "1 target delivered")
    await restless_town.forge.settle()
    written = len(story.writes())
    old = [d for d in restless_town.forge.deliveries if story.name.encode() in d.letter.body]
    for delivery in old:
        restless_town.forge.redeliver(delivery)
    await restless_town.forge.settle()
    answers = [json.loads(d.answer)["result"] for d in restless_town.forge.deliveries if d.is_redelivery]
    assert "skipped" in answers
    async with story.looked_at("deliver", story.branch_key):
        pass
    assert len(story.writes()) == written
    await is_told_once(story, sha)


GITHUB_PUSH = {"Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": "1"}
GITLAB_PUSH = {"Content-Type": "application/json", "X-Gitlab-Event": "Push Hook", "Idempotency-Key": "1"}


@pytest.mark.parametrize(
    ("_restless", "sent", "body", "status"),
    [
        ("github", GITHUB_PUSH, b"{}", 401),
        ("github", {**GITHUB_PUSH, "X-Hub-Signature-256": "sha256=" + "0" * 64}, b"{}", 401),
        ("github", {**GITHUB_PUSH, "Content-Type": "application/x-www-form-urlencoded"}, b"payload={}", 415),
        ("gitlab", GITLAB_PUSH, b"{}", 401),
        ("gitlab", {**GITLAB_PUSH, "X-Gitlab-Token": "guessed"}, b"{}", 401),
    ],
    ids=["unsigned", "wrongly signed", "form-encoded", "without a token", "with another token"],
    indirect=["_restless"],
)
async def test_what_does_not_prove_its_origin_is_refused(
    restless_town: Town, sent: dict[str, str], body: bytes, status: int
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(restless_town.bot.hook_url, data=body, headers=sent) as answer,
    ):
        assert answer.status == status
        assert HOOK_SECRET not in await answer.text()


async def test_what_is_too_large_is_answered_before_it_is_sent(restless_town: Town) -> None:
    """GitLab, which stops delivering to whoever refuses it, is not refused."""
    status = b" 202 " if isinstance(restless_town.forge, StandInGitLab) else b" 413 "
    reader, writer = await asyncio.open_connection("127.0.0.1", restless_town.bot.port)
    head = f"POST /hooks/hub HTTP/1.1\r\nHost: localhost\r\nContent-Length: {26 << 20}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\n\r\n".encode())
    assert status in await reader.readline()
    writer.close()


async def is_told_once(story: Story, sha: str) -> None:
    """One comment of each kind, one deployment, and no check that is left running."""
    [pull] = story.repo.pulls
    assert [len(story.said(pull, kind)) for kind in ("plan", "delivery")] == [1, 1]
    assert [d for d in story.deployments() if d[1] == sha] == [("staging", sha, "success")]

    def finished() -> bool:
        at = {PLAN: pull.head_sha, DELIVER: sha}
        verdicts = (
            v
            for name, head in at.items()
            for v in story.town.sight.verdicts(story.repo, head)
            if v.name == name
        )
        return all(verdict.conclusion is not None for verdict in verdicts)

    await story.until(finished, "no check is left running")
    assert await story.data("settings") == {"level": "2"}
