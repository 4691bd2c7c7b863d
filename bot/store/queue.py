"""What to look at next: wakes, runs and their ends.

A wake is durable before `wake` returns, and is never lost: each raises the key's generation, and a run covers only the
generations up to the one it began with. Any number of wakes of one key make one run, or, when they come while the key
runs, exactly one more. One key never runs twice at the same time while its lease is renewed.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from bot.log import redact_capped
from bot.model.steps import StepKey, Wake
from bot.store import keys
from bot.store.connection import Store

DELIVERY_TTL_S = 3 * 24 * 3600.0
MAX_DELIVERIES = 50_000
MAX_REASONS = 20
MAX_NOTE_CHARS = 2_000
MAX_WAKES_PER_CALL = 500
MAX_DELAY_S = 7 * 24 * 3600.0
MAX_PARKED_SHOWN = 50

LEASE_S = 15.0
ARQ_JOB_TIMEOUT_S = 300.0
"""Steps end long before this: it only bounds arq's own bookkeeping."""
ARQ_IN_PROGRESS_S = ARQ_JOB_TIMEOUT_S + 10
MAX_REAPED = 200
JOB_FUNCTION = "step"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one hook. A redelivery is equal; two hooks may share a `guid`."""

    hook: str
    guid: str

    def __str__(self) -> str:
        return f"{self.hook}|{self.guid}"


class WakeState(StrEnum):
    QUEUED = "queued"
    PENDING = "pending"
    """It waited for a run already."""
    RUNNING = "running"
    """It runs now, and will run again."""


@dataclass(frozen=True, slots=True)
class WakeResult:
    """`is_skipped`: this very delivery was worked off before, so nothing was woken."""

    states: tuple[WakeState, ...]
    is_skipped: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one key that has begun: the lease is ours as long as it is renewed.

    `attempt` counts runs since the last success, this one included; `crashes` those whose worker died.
    """

    step: StepKey
    job: str
    token: str
    generation: int
    attempt: int
    crashes: int
    last_error: str
    reasons: tuple[str, ...]
    event_ids: tuple[str, ...]


class Verdict(StrEnum):
    DONE = "done"
    BLOCKED = "blocked"
    AGAIN = "again"
    RETRY = "retry"
    PARKED = "parked"
    INTERRUPTED = "interrupted"
    """The worker was asked to stop: run again at once, and count nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `note` says why it is blocked, failed or parked. With `hold`, no wake shortens the delay."""

    verdict: Verdict
    note: str = ""
    delay_s: float = 0.0
    hold: bool = False


class Settled(StrEnum):
    IDLE = "idle"
    PENDING = "pending"
    LOST = "lost"
    """The lease was somebody else's by then; they account for the key."""


class Renewal(StrEnum):
    HELD = "held"
    SUPERSEDED = "superseded"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Parked:
    step: StepKey
    since_s: float
    error: str


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """How much there is to do. `oldest_age_s` is how long the longest-due key has waited; times are Unix seconds."""

    interactive: int
    background: int
    due: int
    running: int
    oldest_age_s: float
    parked: int
    parked_newest: tuple[Parked, ...]


