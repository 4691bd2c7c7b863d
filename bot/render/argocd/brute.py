"""An Application's source from a whole checkout, by the very commands that the repo-server runs: the judge of the quick way.

`kustomize edit` edits, `helm template` merges values and sets parameters, the file system says what files there are. What
is shared with the quick way is the merging of `.argocd-source` files, the sandbox, and what becomes of the objects.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from bot.model.gobwas import BadGlob, Glob
from bot.model.objects import Manifest
from bot.model.rendering import Rendering
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.argocd.build_options import known_options
from bot.render.argocd.concrete import instance_of
from bot.render.argocd.detect import SourceKind, explicit
from bot.render.argocd.directory import Selection, is_evaluated, taken_from
from bot.render.argocd.environment import STAND_INS, environment
from bot.render.argocd.fields import Fields
from bot.render.argocd.finish import applied, as_argocd_applies
from bot.render.argocd.objects import taken_apart
from bot.render.argocd.overrides import overridden
from bot.render.argocd.stock_helm import Ground, render_chart
from bot.render.argocd.stock_kustomize import Told, build_edited
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.given import Given
from bot.render.plugin.brute import jsonnet_by_force, plugin_of, refuse_links
from bot.render.plugin.environment import plugin_environment
from bot.render.plugin.render import run_plugin
from bot.render.sandbox import Sandbox

_NAMES = (".yaml", ".yml", ".json", ".jsonnet")


async def render_source(
    tree: TreeReader, ground: Ground, target: Target, given: Given, sandbox: Sandbox
) -> Rendering:
    """`ground` holds the checkout of `tree`. Raises `Unrenderable`. One at a time for each checkout: files are edited in it, and put back."""
    name, instance = instance_of(target)
    known = environment(target, instance)
    if target.release is not None:
        options = Fields("helm", target.options.get("helm"))
        return await render_chart(ground, target, options, known, given, sandbox)
    directory, is_link = _directory(ground.root, target.path)
    below = "" if directory == ground.root else str(directory.relative_to(ground.root))
    source = overridden(tree, below, target.options, instance, name, entries=[]).source
    kind = explicit(source)
    if kind is SourceKind.PLUGIN or (kind is None and not is_link):
        plugin = plugin_of(directory, source, sandbox.programs)
        if plugin is not None:
            refuse_links(ground.root, plugin.program, directory)
            env = plugin_environment(known, source.get("plugin"), given.release.facts)
            return await run_plugin(plugin, ground.root, directory, env, target, sandbox)
    kind = kind or (SourceKind.DIRECTORY if is_link else _detected(directory))
    options = Fields(kind.value, source.get(kind.value))
    match kind:
        case SourceKind.KUSTOMIZE:
            told = Told(target.path, options, known, known_options(options, target))
            built = await build_edited(ground.root, directory, told, given, sandbox)
            return as_argocd_applies(built, target, tuple(STAND_INS.values()))
        case SourceKind.HELM:
            where = replace(target, path=below)
            return await render_chart(ground, where, options, known, given, sandbox)
        case SourceKind.DIRECTORY:
            files = [] if is_link else _selected(ground.root, directory, Selection.of(options))
            sources = [file for file in files if is_evaluated(file.name, file.read_bytes())]
            made = await jsonnet_by_force(
                ground.root, directory, sources, options.below("jsonnet"), known, sandbox
            )
            found = _manifests(ground.root, files, made)
            return applied(found, target, tuple(STAND_INS.values()) if made else ())
        case SourceKind.PLUGIN:
            raise AssertionError("a plugin was found, or refused")


def _directory(root: Path, path: str) -> tuple[Path, bool]:
    """Where the path leads, and whether its last name is a link."""
    found = (root / path).resolve()
    if not (found.is_dir() and found.is_relative_to(root)):
        raise Unrenderable(f"{path!r} is not a directory of the repository")
    return found, (root / path).is_symlink()


def _detected(directory: Path) -> SourceKind:
    kind = SourceKind.DIRECTORY
    for path in sorted(directory.iterdir(), key=os.fsencode):
        if not path.is_symlink() and path.is_dir():
            continue
        if path.name.endswith("Chart.yaml"):
            kind = SourceKind.HELM
        elif path.name in KUSTOMIZATION_FILES:
            kind = SourceKind.KUSTOMIZE
    return kind


def _selected(root: Path, directory: Path, selection: Selection) -> list[Path]:
    """As they are found: a link by its own name. Raises `Unrenderable`."""
    found: list[Path] = []
    for file in _files(directory, recurse=selection.recurse):
        below = str(file.relative_to(directory))
        if not file.name.endswith(_NAMES) or not _is_selected(below, selection):
            continue
        if not file.resolve().is_relative_to(root):
            raise Unrenderable(
                "leaves the repository through a symbolic link", file=str(file.relative_to(root))
            )
        if file.is_file():
            found.append(file)
    return found


def _manifests(root: Path, files: Iterable[Path], evaluated: Mapping[Path, bytes]) -> list[Manifest]:
    found: list[Manifest] = []
    for file in files:
        real = str(file.resolve().relative_to(root))
        found += taken_apart(taken_from(file.read_bytes(), file.name, real, evaluated.get(file)))
    return found


def _files(directory: Path, *, recurse: bool) -> list[Path]:
    found: list[Path] = []
    for path in sorted(directory.iterdir(), key=os.fsencode):
        if path.is_dir() and not path.is_symlink():
            found += _files(path, recurse=True) if recurse else []
        else:
            found.append(path)
    return found


def _is_selected(path: str, selection: Selection) -> bool:
    return not (selection.exclude and _matches(selection.exclude, path)) and (
        not selection.include or _matches(selection.include, path)
    )


def _matches(pattern: str, path: str) -> bool:
    try:
        return Glob.parse(pattern).matches(path)
    except BadGlob:
        return False
