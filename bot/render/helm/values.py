"""The values of a release, merged as Flux's `chartutil.ChartValuesFromReferences` does.

Documents of `valuesFrom` in order, `values` over them, entries with a `targetPath` where Flux puts them. Flux shares
maps between what it merges, so that an entry with a path wins over `values` where it meets a map of theirs that
nothing was merged into, and loses elsewhere: the same sharing is kept here. The invariant: a value that is not known is never
taken for absent. One for a path becomes a placeholder that is found again in what is rendered; a whole document is
left out, and said.
"""

import copy
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bot.model.manifests import MAX_INPUT_BYTES, KubeLoader, canonical_json, parsed
from bot.model.release import ValuesFrom
from bot.render.envsubst import Unknown
from bot.render.errors import Unrenderable
from bot.render.helm.inputs import ValuesSource
from bot.render.helm.strvals import BadPath, SetInteger, set_value

__all__ = [
    "Placeholder",
    "ReleaseValues",
    "ValuesLoader",
    "ValuesSource",
    "every_document",
    "first_document",
    "merged",
    "release_values",
]

_KINDS = frozenset({"ConfigMap", "Secret"})
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "\\,[]{}"})
_WHOLE_TO_FLOATS = 1_000_000
"""Below this, Go writes a whole number and a float alike."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value that is not known: `text` stands for it in the values, and `name` is what people read."""

    name: str
    text: str
    unknown: Unknown


@dataclass(frozen=True, slots=True)
class ReleaseValues:
    """`values` is JSON but for `SetInteger`. `left_out` are documents that are not known, by their names."""

    values: dict[str, Any]
    placeholders: tuple[Placeholder, ...] = ()
    left_out: tuple[tuple[str, Unknown], ...] = ()

    @property
    def json(self) -> bytes:
        """The values as a file of values, which JSON is too."""
        return canonical_json(_plain(self.values))

    @property
    def integers(self) -> tuple[str, ...]:
        """Lines for `helm --set`: whole numbers that a file of values would turn into floats, `1e+06`.

        They are the only values that stand on a command line, where other programs of the machine may read them.
        """
        return tuple(f"{path}={number}" for path, number in _large_integers(self.values, ""))


def release_values(values: Mapping[str, Any], sources: Iterable[ValuesSource]) -> ReleaseValues:
    """Merge `values`, as a release declares them, with its sources in order. Raises `Unrenderable`."""
    declared = copy.deepcopy(dict(values))
    result: dict[str, Any] = {}
    placeholders: list[Placeholder] = []
    left_out: list[tuple[str, Unknown]] = []
    for source in sources:
        entry = source.entry
        if source.problem:
            raise Unrenderable(f"valuesFrom: {source.problem}")
        if entry.kind not in _KINDS:
            raise Unrenderable(f"valuesFrom: {entry.kind[:80]!r} is neither ConfigMap nor Secret")
        if source.text is None and source.unknown is None:
            continue
        if entry.target_path:
            result = merged(result, declared)
            text = source.text
            if text is None:
                assert source.unknown is not None
                placeholders.append(_placeholder(entry, source.unknown, len(placeholders)))
                text = placeholders[-1].text
            _set(result, entry, text)
        elif source.text is None:
            assert source.unknown is not None
            left_out.append((_place(entry), source.unknown))
        else:
            result = merged(result, _document(entry, source.text))
    return ReleaseValues(merged(result, declared), tuple(placeholders), tuple(left_out))


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """A new map; maps in both are merged into new ones, everything else is shared. None of `above` is a value."""
    out = dict(below)
    for key, value in above.items():
        under = out.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            out[key] = merged(under, value)
        else:
            out[key] = value
    return out


