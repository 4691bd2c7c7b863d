"""Renders on demand: what is known already is not rendered again, and no more run at once than the operator allows."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bot.diff.mask import Mask
from bot.git.tree import Tree
from bot.model.plan import Protection
from bot.model.rendering import ContentKey, MaskedRendering, Rendering, Trace, Trust
from bot.model.repo import TreeId
from bot.model.target import Target, TargetId
from bot.planning.expansion import Expansion, Finding, Previous, Traced
from bot.planning.memory import Memory
from bot.render.brute import Checkout, checkout
from bot.render.cache import CacheKey, RenderingCache
from bot.render.given import Given
from bot.render.key import content_key
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.sops.decrypt import Decryptor, NotTrusted
from bot.render.sops.shown import shown
from bot.render.trace import trace
from bot.render.variables import Substitution


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every rendering of one process shares. `gate` bounds how many programs render at once.

    `tools` are the versions that take part in a content key, by program.
    """

    sandbox: Sandbox
    protections: tuple[Protection, ...]
    tools: Mapping[str, str]
    mask: Mask
    cache: RenderingCache
    memory: Memory
    gate: asyncio.Semaphore


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
        decryptor: Decryptor | None = None,
    ) -> None:
        """Raises `NotTrusted` for a decryptor where the input is not trusted."""
        if decryptor is not None and trust is not Trust.TRUSTED:
            raise NotTrusted("secrets are decrypted only for what is merged, never for a pull request")
        self._workshop = workshop
        self._trust = trust
        self._decryptor = decryptor
        self._on_progress = on_progress
        self._under_way: dict[ContentKey, asyncio.Task[MaskedRendering]] = {}
        self._started = 0

    @property
    def protections(self) -> tuple[Protection, ...]:
        return self._workshop.protections

    def trace(
        self,
        tree: Tree,
        target: Target,
        previous: Previous | None,
        substitution: Substitution | None = None,
    ) -> Traced:
        known = previous.still_holds(target, substitution) if previous is not None else None
        if known is not None:
            return known
        found = trace(tree, target)
        return Traced(target, found, self._key(found, target, substitution), substitution)

    def _key(self, found: Trace, target: Target, substitution: Substitution | None) -> ContentKey:
        decryption = self._decryptor.identity if self._decryptor else ""
        return content_key(found, target, self._workshop.tools, substitution, decryption=decryption)

    async def recall(self, tree: Tree, finding: Finding) -> Expansion | None:
        """As with renderings: what an untrusted change led to is never read by a delivery.

        Nor is what was found with other keys than ours: what they decrypt has another content key.
        """
        for trust in dict.fromkeys((self._trust, Trust.TRUSTED)):
            found = await asyncio.to_thread(
                self._workshop.memory.recall, tree.id, finding, self._made_by(trust)
            )
            if found is not None and all(map(self._is_decrypted_alike, found.targets.values())):
                return found
        return None

    def _is_decrypted_alike(self, known: Traced) -> bool:
        if known.target.decryption is None:
            return True
        return known.key == self._key(known.trace, known.target, known.substitution)

    async def remember(self, expansion: Expansion, finding: Finding) -> None:
        made_by = self._made_by(self._trust)
        await asyncio.to_thread(self._workshop.memory.remember, expansion, finding, made_by)

    def _made_by(self, trust: Trust) -> Mapping[str, str]:
        return {**self._workshop.tools, "trust": trust.value}

    async def masked(self, tree: Tree, traced: Traced) -> MaskedRendering:
        """The target's objects without secrets: from the cache, or rendered now. Each key is rendered once at a time."""
        task = self._under_way.get(traced.key)
        if task is None:
            task = asyncio.create_task(self._masked(tree, traced))
            self._under_way[traced.key] = task
            task.add_done_callback(lambda _: self._under_way.pop(traced.key, None))
        return await asyncio.shield(task)

    async def whole(self, tree: Tree, traced: Traced) -> Rendering:
        """The target's objects as they are, secrets included: rendered now, and kept nowhere."""
        async with self._workshop.gate:
            self._started += 1
            self._on_progress(f"rendering {self._started}: {traced.target.id}")
            return await render(
                tree, traced.target, traced.trace, self._workshop.sandbox, self._given(traced)
            )

    def _given(self, traced: Traced) -> Given:
        return Given(traced.substitution, self._decryptor)

    def mask(self, rendering: Rendering) -> MaskedRendering:
        """As it is compared, kept and shown: what is encrypted by its facts, what was decrypted not at all."""
        return self._workshop.mask.mask(shown(rendering))

    async def _masked(self, tree: Tree, traced: Traced) -> MaskedRendering:
        known = await asyncio.to_thread(self._cached, traced.key)
        if known is not None:
            return known
        rendering = await self.whole(tree, traced)
        return await asyncio.to_thread(self._put, traced.key, rendering)

    def _cached(self, key: ContentKey) -> MaskedRendering | None:
        """A pull request may read what a delivery made; never the other way round."""
        for trust in dict.fromkeys((self._trust, Trust.TRUSTED)):
            found = self._workshop.cache.get(CacheKey(key, trust, self._workshop.mask.key_id))
            if found is not None:
                return found
        return None

    def _put(self, key: ContentKey, rendering: Rendering) -> MaskedRendering:
        masked = self.mask(rendering)
        if not masked.failed:  # a failure may be the machine's: it is tried again
            self._workshop.cache.put(CacheKey(key, self._trust, self._workshop.mask.key_id), masked)
        return masked


