"""What a chart says of itself: `Chart.yaml`, and `requirements.yaml` and the lock files beside it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.model.manifests import canonical_json
from bot.model.semver import BadVersion, parse_version
from bot.render.errors import Unrenderable
from bot.render.helm.values import first_document

CHART_FILE = "Chart.yaml"
VALUES_FILE = "values.yaml"
_MAX_DEPENDENCIES = 200
_SMALL_BYTES = 16 * 1024
_SUBCHART = re.compile(r"charts/([^/_.][^/]*)/Chart\.yaml")


@dataclass(frozen=True, slots=True)
class Dependency:
    """`repository` is an address, `file://` and a path, or empty for a chart that must lie in `charts/`."""

    name: str
    version: str = ""
    repository: str = ""
    alias: str = ""

    @property
    def key(self) -> str:
        """What it is called in its chart: no two are called the same."""
        return self.alias or self.name

    @property
    def is_local(self) -> bool:
        return not self.repository or self.repository.startswith("file://")


@dataclass(frozen=True, slots=True)
class Metadata:
    """`dependencies` are those of the lock file where there is one."""

    name: str
    version: str
    dependencies: tuple[Dependency, ...] = ()


def metadata(files: Mapping[str, bytes]) -> Metadata:
    """Raises `Unrenderable` with the file of the chart that is wrong."""
    chart = _read(files, CHART_FILE)
    if CHART_FILE not in files:
        raise Unrenderable("the chart has no Chart.yaml")
    # Helm reads both files into one structure, the older one last, whatever apiVersion says.
    declared = _read(files, "requirements.yaml").get("dependencies") or chart.get("dependencies")
    named = _dependencies(declared, CHART_FILE)
    for lock in ("Chart.lock", "requirements.lock"):
        if lock in files:
            # A lock file says which version, but not under which alias.
            named = _locked(named, _dependencies(_read(files, lock).get("dependencies"), lock))
    return Metadata(_text(chart, "name", CHART_FILE), _text(chart, "version", CHART_FILE), named)


def missing(files: Mapping[str, bytes], about: Metadata) -> tuple[Dependency, ...]:
    """The dependencies that no chart in `charts/` satisfies, as source-controller finds them."""
    present = {
        str(first_document(data).get("name")) for path, data in files.items() if _SUBCHART.fullmatch(path)
    }
    return tuple(d for d in about.dependencies if d.key not in present and d.name not in present)


def labelled(files: Mapping[str, bytes], label: str) -> bytes:
    """`Chart.yaml` with `label` as build metadata of its version. Raises `Unrenderable`."""
    chart = _read(files, CHART_FILE)
    text = _text(chart, "version", CHART_FILE)
    try:
        version = parse_version(text)
    except BadVersion:
        raise Unrenderable(f"{CHART_FILE}: the version {text[:80]!r} is no semantic version") from None
    bare = str(version).partition("+")[0]
    return canonical_json({**chart, "version": f"{bare}+{label}"})


def _read(files: Mapping[str, bytes], name: str) -> Mapping[str, Any]:
    data = files.get(name, b"")
    try:
        return _small_document(data) if len(data) <= _SMALL_BYTES else first_document(data)
    except Unrenderable as error:
        raise Unrenderable(f"{name} of the chart: {error.message}") from None


@lru_cache(maxsize=64)
def _small_document(data: bytes) -> Mapping[str, Any]:
    """Remembered: whoever traces, keys and renders a release reads the same file, and so do all releases of a chart."""
    return first_document(data)


def _text(mapping: Mapping[str, Any], field: str, file: str) -> str:
    value = mapping.get(field)
    if isinstance(value, bool | dict | list) or value in (None, ""):
        raise Unrenderable(f"{file} of the chart: {field} is missing, or not text")
    return str(value)


def _dependencies(value: Any, file: str) -> tuple[Dependency, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unrenderable(f"{file} of the chart: dependencies must be a list of mappings")
    if len(value) > _MAX_DEPENDENCIES:
        raise Unrenderable(f"{file} of the chart: there are more than {_MAX_DEPENDENCIES} dependencies")
    return tuple(
        Dependency(
            _text(item, "name", f"a dependency in {file}"),
            str(item.get("version") or ""),
            str(item.get("repository") or ""),
            str(item.get("alias") or ""),
        )
        for item in value
    )


def _locked(declared: tuple[Dependency, ...], locked: tuple[Dependency, ...]) -> tuple[Dependency, ...]:
    """Each declared dependency with the version and place that the lock file gives it, in its order among namesakes."""
    waiting = list(locked)
    result: list[Dependency] = []
    for dependency in declared:
        found = next((lock for lock in waiting if lock.name == dependency.name), None)
        if found is None:
            result.append(dependency)
            continue
        waiting.remove(found)
        result.append(Dependency(found.name, found.version, found.repository, dependency.alias))
    return tuple(result)
