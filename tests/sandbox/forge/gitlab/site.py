"""Where this GitLab is: its addresses, and how it writes times."""

from dataclasses import dataclass
from datetime import UTC, datetime

API_ROOT = "/api/v4"
VERSION = "18.5.0-ee"


@dataclass(frozen=True, slots=True)
class Site:
    web: str

    @property
    def api(self) -> str:
        return self.web + API_ROOT

    @property
    def host(self) -> str:
        return self.web.removeprefix("http://").partition(":")[0]


def timestamp(moment: datetime) -> str:
    """As the API writes it: milliseconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def maybe_timestamp(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment is not None else None


def hook_time(moment: datetime) -> str:
    """As most webhooks write it: `2025-09-15 16:52:00 UTC`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
