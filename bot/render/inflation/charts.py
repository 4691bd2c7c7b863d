"""One chart as Helm gets it from kustomize: its files, the values, and the arguments."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.model.inflation import ChartUse
from bot.model.manifests import canonical_json
from bot.model.release import Chart
from bot.model.rendering import Trace
from bot.model.tree import TreeReader
from bot.render.errors import Unrenderable
from bot.render.helm.actions import VOLATILE, asks_for
from bot.render.helm.dependencies import archive_files
from bot.render.helm.files import Budget, ChartFiles
from bot.render.helm.found import find, load, read_file
from bot.render.helm.ignore import IGNORE_FILE, Ignores, ignores
from bot.render.helm.inputs import Archive, ClusterFacts
from bot.render.helm.metadata import VALUES_FILE, metadata
from bot.render.helm.run import API_VERSION, KUBE_VERSION, NAME, NAMESPACE, has_remote_schema
from bot.render.helm.values import every_document, merged
from bot.render.inflation.declared import Inflation
from bot.render.inflation.merge import merged_values
from bot.render.paths import join
from bot.render.sandbox import ARCHIVE

STAND_IN = "1234567890"
"""For the second of the epoch that Helm puts behind the name of a release that has none."""


@dataclass(frozen=True, slots=True)
class Source:
    """A chart's files as Helm reads them, and those that kustomize reads beside Helm."""

    files: ChartFiles
    unpacked: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Larder:
    """Where charts and values are read from: the tree, and what was fetched to places in it.

    `facts` are what Argo CD tells charts of the cluster where a kustomization does not; None where nobody does.
    """

    tree: TreeReader
    uses: Mapping[str, ChartUse]
    archives: Mapping[Chart, Archive]
    facts: ClusterFacts | None = None

    @classmethod
    def of(
        cls,
        tree: TreeReader,
        trace: Trace,
        archives: Mapping[Chart, Archive],
        facts: ClusterFacts | None = None,
    ) -> "Larder":
        return cls(tree, {use.place: use for use in trace.charts}, archives, facts)

    def told(self, chart: Inflation) -> Inflation:
        """The chart with the versions that it is rendered for."""
        if self.facts is None:
            return chart
        return replace(
            chart,
            kube_version=chart.kube_version or self.facts.kube_version,
            api_versions=chart.api_versions or self.facts.api_versions,
        )

    def source(self, chart: Inflation, base: str, budget: Budget) -> Source:
        """Raises `Unrenderable`."""
        path = join(base, chart.place)
        use = self.uses.get(path)
        if use is None or use.chart is None:
            return Source(load(self.tree, find(self.tree, path), budget), {})
        archive = self.archives.get(use.chart)
        if archive is None:
            raise Unrenderable("the chart was not fetched")
        files = fetched(chart, archive, budget)
        ignored = ignores(files.get(IGNORE_FILE, b""))
        kept = {path: data for path, data in files.items() if not _is_hidden(path, ignored)}
        return Source(kept, files)

    def values(self, chart: Inflation, base: str, source: Source) -> bytes:
        """The values as JSON. Raises `Unrenderable`."""
        inline = dict(chart.values_inline)
        if inline and not chart.needs_values_file:
            values = inline
        else:
            path = (
                join(base, chart.values_file)
                if chart.values_file
                else join(base, f"{chart.place}/{VALUES_FILE}")
            )
            data = self._file(path, chart, base, source)
            try:
                values = (
                    merged_values(data, inline, inline_wins=chart.values_merge == "override")
                    if inline
                    else every_document(data)
                )
            except Unrenderable as error:
                raise Unrenderable(f"{path} {error.message}") from None
        for text in chart.additional_values_files:
            path = join(base, text)
            try:
                values = merged(values, every_document(self._file(path, chart, base, source)))
            except Unrenderable as error:
                raise Unrenderable(f"{path} {error.message}") from None
        return canonical_json(values)

    def _file(self, path: str, chart: Inflation, base: str, source: Source) -> bytes:
        place = join(base, chart.place)
        if source.unpacked and path.startswith(f"{place}/"):
            data = source.unpacked.get(path[len(place) + 1 :])
        else:
            data = read_file(self.tree, path)[1]
        if data is None:
            raise Unrenderable("does not exist")
        return data


def fetched(chart: Inflation, archive: Archive, budget: Budget) -> ChartFiles:
    """The files of a chart that lies nowhere yet; it must be called what it was asked for by. Raises `Unrenderable`."""
    files = archive_files(archive, budget)
    name = metadata(files).name
    if name != chart.name:
        raise Unrenderable(
            f"the chart that was fetched is called {name[:80]!r}, and kustomize does not find it"
        )
    return files


def arguments(chart: Inflation, namespace: str, files: ChartFiles) -> list[str]:
    """Those of `helm template`. Every name is checked: none can be taken for another option. Raises `Unrenderable`."""
    named = [_release(chart), f"./{ARCHIVE}"]
    if not chart.release_name and "{{" in chart.name_template:
        if asks_for(chart.name_template, VOLATILE):
            raise Unrenderable("nameTemplate makes another name at each build")
        named = [f"./{ARCHIVE}", f"--name-template={chart.name_template}"]
    elif not NAME.fullmatch(named[0]) or len(named[0]) > 53:
        raise Unrenderable(f"{named[0][:80]!r} is no name that Helm takes for a release")
    result = [*named]
    if namespace:
        if not NAMESPACE.fullmatch(namespace) or len(namespace) > 63:
            raise Unrenderable(f"{namespace[:80]!r} is no name of a namespace")
        result.append(f"--namespace={namespace}")
    for version in chart.api_versions:
        if not API_VERSION.fullmatch(version):
            raise Unrenderable(f"apiVersions: {version[:80]!r} is no version of an API")
        result.append(f"--api-versions={version}")
    if chart.kube_version:
        if not KUBE_VERSION.fullmatch(chart.kube_version):
            raise Unrenderable(f"kubeVersion: {chart.kube_version[:80]!r} is no version of Kubernetes")
        result.append(f"--kube-version={chart.kube_version}")
    flags = (
        ("--include-crds", chart.include_crds),
        ("--skip-tests", chart.skip_tests),
        ("--no-hooks", chart.skip_hooks),
        ("--skip-schema-validation", has_remote_schema(files)),
    )
    return [*result, *(flag for flag, is_set in flags if is_set)]


def generated_name(chart: Inflation) -> str:
    """What stands for the name that Helm makes up; empty where the release has one."""
    if chart.release_name or chart.name_template:
        return ""
    return f"{posixpath.basename(chart.name).partition('.')[0]}-{STAND_IN}"


def _release(chart: Inflation) -> str:
    return chart.release_name or chart.name_template or generated_name(chart)


def _is_hidden(path: str, ignored: Ignores) -> bool:
    parts = path.split("/")
    return any(ignored("/".join(parts[:end]), end < len(parts)) for end in range(1, len(parts) + 1))