def first_document(data: bytes) -> dict[str, Any]:
    """The mapping that a YAML file starts with, as Go's `yaml.Unmarshal` reads it: later documents do not count.

    Raises `Unrenderable` with a reason that quotes no value.
    """
    if len(data) > MAX_INPUT_BYTES:
        raise Unrenderable(f"is larger than {MAX_INPUT_BYTES // 1024**2} MiB")
    try:
        first = next(parsed(data, ValuesLoader), None)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "is not YAML"
        raise Unrenderable(without_quotes(str(problem))) from None
    value = None if first is None else first.value
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unrenderable("is no mapping")
    return value


def every_document(data: bytes) -> dict[str, Any]:
    """A file of values as Helm reads it: every document of it, each over those before. Raises `Unrenderable`."""
    if len(data) > MAX_INPUT_BYTES:
        raise Unrenderable(f"is larger than {MAX_INPUT_BYTES // 1024**2} MiB")
    values: dict[str, Any] = {}
    try:
        for document in parsed(data, ValuesLoader):
            if isinstance(document.value, dict):
                values = merged(values, document.value)
            elif document.value is not None:
                raise Unrenderable("is no mapping")
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "is not YAML"
        raise Unrenderable(f"cannot be read: {without_quotes(str(problem))}") from None
    return values


class ValuesLoader(KubeLoader):
    """Of equal keys the last one wins, as where Go reads values: charts in the wild depend on it."""

    def _mapping(self, node: Any) -> dict[str, Any]:
        last = {_spelling(key, index): (key, value) for index, (key, value) in enumerate(node.value)}
        node.value = list(last.values())
        return super()._mapping(node)


def _spelling(key: Any, index: int) -> tuple[str, str, int]:
    """What makes two keys of a mapping equal; those that merge others never are."""
    if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
        return "", "", index
    return key.tag, key.value, 0


def _document(entry: ValuesFrom, text: str) -> dict[str, Any]:
    try:
        return first_document(text.encode("utf-8", "surrogateescape"))
    except Unrenderable as error:
        raise Unrenderable(f"valuesFrom: {_place(entry)}: {error.message}") from None


def _set(values: dict[str, Any], entry: ValuesFrom, text: str) -> None:
    """As `helm --set`; text in quotes stays text, and what is literal is taken as it is."""
    try:
        if entry.is_literal:
            set_value(values, f"{entry.target_path}={text.translate(_SPECIAL)}", as_text=True)
        elif any(text.startswith(quote) and text.endswith(quote) for quote in "'\""):
            bare = text.strip("'\"")
            set_value(values, f"{entry.target_path}={bare}", as_text=True)
        else:
            set_value(values, f"{entry.target_path}={text}", as_text=False)
    except BadPath as error:
        raise Unrenderable(
            f"valuesFrom: {_place(entry)} cannot be set at {entry.target_path[:200]!r}: {error.message}"
        ) from None


def _place(entry: ValuesFrom) -> str:
    return f"{entry.key} of {entry.kind} {entry.name}"


def _placeholder(entry: ValuesFrom, unknown: Unknown, number: int) -> Placeholder:
    """Letters and digits only, so that it survives quoting, trimming and most of what templates do to a text."""
    name = _NOT_IN_NAMES.sub("_", f"{entry.name}_{entry.key}").strip("_") or "value"
    told = f"{number}\0{entry.kind}\0{entry.name}\0{entry.key}\0{entry.target_path}"
    return Placeholder(name, f"unknown{hashlib.sha256(told.encode()).hexdigest()[:16]}value", unknown)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_plain(below) for below in value]
    return int(value) if isinstance(value, SetInteger) else value


def _large_integers(value: Any, path: str) -> Iterable[tuple[str, int]]:
    if isinstance(value, dict):
        for key, below in value.items():
            name = re.sub(r"([\\.,=\[])", r"\\\1", key)
            yield from _large_integers(below, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _large_integers(below, f"{path}[{index}]")
    elif isinstance(value, SetInteger) and abs(value) >= _WHOLE_TO_FLOATS:
        yield path, int(value)


def without_quotes(problem: str) -> str:
    """A problem of the parser, without the text it may quote."""
    return re.sub(r"'[^']*'|\"[^\"]*\"", "…", problem)[:200]
