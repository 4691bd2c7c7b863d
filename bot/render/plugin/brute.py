"""Plugins and Jsonnet over a whole checkout, found by the file system: the judge of the quick way.

What is shared with it is how a program is run, what it finds in its environment, and what becomes of its output.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.model.programs import Plugin, Program, Programs
from bot.render.applicationset.go_match import go_pattern
from bot.render.argocd.environment import Environment
from bot.render.argocd.fields import Fields
from bot.render.errors import Unrenderable
from bot.render.plugin.discover import zglob
from bot.render.plugin.jsonnet import evaluate
from bot.render.sandbox import Sandbox


def plugin_of(directory: Path, source: Mapping[str, Any], programs: Programs) -> Plugin | None:
    """The plugin that a source names, or that claims its directory; None for neither. Raises `Unrenderable`."""
    options = Fields("plugin", source.get("plugin"))
    if name := options.text("name"):
        found = programs.plugin(name)
        if found is not None and (not found.discovers or _claims(directory, found)):
            return found
        raise Unrenderable(f"is rendered by the plugin {name[:80]!r}, which is not to be had here")
    for plugin in sorted(programs.plugins, key=lambda each: f"{each.name}.sock"):
        if plugin.discovers and _claims(directory, plugin):
            return plugin
    if source.get("plugin") is not None:
        raise Unrenderable("is rendered by a plugin of Argo CD that is not to be had here")
    return None


def refuse_links(root: Path, program: Program, *directories: Path) -> None:
    """Raises `Unrenderable` for a link that leads out of what the program gets."""
    tops = (root,) if program.reads_whole_tree else directories
    for top in tops:
        for link in _everything(top):
            if link.is_symlink() and not any(_leads_to(link).is_relative_to(each) for each in tops):
                raise Unrenderable("is a symbolic link that leads out", file=str(link.relative_to(root)))


def _leads_to(link: Path) -> Path:
    """By what it says itself: a link behind it is looked at for itself."""
    return Path(os.path.normpath(link.parent / os.readlink(link)))  # noqa: PTH115 - as it is written


async def jsonnet_by_force(
    root: Path, directory: Path, files: Iterable[Path], options: Fields, known: Environment, sandbox: Sandbox
) -> dict[Path, bytes]:
    """What each of the files makes; nothing where nobody evaluates them. Raises `Unrenderable`."""
    program = sandbox.programs.jsonnet
    wanted = {str(file.relative_to(root)): file for file in files}
    if program is None or program.refused or not wanted:
        return {}
    libs = [_library(root, text) for text in options.texts("libs")]
    refuse_links(root, program, directory, *(root / each for each in libs))
    told = {
        "libs": libs,
        "extVars": list(_variables(options.each("extVars"), known)),
        "tlas": list(_variables(options.each("tlas"), known)),
    }
    below = "" if directory == root else str(directory.relative_to(root))
    made = await evaluate(root, below, list(wanted), told, sandbox)
    return {wanted[name]: data for name, data in made.items()}


def _library(root: Path, text: str) -> str:
    place = (root / text.lstrip("/")).resolve()
    if not place.is_relative_to(root) or place.is_file():
        raise Unrenderable(f"jsonnet.libs: {text[:200]!r} is no directory of the repository")
    return str(place.relative_to(root))


def _variables(entries: Iterable[Fields], known: Environment) -> Iterator[Sequence[Any]]:
    return ((each.text("name"), known.substituted(each.text("value")), each.flag("code")) for each in entries)


def _claims(directory: Path, plugin: Plugin) -> bool:
    if plugin.file_name:
        places, names = [directory], Path(plugin.file_name).parts
        for name in names:
            places = [found for place in places if place.is_dir() for found in _matching(place, name)]
        return bool(names and places)
    pattern = str(Path(plugin.glob))
    if not {"*", "{"} & set(pattern):
        return (directory / pattern).exists()
    compiled = zglob(pattern)
    below = _everything(directory)
    return compiled is not None and any(
        compiled.fullmatch(str(each.relative_to(directory))) for each in below
    )


def _everything(directory: Path) -> Iterator[Path]:
    return (Path(parent, name) for parent, *found in os.walk(directory) for names in found for name in names)


def _matching(place: Path, name: str) -> Iterator[Path]:
    pattern = go_pattern(name)
    return (found for found in place.iterdir() if pattern is not None and pattern.matches(found.name))
