"""Where this GitHub is: its addresses, and how it writes times and ids."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

API_ROOT = "/api/v3"


@dataclass(frozen=True, slots=True)
class Site:
    """Like a GitHub Enterprise Server: pages at the root, the API below `/api/v3`."""

    web: str

    @property
    def api(self) -> str:
        return self.web + API_ROOT


def timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe_timestamp(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment is not None else None


def node_id(kind: str, number: int | str) -> str:
    return base64.b64encode(f"{len(kind):03}:{kind}{number}".encode()).decode()
