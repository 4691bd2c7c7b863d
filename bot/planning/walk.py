"""Targets of a tree, to the fixpoint: what one target renders to may declare others.

Only a target that reads a file which mentions a controller at all can bring forth another one, or one that a program
of the operator's makes, so only those are rendered while looking. Where one of them cannot be rendered, its children
are taken from the files as they stand, and it is said: a child is never dropped because its parent is unknown.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.aio import gather_bounded
from bot.discover.objects import DeclaredObject, Malformed
from bot.git.tree import Tree
from bot.model.objects import Manifest
from bot.model.rendering import ContentKey, Diagnostic, Severity
from bot.model.target import RendererKind, Target, TargetId
from bot.planning.controller import Controller, Start
from bot.planning.expansion import Previous, Traced
from bot.planning.renderings import Renderings
from bot.planning.written import Written

_MAX_TARGETS = 5_000
_SHOWN = 5
_AT_ONCE = 16
"""Targets looked at side by side; how many are rendered at once is for `Renderings` to say."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """What looking at one target brought: nothing traced where something that it needs may still be found.

    `held` are the controllers' objects that it renders to, None where it could not be rendered; `is_lasting` where it
    never will be.
    """

    traced: Traced | None = None
    held: tuple[DeclaredObject, ...] | None = ()
    is_lasting: bool = False


class Walk:
    """One search to the fixpoint over one tree.

    It goes in rounds: what one round's targets render to is looked at in the next. The order of what is found is the
    same every time, whichever rendering ends first.
    """

    def __init__(
        self,
        tree: Tree,
        controllers: Sequence[Controller],
        renderings: Renderings,
        previous: Previous | None = None,
    ) -> None:
        self._tree = tree
        self._controllers = controllers
        self._renderings = renderings
        self._previous = previous
        self._mentioning = frozenset[str]().union(*(each.mentioning for each in controllers))
        self._unrendered: list[Target] = []
        self._written: Written | None = None
        self.targets: dict[TargetId, Traced] = {}
        self.held: dict[ContentKey, tuple[DeclaredObject, ...]] = {}
        self.broken: set[ContentKey] = set()
        self.diagnostics: list[Diagnostic] = []
        self.settled = True

    async def run(self) -> None:
        """Find everything."""
        pending: list[Start] = []
        for controller in self._controllers:
            starts, said = await controller.starts()
            pending += starts
            self.diagnostics += said
        await self._follow(pending)
        self._say_unrendered()

    def _of(self, manifest: Manifest) -> Controller | None:
        return next((each for each in self._controllers if each.is_ours(manifest)), None)

    def _owner(self, found: DeclaredObject) -> Controller:
        owner = self._of(found.manifest)
        assert owner is not None
        return owner

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
            owner = self._owner(found)
            if not is_last_word and owner.lacks(found, cluster):
                waiting.append(start)
                continue
            target = self._kept(owner, start, looks) or await self._target(owner, start, looks)
            if isinstance(target, Traced):
                looks[target.target.id] = start, target
            elif target is not None:
                looks[target.id] = start, target

        async def look(item: tuple[Start, Target]) -> _Looked:
            return await self._look(*item, is_last_word=is_last_word)

        new = [(start, target) for start, target in looks.values() if isinstance(target, Target)]
        looked = iter(await gather_bounded(_AT_ONCE, look, new))
        children: list[Start] = []
        for name, (start, target) in looks.items():
            seen = self._as_before(target) if isinstance(target, Traced) else next(looked)
            if seen.traced is None:
                waiting.append(start)
                continue
            self._note(name, seen.traced)
            children += [(child, name.cluster) for child in self._children(seen)]
        return children, waiting

    def _as_before(self, traced: Traced) -> _Looked:
        assert self._previous is not None
        return _Looked(traced, self._previous.expansion.held[traced.key])

    def _note(self, name: TargetId, traced: Traced) -> None:
        self.targets[name] = traced
        for controller in self._controllers:
            controller.note(traced)

    def _kept(self, owner: Controller, start: Start, taken: Collection[TargetId]) -> Traced | None:
        known = owner.kept(*start)
        if known is None or known.target.id in self.targets or known.target.id in taken:
            return None
        return known if len(self.targets) + len(taken) < _MAX_TARGETS else None

    async def _look(self, start: Start, target: Target, *, is_last_word: bool) -> _Looked:
        found, cluster = start
        traced = await self._owner(found).look(found, target, cluster, is_last_word=is_last_word)
        return await self._held(replace(traced, found=found)) if traced is not None else _Looked()

    async def _target(
        self, owner: Controller, start: Start, taken: Mapping[TargetId, tuple[Start, Target | Traced]]
    ) -> Target | None:
        """Read it, unless it is a target already or there are far too many."""
        found, cluster = start
        try:
            target = await owner.target(found, cluster)
        except Malformed as error:
            self._remark(Severity.ERROR, str(error), found)
            return None
        other = self.targets.get(target.id) or taken.get(target.id, (None, None))[1]
        if other is not None:
            known = other.target if isinstance(other, Traced) else other
            if known != target and found.parent != known.id:
                self._remark(Severity.WARNING, f"{target.id} is declared more than once", found)
            return None
        if len(self.targets) + len(taken) >= _MAX_TARGETS:
            self._remark(Severity.ERROR, f"more than {_MAX_TARGETS} targets; the rest is not planned", found)
            return None
        return target

    async def _held(self, traced: Traced) -> _Looked:
        """With the controllers' objects among what the target renders to; none where its files hold none."""
        if _holds_nothing(traced.target) or not (self._may_hold(traced) or self._renderings.exhaustive):
            return _Looked(traced)
        if self._previous is not None:
            known = self._previous.expansion
            if traced.key in known.held:
                return _Looked(traced, known.held[traced.key])
            if traced.key in known.broken:
                return _Looked(traced, None, is_lasting=True)
        return await self._rendered(traced)

    def _may_hold(self, traced: Traced) -> bool:
        if traced.target.renderer is RendererKind.GIVEN or traced.is_of_program:
            return True
        return traced.is_from_elsewhere or not traced.files.isdisjoint(self._mentioning)

    async def _rendered(self, traced: Traced) -> _Looked:
        rendering = await self._renderings.masked(self._tree, traced)
        if rendering.failed:
            return _Looked(traced, None, rendering.is_lasting)
        ours = [found.manifest for found in rendering.objects if self._of(found.manifest)]
        files = traced.files if ours else frozenset()
        return _Looked(traced, tuple(self._placed(manifest, files) for manifest in ours))

    def _children(self, looked: _Looked) -> list[DeclaredObject]:
        traced, held = looked.traced, looked.held
        assert traced is not None
        if held is None:
            return self._children_in_files(traced, is_lasting=looked.is_lasting)
        self.held[traced.key] = held
        if not held:
            return []
        name = traced.target.id
        for controller in self._controllers:
            controller.hold(name.cluster, held)
        return [
            DeclaredObject(found.manifest, found.file, found.line, name)
            for found in held
            if self._owner(found).declares_target(found.manifest)
        ]

    def _children_in_files(self, parent: Traced, *, is_lasting: bool) -> list[DeclaredObject]:
        """What broke may hide a child on one side of a change; what is refused on both sides hides nothing more."""
        target = parent.target
        if is_lasting:
            self.broken.add(parent.key)
        self.settled &= bool(is_lasting or target.unknown_because or parent.trace.is_refused)
        children = [found for controller in self._controllers for found in controller.standing(parent)]
        if children:
            self._unrendered.append(target)
        return [replace(found, parent=target.id) for found in children]

    def _placed(self, manifest: Manifest, files: frozenset[str]) -> DeclaredObject:
        """With the file it was written in, where its name tells."""
        if self._written is None:
            self._written = Written(found for each in self._controllers for found in each.in_files)
        return self._written.placed(manifest, files)

    def _remark(self, severity: Severity, message: str, found: DeclaredObject) -> None:
        self.diagnostics.append(Diagnostic(severity, message, found.file, found.line))


def _holds_nothing(target: Target) -> bool:
    """Releases of Flux are not searched: a chart seldom holds what Flux follows, and each would have to be rendered."""
    return target.flux is not None and target.release is not None
