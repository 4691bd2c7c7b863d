"""`POST /hooks/{forge}`: a delivery is told that it was recorded only once what it wakes is durable.

Answers: 202 for everything that proves its origin, also when it wakes nothing; 404 unknown forge, 415 content type,
413 size, 408 slow or cut off, 401 signature, 400 not such an event, 503 with Retry-After when the store is away or too
much is under way. A forge that stops delivering to whoever refuses it (`WebhookDialect.disables_hooks`) is told 202 in
place of all of these but 401 and 404, with what became of the delivery. What was lost to the store, or to too much at
once, is swept for within half a minute after the store is back, whether or not anything else is delivered.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

import structlog
from aiohttp import web
from structlog.contextvars import bind_contextvars

from bot.errors import LongshoreError
from bot.forge.webhooks import (
    BadSignature,
    Event,
    MalformedEvent,
    Ping,
    PullRequestChanged,
    RepositoriesChanged,
    WebhookDialect,
)
from bot.model.keys import PLAN, BranchKey, PullKey
from bot.model.repo import RepoId
from bot.model.steps import StepKey, Wake
from bot.store.askers import Askers
from bot.store.connection import StoreUnavailable
from bot.store.names import KnownNames
from bot.store.queue import Delivery, Queue
from bot.web.answers import Refusal, answer, refuse
from bot.web.body import BodyReader
from bot.web.metrics import Metrics
from bot.web.routing import asked_about, missed, repositories_of, route

MAX_IN_FLIGHT = 256
RETRY_AFTER_S = 5
HEAL_EVERY_S = 2.0
"""How soon a store that was away is tried again, for what was lost meanwhile."""
HEAL_PAUSE_S = 30.0
"""How long after that: whoever keeps us busy, unproven, must not have all of a forge looked at again and again."""
MAX_REASON_CHARS = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hook:
    """One forge whose deliveries are accepted. `serves` tells of a repository's path whether the operator listed it."""

    forge: str
    dialect: WebhookDialect
    secrets: tuple[bytes, ...]
    serves: Callable[[str], bool]


UNFORGIVEN = frozenset({"unknown_forge", "bad_signature"})
"""The only results that a forge which disables hooks is refused for."""


