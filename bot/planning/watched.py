"""What a change of the repository at hand has to touch before a composed tree can be another one."""

import posixpath
from collections.abc import Iterable, Iterator

from bot.model.target import Composition
from bot.render.artifact import SOURCE_IGNORE

_NOT_LITERAL = frozenset("*?[]{}\\")


def may_touch(changed: Iterable[str], composition: Composition) -> bool:
    """Whether any of the files that changed lies where the composition looks, or says what Flux gets at all."""
    watched = tuple(_watched(composition))
    return any(
        posixpath.basename(path) == SOURCE_IGNORE or any(_meet(path, directory) for directory in watched)
        for path in changed
    )


def _watched(composition: Composition) -> Iterator[str]:
    """The root is the empty path."""
    for each in composition.ingredients:
        if each.composed is not None:
            yield from _watched(each.composed)
        elif each.git is not None and each.git.includes:
            yield ""  # what is laid into a tree may be of this very repository, and in the way of a file that comes
        elif each.is_here:
            prefix = f"@{each.alias}/"
            copies = (copy for output in composition.outputs for copy in output.copies)
            yield from (_literal(copy.pattern) for copy in copies if copy.alias == each.alias)
            if composition.path_pattern.startswith(prefix):
                yield _literal(composition.path_pattern.removeprefix(prefix))


def _literal(pattern: str) -> str:
    """The names of a pattern before the first that may be several."""
    names = posixpath.normpath(pattern).split("/")
    end = next((i for i, name in enumerate(names) if not _NOT_LITERAL.isdisjoint(name)), len(names))
    return "/".join(name for name in names[:end] if name not in ("", "."))


def _meet(path: str, directory: str) -> bool:
    return (
        not directory
        or path == directory
        or path.startswith(f"{directory}/")
        or directory.startswith(f"{path}/")
    )
