"""What holds for every change of every repository of Argo CD, as `tests.planning.test_properties` has it for all others."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discover.repository import RepositoryIdentity
from bot.model.plan import Plan, Side, TargetStatus
from bot.model.target import TargetId
from bot.planning.exhaustive import ExhaustiveRenderings
from bot.planning.expand import expand_both
from bot.planning.expansion import Expansion, Finding, Mode
from bot.planning.renderings import Renderings
from bot.planning.verify import verify
from tests.planning.argocd.declared import URL
from tests.planning.argocd.repositories import breaking_histories, histories
from tests.planning.repositories import Files
from tests.planning.test_properties import Story, is_found_from_nothing, telling, tries

# A history that fails is told in full, however long.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

findings = st.sampled_from([Mode.AUTO, Mode.AUTO, Mode.ARGOCD]).map(
    lambda mode: Finding(mode, RepositoryIdentity.of([URL]))
)


@tries(8)
@given(trees=histories(changes=1), finding=findings)
def test_brute_force_comes_to_the_same_verdict(trees: list[Files], finding: Finding) -> None:
    async def check() -> None:
        async with telling(trees) as story:
            for base, head in story.steps():
                plan = await story.plan(base, head, finding)
                async with ExhaustiveRenderings.open(story.workshop) as exhaustive:
                    found = await verify(story.repository, plan, finding, exhaustive)
                assert found.disagreements == ()

    asyncio.run(check())


@tries(14)
@given(trees=histories(changes=3), finding=findings)
def test_what_is_found_from_what_was_known_is_what_is_found_from_nothing(
    trees: list[Files], finding: Finding
) -> None:
    async def check() -> None:
        async with telling(trees) as story:
            for base, head in story.steps():
                before, after = await _expansions(story, base, head, finding)
                assert await is_found_from_nothing(story, base, finding, before, after)
                assert await is_found_from_nothing(story, head, finding, after, before)

    asyncio.run(check())


async def _expansions(story: Story, base: Side, head: Side, finding: Finding) -> tuple[Expansion, Expansion]:
    trees = [await story.repository.tree(side.tree) for side in (base, head)]
    return await expand_both(story.repository, trees[0], trees[1], finding, Renderings(story.workshop))


@tries(14)
@given(trees=breaking_histories(), finding=findings)
def test_nothing_is_removed_because_something_broke(trees: list[Files], finding: Finding) -> None:
    async def check() -> None:
        async with telling(trees) as story:
            (base, head), *_ = story.steps()
            plan = await story.plan(base, head, finding)
            assert not list(_gone(plan))

    asyncio.run(check())


@tries(8)
@given(trees=histories(changes=2), finding=findings)
def test_what_goes_was_declared_by_what_still_tells(trees: list[Files], finding: Finding) -> None:
    """Whoever declared it is known after the change, and knows it no more; or it is gone in the same way itself."""

    async def check() -> None:
        async with telling(trees) as story:
            for base, head in story.steps():
                plan = await story.plan(base, head, finding)
                before, after = await _expansions(story, base, head, finding)
                tree = await story.repository.tree(head.tree)
                for name in _gone(plan):
                    parent = _remaining(name, before, after)
                    if parent is None:
                        continue
                    held = await Renderings(story.workshop).masked(tree, after.targets[parent])
                    assert not held.failed, f"{name} goes, though nobody knows what {parent} holds"

    asyncio.run(check())


def _gone(plan: Plan) -> Iterator[TargetId]:
    for each in plan.targets:
        if each.status is TargetStatus.REMOVED:
            yield each.target.id


def _remaining(name: TargetId, before: Expansion, after: Expansion) -> TargetId | None:
    """Who declared it and is there after the change; None where that went as well, up to the root."""
    parent = before.targets[name].parent
    while parent is not None and parent in before.targets:
        if parent in after.targets:
            return parent
        parent = before.targets[parent].parent
    return None


@tries(8)
@given(trees=histories(changes=1), finding=findings)
def test_what_nobody_can_render_is_not_unchanged_where_its_files_change(
    trees: list[Files], finding: Finding
) -> None:
    """A plugin may read anything below its path."""

    async def check() -> None:
        async with telling(trees) as story:
            for base, head in story.steps():
                plan = await story.plan(base, head, finding)
                changed = await story.repository.changed_paths(base.tree, head.tree)
                _, after = await _expansions(story, base, head, finding)
                for each in plan.targets:
                    if each.status is not TargetStatus.UNCHANGED:
                        continue
                    traced = after.targets[each.target.id]
                    for part in traced.parts or (traced,):
                        if "plugin" in part.target.options and not part.target.unknown_because:
                            assert not any(path.startswith(f"{part.target.path}/") for path in changed)

    asyncio.run(check())


@tries(8)
@given(trees=histories(changes=1), finding=findings)
def test_no_change_leaves_every_target_unchanged(trees: list[Files], finding: Finding) -> None:
    async def check() -> None:
        async with telling(trees) as story:
            plan = await story.plan(story.sides[-1], story.sides[-1], finding)
            assert {target.status for target in plan.targets} <= {TargetStatus.UNCHANGED}

    asyncio.run(check())
