"""Which plugin claims a directory: what a ConfigManagementPlugin's `discover` says, asked of the tree.

Argo CD asks its plugins before it looks for charts and kustomizations, in the order of their names.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache

from bot.model.programs import Plugin, Programs
from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import EntryKind, TreeReader
from bot.render.applicationset.go_match import WILD, go_pattern
from bot.render.errors import Unread, Unrenderable
from bot.render.notes import MAX_ENTRIES
from bot.render.paths import Outside, below, follow

_MAX_DEPTH = 100
_DISCOVERED = "discovered"
_LETTER = re.compile(r"[0-9A-Za-z/]")


def claims(tree: TreeReader, directory: str, plugin: Plugin, entries: list[TraceEntry]) -> bool:
    """Whether `directory`, a real one, is for this plugin; what that took is added to `entries`. Raises `Unrenderable`."""
    if plugin.file_name:
        found = _has_file(tree, directory, plugin.file_name)
    elif plugin.glob:
        found = _has_any(tree, directory, plugin.glob)
    else:
        return True
    # Anything below may make a difference; whether it did is all that counts.
    verdict = hashlib.sha256(
        f"{plugin.name}\0{plugin.file_name}\0{plugin.glob}\0{found}".encode()
    ).hexdigest()
    entries.append(TraceEntry(directory, TraceKind.LISTING, f"{_DISCOVERED} {plugin.name}", verdict))
    return found


def claimant(
    tree: TreeReader, directory: str, programs: Programs, entries: list[TraceEntry]
) -> Plugin | None:
    """The first of the plugins that look for directories of theirs, and claims this one. Raises `Unrenderable`."""
    looking = sorted(
        (each for each in programs.plugins if each.discovers), key=lambda each: f"{each.name}.sock"
    )
    return next((each for each in looking if claims(tree, directory, each, entries)), None)


def named(
    tree: TreeReader, directory: str, name: str, programs: Programs, entries: list[TraceEntry]
) -> Plugin:
    """The plugin that a source asks for: by its name, or without one whichever claims it. Raises `Unrenderable`."""
    if not name:
        found = claimant(tree, directory, programs, entries)
        if found is None:
            raise Unread(
                "is rendered by whichever plugin of Argo CD claims it, and none of those under `plugins` in config.yaml "
                "does; give one there a `discover` that does, or name the plugin in spec.source.plugin.name"
            )
        return found
    found = programs.plugin(name)
    if found is None:
        raise Unread(
            f"is rendered by the plugin {name[:80]!r}, a program that only Argo CD has; to have it planned, the operator "
            f"gives it a command in config.yaml, as `plugins.NAME.command`{_like(name, programs)}"
        )
    if not claims(tree, directory, found, entries):
        raise Unrenderable(
            f"names the plugin {name[:80]!r}, which is for other directories: its `discover` matches nothing here"
        )
    return found


def _like(name: str, programs: Programs) -> str:
    """An Application has to name the version too, where a plugin has one."""
    close = next((each.name for each in programs.plugins if each.name.startswith(f"{name}-")), "")
    return f"; is {close!r} meant?" if close else ""


def _has_file(tree: TreeReader, directory: str, pattern: str) -> bool:
    """As Go's `filepath.Glob`: name by name, through links, and a pattern that cannot be read matches nothing."""
    places, names = [directory], [name for name in pattern.split("/") if name not in ("", ".")]
    for name in names:
        places = [found for place in places for found in _named(tree, place, name)]
        if len(places) > MAX_ENTRIES:
            raise Unrenderable(f"the discovery of plugins finds more than {MAX_ENTRIES:,} files")
    return bool(names and places)


def _named(tree: TreeReader, place: str, name: str) -> Iterator[str]:
    """What is called so in a directory, which may be named by way of a link."""
    try:
        real = follow(tree, place)
    except Outside:
        return
    if real.entry is None or real.entry.kind is not EntryKind.TREE:
        return
    if not WILD & set(name):
        if tree.entry(below(real.path, name)) is not None:
            yield below(real.path, name)
        return
    compiled = go_pattern(name)
    if compiled is not None:
        yield from (below(real.path, one) for one, _ in tree.listing(real.path) if compiled.matches(one))


def _has_any(tree: TreeReader, directory: str, pattern: str) -> bool:
    """As zglob, the library that Argo CD asks: files and directories, and never through a link."""
    clean = "/".join(name for name in pattern.split("/") if name not in ("", "."))
    if not {"*", "{"} & set(clean):
        # As any path of the file system.
        return bool(clean) and _exists(tree, below(directory, clean))
    compiled = zglob(clean)
    return compiled is not None and any(compiled.fullmatch(path) for path in _paths(tree, directory))


def _exists(tree: TreeReader, path: str) -> bool:
    """By way of links, too."""
    try:
        return tree.entry(path) is not None or follow(tree, path).entry is not None
    except Outside:
        return False


def _paths(tree: TreeReader, directory: str) -> Iterator[str]:
    """Everything below, relative to the directory."""
    pending, count = [""], 0
    while pending:
        here = pending.pop()
        for name, entry in tree.listing(below(directory, here) if here else directory):
            count += 1
            if count > MAX_ENTRIES or here.count("/") > _MAX_DEPTH:
                raise Unrenderable(f"the discovery of plugins would look at more than {MAX_ENTRIES:,} files")
            path = below(here, name)
            yield path
            if entry.kind is EntryKind.TREE:
                pending.append(path)


@lru_cache(maxsize=256)
def zglob(pattern: str) -> re.Pattern[str] | None:
    """`**/` is any number of directories, `{a,b}` either, `[a-z]` one of these; None for what cannot be read."""
    made, at = "", 0
    while at < len(pattern):
        letter, end = pattern[at], _end(pattern, at)
        if pattern.startswith("**/", at):
            made, at = f"{made}(?:.*/)?", at + 3
        elif letter == "*":
            made, at = f"{made}[^/]*", at + 1
        elif letter == "[" and end > at + 1:
            made, at = f"{made}[{pattern[at + 1 : end]}]", end + 1
        elif letter == "{" and end > at + 1:
            either = "|".join(_literal(part) for part in pattern[at + 1 : end].split(","))
            made, at = f"{made}(?:{either})", end + 1
        else:
            at += letter == "\\" and at < len(pattern) - 2
            made, at = made + _literal(pattern[at]), at + 1
    try:
        return re.compile(made, re.DOTALL)
    except re.error:
        return None


def _end(pattern: str, at: int) -> int:
    """Where the bracket or brace closes that stands here; -1 where nothing does."""
    return pattern.find({"[": "]", "{": "}"}.get(pattern[at], "\0"), at)


def _literal(text: str) -> str:
    return "".join(letter if _LETTER.match(letter) else re.escape(letter) for letter in text)
