"""All targets of one tree."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import Target, TargetId
from bot.planning.declared import declared
from bot.planning.expansion import Expansion, Finding, FluxFiles, Mode, Previous, Traced
from bot.planning.flux.declarations import Declarations
from bot.planning.flux.files import InFiles, flux_files
from bot.planning.flux.walk import FluxWalk
from bot.planning.kustomize import kustomize_targets, on_other_side
from bot.planning.renderings import Renderings


async def expand(
    repository: Repository,
    tree: Tree,
    finding: Finding,
    renderings: Renderings,
    previous: Previous | None = None,
    *,
    may_list: bool = False,
) -> Expansion:
    """Find and trace. `previous` is an expansion of a tree that is much the same; the answer is the same without it.

    With `may_list`, releases may be told from files only: `realised` finds out how they render.
    """
    if finding.mode in {Mode.AUTO, Mode.CONFIG}:
        written = await asyncio.to_thread(declared, tree, finding)
        if written.targets or written.broken or finding.mode is Mode.CONFIG:
            targets = await _traced(tree, written.targets, renderings, previous)
            return Expansion(tree.id, Mode.CONFIG, targets, written.diagnostics, whole=not written.broken)
    files: FluxFiles | None = None
    if finding.mode in {Mode.AUTO, Mode.FLUX}:
        files = await flux_files(repository, tree, renderings, previous)
        if finding.mode is Mode.FLUX or InFiles.of(files).kustomizations:
            declarations = Declarations(repository, tree, renderings)
            walk = FluxWalk(InFiles.of(files), finding, declarations, previous, may_list=may_list)
            await walk.run()
            return _found(walk, tree, files)
    return await _expand_kustomize(tree, finding, renderings, previous, files)


def _found(walk: FluxWalk, tree: Tree, files: FluxFiles) -> Expansion:
    return Expansion(
        tree.id,
        Mode.FLUX,
        walk.targets,
        tuple(dict.fromkeys(walk.diagnostics)),
        held=walk.held,
        flux=files,
        settled=walk.settled,
        whole=walk.whole,
    )


async def realised(
    repository: Repository,
    tree: Tree,
    expansion: Expansion,
    finding: Finding,
    renderings: Renderings,
    parents: Collection[TargetId] | None = None,
) -> Expansion:
    """The expansion with the releases of these targets, or of all, as they render, and not as files list them."""
    wanted = expansion.listing if parents is None else expansion.listing.intersection(parents)
    if not wanted or expansion.flux is None:
        return expansion
    declarations = Declarations(repository, tree, renderings)
    walk = FluxWalk(InFiles.of(expansion.flux), finding, declarations, may_list=True)
    await walk.realise(expansion, wanted)
    return _found(walk, tree, expansion.flux)


async def expand_one(
    repository: Repository, tree: Tree, finding: Finding, renderings: Renderings, *, may_list: bool = False
) -> Expansion:
    """As `expand`, from memory where the very same was found before."""
    recalled = await renderings.recall(tree, finding)
    known = recalled or await expand(repository, tree, finding, renderings, may_list=may_list)
    if not may_list:
        known = await realised(repository, tree, known, finding, renderings)
    if known is not recalled and known.may_be_kept:
        await renderings.remember(known, finding)
    return known


async def expand_both(
    repository: Repository, base: Tree, head: Tree, finding: Finding, renderings: Renderings
) -> tuple[Expansion, Expansion]:
    """Both sides of a change, found in the same way: the way of the side that has more to say.

    A change that adds `.longshore.yaml` to a plain repository is compared as one that declares targets for the first
    time, not as one that takes every kustomization away. And what is a root on one side is compared on both: a
    kustomization that another one begins to refer to does not go, nor does it come when the reference is dropped.
    """
    before, changed = await asyncio.gather(
        expand_one(repository, base, finding, renderings, may_list=True),
        repository.changed_paths(base.id, head.id),
    )
    if base.id == head.id:
        return before, before
    after = await expand(repository, head, finding, renderings, Previous(before, changed), may_list=True)
    if before.mode is not after.mode:
        chosen = min(before.mode, after.mode, key=_PRECEDENCE.index)
        settled = replace(finding, mode=chosen)
        before = await expand(repository, base, settled, renderings, may_list=True)
        after = await expand(repository, head, settled, renderings, may_list=True)
    if after.mode is Mode.FLUX:
        doubtful = _doubtful(before, after)
        return (
            await realised(repository, base, before, finding, renderings, doubtful),
            await realised(repository, head, after, finding, renderings, doubtful),
        )
    if after.mode is not Mode.KUSTOMIZE:
        return before, after
    return (
        await _with_roots_of(after, base, before, renderings),
        await _with_roots_of(before, head, after, renderings),
    )


def _doubtful(before: Expansion, after: Expansion) -> frozenset[TargetId]:
    """Targets of whose listed children one differs: they have to be rendered to see how."""
    children: list[dict[TargetId, set[tuple[TargetId, str]]]] = []
    for side in (before, after):
        found: dict[TargetId, set[tuple[TargetId, str]]] = defaultdict(set)
        for name, traced in side.targets.items():
            found[TargetId(name.cluster, traced.parent)].add((name, traced.identity))
        children.append(found)
    old, new = children
    listing = before.listing | after.listing
    return frozenset(name for name in listing if old.get(name) != new.get(name))


async def _with_roots_of(
    other: Expansion, tree: Tree, expansion: Expansion, renderings: Renderings
) -> Expansion:
    missing = (other.targets[name].target for name in other.targets.keys() - expansion.targets.keys())
    found = (on_other_side(target, expansion.kustomizations) for target in missing)
    more = await _traced(tree, (target for target in found if target is not None), renderings, None)
    return replace(expansion, targets={**expansion.targets, **more}) if more else expansion


_PRECEDENCE = (Mode.CONFIG, Mode.FLUX, Mode.KUSTOMIZE, Mode.AUTO)


async def _expand_kustomize(
    tree: Tree,
    finding: Finding,
    renderings: Renderings,
    previous: Previous | None,
    files: FluxFiles | None,
) -> Expansion:
    known = previous.expansion.kustomizations if previous else {}
    targets, kustomizations = await asyncio.to_thread(kustomize_targets, tree, known)
    mode = Mode.KUSTOMIZE if targets or finding.mode is Mode.KUSTOMIZE else Mode.AUTO
    return Expansion(
        tree.id,
        mode,
        await _traced(tree, targets, renderings, previous),
        () if targets else (_NOTHING,),
        kustomizations,
        flux=files,
    )


_NOTHING = Diagnostic(
    Severity.NOTICE,
    "nothing to deliver was found: no .longshore.yaml, no Flux Kustomization and no kustomization.yaml",
)


async def _traced(
    tree: Tree, targets: Iterable[Target], renderings: Renderings, previous: Previous | None
) -> dict[TargetId, Traced]:
    return {target.id: await renderings.trace(tree, target, previous) for target in targets}
