"""The two times a delivery needs, so that a test can hold them.

Invariant: how long something took is asked of `monotonic`, never of `now`: wall clocks jump, and a holder that slept
must find out that it did.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of day, in UTC: for people and for records."""

    def monotonic(self) -> float:
        """Seconds that never run backwards and go on while the process is stopped."""

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
