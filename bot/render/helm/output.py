"""What `helm template` wrote, taken apart: the objects of `crds/`, hooks, tests and everything else.

Flux passes the templates' output through kustomize before it is applied, if only for its labels. kustomize reads
plain scalars as YAML 1.2 does: `yes` is text to it, and a date is a point in time; so they are read here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from bot.model.manifests import Document, KubeLoader, ManifestError, documents, flatten
from bot.model.objects import Manifest
from bot.render.errors import Unrenderable

HOOK = "helm.sh/hook"
_TESTS = frozenset({"test", "test-success", "test-failure"})
_CRDS = re.compile(r"[^/]+/(?:charts/[^/]+/)*crds/.*")
_SECTION = re.compile(r"^---\n# Source: (.*)\n", re.MULTILINE)
_OLD_WORDS = frozenset(
    form for word in ("y", "n", "yes", "no", "on", "off") for form in (word, word.capitalize(), word.upper())
)
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:([Tt ])([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """One object and the file of the chart that it came from, `CHART/templates/a.yaml`."""

    manifest: Manifest
    source: str


@dataclass(frozen=True, slots=True)
class Output:
    crds: tuple[Rendered, ...] = ()
    templates: tuple[Rendered, ...] = ()
    """Hooks and tests among them, in Helm's order."""


def is_hook(manifest: Manifest) -> bool:
    return bool(events(manifest))


def is_test(manifest: Manifest) -> bool:
    """A hook that runs for `helm test` only."""
    named = events(manifest)
    return bool(named) and named <= _TESTS


def parse(data: bytes) -> Output:
    """Raises `Unrenderable` with the chart's file that rendered to something else than objects."""
    crds: list[Rendered] = []
    templates: list[Rendered] = []
    for source, text in _sections(data.decode("utf-8", "surrogateescape")):
        if _CRDS.fullmatch(source):
            crds += [found for found in _objects(source, text, KubeLoader) if _is_crd(found.manifest)]
        else:
            templates += _objects(source, text, KustomizeLoader)
    return Output(tuple(crds), tuple(templates))


def raw_templates(data: bytes) -> bytes:
    """What the templates rendered to as Helm wrote it, without `crds/`."""
    sections = _sections(data.decode("utf-8", "surrogateescape"))
    kept = [text for source, text in sections if not _CRDS.fullmatch(source)]
    return "\n---\n".join(kept).encode("utf-8", "surrogateescape")


class KustomizeLoader(KubeLoader):
    """Reads plain scalars as kustomize does."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode and value in _OLD_WORDS:
            return super().resolve(kind, value, (False, True))
        return super().resolve(kind, value, implicit)

    def _build(self, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode) and node.value[4:5] == "-" and not node.style:
            node.value = _as_time(node.value)
        return super()._build(node)


def events(manifest: Manifest) -> set[str]:
    """What of a release's life an object is a hook of."""
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    named = annotations.get(HOOK) if isinstance(annotations, dict) else None
    return {event.strip() for event in str(named or "").split(",")} - {""}


def _is_crd(manifest: Manifest) -> bool:
    """Flux leaves out whatever else lies in `crds/`."""
    group = str(manifest.get("apiVersion")).partition("/")[0]
    return group == "apiextensions.k8s.io" and manifest.get("kind") == "CustomResourceDefinition"


def _sections(text: str) -> Iterator[tuple[str, str]]:
    found = list(_SECTION.finditer(text))
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(text)
        yield match[1], text[match.end() : end]


def _objects(source: str, text: str, loader_of: type[KubeLoader]) -> list[Rendered]:
    data = text.encode("utf-8", "surrogateescape")
    try:
        parsed: list[Document] = flatten(documents(data, file="", loader_of=loader_of), file="")
    except ManifestError as error:
        raise Unrenderable(
            f"{source[:200]} of the chart renders to what is no object: {error.problem}"
        ) from None
    return [Rendered(document.value, source) for document in parsed]


def _as_time(text: str) -> str:
    """A point in time as Go writes it; any other text as it is."""
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    year, month, day, hour, minute, second = (int(match[n] or 0) for n in (1, 2, 3, 5, 6, 7))
    spaced, zone = match[4] == " ", match[9]
    if match[4] and (bool(zone) is spaced):
        return text
    try:
        when = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - only to see whether it exists
    except ValueError:
        return text
    fraction = (match[8] or "").rstrip("0")
    shown = "Z" if zone in (None, "+00:00", "-00:00") else zone
    return f"{when:%Y-%m-%dT%H:%M:%S}{f'.{fraction}' if fraction else ''}{shown}"
