"""How much one caller may ask for, in GitLab's numbers and headers.

The invariant: every answer says how much is left, and a refusal when to come back.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from tests.sandbox.forge.gitlab.errors import ApiError

MINUTE_S = 60
NOTES_PER_MINUTE = 300


@dataclass(slots=True)
class Window:
    began_at: int
    used: int = 0


@dataclass(slots=True)
class Limits:
    """A test that wants to meet them soon lowers them."""

    per_minute: int = 2000
    notes_per_minute: int = NOTES_PER_MINUTE
    _windows: dict[str, Window] = field(default_factory=dict)

    def _window(self, key: str, now: float) -> Window:
        window = self._windows.get(key)
        if window is None or now >= window.began_at + MINUTE_S:
            # GitLab's minutes are the clock's; beginning with the first request keeps a short test within one.
            window = self._windows[key] = Window(int(now))
        return window

    def charge(self, key: str, now: float) -> None:
        """The limit in front of the application: its refusal is plain text."""
        window = self._window(key, now)
        window.used += 1
        if window.used > self.per_minute:
            wait = str(window.began_at + MINUTE_S - int(now))
            raise ApiError(429, "Retry later\n", {**self.headers(key, now), "Retry-After": wait})

    def charge_note(self, key: str, now: float) -> None:
        """A limit of the application itself, which says so in JSON and not when to come back."""
        window = self._window(f"notes:{key}", now)
        window.used += 1
        if window.used > self.notes_per_minute:
            said = "This endpoint has been requested too many times. Try again later."
            raise ApiError(429, {"message": {"error": said}}, {"Retry-After": str(MINUTE_S)})

    def headers(self, key: str, now: float) -> dict[str, str]:
        window = self._window(key, now)
        reset = window.began_at + MINUTE_S
        return {
            "RateLimit-Limit": str(self.per_minute),
            "RateLimit-Name": "throttle_authenticated_api",
            "RateLimit-Observed": str(window.used),
            "RateLimit-Remaining": str(max(0, self.per_minute - window.used)),
            "RateLimit-Reset": str(reset),
            "RateLimit-ResetTime": format_datetime(datetime.fromtimestamp(reset, UTC), usegmt=True),
        }
