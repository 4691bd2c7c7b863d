"""What a `.helmignore` hides, read as Helm reads it, which is not as Git reads its own.

The first pattern that matches decides. One that starts with `!` hides everything that it does *not* match.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.model.gomatch import BadGlob, Glob
from bot.render.errors import Unrenderable

IGNORE_FILE = ".helmignore"
_ALWAYS = "templates/.?*"
_MAX_PATTERNS = 500
_MAX_CHARS = 1000


@dataclass(frozen=True, slots=True)
class _Pattern:
    glob: Glob
    on_name: bool
    negated: bool
    only_directories: bool

    def matches(self, path: str) -> bool:
        return self.glob.matches(path.rpartition("/")[2] if self.on_name else path)


Ignores = Callable[[str, bool], bool]
"""Whether a path below the chart, and whether it is a directory, is left out."""


def ignores(data: bytes) -> Ignores:
    """Read an ignore file; `data` is empty where there is none. Raises `Unrenderable` for what Helm refuses."""
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    wanted = [text for line in lines if (text := line.strip()) and not text.startswith("#")]
    if len(wanted) > _MAX_PATTERNS or any(len(line) > _MAX_CHARS for line in wanted):
        raise Unrenderable(
            f"has more than {_MAX_PATTERNS} patterns, or one of more than {_MAX_CHARS} characters"
        )
    patterns = [_pattern(line) for line in (*wanted, _ALWAYS)]

    def ignored(path: str, is_directory: bool) -> bool:  # noqa: FBT001 - the type above names it
        for pattern in patterns:
            applies = is_directory or not pattern.only_directories
            if pattern.negated:
                if not applies or not pattern.matches(path):
                    return True
            elif applies and pattern.matches(path):
                return True
        return False

    return ignored


def _pattern(line: str) -> _Pattern:
    if "**" in line:
        raise Unrenderable("holds **, which Helm does not know")
    text = line.removeprefix("!")
    only_directories = text.endswith("/")
    bare = text.removesuffix("/")
    try:
        glob = Glob.parse(bare.removeprefix("/"))
    except BadGlob as error:
        raise Unrenderable(str(error)) from None
    return _Pattern(glob, "/" not in bare, line.startswith("!"), only_directories)
