"""The weather: what may go wrong between a forge and those who talk with it, on demand and counted.

The invariant: a fault strikes exactly as often as it was asked for, first asked first served.
"""

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal


class Mishap(Enum):
    """What can happen to a webhook on its way."""

    DROP = auto()
    DOUBLE = auto()
    DELAY = auto()
    # Held back until the next delivery to the same hook has arrived.
    REORDER = auto()
    # The body is changed after it was signed.
    TAMPER = auto()
    WRONG_CONTENT_TYPE = auto()
    # The body arrives a few bytes at a time.
    TRICKLE = auto()
    # It was signed an hour ago, where signatures tell the time.
    STALE = auto()


@dataclass(slots=True)
class DeliveryFault:
    mishap: Mishap
    event: str | None
    action: str | None
    times: int
    delay_s: float


Phase = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as the hooks in `Faults.on_request` see it; `number` counts the requests since the start."""

    number: int
    method: str
    path: str
    is_write: bool
    phase: Phase


@dataclass(slots=True)
class ApiFault:
    """An answer in place of the real one.

    With `phase="before"` nothing happens but the answer. With `phase="after"` the request takes effect first and its
    answer is lost: the case that tells a client that repeats itself safely from one that does not.
    Without a status the connection is reset (or, given only a delay, the true answer comes late).
    """

    method: str
    path: re.Pattern[str]
    times: int
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Server Error"
    delay_s: float = 0
    is_reset: bool = False
    phase: Phase = "before"


# A hook may kill the caller, or raise ConnectionError: then the caller is cut off, before the request takes effect or
# after it, as the phase says.
RequestHook = Callable[[Seen], Awaitable[None] | None]


@dataclass(slots=True)
class Faults:
    on_request: list[RequestHook] = field(default_factory=list)
    _deliveries: list[DeliveryFault] = field(default_factory=list)
    _requests: list[ApiFault] = field(default_factory=list)
    _seen: int = 0

    def deliver(
        self,
        mishap: Mishap,
        event: str | None = None,
        action: str | None = None,
        *,
        times: int = 1,
        delay_s: float = 0.2,
    ) -> None:
        """Let `mishap` befall the next `times` deliveries of `event` (any event when None)."""
        self._deliveries.append(DeliveryFault(mishap, event, action, times, delay_s))

    def answer(
        self,
        method: str,
        path: str,
        status: int,
        *,
        times: int = 1,
        phase: Phase = "before",
        message: str = "",
    ) -> None:
        """Answer `status` to the next `times` requests whose method and path match (regular expressions)."""
        messages = {401: "Bad credentials", 403: "Forbidden", 404: "Not Found"}
        said = message or messages.get(status, "Server Error")
        self._requests.append(ApiFault(method, re.compile(path), times, status, message=said, phase=phase))

    def rate_limit(
        self, method: str, path: str, *, times: int = 1, status: int = 429, retry_after_s: int = 1
    ) -> None:
        """The secondary limit: 429 or 403, told only by `Retry-After` and the message."""
        headers = {"Retry-After": str(retry_after_s)}
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        self._requests.append(ApiFault(method, re.compile(path), times, status, headers, message))

    def slow(self, method: str, path: str, delay_s: float, *, times: int = 1) -> None:
        self._requests.append(ApiFault(method, re.compile(path), times, delay_s=delay_s))

    def reset(self, method: str, path: str, *, times: int = 1, phase: Phase = "before") -> None:
        self._requests.append(ApiFault(method, re.compile(path), times, is_reset=True, phase=phase))

    def clear(self) -> None:
        self._deliveries.clear()
        self._requests.clear()
        self.on_request.clear()

    @property
    def pending(self) -> int:
        """How many strikes have been asked for and not happened yet."""
        return sum(fault.times for fault in self._deliveries) + sum(fault.times for fault in self._requests)

    def next_for_delivery(self, event: str, action: str | None) -> DeliveryFault | None:
        for fault in self._deliveries:
            if fault.times > 0 and fault.event in (None, event) and fault.action in (None, action):
                fault.times -= 1
                return fault
        return None

    def next_for_request(self, method: str, path: str) -> ApiFault | None:
        for fault in self._requests:
            if fault.times > 0 and re.fullmatch(fault.method, method) and fault.path.search(path):
                fault.times -= 1
                return fault
        return None

    def count_request(self) -> int:
        self._seen += 1
        return self._seen

    async def tell(self, seen: Seen) -> None:
        for hook in list(self.on_request):
            result = hook(seen)
            if inspect.isawaitable(result):
                await result
