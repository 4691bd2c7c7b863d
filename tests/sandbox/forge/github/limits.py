"""How much one caller may ask for.

The invariant: an answer 304 costs nothing, and a refusal names when to come back.
"""

from collections import deque
from dataclasses import dataclass, field

from tests.sandbox.forge.github.errors import ApiError

HOUR_S = 3600
MINUTE_S = 60


@dataclass(slots=True)
class Window:
    reset_at: int
    used: int = 0
    points: deque[tuple[float, int]] = field(default_factory=deque)
    written_at: deque[float] = field(default_factory=deque)
    under_way: int = 0


@dataclass(slots=True)
class Limits:
    """GitHub's numbers; a test that wants to meet them soon lowers them."""

    per_hour: int = 5000
    points_per_minute: int = 900
    writes_per_minute: int = 80
    writes_per_hour: int = 500
    concurrent: int = 100
    _windows: dict[str, Window] = field(default_factory=dict)

    def window(self, key: str, now: float) -> Window:
        window = self._windows.get(key)
        if window is None or now >= window.reset_at:
            window = self._windows[key] = Window(int(now) + HOUR_S)
        return window

    def charge(self, key: str, now: float, *, method: str, is_content: bool) -> None:
        window = self.window(key, now)
        if window.used >= self.per_hour:
            raise ApiError(403, f"API rate limit exceeded for {key}.", headers=self.headers(key, now))
        if window.under_way >= self.concurrent:
            raise self._secondary(key, now, MINUTE_S)
        window.used += 1
        self._charge_points(window, key, now, 1 if method == "GET" else 5)
        if is_content:
            self._charge_content(window, key, now)

    def _charge_points(self, window: Window, key: str, now: float, points: int) -> None:
        spent = window.points
        while spent and spent[0][0] <= now - MINUTE_S:
            spent.popleft()
        if sum(known for _, known in spent) + points > self.points_per_minute:
            raise self._secondary(key, now, MINUTE_S)
        spent.append((now, points))

    def _charge_content(self, window: Window, key: str, now: float) -> None:
        written = window.written_at
        while written and written[0] <= now - HOUR_S:
            written.popleft()
        last_minute = sum(moment > now - MINUTE_S for moment in written)
        if last_minute >= self.writes_per_minute:
            raise self._secondary(key, now, MINUTE_S)
        if len(written) >= self.writes_per_hour:
            raise self._secondary(key, now, HOUR_S)
        written.append(now)

    def refund(self, key: str, now: float) -> None:
        self.window(key, now).used -= 1

    def headers(self, key: str, now: float) -> dict[str, str]:
        return {
            f"X-RateLimit-{name.title()}": str(value) for name, value in self.status(key, now).items()
        } | {"X-RateLimit-Resource": "core"}

    def status(self, key: str, now: float) -> dict[str, int]:
        window = self.window(key, now)
        remaining = max(0, self.per_hour - window.used)
        return {"limit": self.per_hour, "remaining": remaining, "reset": window.reset_at, "used": window.used}

    def _secondary(self, key: str, now: float, retry_after_s: int) -> ApiError:
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        return ApiError(403, message, headers={**self.headers(key, now), "Retry-After": str(retry_after_s)})
