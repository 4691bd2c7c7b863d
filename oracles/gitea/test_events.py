"""What a real Gitea delivers to a webhook, read as the web process reads it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.forge.dialects import DIALECTS
from bot.forge.webhooks import (
    BadSignature,
    Commented,
    Event,
    PullAction,
    PullRequestChanged,
    Pushed,
)
from bot.model.repo import Sha
from oracles.gitea.api import password_of
from oracles.gitea.fleet import Fleet
from oracles.gitea.town import OWNER, Town
from tests.sandbox.receiver import Receiver
from tests.stories.bot import HOOK_SECRET
from tests.stories.patience import until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

GITEA = DIALECTS["gitea"]


@dataclass(frozen=True, slots=True)
class Listener:
    """A repository whose deliveries are kept, and read as ours are."""

    fleet: Fleet
    receiver: Receiver

    async def hears(self, act: Callable[[], Awaitable[Any]], kind: type[Event]) -> Any:
        """The first event of this kind that comes of it."""
        heard = len(self.receiver.received)
        await act()

        def look() -> Event | None:
            fresh = [_read(*delivery) for delivery in self.receiver.received[heard:]]
            return next((event for event in fresh if isinstance(event, kind)), None)

        return await until(look, f"a {kind.__name__}", dump=lambda: str(self.receiver.names))

    async def hears_nothing(self, act: Callable[[], Awaitable[Any]], name: str) -> None:
        """The delivery of this name comes of it, and wakes nothing."""
        heard = len(self.receiver.received)
        await act()
        await until(lambda: name in self.receiver.names[heard:], name, dump=lambda: str(self.receiver.names))
        fresh = zip(self.receiver.names[heard:], self.receiver.received[heard:], strict=True)
        assert [_read(*delivery) for named, delivery in fresh if named == name] == [None]


def _read(headers: Mapping[str, str], body: bytes) -> Event | None:
    GITEA.verify(headers, body, [HOOK_SECRET.encode()])
    return GITEA.normalise(headers, body)


@pytest_asyncio.fixture(loop_scope="session")
async def listener(town: Town, receiver: Receiver) -> Listener:
    # The bot does not hear of it: nothing but what is done here is told.
    return Listener(await Fleet.founded(town, "events", hook_url=receiver.url), receiver)


async def test_what_happens_to_a_pull_request_is_understood(listener: Listener) -> None:
    fleet = listener.fleet
    await fleet.push({"README.md": "Other.\n"}, "other", since="main")
    head = Sha(await fleet.push({"a": "1\n"}, "change", since="main"))
    opened = await listener.hears(lambda: fleet.request("change"), PullRequestChanged)
    number, forge_id = opened.number, opened.repo_id
    assert opened == PullRequestChanged(
        fleet.path, number, PullAction.OPENED, "main", head, merged=False, repo_id=forge_id
    )
    moved = await listener.hears(lambda: fleet.push({"a": "2\n"}, "change"), PullRequestChanged)
    assert (moved.action, moved.head_sha != head) == (PullAction.UPDATED, True)
    turned = await listener.hears(lambda: fleet.edit(number, base="other"), PullRequestChanged)
    assert (turned.action, turned.base_ref) == (PullAction.RETARGETED, "other")
    closed = await listener.hears(lambda: fleet.edit(number, state="closed"), PullRequestChanged)
    assert (closed.action, closed.merged) == (PullAction.CLOSED, False)
    again = await listener.hears(lambda: fleet.edit(number, state="open"), PullRequestChanged)
    assert again.action is PullAction.REOPENED
    merged = await listener.hears(lambda: fleet.merge(number), PullRequestChanged)
    assert (merged.action, merged.merged) == (PullAction.CLOSED, True)


async def test_a_draft_that_becomes_ready_is_told_as_such(listener: Listener) -> None:
    fleet = listener.fleet
    await fleet.push({"a": "1\n"}, "draft", since="main")
    opened = await listener.hears(lambda: fleet.request("draft", "WIP: a thought"), PullRequestChanged)
    assert (await fleet.owner.get(f"/repos/{fleet.path}/pulls/{opened.number}"))["draft"] is True
    ready = await listener.hears(lambda: fleet.edit(opened.number, title="A thought"), PullRequestChanged)
    assert ready.action is PullAction.READY


async def test_a_new_title_wakes_nothing(listener: Listener) -> None:
    fleet = listener.fleet
    pull = await fleet.open({"a": "1\n"})
    better = {"title": "A better title"}
    await listener.hears_nothing(lambda: fleet.edit(pull["number"], **better), "pull_request.edited")


async def test_a_push_says_from_where_to_where_and_of_what(listener: Listener) -> None:
    fleet = listener.fleet
    before = (await fleet.owner.get(f"/repos/{fleet.path}/branches/main"))["commit"]["id"]
    pushed = await listener.hears(lambda: fleet.push({"a": "1\n"}), Pushed)
    after = (await fleet.owner.get(f"/repos/{fleet.path}/branches/main"))["commit"]["id"]
    number = (await fleet.owner.get(f"/repos/{fleet.path}"))["id"]
    ref = "refs/heads/main"
    assert pushed == Pushed(fleet.path, ref, before, after, deleted=False, forced=False, repo_id=number)


async def test_what_people_say_on_a_pull_request_is_told_and_what_we_say_is_not(listener: Listener) -> None:
    fleet = listener.fleet
    pull = await fleet.open({"a": "1\n"})
    said = await listener.hears(lambda: fleet.say(pull["number"], "/plan"), Commented)
    assert (said.repo_path, said.number) == (fleet.path, pull["number"])
    edit = {"body": "/plan again"}
    path = f"/repos/{fleet.path}/issues/comments/{said.comment}"
    corrected = await listener.hears(lambda: fleet.owner.call("PATCH", path, edit), Commented)
    assert corrected.comment == said.comment
    ours = f"<!-- longshore:plan v1 e30= {'0' * 64} -->\nwords"
    await listener.hears_nothing(lambda: fleet.say(pull["number"], ours), "issue_comment.created")


async def test_a_delivery_names_itself_and_proves_where_it_is_from(listener: Listener) -> None:
    await listener.hears(lambda: listener.fleet.push({"a": "1\n"}), Pushed)
    headers, body = listener.receiver.received[-1]
    assert headers["x-hub-signature-256"] == f"sha256={headers['x-gitea-signature']}"
    assert GITEA.delivery(headers).guid == headers["x-gitea-delivery"]
    with pytest.raises(BadSignature):
        GITEA.verify(headers, body, [b"another secret that is long enough"])
    with pytest.raises(BadSignature):
        GITEA.verify(headers, body + b" ", [HOOK_SECRET.encode()])


async def test_a_delivery_that_is_sent_again_says_the_same_under_another_name(listener: Listener) -> None:
    pushed = await listener.hears(lambda: listener.fleet.push({"a": "1\n"}), Pushed)
    headers, body = listener.receiver.received[-1]
    again = await listener.hears(lambda: _send_again(listener.fleet, GITEA.delivery(headers).guid), Pushed)
    headers_again, body_again = listener.receiver.received[-1]
    assert (again, body_again) == (pushed, body)
    assert GITEA.delivery(headers_again) != GITEA.delivery(headers)


async def _send_again(fleet: Fleet, guid: str) -> None:
    """As a person does on the page of the hook: the API has no way to."""
    url = fleet.town.gitea.url
    [hook] = await fleet.owner.get(f"/repos/{fleet.path}/hooks")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        who = {"user_name": OWNER, "password": password_of(OWNER)}
        replay = f"/{fleet.path}/settings/hooks/{hook['id']}/replay/{guid}"
        for path, form in (("/user/login", who), (replay, {})):
            async with session.post(f"{url}{path}", data=form, allow_redirects=False) as response:
                assert response.status in {200, 303}, await response.text()


async def test_a_hook_without_a_secret_is_refused(town: Town, receiver: Receiver) -> None:
    fleet = await Fleet.founded(town, "bare")
    hook = {"type": "gitea", "active": True, "config": {"url": receiver.url, "content_type": "json"}}
    await fleet.owner.post(f"/repos/{fleet.path}/hooks", {**hook, "events": ["push"]})
    await fleet.push({"a": "1\n"})
    await until(lambda: bool(receiver.received), "a delivery")
    with pytest.raises(BadSignature):
        _read(*receiver.received[0])
    assert json.loads(receiver.received[0][1])["ref"] == "refs/heads/main"
