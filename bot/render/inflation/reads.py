"""What inflating charts reads of the tree, for a trace: the chart where it lies there, and its files of values."""

from collections.abc import Iterable
from dataclasses import replace

from bot.model.inflation import ChartUse
from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import EntryKind
from bot.render.argocd.build_options import Restrictor
from bot.render.errors import Unrenderable
from bot.render.ground import Site
from bot.render.helm.found import Found, find, read_file
from bot.render.helm.metadata import VALUES_FILE
from bot.render.inflation.declared import Inflation
from bot.render.notes import Notes
from bot.render.paths import follow, join

MAX_CHARTS = 100
"""Inflations of one target."""
ORIGINS_OF_CHARTS = (
    "buildMetadata: annotations of where objects come from cannot be told together with charts"
)
NOT_BY_FLUX = (
    "Flux inflates no charts in kustomizations, and applies nothing of this one; a HelmRelease is its way"
)


class Charts:
    """Those that one walk comes upon."""

    def __init__(self, notes: Notes, restrictor: Restrictor, *, is_flux: bool) -> None:
        self._notes = notes
        self._restrictor = restrictor
        self._is_flux = is_flux
        self._count = 0
        self._uses: dict[str, ChartUse] = {}

    @property
    def found(self) -> tuple[ChartUse, ...]:
        return tuple(use for _, use in sorted(self._uses.items()))

    def look(self, charts: Iterable[Inflation], site: Site, base: str, named_by: str = "") -> None:
        """Charts that a file of the site declares for the kustomization in `base`.

        `named_by` is the field that names the file, where it is a file of configurations.
        """
        for chart in charts:
            if named_by and not named_by.startswith("generators["):
                reason = f"{chart.at}: a chart is inflated where `generators` names this file itself"
                self._notes.refuse_in(reason, site.ground, site.file)
                return
            self._count += 1
            try:
                self._one(chart, site, base)
            except Unrenderable as error:
                line = self._notes.line(site.ground, site.file, chart.name)
                self._notes.refuse_in(
                    f"{chart.at} ({chart.name[:80]}): {error.message}", site.ground, site.file, line
                )

    def _one(self, chart: Inflation, site: Site, base: str) -> None:
        if self._is_flux:
            raise Unrenderable(NOT_BY_FLUX)
        if self._count > MAX_CHARTS:
            raise Unrenderable(f"is one of more than {MAX_CHARTS} charts")
        place = self._chart(chart, site, base)
        if chart.needs_values_file and chart.values_file:
            path = self._values(chart.values_file, site, base, place)
            # Other files of values are Helm's to read, and Helm minds no directory.
            self._restrictor.look(f"{chart.at}.valuesFile", chart.values_file, path, replace(site, base=base))
        for text in chart.additional_values_files:
            self._values(text, site, base, "")

    def _chart(self, chart: Inflation, site: Site, base: str) -> str:
        """The chart's directory, or what it will be. Raises `Unrenderable`."""
        tree, ground = site.ground.tree, site.ground
        path = join(base, chart.place)
        place = follow(tree, path)
        if place.entry is not None and place.entry.kind is EntryKind.TREE:
            use = ChartUse(ground.path(place.path))
            self._add(find(tree, path), site)
            file, data = read_file(tree, f"{place.path}/{VALUES_FILE}")
            self._add(file, site)
            if data is None and chart.needs_values_file and not chart.values_file:
                raise Unrenderable(f"the chart has no {VALUES_FILE}, which kustomize reads")
        else:
            found = Found(path)
            found.place(place)
            self._add(found, site)
            if chart.wanted is None:
                raise Unrenderable(f"there is no chart at {path!r}, and no repo to fetch it from")
            use = ChartUse(ground.path(path), chart.wanted)
            if not chart.is_pinned:
                self._say_that_it_moves(chart, site)
        if self._uses.setdefault(use.place, use) != use:
            raise Unrenderable(f"another chart is fetched to {path!r} as well, and kustomize keeps one")
        return "" if use.chart is None else path

    def _values(self, text: str, site: Site, base: str, fetched: str) -> str:
        """Where a file of values lies, which may be in a chart that is `fetched`. Raises `Unrenderable`."""
        try:
            path = join(base, text)
            file, data = read_file(site.ground.tree, path)
        except Unrenderable as error:
            raise Unrenderable(f"the values file {text[:200]!r} {error.message}") from None
        self._add(file, site)
        if site.ground.prefix and not _is_below(file.path, base):
            raise Unrenderable(f"the values file {text[:200]!r} lies outside the remote kustomization")
        if data is None and not (fetched and _is_below(path, fetched)):
            raise Unrenderable(f"the values file {text[:200]!r} does not exist")
        return file.path

    def _say_that_it_moves(self, chart: Inflation, site: Site) -> None:
        ground = site.ground
        line = self._notes.line(ground, site.file, chart.name)
        place = (ground.file, ground.line) if ground.prefix else (site.file, line)
        self._notes.warn(
            f"{chart.at}: the chart {chart.name} follows what is newest in its repository; pin it by `version`",
            *place,
        )

    def _add(self, found: Found, site: Site) -> None:
        for entry in found.entries:
            path = site.ground.path(entry.path)
            # A listing of a chart counts other names than a listing of resources does.
            about = "chart " if entry.kind is TraceKind.LISTING else ""
            self._notes.add(TraceEntry(path, entry.kind, entry.mode, entry.id), about)


def _is_below(path: str, directory: str) -> bool:
    return not directory or path.startswith(f"{directory}/")
