"""How many charts one piece of work may take, of how many repositories, and how large they may be together."""

from bot.model.release import Chart, ChartKind
from bot.render.errors import Unrenderable

MOST_CHARTS = 1000
MOST_INDEXES = 200
MOST_CHART_BYTES = 2 << 30
"""Of all charts, and of the indexes that name them."""


class ChartRoom:
    """Each chart and index counts once, whether it has to be fetched or was known."""

    def __init__(self) -> None:
        self._charts: set[Chart] = set()
        self._indexes: set[str] = set()
        self._sizes: dict[str, int] = {}

    def admit(self, chart: Chart) -> None:
        """Raises `Unrenderable` for one too many."""
        if chart in self._charts:
            return
        if len(self._charts) >= MOST_CHARTS:
            raise Unrenderable(f"the chart is one of more than {MOST_CHARTS}")
        if sum(self._sizes.values()) > MOST_CHART_BYTES:
            raise Unrenderable(
                f"the chart is one of more than {MOST_CHART_BYTES >> 30} GiB, with the indexes that name them"
            )
        is_listed = chart.kind is ChartKind.REPOSITORY
        if is_listed and chart.url not in self._indexes and len(self._indexes) >= MOST_INDEXES:
            raise Unrenderable(f"the chart lies in one of more than {MOST_INDEXES} Helm repositories")
        self._charts.add(chart)
        if is_listed:
            self._indexes.add(chart.url)

    def note(self, name: str, size_bytes: int) -> None:
        """What a chart's digest, or the address of an index, turned out to take."""
        self._sizes[name] = size_bytes