class Queue:
    """The state machine of keys; its transitions are the Lua scripts, so each is one atomic step in the store."""

    def __init__(self, store: Store, *, lease_s: float = LEASE_S) -> None:
        self._store = store
        self.lease_s = lease_s

    async def wake(self, *wakes: Wake, delivery: Delivery | None = None, event_id: str = "") -> WakeResult:
        """Make sure that each key runs after now. Durable on return; with a delivery, all keys or none.

        `event_id` follows what was woken into its logs; a delivery's own is its guid. Raises StoreUnavailable.
        """
        if delivery is not None and len(wakes) > MAX_WAKES_PER_CALL:
            raise ValueError(f"one delivery wakes {len(wakes)} keys; {MAX_WAKES_PER_CALL} are allowed")
        states: list[WakeState] = []
        for start in range(0, len(wakes), MAX_WAKES_PER_CALL):
            chunk = wakes[start : start + MAX_WAKES_PER_CALL]
            answers = await self._store.script("wake", _wake_request(chunk, delivery, event_id))
            if not answers:
                return WakeResult((), is_skipped=True)
            states += [WakeState(state.decode()) for _, state in answers]
        return WakeResult(tuple(states))

    async def has_completed(self, delivery: Delivery) -> bool:
        """Whether every key that this delivery woke has completed a run since; merely being known is not enough."""
        return bool(await self._store.script("seen", {"delivery": str(delivery)}))

    async def begin(self, step: StepKey, job: str, token: str) -> Run | None:
        """Take the key's lease. None where the job is of the past or another worker holds the lease."""
        request = {"step": str(step), "job": job, "token": token, "lease_ms": _ms(self.lease_s)}
        kind, *rest = await self._store.script("begin", request)
        if kind != b"begun":
            return None
        generation, attempt, crashes, error, *notes = rest
        decoded = [msgspec.msgpack.decode(note) for note in reversed(notes)]
        return Run(
            step=step,
            job=job,
            token=token,
            generation=generation,
            attempt=attempt,
            crashes=crashes,
            last_error=error.decode(),
            reasons=tuple(dict.fromkeys(reason for _, reason, _ in decoded)),
            event_ids=tuple(dict.fromkeys(event for _, _, event in decoded if event)),
        )

    async def renew(self, run: Run) -> Renewal:
        """Keep the lease for another `lease_s`."""
        request = {"step": str(run.step), "token": run.token, "lease_ms": _ms(self.lease_s)}
        answer = await self._store.script("renew", request)
        return (Renewal.LOST, Renewal.HELD, Renewal.SUPERSEDED)[answer]

    async def is_superseded(self, run: Run) -> bool:
        """Whether a wake since the run began said so, or the run is no longer the key's own."""
        redis, key = self._store.redis, keys.STEP + str(run.step)
        token, superseded = await self._store.call(lambda: redis.hmget(key, ["token", "superseded"]))
        return token != run.token.encode() or superseded is not None

    async def finish(self, run: Run, outcome: Outcome) -> Settled:
        """End the run. Where the key was woken meanwhile it is queued again, whatever the outcome."""
        request = {
            "step": str(run.step),
            "token": run.token,
            "job": run.job,
            "verdict": outcome.verdict.value,
            "delay_ms": _ms(min(max(outcome.delay_s, 0), MAX_DELAY_S)),
            "hold": outcome.hold,
            "note": redact_capped(outcome.note, MAX_NOTE_CHARS),
        }
        return Settled((await self._store.script("settle", request)).decode())

    async def reap(self) -> list[StepKey]:
        """Queue again what dead workers held and what lost its job; answers with those keys."""
        request = {
            "lease_ms": _ms(self.lease_s),
            "in_progress_ms": _ms(ARQ_IN_PROGRESS_S),
            "limit": MAX_REAPED,
        }
        return [StepKey.parse(step.decode()) for step in await self._store.script("reap", request)]

    async def status(self) -> QueueStatus:
        now_s = time.time()
        redis = self._store.redis

        def read() -> Any:
            pipe = redis.pipeline(transaction=False)
            pipe.zcard(keys.QUEUE_INTERACTIVE)
            pipe.zcard(keys.QUEUE_BACKGROUND)
            pipe.zcount(keys.PENDING, "-inf", _ms(now_s))
            pipe.zrange(keys.PENDING, 0, 0, withscores=True)
            pipe.zcard(keys.LEASES)
            pipe.zcard(keys.PARKED)
            pipe.zrevrange(keys.PARKED, 0, MAX_PARKED_SHOWN - 1, withscores=True)
            return pipe.execute()

        interactive, background, due, first, running, parked, newest = await self._store.call(read)
        oldest_s = max(now_s - first[0][1] / 1000, 0.0) if first else 0.0
        shown = await self._parked(newest)
        return QueueStatus(interactive, background, due, running, oldest_s, parked, shown)

    async def _parked(self, members: Sequence[tuple[bytes, float]]) -> tuple[Parked, ...]:
        redis = self._store.redis

        def read() -> Any:
            pipe = redis.pipeline(transaction=False)
            for step, _ in members:
                pipe.hget(keys.STEP + step.decode(), "error")
            return pipe.execute()

        errors = await self._store.call(read) if members else []
        return tuple(
            Parked(StepKey.parse(step.decode()), at_ms / 1000, (error or b"").decode())
            for (step, at_ms), error in zip(members, errors, strict=True)
        )


def _wake_request(wakes: Sequence[Wake], delivery: Delivery | None, event_id: str) -> dict[str, Any]:
    return {
        "delivery": str(delivery) if delivery else "",
        "event": delivery.guid if delivery else event_id,
        "delivery_ttl_ms": _ms(DELIVERY_TTL_S),
        "max_deliveries": MAX_DELIVERIES,
        "max_reasons": MAX_REASONS,
        "wakes": [
            {
                "step": str(wake.step),
                "payload": _payload(wake.step),
                "delay_ms": _ms(min(max(wake.delay_s, 0), MAX_DELAY_S)),
                "background": wake.background,
                "supersedes": wake.supersedes,
                "reason": redact_capped(wake.reason, MAX_NOTE_CHARS),
            }
            for wake in wakes
        ],
    }


def _payload(step: StepKey) -> str:
    """A job as arq's `serialize_job` writes it: try, function, arguments, keyword arguments, time of enqueueing."""
    job: dict[str, Any] = {
        "t": None,
        "f": JOB_FUNCTION,
        "a": (step.loop, step.key),
        "k": {},
        "et": _ms(time.time()),
    }
    return msgspec.json.encode(job).decode()


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
