"""What a forge is asked with may end on a day that nobody has in mind: said some days before, in the log and by a metric."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from bot.errors import LongshoreError
from bot.worker.housekeeping import Chore
from bot.worker.metrics import Metrics

EVERY_S: Final = 3600.0
SOON: Final = timedelta(days=14)

Expiry = Callable[[], Awaitable[datetime | None]]
"""When the credentials for one forge end; None where they do not, or nobody says so. May raise LongshoreError."""

log = structlog.get_logger(__name__)


def watch_credentials(expiries: Mapping[str, Expiry], metrics: Metrics) -> Chore:
    async def look() -> None:
        for forge, expiry in expiries.items():
            try:
                ends_at = await expiry()
            except LongshoreError as error:
                # What is wrong there is told by the steps that need it.
                log.info("credentials_not_looked_at", forge=forge, reason=str(error))
                continue
            _tell(forge, ends_at, metrics)

    return Chore("credentials", EVERY_S, look)


def _tell(forge: str, ends_at: datetime | None, metrics: Metrics) -> None:
    if ends_at is None:
        # Others may have taken the place of some that ended.
        metrics.credentials.remove(forge)
        return
    metrics.credentials.labels(forge).set(ends_at.timestamp())
    if ends_at - datetime.now(UTC) <= SOON:
        log.warning("credentials_expire", forge=forge, at=ends_at.isoformat())
