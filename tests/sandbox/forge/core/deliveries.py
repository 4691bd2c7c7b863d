"""The post office: signed webhooks go out, are logged, and are never repeated unless somebody asks.

The invariant: a redelivery is the same event to the same address, with the same GUID, headers and body.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from tests.sandbox.forge.core.faults import DeliveryFault, Faults, Mishap

TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 64 * 1024
# How long ago a stale letter says that it was signed.
STALE_S = 3600


@dataclass(eq=False, slots=True)
class Hook:
    id: int
    url: str
    secret: str
    events: frozenset[str]
    is_active: bool = True
    created_at: datetime | None = None

    def wants(self, event: str) -> bool:
        return self.is_active and (event in self.events or "*" in self.events)


@dataclass(frozen=True, slots=True)
class Letter:
    """One event for one hook, ready to send."""

    hook: Hook
    guid: str
    event: str
    action: str | None
    repository_id: int | None
    installation_id: int | None
    headers: Mapping[str, str]
    body: bytes
    # Headers that depend on when it is sent (seconds since 1970), as a signature over the time does.
    stamp: Callable[[float], Mapping[str, str]] = lambda _moment: {}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of sending a letter; status code 0 when there was no answer."""

    id: int
    letter: Letter
    delivered_at: datetime
    duration_s: float
    status_code: int
    status: str
    answer: str
    is_redelivery: bool


@dataclass(slots=True)
class PostOffice:
    faults: Faults
    now: Callable[[], datetime]
    timeout_s: float = TIMEOUT_S
    log: list[Delivery] = field(default_factory=list)
    # Told of every attempt when it is over.
    listeners: list[Callable[[Delivery], None]] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _session: aiohttp.ClientSession | None = None
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _held: dict[Hook, list[asyncio.Event]] = field(default_factory=dict)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Letters go out while this is open; those under way at its end are given up."""
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            self._session = session
            try:
                yield
            finally:
                for task in self._under_way:
                    task.cancel()
                await asyncio.gather(*self._under_way, return_exceptions=True)
                self._session = None

    def post(self, letter: Letter, *, is_redelivery: bool = False) -> None:
        """Send in the background. Letters are started in order and, as in life, may arrive in another."""
        fault = None if is_redelivery else self.faults.next_for_delivery(letter.event, letter.action)
        task = asyncio.create_task(self._send(letter, fault, is_redelivery=is_redelivery))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def deliver(self, letter: Letter) -> Delivery:
        """Once more, at once, and wait for what comes of it."""
        await self._attempt(letter, None, is_redelivery=True)
        return next(known for known in reversed(self.log) if known.letter is letter)

    async def settle(self) -> None:
        """Wait until nothing is under way; what `REORDER` still holds back is let go."""
        while self._under_way:
            if len(self._under_way) == sum(len(held) for held in self._held.values()):
                for held in self._held.values():
                    while held:
                        held.pop().set()
            await asyncio.wait(set(self._under_way), timeout=0.05)

    async def _send(self, letter: Letter, fault: DeliveryFault | None, *, is_redelivery: bool) -> None:
        mishap = fault.mishap if fault else None
        if mishap is Mishap.DROP:
            self._record(letter, 0.0, 0, "failed to connect to host", "", is_redelivery=is_redelivery)
            return
        if fault is not None and mishap is Mishap.DELAY:
            await asyncio.sleep(fault.delay_s)
        waiting = self._held.setdefault(letter.hook, [])
        if mishap is Mishap.REORDER:
            turn = asyncio.Event()
            waiting.append(turn)
            await turn.wait()
        for _ in range(2 if mishap is Mishap.DOUBLE else 1):
            await self._attempt(letter, mishap, is_redelivery=is_redelivery)
        if mishap is not Mishap.REORDER and waiting:
            waiting.pop(0).set()

    async def _attempt(self, letter: Letter, mishap: Mishap | None, *, is_redelivery: bool) -> None:
        if self._session is None:
            raise RuntimeError("the post office is closed")
        moment = time.time() - (STALE_S if mishap is Mishap.STALE else 0)
        headers = {**letter.headers, **letter.stamp(moment)}
        data: bytes | AsyncIterator[bytes] = letter.body
        if mishap is Mishap.TAMPER:
            data = letter.body.replace(b"{", b'{"tampered":true,', 1)
        elif mishap is Mishap.WRONG_CONTENT_TYPE:
            headers["Content-Type"] = "text/plain"
        elif mishap is Mishap.TRICKLE:
            data = _trickle(letter.body)
        timeout = aiohttp.ClientTimeout(total=self.timeout_s)
        start = time.monotonic()
        try:
            async with self._session.post(
                letter.hook.url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                answer = (await response.content.read(MAX_ANSWER_BYTES)).decode(errors="replace")
                code, status = (
                    response.status,
                    "OK" if response.ok else f"Invalid HTTP Response: {response.status}",
                )
        except TimeoutError:
            code, status, answer = 0, "timed out", ""
        except (aiohttp.ClientError, OSError):
            code, status, answer = 0, "failed to connect to host", ""
        self._record(letter, time.monotonic() - start, code, status, answer, is_redelivery=is_redelivery)

    def _record(
        self, letter: Letter, duration_s: float, code: int, status: str, answer: str, *, is_redelivery: bool
    ) -> None:
        delivery = Delivery(
            next(self._ids), letter, self.now(), duration_s, code, status, answer, is_redelivery
        )
        self.log.append(delivery)
        for listener in self.listeners:
            listener(delivery)


async def _trickle(body: bytes) -> AsyncIterator[bytes]:
    step = max(1, len(body) // 20)
    for start in range(0, len(body), step):
        yield body[start : start + step]
        await asyncio.sleep(0.02)
