"""`.argocd-source.yaml` and `.argocd-source-NAME.yaml`: what a directory says over the Application that renders it.

Argo CD merges each as a JSON merge patch and then decodes the result *into* the source that it had, so that nothing a
patch sets to null goes away, maps keep their keys, and an entry of a list keeps the fields of the entry that was at its
place. Image updaters write such files: whoever reads them otherwise shows images that nobody runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bot.model.manifests import MAX_INPUT_BYTES, parsed
from bot.model.rendering import Diagnostic, Severity, TraceEntry, TraceKind
from bot.model.tree import EntryKind, TreeReader
from bot.render.errors import Unrenderable
from bot.render.helm.found import Found, read_file
from bot.render.helm.values import ValuesLoader
from bot.render.key import OVERRIDE
from bot.render.paths import below, follow

_FILE = f"{OVERRIDE}.yaml"
_FIXED = ("chart", "path", "repoURL", "targetRevision")
_REPLACED = frozenset({"valuesObject"})
_MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Overridden:
    """The source with everything merged."""

    source: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...] = ()


def overridden(
    tree: TreeReader,
    directory: str,
    source: Mapping[str, Any],
    instance: str,
    name: str,
    *,
    entries: list[TraceEntry],
) -> Overridden:
    """`instance` is what Argo CD calls the Application, `name` its own name. What is looked at is added to `entries`.

    Raises `Unrenderable` with the file.
    """
    merged: Mapping[str, Any] = source
    for file in dict.fromkeys((_FILE, _named(instance))):
        patch = _patch(tree, below(directory, file), entries)
        if patch:
            try:
                merged = _into(merged, _patched(merged, patch, 0), 0)
            except Unrenderable as error:
                raise Unrenderable(error.message, file=below(directory, file)) from None
    kept = {field: source[field] for field in _FIXED if field in source}
    return Overridden(
        {**{field: value for field, value in merged.items() if field not in _FIXED}, **kept},
        _passed_over(tree, directory, instance, name, entries),
    )


def _named(instance: str) -> str:
    return f"{OVERRIDE}-{instance}.yaml"


def _passed_over(
    tree: TreeReader, directory: str, instance: str, name: str, entries: list[TraceEntry]
) -> tuple[Diagnostic, ...]:
    """A file that would count if Argo CD ran in the Application's own namespace."""
    if instance == name:
        return ()
    data = _read(tree, below(directory, _named(name)), entries)
    if data is None:
        return ()
    message = (
        f"this file is not read for the Application {instance.replace('_', '/', 1)}, which lies outside of Argo CD's own "
        f"namespace; {_named(instance)} would be"
    )
    return (Diagnostic(Severity.WARNING, message, below(directory, _named(name))),)


def _patch(tree: TreeReader, path: str, entries: list[TraceEntry]) -> dict[str, Any]:
    data = _read(tree, path, entries)
    if data is None:
        return {}
    try:
        if len(data) > MAX_INPUT_BYTES:
            raise Unrenderable(f"is larger than {MAX_INPUT_BYTES // 1024**2} MiB")
        first = next(parsed(data, ValuesLoader), None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", None) or "is not YAML")[:200]
        raise Unrenderable(problem, file=path, line=mark.line + 1 if mark else None) from None
    value = None if first is None else first.value
    if not isinstance(value, dict):
        raise Unrenderable(
            "an override of an Application's source is a mapping; Argo CD refuses the Application", file=path
        )
    return value


def _read(tree: TreeReader, path: str, entries: list[TraceEntry]) -> bytes | None:
    """A directory of that name is passed over, and so is a link that leads to nothing."""
    try:
        place = follow(tree, path)
        if place.entry is not None and place.entry.kind is EntryKind.TREE:
            noted = Found(place.path)
            noted.place(place)
            noted.add(place.path, TraceKind.LISTING, place.entry)
            entries += noted.entries
            return None
        found, data = read_file(tree, path)
    except Unrenderable as error:
        refused = tree.entry(path)
        if refused is not None:
            entries.append(TraceEntry(path, TraceKind.LINK, refused.mode, refused.id))
        raise Unrenderable(error.message, file=path) from None
    entries += found.entries
    return data


def _patched(value: Any, patch: Any, depth: int) -> Any:
    """RFC 7386."""
    if depth > _MAX_DEPTH:
        raise Unrenderable(f"is nested more than {_MAX_DEPTH} deep")
    if not isinstance(patch, Mapping):
        return patch
    result = dict(value) if isinstance(value, Mapping) else {}
    for name, under in patch.items():
        if under is None:
            result.pop(name, None)
        else:
            result[name] = _patched(result.get(name), under, depth + 1)
    return result


def _into(old: Any, new: Any, depth: int) -> Any:
    """What Go makes of decoding `new` into a value that is `old`."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        result = dict(old)
        for name, value in new.items():
            result[name] = value if name in _REPLACED else _into(old.get(name), value, depth + 1)
        return result
    if isinstance(old, list | tuple) and isinstance(new, list):
        return [_into(old[at], item, depth + 1) if at < len(old) else item for at, item in enumerate(new)]
    return new
