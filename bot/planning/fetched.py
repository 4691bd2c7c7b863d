"""What a release is rendered from beside its tree, and what of it to tell people."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.model.rendering import Material
from bot.render.helm.inputs import ReleaseInputs

if TYPE_CHECKING:
    from bot.registry.resolved import ResolvedChart


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a release is rendered from beside its tree; `remarks` are sentences for people, of what is to be wondered at."""

    inputs: ReleaseInputs = field(default_factory=ReleaseInputs)
    materials: tuple[Material, ...] = ()
    remarks: tuple[str, ...] = ()


def fetched_charts(inputs: ReleaseInputs, charts: "list[ResolvedChart]") -> Fetched:
    materials = {Material(f"chart {chart.name}", chart.version, chart.digest) for chart in charts}
    remarks = {
        f"chart {chart.name} {chart.version} was {chart.replaced} when it was last looked at, and is {chart.digest} now: "
        "it was published again with other content"
        for chart in charts
        if chart.replaced
    }
    return Fetched(inputs, tuple(sorted(materials)), tuple(sorted(remarks)))
