"""CODEOWNERS as GitLab reads it: whose approval a changed file asks for.

The invariant: within a section the last line that matches a path counts, and no other.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

PLACES = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
SECTION = re.compile(r"(?P<optional>\^)?\[(?P<name>[^\]]+)\](\[(?P<required>\d+)\])?\s*(?P<owners>.*)")
DEFAULT = "codeowners"


@dataclass(slots=True)
class Section:
    name: str
    required: int = 1
    is_optional: bool = False
    owners: tuple[str, ...] = ()
    lines: list[tuple[re.Pattern[str], tuple[str, ...], str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Demand:
    """One rule that a change brings about: a line that matches some of it. `owners` are names without their `@`."""

    section: str
    pattern: str
    required: int
    owners: tuple[str, ...]


def demands(text: str, paths: Iterable[str]) -> list[Demand]:
    changed = list(paths)
    return list(
        dict.fromkeys(demand for section in _sections(text) for demand in _of_section(section, changed))
    )


def _of_section(section: Section, paths: Sequence[str]) -> Iterator[Demand]:
    for path in paths:
        for pattern, owners, written in reversed(section.lines):
            if pattern.fullmatch(f"/{path}"):
                required = 0 if section.is_optional else section.required
                yield Demand(section.name, written, required, owners or section.owners)
                break


def _sections(text: str) -> list[Section]:
    found = {DEFAULT: Section(DEFAULT)}
    current = found[DEFAULT]
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if match := SECTION.fullmatch(stripped):
            owners = _names(match["owners"].split())
            name = match["name"].lower()
            fresh = Section(match["name"], int(match["required"] or 1), bool(match["optional"]), owners)
            current = found.setdefault(name, fresh)
            continue
        written, *rest = re.split(r"(?<!\\)\s+", stripped)
        current.lines.append((_pattern(written), _names(rest), written))
    return list(found.values())


def _names(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.removeprefix("@") for word in words)


def _pattern(written: str) -> re.Pattern[str]:
    """As a path from the root: what does not begin there may be anywhere, what ends in `/` is all below it."""
    glob = "/**/*" if written == "*" else written.replace("\\ ", " ")
    glob = glob if glob.startswith("/") else f"/**/{glob}"
    glob = f"{glob}**/*" if glob.endswith("/") else glob
    parts = re.split(r"(\*\*/|\*|\?)", glob)
    words = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part) or re.escape(part) for part in parts))
