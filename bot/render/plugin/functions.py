"""Kustomizations of Argo CD with functions or plugins of kustomize: built by a kustomize of the operator's, told to run them.

Which kustomizations these are the walk says that refuses them otherwise; everything else is built without it.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.model.programs import Program
from bot.model.rendering import Rendering, Severity
from bot.model.target import RendererKind, Target
from bot.model.tree import EntryKind, TreeReader, UnreadableFile
from bot.render.argocd.build_options import OPTIONS, is_restricted, remark_on_functions
from bot.render.argocd.concrete import Concrete
from bot.render.argocd.environment import STAND_INS, Environment
from bot.render.argocd.finish import applied
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.notes import whole_tree
from bot.render.objects import Source, rendering
from bot.render.paths import below, follow
from bot.render.plugin.environment import build_environment
from bot.render.plugin.run import Run, printed
from bot.render.prepare import laid_over, put
from bot.render.sandbox import Sandbox
from bot.render.trace import trace

_WHAT = "kustomize with functions or plugins"
_RESTRICTED = ("--load-restrictor", "LoadRestrictionsRootOnly")


def by_program(tree: TreeReader, made: Target, program: Program, known: Environment) -> Concrete:
    """The kustomization `made` as a target of the program, or as it is where it asks for no function, or for more than that.

    What a program without network and without Helm cannot build stays refused.
    """
    found = trace(tree, made)
    if not found.asks_for_functions or found.remotes or found.charts:
        return Concrete(made)
    # NB: what the functions read is the program's to say; the rest is what tells that it is asked.
    entries = tuple(entry for entry in found.entries if entry != whole_tree(tree))
    said = [remark for remark in found.diagnostics if remark.severity is not Severity.ERROR]
    if (remark := remark_on_functions(made)) is not None:
        said.append(remark)
    options = made.options.get(OPTIONS)
    refused = program.refused
    told = {
        **made.options,
        "functions": True,
        "restricted": options is not None and is_restricted(options),
        "refused": refused
        and f"asks for functions or plugins of kustomize, and of what runs them: {refused}",
        "whole": program.reads_whole_tree,
        "program": program.identity,
        "environment": dict(known.values),
    }
    return Concrete(replace(made, renderer=RendererKind.PLUGIN, options=told), entries, tuple(said))


async def render_functions(
    tree: TreeReader, target: Target, root: Path, directory: str, sandbox: Sandbox
) -> Rendering:
    """`root` holds the private copy, in which the Application's overlay is laid over `directory`. Raises `Unrenderable`."""
    await asyncio.to_thread(_lay_over, tree, target, root, directory)
    known = Environment(target.options["environment"])
    built = await build_with_functions(
        root, root / directory, known, sandbox, is_restricted=target.options["restricted"]
    )
    if built.failed:
        return built
    try:
        return applied([found.manifest for found in built.objects], target, tuple(STAND_INS.values()))
    except Unrenderable as error:
        raise Unrenderable(f"{_WHAT}: it printed what is {error.message}") from None


async def build_with_functions(
    root: Path, directory: Path, known: Environment, sandbox: Sandbox, *, is_restricted: bool
) -> Rendering:
    """What the program builds of `directory`, which lies in or is `root`. Raises `Unrenderable`."""
    program = sandbox.programs.kustomize
    assert program is not None, "who made the target has the program"
    readable = root if program.reads_whole_tree else directory
    arguments = (*(_RESTRICTED if is_restricted else ()), ".")
    run = Run(_WHAT, program, readable, directory, build_environment(known), arguments)
    output = await printed(run, sandbox)
    return await asyncio.to_thread(rendering, [Source(output, None)])


def _lay_over(tree: TreeReader, target: Target, root: Path, directory: str) -> None:
    """NB: from the tree and not from the copy, in which a link may lead anywhere. Raises `Unrenderable`."""
    present = {}
    for name in KUSTOMIZATION_FILES:
        place = follow(tree, below(directory, name))
        if place.entry is not None and place.entry.kind is EntryKind.BLOB:
            try:
                present[name] = tree.read(place.path)
            except UnreadableFile as error:
                raise Unrenderable(error.message, file=place.path) from None
    if (laid := laid_over(tree, target, directory, present)) is not None:
        put(root / directory, laid)
