"""Which directories of a source a generator's path pattern finds, and what it then copies for the one that is asked for.

The pattern names a source and directories in it, with variables in braces for what is variable in their names.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.model.target import Composition, Copy, Output
from bot.model.tree import EntryKind
from bot.render.composed import Holding
from bot.render.errors import Unrenderable

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)
_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_LONGEST = 63
_MOST_VARIABLES = 2
"""In one name: to try them all takes the length of a name to this power."""


def chosen(composition: Composition, sources: Mapping[str, Holding]) -> tuple[Copy, ...]:
    """What is copied for the artifact that is asked for.

    Raises `Unrenderable` where source-watcher would make none of this name, or none at all.
    """
    if not composition.path_pattern:
        return composition.outputs[0].copies
    found: list[tuple[str, tuple[Copy, ...]]] = []
    for directory, raw in _directories(composition.path_pattern, sources):
        plain = {name: value.lower() for name, value in raw.items()}
        for output in composition.outputs:
            name = _filled(output.name, plain)
            if not _OBJECT.fullmatch(name) or len(name) > 253:
                raise Unrenderable(f"the directory {directory} gives an artifact no name: {name[:200]!r}")
            if name == composition.name:
                found.append((directory, _copies(output, raw)))
    if not found:
        raise Unrenderable(
            f"no directory that {composition.path_pattern} matches gives an artifact this name"
        )
    if len(found) > 1:
        raise Unrenderable(f"{found[0][0]} and {found[1][0]} both give an artifact this name")
    return found[0][1]


def _directories(
    path_pattern: str, sources: Mapping[str, Holding]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each directory that matches, with the variables as they stand in its path."""
    alias, _, pattern = path_pattern.removeprefix("@").partition("/")
    source = sources.get(alias)
    if source is None:
        raise Unrenderable(f"pathPattern {path_pattern}: no source has the alias {alias}")
    found: list[tuple[str, dict[str, str]]] = [("", {})]
    for expression in _expressions(pattern):
        found = [
            (f"{directory}/{name}" if directory else name, known | match.groupdict())
            for directory, known in found
            for name, entry in source.tree.listing(directory)
            if entry.kind is EntryKind.TREE and (match := expression.fullmatch(name))
        ]
    for directory, known in found:
        for variable, value in known.items():
            if not _LABEL.fullmatch(value):
                raise Unrenderable(f"{directory}: {value[:200]!r} cannot be the value of {variable}")
    yield from found


def _expressions(pattern: str) -> list[re.Pattern[str]]:
    variables: set[str] = set()
    expressions = []
    for text in pattern.split("/"):
        parts = _VARIABLE.split(text)
        names = parts[1::2]
        if any(brace in part for part in parts[::2] for brace in "{}"):
            raise Unrenderable(f"pathPattern: a brace of {text[:200]!r} has no other")
        for name in names:
            _must_name(name)
            if name != name.strip("_") or len(name) > _LONGEST:
                raise Unrenderable(f"pathPattern: {name[:200]} cannot be the name of a label")
            if name in variables:
                raise Unrenderable(f"pathPattern: {name} is there twice")
            variables.add(name)
        if len(names) > _MOST_VARIABLES:
            raise Unrenderable(f"pathPattern: {text[:200]!r} has more than {_MOST_VARIABLES} variables")
        named = (f"(?P<{part}>.+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
        expressions.append(re.compile("".join(named), re.DOTALL))
    return expressions


def _copies(output: Output, values: Mapping[str, str]) -> tuple[Copy, ...]:
    return tuple(
        replace(copy, pattern=_filled(copy.pattern, values), to=_filled(copy.to, values))
        for copy in output.copies
    )


def _filled(template: str, values: Mapping[str, str]) -> str:
    parts = _VARIABLE.split(template)
    if any(brace in part for part in parts[::2] for brace in "{}"):
        raise Unrenderable(f"a brace of {template[:200]!r} has no other")
    for name in parts[1::2]:
        _must_name(name)
        if name not in values:
            raise Unrenderable(f"{template[:200]!r}: the pathPattern has no variable {name}")
    return "".join(values[part] if index % 2 else part for index, part in enumerate(parts))


def _must_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Unrenderable(f"{name[:60]!r} is no name of a variable")
