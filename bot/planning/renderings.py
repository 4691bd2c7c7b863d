"""Renders on demand: what is known already is not rendered again, and no more run at once than the operator allows."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.errors import LongshoreError
from bot.git.errors import MissingObject
from bot.git.tree import Tree
from bot.model.objects import Manifest, Object
from bot.model.plan import Protection
from bot.model.rendering import (
    ContentKey,
    Diagnostic,
    MaskedRendering,
    Material,
    Rendering,
    Trace,
    TraceEntry,
    Trust,
)
from bot.model.target import GitSource, RendererKind, Target, TargetId
from bot.model.tree import TreeReader
from bot.planning.asked import Answers
from bot.planning.elsewhere import Errand
from bot.planning.expansion import Expansion, Finding, Previous, Traced
from bot.planning.fetched import Fetched
from bot.planning.kept import Kept
from bot.planning.reading import joined, read_by, refs_of, tree_of, unread_here
from bot.planning.remarks import of_fetched, of_now, placeless
from bot.planning.room import TraceRoom
from bot.planning.workshop import Workshop
from bot.render.builder import patched
from bot.render.given import NOTHING, Given
from bot.render.helm.inputs import ClusterFacts, ReleaseInputs, ValuesSource
from bot.render.key import content_key, key_of_parts
from bot.render.notes import whole_tree
from bot.render.origins import in_repository
from bot.render.variables import Substitution

if TYPE_CHECKING:
    from bot.render.applicationset import Templates
    from bot.render.sops.decrypt import Decryptor


@dataclass(frozen=True, slots=True)
class Ready:
    """In which tree, of what and under which key a target is rendered.

    `remarks` are about what was fetched, as of now: no part of a rendering that is kept.
    """

    tree: TreeReader
    given: Given
    key: ContentKey
    materials: tuple[Material, ...] = ()
    remarks: tuple[Diagnostic, ...] = ()


class Renderings:
    """The renderings of one piece of work, for input of one trust. `on_progress` hears of every program that starts."""

    exhaustive = False
    """Whether everything is to be rendered, also what need not be."""

    def __init__(
        self,
        workshop: Workshop,
        trust: Trust = Trust.PULL_REQUEST,
        on_progress: Callable[[str], None] = lambda _: None,
        *,
        decryptor: "Decryptor | None" = None,
        errand: Errand | None = None,
    ) -> None:
        """Without an `errand` nothing is fetched. Raises `NotTrusted` for a decryptor where the input is not trusted."""
        if decryptor is not None and trust is not Trust.TRUSTED:
            from bot.render.sops.decrypt import NotTrusted  # noqa: PLC0415 - only a difference needs it

            raise NotTrusted("secrets are decrypted only for what is merged, never for a pull request")
        self._workshop = workshop
        self._sandbox = workshop.sandbox_for(trust, decrypts=decryptor is not None)
        self._trust = trust
        self._decryptor = decryptor
        self._errand = errand or Errand()
        self._room = TraceRoom()
        made_by = {**workshop.tools, "decryption": self._decryption, "programs": repr(self._sandbox.programs)}
        self._kept = Kept(workshop.cache, workshop.memory, workshop.mask, trust, made_by)
        self._on_progress = on_progress
        self._broken: dict[tuple[TargetId, ContentKey], MaskedRendering] = {}
        self._under_way: dict[ContentKey, asyncio.Task[MaskedRendering]] = {}
        self._started = 0

    @property
    def is_troubled(self) -> bool:
        """Whether something could not be had that may be had later."""
        return self._errand.is_troubled

    @property
    def answers(self) -> Answers:
        """What generators of ApplicationSets are told by a forge."""
        return self._errand.answers

    def note(self, error: LongshoreError) -> None:
        """Something could not be had; it may be had later."""
        self._errand.note(error)

    @property
    def protections(self) -> tuple[Protection, ...]:
        return self._workshop.protections

    async def trace(
        self,
        tree: Tree,
        target: Target,
        previous: Previous | None,
        substitution: Substitution | None = None,
        values: tuple[ValuesSource, ...] = (),
    ) -> Traced:
        """What the target reads, and its key. `substitution` and `values` are what is known beside the tree.

        A target is unknown where what it is rendered from lies elsewhere and cannot be had.
        """
        known = previous.still_holds(target, substitution, values) if previous is not None else None
        if known is not None:
            return known
        if target.parts:
            parts = tuple([await self.trace(tree, part, previous) for part in target.parts])
            return Traced(target, joined(parts), key_of_parts([p.key for p in parts], target), parts=parts)
        if previous is not None and target.renderer is RendererKind.KUSTOMIZE and not target.unknown_because:
            self.warm_up()
        concrete: Target | None = None
        try:
            self._room.require(tree.id)
            made, read = await read_by(self._errand, tree, target, self._sandbox.programs)
            concrete, found = made, self._room.admit(tree.id, read)
        except MissingObject:
            raise
        except Exception as error:  # noqa: BLE001 - one target's input takes no other along
            target = replace(target, unknown_because=self._errand.note(error))
            found = unread_here(tree, target)
        rendered = concrete or target
        # What is asked of elsewhere is the same for both sides of a change, and so no part of this key.
        inputs = ReleaseInputs(values) if rendered.release else None
        key = self._key(found, rendered, substitution, inputs)
        traced = Traced(target, found, key, substitution, values, concrete=concrete)
        if target.argocd is None or not traced.asks_cluster:
            return traced
        # What a chart holds for one cluster it need not hold for another.
        return replace(traced, key=key_of_parts([key, ContentKey(target.id.cluster)], target))

    def given(
        self, tree: Tree, target: Target, entries: Iterable[TraceEntry], *, is_asked_for: bool, is_known: bool
    ) -> Traced:
        """A target whose objects whoever found it has made; `entries` are what was read for that.

        `is_known` where that tells all that there is to know, also of one that is unknown because it holds nothing.
        """
        trace = Trace(tuple(sorted(set(entries))))
        # What was read and made no difference is no part of the key; of what is not known anything may make one.
        keyed = Trace(()) if is_known else Trace((whole_tree(tree),))
        return Traced(target, trace, self._key(keyed, target, None, None), is_asked_for=is_asked_for)

    async def elsewhere(self, tree: TreeReader, source: GitSource) -> TreeReader:
        """The files of another repository. Raises what an errand raises."""
        return await self._errand.tree(tree, source)

    def templates(self) -> "Templates":
        """What renders the Go templates of ApplicationSets, for input of this trust."""
        return self._workshop.templates_for(self._trust)

    def warm_up(self) -> None:
        """Something is going to be rendered: the program that does may start while that is being found."""
        quick = self._sandbox.builders.kustomize
        if quick is not None and not self.exhaustive:
            quick.warm_up(patched)

    def _key(
        self, found: Trace, target: Target, substitution: Substitution | None, inputs: ReleaseInputs | None
    ) -> ContentKey:
        return content_key(
            *(found, target, self._workshop.tools, substitution), decryption=self._decryption, inputs=inputs
        )

    async def recall(self, tree: Tree, finding: Finding) -> Expansion | None:
        """What was found in the very same tree before."""
        return await self._kept.recall(tree, finding)

    async def remember(self, expansion: Expansion, finding: Finding) -> None:
        await self._kept.remember(expansion, finding)

    @property
    def _decryption(self) -> str:
        """With which keys what asks for it is decrypted: part of every key."""
        return self._decryptor.identity if self._decryptor else ""

    async def masked(self, tree: Tree, traced: Traced) -> MaskedRendering:
        """The target's objects without secrets: from the cache, or rendered now."""
        if traced.target.unknown_because:  # targets of one key may have been found in different places
            return self.mask(_failed(traced.target.unknown_because, traced.target))
        if traced.parts:
            from bot.render.argocd.combine import combined_masked  # noqa: PLC0415 - only a difference needs it

            parts = [await self.masked(tree, part) for part in traced.parts]
            return combined_masked(parts, self._workshop.mask.digest)
        try:
            ready = await self._ready(tree, traced)
            made = await self._shared(traced, ready)
        except MissingObject:
            raise
        except Exception as error:  # noqa: BLE001 - one target's input takes no other along
            return self.mask(self._failed(traced, error))
        # NB: a key says what is read, not where in the repository it lies, nor which commit elsewhere holds it too.
        found = in_repository(of_now(made.diagnostics, traced), traced.target, traced.trace)
        return replace(made, materials=ready.materials, diagnostics=(*ready.remarks, *found))

    async def whole(self, tree: Tree, traced: Traced) -> Rendering:
        """The target's objects as they are, secrets included: rendered now, and kept nowhere."""
        if traced.parts and not traced.target.unknown_because:
            from bot.render.argocd.combine import combined  # noqa: PLC0415 - as above

            return combined([await self.whole(tree, part) for part in traced.parts])
        try:
            ready = await self._ready(tree, traced)
            rendering = await self._rendered(traced, ready)
            found = in_repository(rendering.diagnostics, traced.target, traced.trace)
            diagnostics = (*ready.remarks, *found)
            return replace(rendering, materials=ready.materials, diagnostics=diagnostics)
        except MissingObject:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            return self._failed(traced, error)

    async def _ready(self, tree: Tree, traced: Traced) -> Ready:
        """With everything fetched that the target needs from elsewhere. Raises what an errand raises."""
        target, key, fetched = traced.rendered, traced.key, Fetched()
        if target.unknown_because:
            return Ready(tree, NOTHING, key)
        where = await tree_of(self._errand, tree, target)
        if traced.trace.is_refused:
            return Ready(where, NOTHING, key)
        if target.release is not None:
            fetched = await self._errand.inputs(where, target, traced.values)
            key = self._key(traced.trace, target, traced.substitution, fetched.inputs)
            refs = await refs_of(self._errand, tree, traced.target)
            fetched = replace(fetched, inputs=replace(fetched.inputs, refs=refs))
        remotes = await self._errand.remotes({use.ref for use in traced.trace.remotes})
        charts, inflated = await self._errand.charts(traced.trace.charts)
        inputs = fetched.inputs
        is_told = bool(traced.trace.charts) or target.renderer is RendererKind.PLUGIN
        if is_told and target.argocd is not None:
            inputs = ReleaseInputs(facts=await self._errand.facts(target.id.cluster))
        if charts or inputs is not fetched.inputs:
            fixed = {str(chart): of for chart, of in charts.items()}
            made_of = ReleaseInputs(dependencies=fixed, facts=inputs.facts)
            key = self._key(traced.trace, target, traced.substitution, made_of)
        given = Given(traced.substitution, self._decryptor, remotes, inputs, charts)
        materials = (*fetched.materials, *inflated, *self._errand.materials(target, remotes))
        return Ready(where, given, key, materials, of_fetched(fetched, target))

    async def _rendered(self, traced: Traced, ready: Ready) -> Rendering:
        from bot.render.render import render  # noqa: PLC0415 - only a difference needs it

        async with self._workshop.gate:
            self._started += 1
            self._on_progress(f"rendering {self._started}: {traced.target.id}")
            return await render(ready.tree, traced.rendered, traced.trace, self._sandbox, ready.given)

    def _failed(self, traced: Traced, error: Exception) -> Rendering:
        """One target is unknown where something it needs cannot be had; the others are planned."""
        return _failed(self._errand.note(error), traced.target)

    async def facts(self, cluster: str) -> ClusterFacts:
        """What charts are told of a cluster."""
        return await self._errand.facts(cluster)

    def mask(self, rendering: Rendering) -> MaskedRendering:
        """As it is compared, kept and shown: what is encrypted by its facts, what was decrypted not at all."""
        from bot.render.sops.shown import shown  # noqa: PLC0415 - only a difference needs it

        return self._workshop.mask.mask(shown(rendering))

    def masked_manifest(self, manifest: Manifest) -> Manifest:
        """A manifest that stands in a file, without its secrets; one that is no object is nothing but its type."""
        try:
            found = Object.of(manifest)
        except ValueError:
            return {key: manifest[key] for key in ("apiVersion", "kind") if key in manifest}
        return self.mask(Rendering((found,))).objects[0].manifest

    async def _shared(self, traced: Traced, ready: Ready) -> MaskedRendering:
        """Each key is rendered once at a time, and tried for each target where it fails."""
        task = self._under_way.get(ready.key)
        if task is not None:
            made = await asyncio.shield(task)
            return await self._made(traced, ready) if made.failed else made
        task = asyncio.create_task(self._made(traced, ready))
        self._under_way[ready.key] = task
        task.add_done_callback(lambda _: self._under_way.pop(ready.key, None))
        return await asyncio.shield(task)

    async def _made(self, traced: Traced, ready: Ready) -> MaskedRendering:
        # NB: why it fails is said of the target, so that the key alone does not name it.
        name = traced.target.id, ready.key
        made = self._broken.get(name) or await self._kept.rendering(ready.key)
        if made is None:
            rendering = placeless(await self._rendered(traced, ready), traced.target)
            made = await asyncio.to_thread(self._put, ready.key, rendering)
            if made.failed:
                self._broken[name] = made
        return made

    def _put(self, key: ContentKey, rendering: Rendering) -> MaskedRendering:
        masked = self.mask(rendering)
        self._kept.keep(key, masked)
        return masked


def _failed(why: str, target: Target) -> Rendering:
    from bot.render.render import failed  # noqa: PLC0415 - only a difference needs it

    return failed(why, target)
