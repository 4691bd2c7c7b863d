"""CODEOWNERS: whom a file names for a path, in the two grammars there are.

The invariant: whatever stands in the file, reading and asking it takes time linear in its size; a line that cannot be
read names nobody, as on the forges.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

NOBODY: tuple[str, ...] = ()
MAX_BYTES: Final = 3 * 1024 * 1024
MAX_LINES: Final = 20_000
MAX_PATTERN_CHARACTERS: Final = 500
MAX_STARS: Final = 20

SECTION: Final = re.compile(
    r"(?P<optional>\^?)\[(?P<name>[^\]\n]{1,200})\](?:\[(?P<needed>\d{1,3})\])?(?P<owners>.*)"
)
WORD: Final = re.compile(r"(?:\\.|[^\s\\])+")


class Grammar(Enum):
    PLAIN = "plain"
    """Patterns as in .gitignore: one with a slash inside starts at the root, one that names a directory is all of it."""
    SECTIONED = "sectioned"
    """Sections (`^[Name][2] @default`) each decide for themselves; only a leading slash starts at the root."""


@dataclass(frozen=True, slots=True)
class Owners:
    """Whom one section names for a path: logins, groups and addresses as they stand in the file."""

    section: str
    names: tuple[str, ...]
    needed: int = 1
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """`pattern` is a regular expression for a whole path; without `names` nobody owns what it fits."""

    pattern: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    needed: int = 1
    is_optional: bool = False
    lines: tuple[Line, ...] = ()


class CodeOwners:
    """A file that was read. Patterns are compiled when it is first asked."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self.sections = tuple(sections)
        self._compiled: dict[str, Any] = {}

    def of(self, path: str) -> Sequence[Owners]:
        """By section; in each, the last line that fits the path decides, also one that names nobody."""
        found = []
        for section in self.sections:
            fitting = next((line for line in reversed(section.lines) if self._fits(line, path)), None)
            if fitting is not None and fitting.names:
                found.append(Owners(section.name, fitting.names, section.needed, section.is_optional))
        return found

    def _fits(self, line: Line, path: str) -> bool:
        if line.pattern not in self._compiled:
            self._compiled[line.pattern] = _compiled(line.pattern)
        compiled = self._compiled[line.pattern]
        return compiled is not None and compiled.fullmatch(path) is not None


def parse(text: str, grammar: Grammar) -> CodeOwners:
    sections, lines = {"": Section("")}, defaultdict[str, list[Line]](list)
    current, defaults = "", NOBODY
    for raw in text.splitlines()[:MAX_LINES]:
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if grammar is Grammar.SECTIONED and (match := SECTION.fullmatch(line)):
            # Sections of one name are one, whatever the case; the first says what it asks for.
            current, defaults = match["name"].lower(), _names(match["owners"])
            needed = max(int(match["needed"] or 1), 1)
            sections.setdefault(current, Section(match["name"], needed, bool(match["optional"])))
        elif (read := _line(line, defaults, grammar)) is not None:
            lines[current].append(read)
    return CodeOwners([replace(sections[name], lines=tuple(found)) for name, found in lines.items()])


def _line(text: str, defaults: tuple[str, ...], grammar: Grammar) -> Line | None:
    words = WORD.match(text)
    if words is None or len(words[0]) > MAX_PATTERN_CHARACTERS or words[0].count("*") > MAX_STARS:
        return None
    glob, rest = words[0], text[words.end() :]
    is_exception = grammar is Grammar.SECTIONED and glob.startswith("!")
    pattern = _pattern(glob.removeprefix("!") if is_exception else glob, grammar)
    return Line(pattern, () if is_exception else _names(rest) or defaults)


def _compiled(pattern: str) -> Any | None:
    import re2  # noqa: PLC0415 - in linear time, whoever wrote the pattern; seldom needed

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        return None


def _names(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.partition("#")[0].split() if "@" in word)


def _pattern(glob: str, grammar: Grammar) -> str:
    inner = glob.strip("/")
    is_anchored = glob.startswith("/") or (grammar is Grammar.PLAIN and "/" in inner)
    below = ""
    if glob.endswith("/"):
        below = "/.*"
    elif grammar is Grammar.PLAIN and "*" not in inner.rpartition("/")[2]:
        below = "(?:/.*)?"
    return ("" if is_anchored else "(?:.*/)?") + _translated(inner) + below


def _translated(glob: str) -> str:
    made, position = [], 0
    while position < len(glob):
        if glob.startswith("**/", position):
            made.append("(?:.*/)?")
            position += 3
        elif glob.startswith("**", position):
            made.append(".*")
            position += 2
        elif glob[position] == "\\" and position + 1 < len(glob):
            made.append(re.escape(glob[position + 1]))
            position += 2
        else:
            made.append({"*": "[^/]*", "?": "[^/]"}.get(glob[position], re.escape(glob[position])))
            position += 1
    return "".join(made)
