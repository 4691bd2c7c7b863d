"""An Application whose source a program of the operator's renders: a config management plugin, or what runs kustomize's
functions, over a private copy of it.
"""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.model.programs import Plugin
from bot.model.rendering import Diagnostic, Rendering, Severity, Trace
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.proc.private import make_private
from bot.render.argocd.environment import STAND_INS, Environment
from bot.render.argocd.finish import applied
from bot.render.argocd.objects import taken_apart
from bot.render.errors import Unrenderable
from bot.render.given import Given
from bot.render.helm.render import refused
from bot.render.paths import follow
from bot.render.plugin.environment import plugin_environment
from bot.render.plugin.functions import render_functions
from bot.render.plugin.output import of_plugin
from bot.render.plugin.run import Run, printed
from bot.render.plugin.scratch import copy
from bot.render.prepare import ROOT_NAME
from bot.render.sandbox import Sandbox


async def render_plugin(
    tree: TreeReader, target: Target, trace: Trace, given: Given, sandbox: Sandbox
) -> Rendering:
    """`target` is one of the renderer `plugin`, whose `options` say which program it is and what that is told."""
    private = await asyncio.to_thread(make_private)
    try:
        root = private / ROOT_NAME
        directory = follow(tree, target.path).path
        whole = target.options["whole"]
        copied = await asyncio.to_thread(copy, tree, directory, root, is_whole=whole)
        if "functions" in target.options:
            made = await render_functions(tree, target, root, directory, sandbox)
        else:
            made = await _by_plugin(target, given, root, root / directory, sandbox)
    except Unrenderable as error:
        return refused(target, error)
    finally:
        await asyncio.to_thread(shutil.rmtree, private, ignore_errors=True)
    told = [found for found in trace.diagnostics if found.severity is not Severity.ERROR]
    if copied.remark:
        told.append(
            Diagnostic(Severity.WARNING, copied.remark, target.origin.file, target.origin.line),
        )
    return replace(made, diagnostics=(*told, *made.diagnostics))


async def _by_plugin(target: Target, given: Given, root: Path, cwd: Path, sandbox: Sandbox) -> Rendering:
    """Raises `Unrenderable`."""
    plugin = sandbox.programs.plugin(target.options["name"])
    assert plugin is not None, "who made the target found the plugin among these programs"
    known = Environment(target.options["environment"])
    env = plugin_environment(known, target.options["plugin"], given.release.facts)
    return await run_plugin(plugin, root, cwd, env, target, sandbox)


async def run_plugin(
    plugin: Plugin, root: Path, cwd: Path, env: Mapping[str, str], target: Target, sandbox: Sandbox
) -> Rendering:
    """What the plugin makes of `cwd`, which lies in or is `root`. Raises `Unrenderable`."""
    what = f"the plugin {plugin.name!r}"
    readable = root if plugin.program.reads_whole_tree else cwd
    data = await printed(Run(what, plugin.program, readable, cwd, env), sandbox)
    return await asyncio.to_thread(_taken, data, what, target)


def _taken(data: bytes, what: str, target: Target) -> Rendering:
    """Raises `Unrenderable`."""
    found = list(taken_apart(of_plugin(data, what)))
    try:
        made = applied(found, target, tuple(STAND_INS.values()))
    except Unrenderable as error:
        raise Unrenderable(f"{what} printed what is {error.message}") from None
    if made.objects:
        return made
    message = f"{what} printed no object: Argo CD takes all that it made before for gone"
    nothing = Diagnostic(Severity.WARNING, message, target.origin.file, target.origin.line)
    return replace(made, diagnostics=(*made.diagnostics, nothing))
