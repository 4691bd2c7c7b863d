"""What a target reads, in whichever tree it lies: the questions that cost no rendering."""

import asyncio
from collections.abc import Sequence

from bot.git.tree import Tree
from bot.model.programs import Programs
from bot.model.remote import RemoteRef
from bot.model.rendering import Trace
from bot.model.target import GitSource, RendererKind, Target
from bot.model.tree import TreeReader
from bot.planning.blamed import naming, source_of
from bot.planning.elsewhere import Errand
from bot.planning.expansion import Traced
from bot.render.ground import RemoteTree
from bot.render.notes import whole_tree


async def tree_of(errand: Errand, tree: TreeReader, target: Target) -> TreeReader:
    """The tree that the target's path lies in, of those who are at `tree`. Raises what an errand raises."""
    if target.unknown_because:
        return tree
    if target.artifact is not None:
        return await errand.composed(tree, target.artifact)
    with naming(source_of(target)):
        own = GitSource("", includes=target.includes, sparse=target.sparse)
        return await errand.tree(tree, target.source or target.oci_source, own)


async def refs_of(errand: Errand, tree: TreeReader, target: Target) -> dict[str, TreeReader]:
    """The other sources that files of values may lie in. Raises what an errand raises."""
    return {name: await errand.tree(tree, source) for name, source in target.refs.items()}


async def read_by(
    errand: Errand, tree: Tree, target: Target, programs: Programs
) -> tuple[Target | None, Trace]:
    """What the files make of a target that does not say how it is rendered, and the trace. Raises what an errand raises.

    `programs` are those that the operator has for what Longshore does not render.
    """
    where = await tree_of(errand, tree, target)
    if target.renderer is not RendererKind.DETECT or target.unknown_because:
        return None, await _traced(errand, where, target)
    from bot.render.argocd.concrete import concrete  # noqa: PLC0415 - only Applications of Argo CD need it

    made = await asyncio.to_thread(concrete, where, target, await refs_of(errand, tree, target), programs)
    return made.target, made.joined(await _traced(errand, where, made.target))


async def _traced(errand: Errand, tree: TreeReader, target: Target) -> Trace:
    """What lies elsewhere may build on more that lies elsewhere; the walk says when that goes too far."""
    from bot.render.trace import trace  # noqa: PLC0415 - only a difference needs it

    remotes: dict[RemoteRef, RemoteTree] = {}
    while True:
        found = await asyncio.to_thread(trace, tree, target, dict(remotes))
        missing = {use.ref for use in found.remotes} - remotes.keys()
        if not missing:
            return found
        remotes |= await errand.remotes(missing)


def unread_here(tree: Tree, target: Target) -> Trace:
    """The trace of a target that cannot be read: of what lies here nobody knows which files count, so all of them do."""
    is_elsewhere = target.source is not None or target.oci_source is not None or target.artifact is not None
    if is_elsewhere and all(ref.url for ref in target.refs.values()):
        return Trace(())
    return Trace((whole_tree(tree),))


def joined(parts: Sequence[Traced]) -> Trace:
    """Everything that the parts of a target read; what of it is the same is told once."""
    entries = {entry for part in parts for entry in part.trace.entries}
    said = dict.fromkeys(remark for part in parts for remark in part.trace.diagnostics)
    return Trace(tuple(sorted(entries)), tuple(said))