@dataclass(slots=True)
class _WholeTree:
    """One tree on disk, and what was rendered of it."""

    checkout: Checkout
    done: dict[TargetId, tuple[Traced, MaskedRendering]] = field(default_factory=dict)


class ExhaustiveRenderings(Renderings):
    """Renders everything from whole checkouts, by no key and from no cache: the judge of the quick way.

    The two trees used last are kept, so that of a series of changes every tree is rendered once.
    """

    exhaustive = True

    def __init__(
        self,
        workshop: Workshop,
        stack: AsyncExitStack,
        on_progress: Callable[[str], None],
        decryptor: Decryptor | None,
    ) -> None:
        trust = decryptor.trust if decryptor else Trust.PULL_REQUEST
        super().__init__(workshop, trust, on_progress, decryptor=decryptor)
        self._stack = stack
        self._trees: OrderedDict[TreeId, _WholeTree] = OrderedDict()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        workshop: Workshop,
        on_progress: Callable[[str], None] = lambda _: None,
        decryptor: Decryptor | None = None,
    ) -> "AsyncIterator[ExhaustiveRenderings]":
        """Checkouts last as long as the block."""
        async with AsyncExitStack() as stack:
            yield cls(workshop, stack, on_progress, decryptor)

    def trace(
        self,
        tree: Tree,
        target: Target,
        previous: Previous | None,  # noqa: ARG002 - nothing is reused
        substitution: Substitution | None = None,
    ) -> Traced:
        return super().trace(tree, target, None, substitution)

    async def recall(self, tree: Tree, finding: Finding) -> Expansion | None:  # noqa: ARG002 - nothing is remembered
        return None

    async def remember(self, expansion: Expansion, finding: Finding) -> None:
        """Nothing is remembered."""

    async def masked(self, tree: Tree, traced: Traced) -> MaskedRendering:
        """Finding and comparing ask for the very same target of the very same tree: it is rendered once."""
        done = (await self._whole_tree(tree)).done
        known = done.get(traced.target.id)
        if known is None or known[0] != traced:
            known = traced, self.mask(await self.whole(tree, traced))
            done[traced.target.id] = known
        return known[1]

    async def whole(self, tree: Tree, traced: Traced) -> Rendering:
        whole = await self._whole_tree(tree)
        async with self._workshop.gate:
            self._on_progress(f"verifying {traced.target.id}")
            return await whole.checkout.render(traced.target, self._workshop.sandbox, self._given(traced))

    async def _whole_tree(self, tree: Tree) -> _WholeTree:
        if tree.id not in self._trees:
            made = await self._stack.enter_async_context(checkout(tree))
            self._trees[tree.id] = _WholeTree(made)
        self._trees.move_to_end(tree.id)
        while len(self._trees) > 2:
            self._trees.popitem(last=False)
        return self._trees[tree.id]
