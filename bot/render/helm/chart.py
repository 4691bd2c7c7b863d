"""A release's chart as Flux hands it to Helm: its files, values files laid over, dependencies and version put in."""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model.manifests import canonical_json
from bot.model.release import Chart, ChartKind, Release
from bot.model.rendering import TraceEntry
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.envsubst import Unknown
from bot.render.errors import Unrenderable
from bot.render.helm.dependencies import archive_files, local_charts, with_dependencies
from bot.render.helm.files import Budget, ChartFiles
from bot.render.helm.found import Found, find_chart, load, read_file
from bot.render.helm.inputs import ReleaseInputs
from bot.render.helm.metadata import CHART_FILE, VALUES_FILE, labelled, metadata
from bot.render.helm.values import Placeholder, first_document, merged
from bot.render.paths import join

_OF_METADATA = (CHART_FILE, "requirements.yaml", "Chart.lock", "requirements.lock")
Reader = Callable[[str], bytes | None]
"""The bytes of a values file by its path as written, None where there is none. Raises `Unrenderable`."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """`places` says where in the tree a file of the chart lies, for those that lie there."""

    files: ChartFiles
    places: Mapping[str, str] = field(default_factory=dict)


def reads(tree: TreeReader, target: Target) -> Iterator[TraceEntry | Unrenderable]:
    """Everything in the tree that `assemble` reads or looks for, and why it must fail. Never raises."""
    release = target.release
    if release is None:
        yield Unrenderable("it names no release")
        return
    if release.chart.kind is not ChartKind.TREE:
        return
    try:
        found = find_chart(tree, release.chart)
        yield from found.entries
        if found.is_missing:
            yield _absent(found)
            return
        known = {
            name: read_file(tree, found.files[name])[1] or b"" for name in _OF_METADATA if name in found.files
        }
        if not (found.archive or found.is_packed):
            for local in local_charts(tree, found, metadata(known).dependencies):
                yield from local.entries
    except Unrenderable as error:
        yield error
    for text in wanted_values_files(release.chart):
        try:
            file, data = read_file(tree, _from_root(text))
            yield from file.entries
            if data is None and not release.chart.ignore_missing_values_files:
                yield _no_values_file(text)
        except Unrenderable as error:
            yield _about_values_file(text, error)


def assemble(tree: TreeReader, release: Release, inputs: ReleaseInputs) -> Assembled:
    """Raises `Unrenderable`."""
    chart, budget = release.chart, Budget()
    places: Mapping[str, str] = {}
    if chart.kind is ChartKind.TREE:
        found = find_chart(tree, chart)
        if found.is_missing:
            raise _absent(found)
        files, places = loaded(tree, found, inputs, budget), found.files
        reader = _tree_reader(tree)
    else:
        if inputs.archive is None:
            raise Unrenderable("the chart was not fetched")
        files = archive_files(inputs.archive, budget)
        reader = chart_reader(files)
    return Assembled(finished(files, chart, inputs.version_label, reader), places)


def loaded(tree: TreeReader, found: Found, inputs: ReleaseInputs, budget: Budget) -> ChartFiles:
    """The files of a chart in the tree, with its dependencies. Raises `Unrenderable`."""
    files = load(tree, found, budget)
    return (
        files
        if found.archive or found.is_packed
        else with_dependencies(tree, found, files, inputs.dependencies, budget)
    )


def finished(files: ChartFiles, chart: Chart, version_label: str, reader: Reader) -> ChartFiles:
    """The chart with its values files laid over and its version labelled. Raises `Unrenderable`."""
    metadata(files)
    result = dict(files)
    wanted = wanted_values_files(chart)
    if wanted:
        if VALUES_FILE not in files:
            raise Unrenderable("valuesFiles: the chart has no values.yaml that they could replace")
        values = _merged_files(wanted, reader, ignore_missing=chart.ignore_missing_values_files)
        result[VALUES_FILE] = canonical_json(values) if values else b""
    mark = version_mark(chart)
    label = version_label or (mark.text if mark else "")
    if label:
        result[CHART_FILE] = labelled(files, label)
    return result


def version_mark(chart: Chart) -> Placeholder | None:
    """What stands for that part of the chart's version which only the cluster knows; None where it adds nothing."""
    if chart.is_artifact and chart.kind is ChartKind.TREE:
        return _mark("Flux puts the digest of the artifact behind the chart's version")
    if chart.has_revision:
        return _mark("Flux puts the commit that it renders behind the chart's version")
    if wanted_values_files(chart):
        return _mark(
            "Flux puts the generation of its HelmChart behind the version of a chart with valuesFiles"
        )
    return None


def _mark(reason: str) -> Placeholder:
    return Placeholder("revision", "unknownrevisionvalue", Unknown(reason))


def wanted_values_files(chart: Chart) -> tuple[str, ...]:
    """Those that replace the chart's own values. Its own file alone replaces nothing, whatever the chart's kind."""
    names = chart.values_files
    if len(names) == 1 and names[0] and posixpath.normpath(names[0]) == VALUES_FILE:
        return ()
    return names


def chart_reader(files: Mapping[str, bytes]) -> Reader:
    """Values files of a packaged chart: those that are in it."""
    return lambda text: files.get(posixpath.normpath(text)) if text else None


def _tree_reader(tree: TreeReader) -> Reader:
    return lambda text: read_file(tree, _from_root(text))[1]


def _merged_files(names: tuple[str, ...], reader: Reader, *, ignore_missing: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for text in names:
        try:
            data = reader(text)
            if data is None:
                if ignore_missing:
                    continue
                raise _no_values_file(text)
            values = merged(values, first_document(data))
        except Unrenderable as error:
            raise _about_values_file(text, error) from None
    return values


def _from_root(text: str) -> str:
    """Flux takes these paths from the root of the source, with or without a slash."""
    return join("", text.lstrip("/") or text)


def _absent(found: Found) -> Unrenderable:
    return Unrenderable(f"the chart {found.path!r} does not exist")


def _no_values_file(text: str) -> Unrenderable:
    return Unrenderable(f"valuesFiles: {text[:200]!r} does not exist")


def _about_values_file(text: str, error: Unrenderable) -> Unrenderable:
    if error.message.startswith("valuesFiles: "):
        return error
    return Unrenderable(f"valuesFiles: {text[:200]!r} {error.message}", file=error.file)
