"""Kustomizations and releases of a tree, to the fixpoint: what a Kustomization renders may be Kustomizations again.

Only a target that reads a file which mentions Flux at all can bring forth another one, so only those are rendered
while looking. Where one of them cannot be rendered, its children are taken from the files as they stand, and it is
said: a child is never dropped because its parent is unknown.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.aio import gather_bounded
from bot.discover.flux import (
    MalformedFlux,
    helm_release_target,
    is_helm_release,
    is_of_artifact,
    is_source,
    kustomization_target,
    notices,
)
from bot.discover.objects import DeclaredObject, cluster_label
from bot.model.objects import Manifest
from bot.model.rendering import ContentKey, Diagnostic, Severity
from bot.model.target import Target, TargetId
from bot.planning.expansion import Finding, Previous, Traced
from bot.planning.flux.declarations import Declarations, Known
from bot.planning.flux.files import InFiles, is_flux
from bot.planning.flux.reuse import Reuse
from bot.planning.flux.roots import Start, starts, taken_for_this
from bot.planning.flux.sources import ClusterSources
from bot.planning.flux.standing import standing
from bot.planning.flux.values import Values
from bot.planning.flux.variables import Variables
from bot.render.helm.inputs import ValuesSource

_MAX_TARGETS = 5_000
_SHOWN = 5
_AT_ONCE = 16
"""Targets looked at side by side; how many are rendered at once is for `Renderings` to say."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """What looking at one target brought: nothing traced where something that it needs may still be found.

    `held` are the Flux objects it renders to, None where it could not be rendered; `is_lasting` where it never will be.
    """

    traced: Traced | None = None
    held: tuple[DeclaredObject, ...] | None = ()
    is_lasting: bool = False


class FluxWalk:
    """One search to the fixpoint over one tree.

    It goes in rounds: what one round's targets render to is looked at in the next. The order of what is found is the
    same every time, whichever rendering ends first.
    """

    def __init__(
        self,
        files: InFiles,
        finding: Finding,
        declarations: Declarations,
        previous: Previous | None = None,
    ) -> None:
        self._declarations = declarations
        self._tree = declarations.tree
        self._files = files
        self._renderings = declarations.renderings
        self._previous = previous
        self._variables = Variables(declarations)
        self._values = Values(declarations)
        self._sources = ClusterSources(finding.repository, files.sources)
        self._reuse = Reuse(previous, finding, self._tree) if previous and previous.expansion.flux else None
        self._unrendered: list[Target] = []
        self._clusters: dict[str, list[Traced]] = defaultdict(list)
        self.targets: dict[TargetId, Traced] = {}
        self.held: dict[ContentKey, tuple[DeclaredObject, ...]] = {}
        self.broken: set[ContentKey] = set()
        self.diagnostics: list[Diagnostic] = list(files.diagnostics)
        self.settled = True
        self.whole = not files.diagnostics

    async def run(self) -> None:
        """Find everything."""
        candidates = self._files.kustomizations
        pending, left_out = await starts(candidates, self._reads)
        self.diagnostics += left_out
        self.diagnostics += taken_for_this(pending, self._sources, self._tree)
        await self._follow(pending)
        self.settled &= self._declarations.is_settled
        self._say_unrendered()

    def _say_unrendered(self) -> None:
        names = sorted(str(target.id) for target in self._unrendered)
        if names:
            shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if names[_SHOWN:] else "")
            message = f"what these hold is planned as their files stand, because they do not render: {shown}"
            self.diagnostics.append(Diagnostic(Severity.WARNING, message))

    async def _follow(self, pending: list[Start]) -> None:
        """What needs something that nobody has declared so far waits until all others have been looked at."""
        waiting: list[Start] = []
        while pending or waiting:
            found, late = await self._round(pending, is_last_word=False)
            retried, waiting = await self._round(waiting, is_last_word=False)
            waiting += late
            if not (found or retried or pending):
                # Nothing moves any more: the first of those that wait has to do with what there is.
                retried, _ = await self._round(waiting[:1], is_last_word=True)
                waiting = waiting[1:]
            pending = found + retried

    async def _round(
        self, starting: Sequence[Start], *, is_last_word: bool
    ) -> tuple[list[Start], list[Start]]:
        """Look at these; returns what they bring forth, and those that have to wait."""
        looks: dict[TargetId, tuple[Start, Target | Traced]] = {}
        waiting: list[Start] = []
        for start in starting:
            found, cluster = start
            if not is_last_word and self._sources.lacks(found, cluster):
                waiting.append(start)
                continue
            target = self._kept(found, cluster, looks) or self._target(found, cluster, looks)
            if isinstance(target, Traced):
                looks[target.target.id] = start, target
            elif target is not None:
                looks[target.id] = start, target

        async def look(item: tuple[Start, Target | Traced]) -> _Looked:
            (found, _), target = item
            if isinstance(target, Traced):
                assert self._previous is not None
                return _Looked(target, self._previous.expansion.held[target.key])
            return await self._look(found, target, is_last_word=is_last_word)

        children: list[Start] = []
        looked = await gather_bounded(_AT_ONCE, look, looks.values())
        for (name, (start, _)), seen in zip(looks.items(), looked, strict=True):
            if seen.traced is None:
                waiting.append(start)
                continue
            self._note(name, seen.traced)
            children += [(child, start[1]) for child in self._children(seen, start[1])]
        return children, waiting

    def _note(self, name: TargetId, traced: Traced) -> None:
        self.targets[name] = traced
        self._clusters[name.cluster].append(traced)
        if self._reuse is not None:
            self._reuse.note(traced)

    def _kept(self, found: DeclaredObject, cluster: str, taken: Collection[TargetId]) -> Traced | None:
        known = self._reuse.of(found, cluster, self._sources) if self._reuse else None
        if known is None or known.target.id in self.targets or known.target.id in taken:
            return None
        return known

    async def _look(self, found: DeclaredObject, target: Target, *, is_last_word: bool) -> _Looked:
        cluster = target.id.cluster
        parent = TargetId(cluster, found.parent or "")
        known = Known(self._clusters[cluster], self.targets.get(parent))
        substitution = None
        values: tuple[ValuesSource, ...] = ()
        providers: tuple[TargetId, ...] | None = ()
        if target.post_build is not None and not target.unknown_because:
            put_in = await self._variables.substitution(target, known, is_last_word=is_last_word)
            if put_in is None:
                return _Looked()
            substitution, providers = put_in
        if target.release is not None and not target.unknown_because:
            sources = await self._values.sources(target, known, is_last_word=is_last_word)
            if sources is None:
                return _Looked()
            values, providers = sources
        traced = await self._renderings.trace(self._tree, target, self._previous, substitution, values)
        return await self._held(
            replace(
                traced,
                notices=notices(found, self._sources.of(cluster)),
                found=found,
                providers=providers,
            )
        )

    def _target(
        self, found: DeclaredObject, cluster: str, taken: Mapping[TargetId, tuple[Start, Target | Traced]]
    ) -> Target | None:
        """Read it, unless it is a target already or there are far too many."""
        read = helm_release_target if is_helm_release(found.manifest) else kustomization_target
        try:
            target = self._tied(found, read(found, self._sources.of(cluster), cluster))
        except MalformedFlux as error:
            self._remark(Severity.ERROR, str(error), found)
            return None
        other = self.targets.get(target.id) or taken.get(target.id, (None, None))[1]
        if other is not None:
            known = other.target if isinstance(other, Traced) else other
            if known != target and found.parent != known.id.name:
                self._remark(Severity.WARNING, f"{target.id} is declared more than once", found)
            return None
        if len(self.targets) + len(taken) >= _MAX_TARGETS:
            self._remark(Severity.ERROR, f"more than {_MAX_TARGETS} targets; the rest is not planned", found)
            return None
        return target

    def _tied(self, found: DeclaredObject, target: Target) -> Target:
        """What nobody knows how it is made may be made of any file: no other tree is known to give the same one."""
        if target.artifact is not None or not is_of_artifact(found):
            return target
        return replace(target, overlay={**target.overlay, "artifact": self._tree.id})

    async def _held(self, traced: Traced) -> _Looked:
        """With the Flux objects among what the target renders to; none where its files hold none."""
        if traced.target.release is not None:
            return _Looked(traced)
        may_hold = traced.is_from_elsewhere or not traced.files.isdisjoint(self._files.mentioning)
        if not (may_hold or self._renderings.exhaustive):
            return _Looked(traced)
        if self._previous is not None:
            known = self._previous.expansion
            if traced.key in known.held:
                return _Looked(traced, known.held[traced.key])
            if traced.key in known.broken:
                return _Looked(traced, None, is_lasting=True)
        return await self._rendered(traced)

    async def _rendered(self, traced: Traced) -> _Looked:
        rendering = await self._renderings.masked(self._tree, traced)
        if rendering.failed:
            return _Looked(traced, None, rendering.is_lasting)
        return _Looked(
            traced, tuple(self._placed(o.manifest, traced) for o in rendering.objects if is_flux(o.manifest))
        )

    def _children(self, looked: _Looked, cluster: str) -> list[DeclaredObject]:
        traced, held = looked.traced, looked.held
        assert traced is not None
        if held is None:
            return self._children_in_files(traced, is_lasting=looked.is_lasting)
        self.held[traced.key] = held
        self._sources.add(cluster, held)
        name = traced.target.id.name
        return [replace(found, parent=name) for found in held if not is_source(found.manifest)]

    def _children_in_files(self, parent: Traced, *, is_lasting: bool) -> list[DeclaredObject]:
        """What broke may hide a child on one side of a change; what is refused on both sides hides nothing more."""
        target = parent.target
        if is_lasting:
            self.broken.add(parent.key)
        self.settled &= bool(is_lasting or target.unknown_because or parent.trace.is_refused)
        children = standing(parent, self._files)
        if children:
            self._unrendered.append(target)
        return children

    def _placed(self, manifest: Manifest, parent: Traced) -> DeclaredObject:
        """With the file it was written in, where its name tells."""
        files = parent.files
        wanted = manifest.get("kind"), _name(manifest)
        for found in self._files.everything:
            if found.file in files and (found.manifest.get("kind"), _name(found.manifest)) == wanted:
                return DeclaredObject(manifest, found.file, found.line)
        return DeclaredObject(manifest, None, None)

    async def _reads(self, found: DeclaredObject) -> frozenset[str]:
        try:
            cluster = cluster_label(found.file or "")
            target = kustomization_target(found, self._sources.of(cluster), cluster)
        except MalformedFlux:
            return frozenset()
        if target.unknown_because and (not target.path or is_of_artifact(found)):
            return frozenset()
        traced = await self._renderings.trace(self._tree, target, None)
        if target.artifact is not None:
            return traced.files
        return frozenset(entry.path for entry in traced.trace.entries)

    def _remark(self, severity: Severity, message: str, found: DeclaredObject) -> None:
        self.diagnostics.append(Diagnostic(severity, message, found.file, found.line))


def _name(manifest: Manifest) -> object:
    return (manifest.get("metadata") or {}).get("name")
