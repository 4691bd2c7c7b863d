"""All targets of one tree."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import Target, TargetId
from bot.planning.controllers import DIALECTS, controllers_of
from bot.planning.declared import declared
from bot.planning.expansion import DeclaringFiles, Expansion, Finding, Mode, Previous, Traced
from bot.planning.files import declaring_files
from bot.planning.flux.declarations import Declarations
from bot.planning.kustomize import kustomize_targets, on_other_side
from bot.planning.renderings import Renderings
from bot.planning.walk import Walk


async def expand(
    repository: Repository,
    tree: Tree,
    finding: Finding,
    renderings: Renderings,
    previous: Previous | None = None,
) -> Expansion:
    """Find and trace. `previous` is an expansion of a tree that is much the same; the answer is the same without it."""
    if finding.mode in {Mode.AUTO, Mode.CONFIG}:
        written = await asyncio.to_thread(declared, tree, finding)
        if written.targets or written.broken or finding.mode is Mode.CONFIG:
            targets = await _traced(tree, written.targets, renderings, previous)
            return Expansion(tree.id, Mode.CONFIG, targets, written.diagnostics, whole=not written.broken)
    if previous is None:
        await asyncio.to_thread(tree.read_ahead)
    files: DeclaringFiles | None = None
    if finding.mode in _OF_CONTROLLERS:
        files = await declaring_files(repository, tree, renderings, DIALECTS, previous)
        declarations = Declarations(repository, tree, renderings)
        controllers = controllers_of(files, finding, declarations, previous)
        if controllers:
            walk = Walk(tree, controllers, renderings, previous)
            await walk.run()
            return _found(walk, tree, files, is_settled=declarations.is_settled)
    return await _expand_kustomize(tree, finding, renderings, previous, files)


def _found(walk: Walk, tree: Tree, files: DeclaringFiles, *, is_settled: bool) -> Expansion:
    return Expansion(
        tree.id,
        Mode.CONTROLLERS,
        walk.targets,
        tuple(dict.fromkeys(walk.diagnostics)),
        held=walk.held,
        broken=frozenset(walk.broken),
        files=files,
        settled=walk.settled and is_settled,
        whole=not any(file.diagnostics for file in files.by_path.values()),
    )


async def expand_one(
    repository: Repository, tree: Tree, finding: Finding, renderings: Renderings
) -> Expansion:
    """As `expand`, from memory where the very same was found before."""
    known = await renderings.recall(tree, finding)
    if known is None:
        known = await expand(repository, tree, finding, renderings)
        if known.may_be_kept and not renderings.is_troubled:
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
        expand_one(repository, base, finding, renderings),
        repository.changed_paths(base.id, head.id),
    )
    if base.id == head.id:
        return before, before
    # NB: brute force takes nothing over, or it would judge the quick way by itself.
    previous = None if renderings.exhaustive else Previous(before, changed, _moved(base, head, changed))
    after = await expand(repository, head, finding, renderings, previous)
    if before.mode is not after.mode:
        chosen = min(before.mode, after.mode, key=_PRECEDENCE.index)
        settled = replace(finding, mode=chosen)
        before = await expand(repository, base, settled, renderings)
        after = await expand(repository, head, settled, renderings)
    if after.mode is not Mode.KUSTOMIZE:
        return before, after
    return (
        await _with_roots_of(after, base, before, renderings),
        await _with_roots_of(before, head, after, renderings),
    )


def _moved(base: Tree, head: Tree, changed: Iterable[str]) -> Iterator[str]:
    """Where something comes, goes or becomes something else."""
    for path in changed:
        before, after = base.entry(path), head.entry(path)
        if before is None or after is None or before.kind is not after.kind:
            yield path


async def _with_roots_of(
    other: Expansion, tree: Tree, expansion: Expansion, renderings: Renderings
) -> Expansion:
    missing = (other.targets[name].target for name in other.targets.keys() - expansion.targets.keys())
    found = (on_other_side(target, expansion.kustomizations) for target in missing)
    more = await _traced(tree, (target for target in found if target is not None), renderings, None)
    return replace(expansion, targets={**expansion.targets, **more}) if more else expansion


_PRECEDENCE = (Mode.CONFIG, Mode.CONTROLLERS, Mode.KUSTOMIZE, Mode.AUTO)
_OF_CONTROLLERS = frozenset({Mode.AUTO, Mode.CONTROLLERS, Mode.FLUX, Mode.ARGOCD})


async def _expand_kustomize(
    tree: Tree,
    finding: Finding,
    renderings: Renderings,
    previous: Previous | None,
    files: DeclaringFiles | None,
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
        files=files,
    )


_NOTHING = Diagnostic(
    Severity.NOTICE,
    "nothing to deliver was found: no .longshore.yaml, no Kustomization of Flux, no Application of Argo CD and no "
    "kustomization.yaml; .longshore.yaml at the root may declare targets (`longshore config example --team` shows how)",
)


async def _traced(
    tree: Tree, targets: Iterable[Target], renderings: Renderings, previous: Previous | None
) -> dict[TargetId, Traced]:
    return {target.id: await renderings.trace(tree, target, previous) for target in targets}
