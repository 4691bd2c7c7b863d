"""Intake: what is accepted is durable, what is refused says why, and nothing gets in that does not prove its origin."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bot.model.repo import RepoId
from bot.model.steps import StepKey
from bot.store import keys
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.store.names import KnownNames
from bot.store.queue import Outcome, Queue, Verdict
from bot.store.shared import Shared
from bot.web import body, intake
from bot.web.app import WebOptions, create_app
from bot.web.intake import HEAL_EVERY_S
from tests.web.conftest import (
    MAX_BODY_BYTES,
    OLD_SECRET,
    Client,
    Signed,
    Token,
    merge_request,
    pull_request,
    send,
)

PLAN = StepKey("plan", "gh:acme/fleet#7")


async def due(queue: Queue) -> int:
    return (await queue.status()).due


async def test_a_signed_event_is_recorded_before_it_is_answered(client: Client, queue: Queue) -> None:
    status, told = await send(client, pull_request())
    assert (status, told["result"]) == (202, "woken")
    assert await due(queue) == 1


async def test_every_secret_is_accepted_while_one_replaces_the_other(client: Client) -> None:
    status, _ = await send(client, pull_request(secret=OLD_SECRET))
    assert status == 202


Changes = dict[str, Any]
BAD: list[tuple[str, Signed, int, str]] = [
    ("no signature", pull_request(headers={"X-Hub-Signature-256": None}), 401, "X-Hub-Signature-256"),
    ("a wrong secret", pull_request(secret=b"guessed"), 401, "another secret"),
    (
        "an old signature alone",
        pull_request(headers={"X-Hub-Signature-256": None, "X-Hub-Signature": "sha1=ab"}),
        401,
        "256",
    ),
    (
        "a signature of no form",
        pull_request(headers={"X-Hub-Signature-256": "sha256=\u00e4"}),
        401,
        "another secret",
    ),
    ("no JSON", Signed("pull_request", b"{"), 400, "no such event"),
    ("no object", Signed("pull_request", b"[]"), 400, "no such event"),
    ("deep nesting", Signed("pull_request", b"[" * 100_000), 400, "no such event"),
    ("no text", Signed("pull_request", b"\xff\xfe"), 400, "no such event"),
    ("an empty body", Signed("pull_request", b""), 400, "no such event"),
    ("a number that is none", pull_request(number=-1), 400, "number"),
    ("a repository with a way out", pull_request(repo="../x"), 400, "full_name"),
    ("no event name", pull_request(headers={"X-GitHub-Event": None}), 400, "x-github-event"),
    ("no delivery id", pull_request(headers={"X-GitHub-Delivery": None}), 400, "x-github-delivery"),
    (
        "a delivery id of no form",
        pull_request(headers={"X-GitHub-Delivery": "a|b c"}),
        400,
        "x-github-delivery",
    ),
    (
        "a form",
        pull_request(headers={"Content-Type": "application/x-www-form-urlencoded"}),
        415,
        "choose the content type",
    ),
    ("another type", pull_request(headers={"Content-Type": "text/plain"}), 415, "application/json"),
    ("too many bytes", Signed("pull_request", b" " * (MAX_BODY_BYTES + 1)), 413, "larger"),
]


@pytest.mark.parametrize(
    ("delivery", "status", "advice"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
async def test_bad_input_is_refused_with_the_reason_and_wakes_nothing(
    client: Client, queue: Queue, delivery: Signed, status: int, advice: str
) -> None:
    answered, told = await send(client, delivery)
    assert answered == status
    assert advice in told["error"]
    assert await due(queue) == 0


async def test_a_tampered_body_is_refused(client: Client) -> None:
    delivery = pull_request()
    headers = delivery.all_headers()
    async with client.post("/hooks/gh", data=delivery.body.replace(b"7", b"8"), headers=headers) as response:
        assert response.status == 401


async def test_an_unknown_forge_is_not_found(client: Client) -> None:
    assert (await send(client, pull_request(), "/hooks/gitlab"))[0] == 404


async def test_other_methods_and_paths_are_refused(client: Client) -> None:
    async with client.get("/hooks/gh") as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
    async with client.get("/") as response:
        assert (response.status, await response.json()) == (404, {"error": "Not Found"})


@pytest.mark.parametrize(
    ("delivery", "result"),
    [
        (Signed("star", {"action": "created"}), "unused"),
        (pull_request(action="labeled"), "unused"),
        (Signed("ping", {"zen": "Design for failure."}), "nothing"),
        (pull_request(repo="stranger/fleet"), "not_served"),
    ],
)
async def test_what_wakes_nothing_is_accepted_all_the_same(
    client: Client, queue: Queue, delivery: Signed, result: str
) -> None:
    status, told = await send(client, delivery)
    assert (status, told["result"], await due(queue)) == (202, result, 0)
    async with client.get("/metrics") as response:
        assert f'longshore_webhooks_total{{forge="gh",result="{result}"}} 1.0' in await response.text()


async def test_a_replayed_delivery_is_skipped_only_once_its_key_has_completed(
    client: Client, queue: Queue, store: Store
) -> None:
    delivery = pull_request(guid="f81d4fae-7dec-11d0-a765-00a0c91e6bf6")
    assert (await send(client, delivery))[1]["result"] == "woken"
    assert (await send(client, delivery))[1]["result"] == "woken"
    (job,) = await store.redis.zrange(keys.QUEUE_INTERACTIVE, 0, -1)
    run = await queue.begin(PLAN, job.decode(), "token")
    assert run is not None
    assert run.event_ids == (delivery.guid,)
    await queue.finish(run, Outcome(Verdict.DONE))
    assert (await send(client, delivery))[1]["result"] == "skipped"
    assert await due(queue) == 0


async def test_with_the_store_down_the_forge_is_told_to_come_again(
    client: Client, server: EmbeddedStore
) -> None:
    await server.stop()
    delivery = pull_request()
    async with (
        asyncio.timeout(2.5),
        client.post("/hooks/gh", data=delivery.body, headers=delivery.all_headers()) as response,
    ):
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
    await server.start()
    assert (await send(client, delivery))[0] == 202


async def test_a_body_that_trickles_is_given_up(client: Client, queue: Queue) -> None:
    delivery = pull_request()

    async def trickle() -> AsyncIterator[bytes]:
        yield delivery.body[:10]
        await asyncio.sleep(5)

    async with (
        asyncio.timeout(3),
        client.post("/hooks/gh", data=trickle(), headers=delivery.all_headers()) as response,
    ):
        assert response.status == 408
    assert await due(queue) == 0


async def test_a_body_without_announced_length_is_bounded_too(client: Client) -> None:
    async def flood() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 65_536

    async with client.post("/hooks/gh", data=flood(), headers=pull_request().all_headers()) as response:
        assert response.status == 413


async def test_large_bodies_take_turns(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "LARGE_BYTES", 1000)
    deliveries = [pull_request(number=n + 1) for n in range(12)]
    padded = [replace(d, payload=d.body + b" " * 300_000) for d in deliveries]
    answers = await asyncio.gather(*(send(client, d) for d in padded))
    assert [status for status, _ in answers] == [202] * 12


async def test_more_at_once_than_can_be_answered_is_told_to_come_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_IN_FLIGHT", 1)
    answers = await asyncio.gather(*(send(client, pull_request(number=n + 1)) for n in range(30)))
    statuses = {status for status, _ in answers}
    assert 202 in statuses
    assert statuses <= {202, 503}


async def test_a_burst_of_a_thousand_deliveries_loses_none(client: Client, queue: Queue) -> None:
    gate = asyncio.Semaphore(100)

    async def one(number: int) -> int:
        """A busy store may make us ask for it again; what was taken once must be there."""
        async with gate:
            status, _ = await send(client, pull_request(number))
            for _ in range(50):
                if status != 503:
                    break
                await asyncio.sleep(0.1)
                status, _ = await send(client, pull_request(number))
            return status

    assert set(await asyncio.gather(*(one(n) for n in range(1, 1001)))) == {202}
    # A sweep comes on top where something had to come again.
    assert 1000 <= await due(queue) <= 1001


async def test_a_forge_that_disables_hooks_is_refused_only_what_does_not_prove_its_origin(
    client: Client, queue: Queue
) -> None:
    for delivery, status, result in (
        (merge_request(secret=b"guessed"), 401, None),
        (merge_request(headers={"X-Gitlab-Token": None}), 401, None),
        (Token("Push Hook", b"{"), 202, "malformed"),
        (merge_request(repo="../x"), 202, "malformed"),
        (merge_request(repo="stranger/fleet"), 202, "not_served"),
        (Token("Job Hook", {"object_kind": "build"}), 202, "unused"),
    ):
        answered, told = await send(client, delivery, "/hooks/gl")
        assert (answered, told.get("result")) == (status, result)
    assert await due(queue) == 0
    assert (await send(client, merge_request(), "/hooks/gl"))[1]["result"] == "woken"


async def test_a_forge_that_disables_hooks_is_not_refused_a_body_that_cannot_be_read(client: Client) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    large = Token("Push Hook", b" " * (MAX_BODY_BYTES + 1))
    form = merge_request(headers={"Content-Type": "application/x-www-form-urlencoded"})
    for delivery, result in ((large, "too_large"), (form, "content_type")):
        answered, told = await send(client, delivery, "/hooks/gl")
        assert (answered, told["result"]) == (202, result)
    headers = merge_request().all_headers()
    async with client.post("/hooks/gl", data=trickle(), headers=headers) as response:
        assert (response.status, (await response.json())["result"]) == (202, "too_slow")


async def test_what_was_lost_while_the_store_was_away_is_swept_for_when_it_is_back_and_nothing_is_delivered(
    client: Client, queue: Queue, server: EmbeddedStore, store: Store
) -> None:
    await server.stop()
    lost, told = await send(client, merge_request(1), "/hooks/gl")
    assert (lost, told["result"]) == (202, "store_unavailable")
    # Tried in vain once, at least.
    await asyncio.sleep(HEAL_EVERY_S + 0.5)
    await server.start()
    async with asyncio.timeout(3 * HEAL_EVERY_S):
        while await due(queue) == 0:  # noqa: ASYNC110 - what is waited for is in the store
            await asyncio.sleep(0.05)
    waiting = [key.decode() for key in await store.redis.zrange(keys.QUEUE_INTERACTIVE, 0, -1)]
    assert len(waiting) == 1
    assert "sweep" in waiting[0]
    # It is over with that.
    await asyncio.sleep(2 * HEAL_EVERY_S)
    assert await due(queue) == 1


async def test_whoever_keeps_us_busy_has_nothing_swept_again_and_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "HEAL_EVERY_S", 0.02)
    monkeypatch.setattr(intake, "MAX_IN_FLIGHT", 0)
    with structlog.testing.capture_logs() as logs:
        for _ in range(20):
            assert (await send(client, merge_request(secret=b"guessed"), "/hooks/gl"))[1][
                "result"
            ] == "overloaded"
            await asyncio.sleep(0.03)
    assert len([one for one in logs if one["event"] == "missed_swept_for"]) == 1


async def test_a_renamed_repository_is_known_by_its_number(
    client: Client, queue: Queue, store: Store
) -> None:
    moved = merge_request(repo="newcomers/fleet", repo_id=4711)
    assert (await send(client, moved, "/hooks/gl"))[1]["result"] == "not_served"
    await KnownNames(Shared(store)).remember(RepoId("gl", "acme/fleet"), 4711)
    assert (await send(client, moved, "/hooks/gl"))[1]["result"] == "woken"
    run = await queue.begin(
        StepKey("plan", "gl:acme/fleet#7"),
        (await store.redis.zrange(keys.QUEUE_INTERACTIVE, 0, -1))[0].decode(),
        "token",
    )
    assert run is not None
    # Another forge's number says nothing about this one's.
    assert (await send(client, pull_request(repo="newcomers/fleet")))[1]["result"] == "not_served"


async def test_the_delivery_id_is_in_the_log_of_its_request(client: Client) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        await send(client, pull_request(guid="11111111-2222"))
    (accepted,) = [line for line in logs if line["event"] == "delivery_accepted"]
    (request,) = [line for line in logs if line["event"] == "request"]
    assert accepted["event_id"] == "11111111-2222"
    assert accepted["run_id"] == request["run_id"]
    assert (request["status"], request["path"]) == (202, "/hooks/gh")


async def test_an_error_inside_shows_a_run_id_and_nothing_else(
    aiohttp_client: Callable[..., Awaitable[Client]],
    options: WebOptions,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(intake, "route", broken)
    client = await aiohttp_client(create_app(options, store))
    with structlog.testing.capture_logs() as logs:
        status, told = await send(client, pull_request())
    assert status == 500
    assert "hunter2" not in str(told)
    assert "look for run" in told["error"]
    assert any(line["event"] == "request_failed" for line in logs)


def test_the_web_process_loads_no_cluster_code() -> None:
    program = (
        "import sys, bot.web.process, bot.cli.web, bot.forge.github.webhooks\n"
        "bad = [m for m in sys.modules if m.split('.')[0] == 'kubernetes_asyncio' or m.startswith((\n"
        "  'bot.kube', 'bot.engines', 'bot.loops', 'bot.planning', 'bot.render', 'bot.git', 'bot.worker', 'gidgethub'))]\n"
        "sys.exit(', '.join(bad) or 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert (result.returncode, result.stderr) == (0, "")
