"""A chart that a kustomization inflates, as a read trace names it."""

from dataclasses import dataclass

from bot.model.release import Chart


@dataclass(frozen=True, slots=True)
class ChartUse:
    """`place` is the directory in which kustomize looks for the chart, as the trace names paths.

    `chart` is what is fetched because nothing lies there, None where it lies there.
    """

    place: str
    chart: Chart | None = None
