"""One target to its objects: the trace's files in a fresh directory, kustomize in the sandbox, the output parsed.

Nothing that a repository holds makes this raise: the answer is a rendering, complete or failed with reasons that
name files of the repository and never one of this machine. How many run at once is for the caller to bound.
"""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import replace

from bot.model.objects import Object
from bot.model.rendering import Diagnostic, Rendering, Severity, Trace
from bot.model.target import RendererKind, Target
from bot.model.tree import EntryKind, TreeReader, UnreadableFile
from bot.proc.private import make_private
from bot.render.argocd.directory import jsonnet_files, rendered_directory
from bot.render.argocd.kustomize import told_by
from bot.render.blame import unparsed
from bot.render.build import build
from bot.render.contents import LFS_REASON, is_lfs_pointer
from bot.render.directory import Resource, scan_plain
from bot.render.errors import Unrenderable
from bot.render.finish import finished
from bot.render.given import NOTHING, Given
from bot.render.objects import Source, rendering
from bot.render.paths import follow
from bot.render.prepare import ROOT_NAME, prepare, question
from bot.render.rewrite import JoinedTree
from bot.render.sandbox import Sandbox


async def render(
    tree: TreeReader,
    target: Target,
    trace: Trace,
    sandbox: Sandbox,
    given: Given = NOTHING,
) -> Rendering:
    """Render a target from the files its trace names, in the tree the trace was made in."""
    if target.unknown_because or target.renderer is RendererKind.GIVEN:
        return failed(target.unknown_because, target) if target.unknown_because else given_objects(target)
    if trace.is_refused and sandbox.check_fields:
        return Rendering((), trace.diagnostics)
    if target.renderer in {RendererKind.HELM, RendererKind.PLUGIN}:
        return await _released(tree, target, trace, given, sandbox)
    try:
        if target.renderer is RendererKind.PLAIN:
            evaluated = await _evaluated(tree, target, sandbox) if trace.is_of_program else None
            return await asyncio.to_thread(_plainly, tree, target, trace, given, evaluated)
        decryptor = given.decryptor if target.decryption else None
        built = await _quickly(tree, target, trace, sandbox) if decryptor is None else None
        if built is None:
            built = await _thoroughly(tree, target, trace, sandbox, replace(given, decryptor=decryptor))
        return _with_warnings(await asyncio.to_thread(finished, built, target, given), trace)
    except Unrenderable as error:
        why = failed(error.message, target, file=error.file, line=error.line)
        broken = await asyncio.to_thread(unparsed, tree, trace, error.message) if error.file is None else ()
        return replace(why, diagnostics=(*broken, *why.diagnostics))


async def _released(
    tree: TreeReader, target: Target, trace: Trace, given: Given, sandbox: Sandbox
) -> Rendering:
    # NB: imported here so that a plan without any of them to render does not pay for it.
    if target.renderer is RendererKind.PLUGIN:
        from bot.render.plugin.render import render_plugin  # noqa: PLC0415

        return await render_plugin(tree, target, trace, given, sandbox)
    if target.argocd is not None:
        from bot.render.argocd import release  # noqa: PLC0415

        return await release.render_release(tree, target, trace, given, sandbox)
    from bot.render.helm.render import render_release  # noqa: PLC0415

    return await render_release(tree, target, trace, given.release, sandbox)


def _with_warnings(made: Rendering, trace: Trace) -> Rendering:
    warnings = (remark for remark in trace.diagnostics if remark.severity is not Severity.ERROR)
    return replace(made, diagnostics=(*warnings, *made.diagnostics))


async def _quickly(tree: TreeReader, target: Target, trace: Trace, sandbox: Sandbox) -> Rendering | None:
    """By a program that stays, with nothing written down; None where that is not for it."""
    quick = sandbox.builders.kustomize
    output = await quick.answer(lambda: question(tree, target, trace)) if quick else None
    return await asyncio.to_thread(rendering, [Source(output, None)]) if output is not None else None


async def _thoroughly(
    tree: TreeReader, target: Target, trace: Trace, sandbox: Sandbox, given: Given
) -> Rendering:
    """Raises `Unrenderable`."""
    private = await asyncio.to_thread(make_private)
    try:
        root = private / ROOT_NAME
        joined = JoinedTree.of(tree, trace.remotes, given.remotes)
        directory = await asyncio.to_thread(prepare, joined, target, trace, root)
        if not trace.charts:
            return await build(root, directory, sandbox, given.decryptor)
        # NB: imported here so that a plan without a chart to inflate does not pay for it.
        from bot.render.inflation.charts import Larder  # noqa: PLC0415
        from bot.render.inflation.inflate import build_inflated  # noqa: PLC0415

        facts = told_by(target, given.release.facts) if target.argocd is not None else None
        larder = Larder.of(joined, trace, given.charts, facts)
        return await build_inflated(root, directory, trace, larder, sandbox)
    finally:
        await asyncio.to_thread(shutil.rmtree, private, ignore_errors=True)


def given_objects(target: Target) -> Rendering:
    """What whoever found the target has made."""
    try:
        return Rendering(tuple(map(Object.of, target.manifests)))
    except ValueError as error:
        return failed(str(error), target)


def failed(message: str, target: Target, *, file: str | None = None, line: int | None = None) -> Rendering:
    """A rendering that has only a reason. Without a file it points to where the target was found."""
    if file is None:
        file, line = target.origin.file, target.origin.line
    return Rendering((), (Diagnostic(Severity.ERROR, message, file, line),))


async def _evaluated(tree: TreeReader, target: Target, sandbox: Sandbox) -> Mapping[str, bytes]:
    """What the files of Jsonnet make. Raises `Unrenderable`."""
    from bot.render.plugin.jsonnet import evaluated  # noqa: PLC0415 - as above

    files = await asyncio.to_thread(jsonnet_files, tree, target)
    return await evaluated(tree, target, files, sandbox)


def _plainly(
    tree: TreeReader, target: Target, trace: Trace, given: Given, evaluated: Mapping[str, bytes] | None
) -> Rendering:
    """Raises `Unrenderable`."""
    if target.argocd is not None:
        return _with_warnings(rendered_directory(tree, target, evaluated), trace)
    return finished(_render_plain(tree, target), target, given)


def _render_plain(tree: TreeReader, target: Target) -> Rendering:
    directory = follow(tree, target.path).path
    paths = [found.path for found in scan_plain(tree, directory) if isinstance(found, Resource)]
    places = [follow(tree, path) for path in paths]
    wanted = dict.fromkeys(p.path for p in places if p.entry is not None and p.entry.kind is EntryKind.BLOB)
    tree.prefetch(list(wanted))
    return rendering([Source(_content(tree, path), path) for path in wanted])


def _content(tree: TreeReader, path: str) -> bytes:
    try:
        data = tree.read(path)
    except UnreadableFile as error:
        raise Unrenderable(error.message, file=path) from None
    if is_lfs_pointer(data):
        raise Unrenderable(LFS_REASON, file=path)
    return data
