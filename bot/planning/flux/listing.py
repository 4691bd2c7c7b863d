"""What Flux objects a target renders to, told from its files where they leave no doubt.

To name every release of a repository one would have to render every Kustomization, also those that a change does not
touch. Most do no more to a release than give it a namespace: theirs are told from the files. Whoever needs more than
the name of a release, or finds anything here that could change one, renders.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.discover.flux import FluxObject, is_kustomization
from bot.git.tree import Tree
from bot.model.objects import Manifest
from bot.model.rendering import TraceKind
from bot.model.target import Found
from bot.model.tree import UnreadableFile
from bot.planning.expansion import Traced
from bot.planning.flux.files import InFiles
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.overlay import declared
from bot.render.paths import join

_HARMLESS = frozenset(
    {
        *("apiVersion", "kind", "metadata", "namespace", "resources", "components", "images", "replicas"),
        *("labels", "commonLabels", "commonAnnotations", "configMapGenerator", "secretGenerator"),
        *("generatorOptions", "configurations", "sortOptions", "buildMetadata"),
    }
)
_OVERLAID = frozenset({"namespace", "components", "images", "commonMetadata", "ignoreMissingComponents"})
_GENERATED = re.compile(r"-[a-z0-9]{10}$")
_LOCAL = "config.kubernetes.io/local-config"


class _Doubt(Exception):
    """It has to be rendered."""


def listed(tree: Tree, traced: Traced, files: InFiles) -> tuple[FluxObject, ...] | None:
    """The target's releases and sources, each in its namespace; None where it has to be rendered."""
    target = traced.target
    if target.origin.found is not Found.FLUX_KUSTOMIZATION or target.unknown_because:
        return None
    if traced.trace.is_refused or traced.is_from_elsewhere or target.overlay.keys() - _OVERLAID:
        return None
    read = [entry.path for entry in traced.trace.entries if entry.kind is TraceKind.FILE]
    held = [found for found in files.everything if found.file in frozenset(read)]
    try:
        kustomizations = _kustomizations(tree, read)
        _must_be_resources(held, kustomizations)
        _must_hold_values(tree, read, held)
        namespace = _namespace(target.path, target.overlay, kustomizations)
        return tuple(_placed(found, namespace, traced) for found in held)
    except (_Doubt, Unrenderable, UnreadableFile):
        return None


def _kustomizations(tree: Tree, read: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """By directory."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in read:
        directory, _, name = path.rpartition("/")
        if name in KUSTOMIZATION_FILES:
            fields = declared(tree.read(path))
            if fields.keys() - _HARMLESS:
                raise _Doubt
            found[directory] = fields
    return found


def _must_be_resources(held: Iterable[FluxObject], kustomizations: Mapping[str, Mapping[str, Any]]) -> None:
    """A file may be read for another reason: as a patch, or as what a ConfigMap is generated from."""
    named = {
        join(directory, text)
        for directory, fields in kustomizations.items()
        for text in fields.get("resources") or ()
        if isinstance(text, str)
    }
    for found in held:
        directory = (found.file or "").rpartition("/")[0]
        above = [
            directory[:at] for at in range(len(directory) + 1) if at == len(directory) or directory[at] == "/"
        ]
        is_generated = not any(place in kustomizations for place in ("", *above))
        if found.file not in named and not is_generated:
            raise _Doubt


def _namespace(path: str, overlay: Mapping[str, Any], kustomizations: Mapping[str, Mapping[str, Any]]) -> str:
    """What every object gets; empty where each keeps its own."""
    outermost = overlay.get("namespace") or kustomizations.get(path, {}).get("namespace")
    if outermost:
        return str(outermost)
    if any(fields.get("namespace") for fields in kustomizations.values()):
        raise _Doubt
    return ""


def _placed(found: FluxObject, namespace: str, traced: Traced) -> FluxObject:
    manifest = found.manifest
    metadata = manifest.get("metadata")
    if is_kustomization(manifest) or not isinstance(metadata, dict):
        raise _Doubt
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and _LOCAL in annotations:
        raise _Doubt
    where = namespace or metadata.get("namespace")
    if not (isinstance(where, str) and where):
        raise _Doubt
    placed = {**manifest, "metadata": {**metadata, "namespace": where}}
    if traced.substitution is not None and "${" in str(_without_values(placed)):
        raise _Doubt
    return FluxObject(placed, found.file, found.line)


def _without_values(manifest: Manifest) -> Manifest:
    """What identifies an object, and says what it needs. A release's values are compared by the key of who declares it."""
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        return manifest
    return {**manifest, "spec": {name: value for name, value in spec.items() if name != "values"}}


def _must_hold_values(tree: Tree, read: Iterable[str], held: Iterable[FluxObject]) -> None:
    """Values that somebody else declares may change where nothing of the target does."""
    names = {
        _GENERATED.sub("", str(entry["name"]))
        for found in held
        for entry in _values_from(found.manifest)
        if isinstance(entry, dict) and entry.get("name")
    }
    if names:
        content = b"\n".join(tree.read(path) for path in read)
        if any(name.encode() not in content for name in names):
            raise _Doubt


def _values_from(manifest: Manifest) -> list[Any]:
    spec = manifest.get("spec")
    entries = spec.get("valuesFrom") if isinstance(spec, dict) else None
    return entries if isinstance(entries, list) else []
