"""What a kustomization says of the charts that it inflates: `helmCharts`, its older form, and the generator's own.

Spelt and typed exactly so, as everywhere in the allow-list: what Longshore would read otherwise than kustomize is
refused. A plain function of the file.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model.release import Chart, ChartKind

KIND = "HelmChartInflationGenerator"
FIELDS = ("helmCharts", "helmGlobals", "helmChartInflationGenerator")
_DEFAULT_HOME = "charts"
_NEWEST_AT_ALL = ">0.0.0-0"
_MERGES = ("override", "merge", "replace")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_EXACT_VERSION = re.compile(r"v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?")


@dataclass(frozen=True, slots=True)
class Inflation:
    """One chart. `at` is where it stands, for people; `chart_home` and the values files are paths as written.

    `inherits_namespace` says whether the kustomization's own `namespace`, or that of whoever refers to it, is the
    release's where `namespace` is empty.
    """

    at: str
    name: str
    version: str = ""
    repo: str = ""
    release_name: str = ""
    name_template: str = ""
    namespace: str = ""
    chart_home: str = _DEFAULT_HOME
    values_file: str = ""
    additional_values_files: tuple[str, ...] = ()
    values_inline: Mapping[str, Any] = field(default_factory=dict)
    values_merge: str = "override"
    include_crds: bool = False
    skip_hooks: bool = False
    skip_tests: bool = False
    devel: bool = False
    api_versions: tuple[str, ...] = ()
    kube_version: str = ""
    inherits_namespace: bool = True

    @property
    def place(self) -> str:
        """Where kustomize looks for the chart, from the kustomization; what it fetches comes to lie there."""
        home = self.chart_home
        if self.version and self.repo:
            home = posixpath.join(home, f"{self.name}-{self.version}")
        return posixpath.join(home, self.name)

    @property
    def needs_values_file(self) -> bool:
        return not (self.values_inline and self.values_merge == "replace")

    @property
    def is_pinned(self) -> bool:
        return bool(_EXACT_VERSION.fullmatch(self.version))

    @property
    def wanted(self) -> Chart | None:
        """What kustomize fetches where there is no chart; None where it cannot."""
        version = self.version or (_NEWEST_AT_ALL if self.devel else "")
        if not self.repo or not _NAME.fullmatch(self.name):
            return None
        if self.repo.startswith("oci://"):
            return Chart(ChartKind.OCI, url=f"{self.repo.removesuffix('/')}/{self.name}", version=version)
        return Chart(ChartKind.REPOSITORY, self.name, self.repo, version)


class BadField(Exception):
    """`field` and `reason` are for people."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def in_kustomization(value: Mapping[str, Any]) -> Iterator[Inflation | BadField]:
    """Those of a kustomization, in kustomize's order."""
    try:
        globals_ = _Fields("helmGlobals", value.get("helmGlobals"), _GLOBALS)
        home = globals_.text("chartHome")
        old = [_Fields(at, item, _OLD_CHART) for at, item in _items(value, "helmChartInflationGenerator")]
        if value.get("helmGlobals") is None:
            home = next(filter(None, (each.text("chartHome") for each in reversed(old))), "")
    except BadField as error:
        yield error
        return
    yield from _each(value, "helmCharts", lambda at, item: _chart(_Fields(at, item, _CHART), home))
    yield from _each(
        value, "helmChartInflationGenerator", lambda at, item: _old_chart(_Fields(at, item, _OLD_CHART), home)
    )


def in_generator(config: Mapping[str, Any], at: str) -> Inflation:
    """That of a generator's own configuration, which inherits nothing. Raises `BadField`."""
    fields = _Fields(at, config, _CHART | _GLOBALS | {"apiVersion", "kind", "metadata"})
    return _chart(fields, fields.text("chartHome"), inherits_namespace=False)


