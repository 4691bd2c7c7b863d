"""Which chart a HelmRelease takes, and where it lies."""

import posixpath
import re
from dataclasses import dataclass

from bot.discover.fields import mapping, path_below, text
from bot.discover.flux.places import Place, place_of, suspended_remark
from bot.discover.flux.settings import reference
from bot.discover.flux.sources import DeclaredSource, Sources, why_ambiguous
from bot.discover.repository import without_login
from bot.discover.schema import shown
from bot.discover.spec import Spec
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef
from bot.model.release import Chart, ChartKind
from bot.model.target import OciSource

_CHART_NAME = re.compile(r"[-a-z0-9./]+")
_CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass(frozen=True, slots=True)
class ChartPlace:
    """`chart` holds what is known, also where `place` says why that is not enough. `ref` is what the release names."""

    chart: Chart
    place: Place
    ref: ObjectRef | None = None


def chart_place(spec: Spec, sources: Sources, namespace: str) -> ChartPlace:
    """`namespace` is the HelmRelease's own."""
    has_template, has_ref = "chart" in spec.fields, "chartRef" in spec.fields
    if has_template == has_ref:
        why = "spec has both a chart and a chartRef" if has_ref else "spec has neither a chart nor a chartRef"
        return ChartPlace(Chart(ChartKind.REPOSITORY), Place(unknown_because=f"{why}: one of them is needed"))
    if has_template:
        return _templated(mapping(spec.fields["chart"].get("spec")), sources, namespace)
    ref = reference(spec.fields["chartRef"], namespace)
    if ref is None:
        return ChartPlace(
            Chart(ChartKind.OCI), Place(unknown_because="spec.chartRef needs a kind and a name")
        )
    if ref.kind == "HelmChart":
        return _of_object(ref, sources)
    place = place_of(ref, sources)
    if place.composed is not None:
        return ChartPlace(Chart(ChartKind.TREE, is_artifact=True), place, ref)
    chart = _artifact(place.oci) if place.oci else Chart(ChartKind.OCI, is_artifact=True)
    why = place.unknown_because or (_why_no_chart(place.oci, ref) if place.oci else "")
    return ChartPlace(chart, Place(unknown_because=why, remarks=place.remarks), ref)


def _of_object(ref: ObjectRef, sources: Sources) -> ChartPlace:
    """A HelmChart takes its source from its own namespace."""
    found = sources.source_of(ref.kind, ref.namespace, ref.name)
    if not found:
        return ChartPlace(Chart(ChartKind.REPOSITORY), Place(unknown_because=sources.why_missing(ref)), ref)
    return _agreed([_of_declared(source, ref, sources) for source in found], ref)


def _agreed(places: list[ChartPlace], ref: ObjectRef) -> ChartPlace:
    if all(place == places[0] for place in places):
        return places[0]
    return ChartPlace(
        places[0].chart, Place(unknown_because=f"its source, {why_ambiguous(ref, len(places))}"), ref
    )


def _of_declared(source: DeclaredSource, ref: ObjectRef, sources: Sources) -> ChartPlace:
    found = _templated(source.spec, sources, ref.namespace)
    place = found.place
    if source.unknown_because:
        place = Place(unknown_because=f"its source, {ref}, cannot be used: {source.unknown_because}")
    return ChartPlace(found.chart, place, ref)


def _templated(spec: Manifest, sources: Sources, namespace: str) -> ChartPlace:
    """`spec` is that of a HelmChart: written as such, or in the HelmRelease."""
    ref = reference(spec.get("sourceRef"), namespace)
    common = Chart(
        ChartKind.REPOSITORY,
        name=text(spec, "chart"),
        version="" if text(spec, "version") == "*" else text(spec, "version"),
        values_files=_values_files(spec),
        ignore_missing_values_files=spec.get("ignoreMissingValuesFiles") is True,
        has_revision=text(spec, "reconcileStrategy") == "Revision",
    )
    if ref is None:
        why = "the chart's sourceRef needs a kind and a name"
        return ChartPlace(common, Place(unknown_because=why))
    if ref.kind == "HelmRepository":
        return _from_repository(common, ref, sources)
    chart = _in_tree(common)
    return ChartPlace(chart, place_of(ref, sources), ref)


def _in_tree(chart: Chart) -> Chart:
    """A chart beside other files has the version that stands in it."""
    return Chart(
        ChartKind.TREE,
        name=path_below(chart.name),
        values_files=tuple(map(path_below, chart.values_files)),
        ignore_missing_values_files=chart.ignore_missing_values_files,
        has_revision=chart.has_revision,
    )


def _from_repository(chart: Chart, ref: ObjectRef, sources: Sources) -> ChartPlace:
    found = sources.source_of(ref.kind, ref.namespace, ref.name)
    if not found:
        return ChartPlace(chart, Place(unknown_because=sources.why_missing(ref)), ref)
    return _agreed([_from_declared_repository(chart, source, ref) for source in found], ref)


def _from_declared_repository(chart: Chart, source: DeclaredSource, ref: ObjectRef) -> ChartPlace:
    url, is_oci = without_login(text(source.spec, "url")), text(source.spec, "type") == "oci"
    why = ""
    if source.unknown_because:
        why = f"its source, {ref}, cannot be used: {source.unknown_because}"
    elif is_oci != url.startswith("oci://"):
        wanted = "spec.url does not begin with oci://" if is_oci else "spec.url needs spec.type: oci"
        why = f"its source, {ref}, cannot be used: {wanted}"
    elif not _CHART_NAME.fullmatch(chart.name) or ".." in chart.name:
        why = f"the chart is called {shown(chart.name)}: lower-case letters, digits, '-', '.' and '/' are allowed"
    return ChartPlace(
        Chart(
            ChartKind.OCI if is_oci else ChartKind.REPOSITORY,
            name="" if is_oci else chart.name,
            url=f"{url.rstrip('/')}/{chart.name.strip('/')}" if is_oci else url,
            version=chart.version,
            values_files=chart.values_files,
            ignore_missing_values_files=chart.ignore_missing_values_files,
            is_insecure=source.spec.get("insecure") is True,
            secret=text(mapping(source.spec.get("secretRef")), "name"),
        ),
        Place(unknown_because=why, remarks=suspended_remark(source)),
        ref,
    )


def _artifact(source: OciSource) -> Chart:
    """The first of digest, range and tag that is given counts."""
    version = "" if source.digest else source.semver
    return Chart(
        ChartKind.OCI,
        url=source.url,
        version=version,
        tag="" if source.digest or version else source.tag or "latest",
        digest=source.digest,
        is_artifact=True,
        is_insecure=source.is_insecure,
        secret=source.secret,
    )


def _why_no_chart(source: OciSource, ref: ObjectRef) -> str:
    if source.semver_filter and source.semver and not source.digest:
        return f"its source, {ref}, has spec.ref.semverFilter, which Longshore does not apply to charts"
    if source.media_type not in ("", _CHART_LAYER):
        return f"its source, {ref}, takes the layer {shown(source.media_type)}, which is not that of a chart"
    return ""


def _values_files(spec: Manifest) -> tuple[str, ...]:
    """The chart's own `values.yaml` alone is what is taken anyway. The old field comes first."""
    old = text(spec, "valuesFile")
    files = (*((old,) if old else ()), *spec.get("valuesFiles", ()))
    if len(files) == 1 and posixpath.normpath(files[0]) == "values.yaml":
        return ()
    return files
