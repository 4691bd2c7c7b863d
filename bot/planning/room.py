"""What all targets of one piece of work may take together: charts, and files that they read."""

from collections import Counter
from dataclasses import replace

from bot.model.release import Chart, ChartKind
from bot.model.rendering import Trace, TraceEntry
from bot.model.repo import TreeId
from bot.render.errors import Unrenderable

MOST_CHARTS = 1000
MOST_INDEXES = 200
MOST_CHART_BYTES = 2 << 30
"""Of all charts, and of the indexes that name them."""
MOST_ENTRIES = 1_000_000
"""Of all traces of one side: ten seconds of reading at the most."""


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


class TraceRoom:
    """What every target reads counts for each that reads it, and is one object for all of them.

    Each side of a change has as much room, so that what is known of one is not lost to the other.
    """

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self._most = most
        self._taken: Counter[TreeId] = Counter()
        self._known: dict[TraceEntry, TraceEntry] = {}

    def require(self, tree: TreeId) -> None:
        """Raises `Unrenderable` where nothing more may be read."""
        if self._taken[tree] > self._most:
            raise Unrenderable(
                f"the targets of this change together read more than {self._most:,} files and directories; narrow down what "
                "each of them reads"
            )

    def admit(self, tree: TreeId, trace: Trace) -> Trace:
        """The same, told by entries that are shared. Raises `Unrenderable` for one too many."""
        self._taken[tree] += len(trace.entries)
        self.require(tree)
        return replace(trace, entries=tuple([self._known.setdefault(each, each) for each in trace.entries]))