_GLOBALS = frozenset({"chartHome", "configHome"})
"""`configHome` is where Helm finds its settings when it fetches: nothing that is rendered depends on it."""
_CHART = frozenset(
    {
        "additionalValuesFiles",
        "apiVersions",
        "debug",
        "devel",
        "includeCRDs",
        "kubeVersion",
        "name",
        "nameTemplate",
        "namespace",
        "releaseName",
        "repo",
        "skipHooks",
        "skipTests",
        "valuesFile",
        "valuesInline",
        "valuesMerge",
        "version",
    }
)
_OLD_CHART = frozenset(
    {
        "chartHome",
        "chartName",
        "chartRepoName",
        "chartRepoUrl",
        "chartVersion",
        "extraArgs",
        "helmBin",
        "helmHome",
        "releaseName",
        "releaseNamespace",
        "values",
        "valuesLocal",
        "valuesMerge",
    }
)
"""Of these kustomize itself passes over `chartRepoName`, `extraArgs`, `helmBin` and `releaseNamespace`."""


class _Fields:
    """The fields of one mapping, by their types. Raises `BadField`."""

    def __init__(self, at: str, value: Any, known: frozenset[str]) -> None:
        self.at = at
        self._value: Mapping[str, Any] = {}
        if value is not None:
            if not isinstance(value, dict):
                raise BadField(at, "must be a mapping")
            self._value = value
        unknown = min(self._value.keys() - known, default=None)
        if unknown is not None:
            raise BadField(f"{at}.{unknown}"[:120], "is not a field that Longshore reads")

    def text(self, name: str) -> str:
        value = self._value.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise BadField(f"{self.at}.{name}", "must be text")
        return value

    def flag(self, name: str) -> bool:
        value = self._value.get(name)
        if value is not None and not isinstance(value, bool):
            raise BadField(f"{self.at}.{name}", "must be true or false")
        return bool(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._value.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BadField(f"{self.at}.{name}", "must be a list of texts")
        return tuple(value)

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self._value.get(name)
        if value is not None and not isinstance(value, dict):
            raise BadField(f"{self.at}.{name}", "must be a mapping")
        return value or {}


def _chart(fields: _Fields, home: str, *, inherits_namespace: bool = True) -> Inflation:
    fields.flag("debug")
    return _checked(
        Inflation(
            at=fields.at,
            name=fields.text("name"),
            version=fields.text("version"),
            repo=fields.text("repo"),
            release_name=fields.text("releaseName"),
            name_template=fields.text("nameTemplate"),
            namespace=fields.text("namespace"),
            chart_home=home or _DEFAULT_HOME,
            values_file=fields.text("valuesFile"),
            additional_values_files=fields.texts("additionalValuesFiles"),
            values_inline=fields.mapping("valuesInline"),
            values_merge=fields.text("valuesMerge") or _MERGES[0],
            include_crds=fields.flag("includeCRDs"),
            skip_hooks=fields.flag("skipHooks"),
            skip_tests=fields.flag("skipTests"),
            devel=fields.flag("devel"),
            api_versions=fields.texts("apiVersions"),
            kube_version=fields.text("kubeVersion"),
            inherits_namespace=inherits_namespace,
        )
    )


def _old_chart(fields: _Fields, home: str) -> Inflation:
    return _checked(
        Inflation(
            at=fields.at,
            name=fields.text("chartName"),
            version=fields.text("chartVersion"),
            repo=fields.text("chartRepoUrl"),
            release_name=fields.text("releaseName"),
            chart_home=home or _DEFAULT_HOME,
            values_file=fields.text("values"),
            values_inline=fields.mapping("valuesLocal"),
            values_merge=fields.text("valuesMerge") or _MERGES[0],
        )
    )


def _checked(chart: Inflation) -> Inflation:
    if not chart.name:
        raise BadField(chart.at, "names no chart")
    if chart.values_merge not in _MERGES:
        raise BadField(f"{chart.at}.valuesMerge", f"must be one of {', '.join(_MERGES)}")
    if chart.release_name and chart.name_template:
        raise BadField(chart.at, "has both releaseName and nameTemplate, of which Helm takes one")
    return chart


def _items(value: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    items = value.get(name)
    if items is None:
        return
    if not isinstance(items, list):
        raise BadField(name, "must be a list")
    for index, item in enumerate(items):
        yield f"{name}[{index}]", item


def _each(
    value: Mapping[str, Any], name: str, read: Callable[[str, Any], Inflation]
) -> Iterator[Inflation | BadField]:
    try:
        for at, item in _items(value, name):
            try:
                yield read(at, item)
            except BadField as error:
                yield error
    except BadField as error:
        yield error
