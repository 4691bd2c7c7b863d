"""Renders everything by brute force: the judge of the quick way."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from bot.git.tree import Tree
from bot.model.rendering import MaskedRendering, Rendering, Trust
from bot.model.repo import TreeId
from bot.model.target import Target, TargetId
from bot.model.tree import TreeReader
from bot.planning.elsewhere import Errand
from bot.planning.expansion import Expansion, Finding, Previous, Traced
from bot.planning.renderings import Ready, Renderings
from bot.planning.workshop import Workshop
from bot.render.brute import Checkout, checkout
from bot.render.helm.inputs import ValuesSource
from bot.render.sops.decrypt import Decryptor
from bot.render.variables import Substitution

_TREES_KEPT = 4


@dataclass(slots=True)
class _WholeTree:
    """One tree on disk, and what was rendered of it."""

    checkout: Checkout
    done: dict[TargetId, tuple[Traced, MaskedRendering]] = field(default_factory=dict)


class ExhaustiveRenderings(Renderings):
    """Renders everything from whole checkouts, by no key and from no cache: the judge of the quick way.

    The trees used last are kept, so that of a series of changes every tree is rendered once.
    """

    exhaustive = True

    def __init__(
        self,
        workshop: Workshop,
        stack: AsyncExitStack,
        on_progress: Callable[[str], None],
        decryptor: Decryptor | None,
        errand: Errand,
    ) -> None:
        trust = decryptor.trust if decryptor else Trust.PULL_REQUEST
        super().__init__(workshop, trust, on_progress, decryptor=decryptor, errand=errand)
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
            errand = await stack.enter_async_context(workshop.elsewhere.visit())
            yield cls(workshop, stack, on_progress, decryptor, errand)

    async def trace(
        self,
        tree: Tree,
        target: Target,
        previous: Previous | None,  # noqa: ARG002 - nothing is reused
        substitution: Substitution | None = None,
        values: tuple[ValuesSource, ...] = (),
    ) -> Traced:
        return await super().trace(tree, target, None, substitution, values)

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

    async def _rendered(self, traced: Traced, ready: Ready) -> Rendering:
        whole = await self._whole_tree(ready.tree)
        async with self._workshop.gate:
            self._on_progress(f"verifying {traced.target.id}")
            stock = replace(self._workshop.sandbox, programs=self._sandbox.programs)
            return await whole.checkout.render(traced.target, stock, ready.given)

    async def _whole_tree(self, tree: TreeReader) -> _WholeTree:
        if tree.id not in self._trees:
            made = await self._stack.enter_async_context(checkout(tree))
            self._trees[tree.id] = _WholeTree(made)
        self._trees.move_to_end(tree.id)
        while len(self._trees) > _TREES_KEPT:
            self._trees.popitem(last=False)
        return self._trees[tree.id]