class Intake:
    """`names` tells under which path a repository that was renamed is served, `askers` which plans and
    deliveries an event is news for although they are not of it.
    """

    def __init__(
        self,
        hooks: Mapping[str, Hook],
        queue: Queue,
        names: KnownNames,
        askers: Askers,
        metrics: Metrics,
        reader: BodyReader,
    ) -> None:
        self._hooks = hooks
        self._queue = queue
        self._names = names
        self._askers = askers
        self._metrics = metrics
        self._reader = reader
        self._in_flight = 0
        self._missed: set[str] = set()
        self._has_missed = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        hook = self._hooks.get(request.match_info["forge"])
        label = hook.forge if hook else "unknown"
        started = time.perf_counter()
        try:
            result, message = await self._receive(request, hook)
        except Refusal as refusal:
            self._metrics.deliveries.labels(label, refusal.result).inc()
            log.warning("delivery_refused", forge=label, result=refusal.result, reason=refusal.message)
            if hook and hook.dialect.disables_hooks and refusal.result not in UNFORGIVEN:
                return answer(HTTPStatus.ACCEPTED, {"result": refusal.result, "message": refusal.message})
            return refuse(refusal.status, refusal.message, refusal.headers)
        finally:
            self._metrics.seconds.labels(label).observe(time.perf_counter() - started)
        self._metrics.deliveries.labels(label, result).inc()
        return answer(HTTPStatus.ACCEPTED, {"result": result, "message": message})

    async def _receive(self, request: web.Request, hook: Hook | None) -> tuple[str, str]:
        if hook is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "unknown_forge", "no forge of this name is configured")
        if self._in_flight >= MAX_IN_FLIGHT:
            self._miss(hook.forge)
            raise _busy("overloaded", "too many deliveries are under way")
        self._in_flight += 1
        self._metrics.in_flight.set(self._in_flight)
        try:
            _check_content_type(request)
            body = await self._reader.read(request)
            return await self._record(hook, *_understand(hook, request.headers, body))
        finally:
            self._in_flight -= 1
            self._metrics.in_flight.set(self._in_flight)

    async def _record(self, hook: Hook, delivery: Delivery, event: Event | None) -> tuple[str, str]:
        if event is None:
            return "unused", "this kind of event wakes nothing"
        try:
            news = await self._news(hook, event)
            event = await self._served(hook, event)
            if event is None and not news:
                return "not_served", "the operator does not serve this repository"
            wakes = (*(route(hook.forge, event) if event is not None else ()), *news)
            if not wakes:
                return "nothing", "there is nothing to look at"
            woken = await self._queue.wake(*wakes, delivery=delivery)
        except StoreUnavailable as error:
            self._miss(hook.forge)
            log.warning("store_unavailable", error=str(error))
            raise _busy("store_unavailable", "the queue's store is not available") from error
        if woken.is_skipped:
            return "skipped", "this delivery has been worked off already"
        log.info("delivery_accepted", forge=hook.forge, keys=[str(wake.step) for wake in wakes])
        return "woken", "recorded"

    async def sweep_for_missed(self) -> None:
        """Have looked at whatever was lost, once it can be recorded again. Never ends by itself."""
        while True:
            await self._has_missed.wait()
            await asyncio.sleep(HEAL_EVERY_S)
            forges, self._missed = self._missed, set()
            self._has_missed.clear()
            try:
                await self._queue.wake(*(missed(forge) for forge in sorted(forges)))
            except StoreUnavailable:
                for forge in forges:
                    self._miss(forge)
                continue
            log.info("missed_swept_for", forges=sorted(forges))
            await asyncio.sleep(HEAL_PAUSE_S)

    def _miss(self, forge: str) -> None:
        self._missed.add(forge)
        self._has_missed.set()

    async def _news(self, hook: Hook, event: Event) -> tuple[Wake, ...]:
        """For whatever asked about the pull requests of this repository."""
        if not isinstance(event, PullRequestChanged):
            return ()
        askers = await self._askers.of(RepoId(hook.forge, event.repo_path))
        return asked_about(event, [asker for asker in askers if hook.serves(_repo_of(asker).path)])

    async def _served(self, hook: Hook, event: Event) -> Event | None:
        """The event under the path its repository is served by; None where it is not."""
        named = repositories_of(event)
        if not named or any(hook.serves(path) for path in named):
            return event
        if isinstance(event, RepositoriesChanged | Ping) or event.repo_id is None:
            return None
        path = await self._names.path_of(hook.forge, event.repo_id)
        return replace(event, repo_path=path) if path is not None and hook.serves(path) else None


def _repo_of(asker: StepKey) -> RepoId:
    return (PullKey if asker.loop == PLAN else BranchKey).parse(asker.key).repo


def _understand(hook: Hook, headers: Mapping[str, str], body: bytes) -> tuple[Delivery, Event | None]:
    try:
        hook.dialect.verify(headers, body, hook.secrets)
        delivery = hook.dialect.delivery(headers)
        bind_contextvars(event_id=delivery.guid)
        # Two forges may number their hooks alike.
        return Delivery(f"{hook.forge}/{delivery.hook}", delivery.guid), hook.dialect.normalise(headers, body)
    except BadSignature as error:
        raise Refusal(HTTPStatus.UNAUTHORIZED, "bad_signature", _told(error)) from error
    except MalformedEvent as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, "malformed", _told(error)) from error


def _check_content_type(request: web.Request) -> None:
    if request.content_type == "application/json":
        return
    advice = (
        "the delivery is form-encoded: choose the content type application/json in the webhook's settings"
        if request.content_type == "application/x-www-form-urlencoded"
        else "the delivery must be application/json"
    )
    raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content_type", advice)


def _busy(result: str, message: str) -> Refusal:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, result, message, headers=headers)


def _told(error: LongshoreError) -> str:
    return str(error)[:MAX_REASON_CHARS]
