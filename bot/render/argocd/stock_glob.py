"""Files of a checkout that a pattern finds, for the judge: asked of the file system, and never outside of the root."""

import fnmatch
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.render.errors import Unrenderable

_META = re.compile(r"[*?\[]")
_BRACES = re.compile(r"\{([^{}]*)\}")
_MAX_ALTERNATIVES = 256
_MAX_LENGTH = 4096
_MAX_DEPTH = 40
_MAX_PLACES = 10_000
_MAX_LOOKS = 300_000


def inside(root: Path, path: Path) -> bool:
    """Whether a path ends in the root, whatever links are on the way."""
    try:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
    except (OSError, ValueError):
        return False


def is_there(path: Path) -> bool:
    """Also for a name that no file may have."""
    try:
        return path.exists()
    except OSError:
        return False


def found_below(root: Path, pattern: Path) -> list[Path]:
    """Directory by directory, in the order of their names. Raises `Unrenderable` where a link leads out."""
    search = _Search(root)
    each = (path for one in _expanded(str(pattern.relative_to(root))) for path in search.matching(one))
    return sorted(set(each), key=lambda path: (path.parts[:-1], path.name))


@dataclass(slots=True)
class _Search:
    root: Path
    left: int = _MAX_LOOKS

    def matching(self, pattern: str) -> list[Path]:
        *parents, last = pattern.split("/")
        reached = [self.root]
        for name in parents:
            further: dict[Path, None] = {}
            for found in (found for directory in reached for found in self._step(directory, name)):
                if self._at(found).is_dir():
                    further[found] = None
                if len(further) > _MAX_PLACES:
                    raise Unrenderable(f"a pattern leads to more than {_MAX_PLACES} places")
            reached = list(further)
        return list(dict.fromkeys(found for directory in reached for found in self._last(directory, last)))

    def _last(self, directory: Path, name: str) -> Iterator[Path]:
        for found in self._step(directory, name):
            yield found
            if name == "**":
                yield from (below for below in self._names(found) if not below.is_dir())

    def _step(self, directory: Path, name: str) -> Iterator[Path]:
        if name == "**":
            yield from self._directories(directory, 0)
        elif not _META.search(name):
            found = self._at(directory / name)
            if is_there(found):
                yield found
        else:
            wanted = name.replace("[^", "[!")
            for found in self._names(directory):
                if fnmatch.fnmatchcase(found.name, wanted) and is_there(self._at(found)):
                    yield found

    def _directories(self, directory: Path, depth: int) -> Iterator[Path]:
        if depth > _MAX_DEPTH:
            raise Unrenderable(f"a pattern leads through more than {_MAX_DEPTH} directories")
        yield directory
        for found in self._names(directory):
            if found.is_dir():
                yield from self._directories(self._at(found), depth + 1)

    def _names(self, directory: Path) -> Iterator[Path]:
        for found in sorted(self._at(directory).iterdir(), key=os.fsencode):
            self._look()
            yield found

    def _at(self, path: Path) -> Path:
        self._look()
        if not inside(self.root, path):
            raise Unrenderable("a pattern leaves the repository through a symbolic link")
        return path

    def _look(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Unrenderable(f"a pattern looks at more than {_MAX_LOOKS} files")


def _expanded(pattern: str) -> list[str]:
    """One pattern for each way to read its braces."""
    if len(pattern) > _MAX_LENGTH:
        raise Unrenderable(f"a pattern is longer than {_MAX_LENGTH} characters")
    pending, done = [pattern], list[str]()
    while pending:
        text = pending.pop()
        braces = _BRACES.search(text)
        if braces is None:
            done.append(text)
        else:
            pending += [text[: braces.start()] + part + text[braces.end() :] for part in braces[1].split(",")]
        if len(done) + len(pending) > _MAX_ALTERNATIVES:
            raise Unrenderable(f"a pattern has more than {_MAX_ALTERNATIVES} alternatives")
    return done
