"""Lines of an ignore file, with the meaning that go-git 5 gives them, which is not quite Git's."""

import re
from dataclasses import dataclass
from functools import lru_cache

_MAX_PATTERNS = 2_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line. Later ones win over earlier ones."""

    names: tuple[str, ...]
    includes: bool = False
    only_directories: bool = False

    @classmethod
    def parse(cls, line: str) -> "Pattern":
        includes = line.startswith("!")
        text = line.removeprefix("!")
        text = text if text.endswith("\\ ") else text.rstrip(" ")
        return cls(tuple(text.removesuffix("/").split("/")), includes, text.endswith("/"))

    def matches(self, names: tuple[str, ...]) -> bool:
        """Whether the file `names`, relative to the ignore file, or a directory above it, is meant."""
        if len(self.names) > 1:
            return self._matches_path(names)
        found = next((i for i, name in enumerate(names) if _glob(self.names[0]).fullmatch(name)), None)
        return found is not None and not (self.only_directories and found == len(names) - 1)

    def _matches_path(self, names: tuple[str, ...]) -> bool:
        rest = list(names)
        matched = anywhere = False
        last = len(self.names) - 1
        for index, wanted in enumerate(self.names):
            if wanted == "":
                anywhere = False
                continue
            if wanted == "**":
                anywhere = index < last
                continue
            if not rest or "**" in wanted:
                return False
            if anywhere:
                anywhere = False
                while rest and not (matched := bool(_glob(wanted).fullmatch(rest.pop(0)))):
                    pass
            elif not _glob(wanted).fullmatch(rest.pop(0)):
                return False
            else:
                matched = bool(rest) or index == last
        return matched and not (self.only_directories and not rest)


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    """Go's `filepath.Match` for one name; a pattern it would refuse matches nothing."""
    expression = ""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            expression += ".*" if not expression.endswith(".*") else ""
        elif char == "?":
            expression += "."
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            expression += re.escape(pattern[at])
        elif char == "[" and (end := pattern.find("]", at + 2)) > 0:
            inside = pattern[at + 1 : end]
            negated = inside.startswith("^")
            chars = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside.removeprefix("^"))
            expression += f"[{'^' if negated else ''}{chars}]"
            at = end
        else:
            expression += re.escape(char)
        at += 1
    try:
        return re.compile(expression, re.DOTALL)
    except re.error:
        return re.compile(r"(?!)")


def patterns(text: str) -> tuple[Pattern, ...]:
    """All that a file, or a field, says."""
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    wanted = [line for line in lines if line.strip() and not line.startswith("#")]
    return tuple(Pattern.parse(line) for line in wanted[:_MAX_PATTERNS])
