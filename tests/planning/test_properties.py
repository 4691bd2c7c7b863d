"""What holds for every change of every repository, tried on repositories and changes made up here.

Derandomised, so that a failure is always the fault of the change at hand. `LONGSHORE_PROPERTIES=explore` looks further.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.discover.repository import RepositoryIdentity
from bot.git.repository import Repository
from bot.model.plan import Action, FieldChange, FieldOp, ObjectChange, Plan, Side, TargetPlan, TargetStatus
from bot.model.rendering import Severity
from bot.planning.exhaustive import ExhaustiveRenderings
from bot.planning.expand import expand, expand_both, expand_one
from bot.planning.expansion import Expansion, Finding, Mode
from bot.planning.plan import look, make_plan
from bot.planning.renderings import Renderings
from bot.planning.verify import verify
from bot.planning.workshop import Workshop
from tests.planning.conftest import Bench
from tests.planning.repositories import URL, Files, histories, write

settings.register_profile(
    "bounded", derandomize=True, deadline=None, database=None, phases=(Phase.explicit, Phase.generate)
)
settings.register_profile("explore", deadline=None, max_examples=1000)
EXPLORE = os.environ.get("LONGSHORE_PROPERTIES") == "explore"


def tries(bounded: int) -> settings:
    return (
        settings.get_profile("explore")
        if EXPLORE
        else settings(settings.get_profile("bounded"), max_examples=bounded)
    )


@dataclass(frozen=True)
class Story:
    """A history in a repository of its own, with caches of its own."""

    repository: Repository
    workshop: Workshop
    sides: list[Side]

    async def plan(self, base: Side, head: Side, finding: Finding) -> Plan:
        renderings = Renderings(self.workshop)
        return await make_plan(await look(self.repository, base, head, finding, renderings), renderings)

    def steps(self) -> list[tuple[Side, Side]]:
        """Each change, and all of them as one."""
        pairs = list(zip(self.sides, self.sides[1:], strict=False))
        return [*pairs, (self.sides[0], self.sides[-1])] if len(pairs) > 1 else pairs


@asynccontextmanager
async def telling(trees: list[Files]) -> AsyncIterator[Story]:
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(write(Path(place) / "work", trees), Path(place) / "home")
        async with Repository.open(bench.work.path) as repository:
            sides = [await bench.side(repository, f"HEAD~{back}") for back in range(len(trees) - 1, -1, -1)]
            yield Story(repository, bench.workshop(), sides)


findings = st.sampled_from([Mode.AUTO, Mode.AUTO, Mode.KUSTOMIZE, Mode.FLUX]).map(
    lambda mode: Finding(mode, RepositoryIdentity.of([URL]))
)


@tries(10)
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


@tries(25)
@given(trees=histories(changes=3), finding=findings)
def test_what_is_found_from_what_was_known_is_what_is_found_from_nothing(
    trees: list[Files], finding: Finding
) -> None:
    async def check() -> None:
        async with telling(trees) as story:
            for base, head in story.steps():
                before, after = [await story.repository.tree(side.tree) for side in (base, head)]
                known, found = await expand_both(
                    story.repository, before, after, finding, Renderings(story.workshop)
                )
                assert await is_found_from_nothing(story, base, finding, known, found)
                assert await is_found_from_nothing(story, head, finding, found, known)

    asyncio.run(check())


async def is_found_from_nothing(
    story: Story, side: Side, finding: Finding, found: Expansion, other: Expansion
) -> bool:
    """But for what only the other side makes a target of this one: it is traced here as it is."""
    tree = await story.repository.tree(side.tree)
    renderings = Renderings(story.workshop)
    fresh = await expand(story.repository, tree, replace(finding, mode=found.mode), renderings)
    borrowed = {name: found.targets[name] for name in found.targets.keys() - fresh.targets.keys()}
    assert borrowed.keys() <= other.targets.keys()
    for traced in borrowed.values():
        assert await renderings.trace(tree, traced.target, None) == traced
    if found.mode is not Mode.CONTROLLERS:
        # Told to take kustomizations, nobody looks whether there is Flux.
        fresh = replace(fresh, files=found.files)
    return found == replace(fresh, targets={**fresh.targets, **borrowed})


@tries(20)
@given(trees=histories(changes=2), finding=findings)
def test_what_is_remembered_is_what_was_found(trees: list[Files], finding: Finding) -> None:
    async def check() -> None:
        async with telling(trees) as story:
            renderings = Renderings(story.workshop)
            for side, files in zip(story.sides, trees, strict=True):
                tree = await story.repository.tree(side.tree)
                fresh = await expand_one(story.repository, tree, finding, renderings)
                if all(map(is_text, files)):  # other names cannot be put down
                    assert await renderings.recall(tree, finding) == (fresh if fresh.settled else None)

    asyncio.run(check())


def is_text(name: str) -> bool:
    return not any("\udc80" <= letter <= "\udcff" for letter in name)


@tries(15)
@given(trees=histories(changes=2), finding=findings)
def test_the_way_back_mirrors_the_way_there(trees: list[Files], finding: Finding) -> None:
    async def check() -> None:
        async with telling(trees) as story:
            for base, head in story.steps():
                there = await story.plan(base, head, finding)
                back = await story.plan(head, base, finding)
                if is_something_lost(there) or is_something_lost(back):
                    # What a file that cannot be used loses is unknown; what its mending brings is said to come.
                    continue
                assert outline(there) == sorted(map(mirrored, outline(back)))

    asyncio.run(check())


@tries(12)
@given(trees=histories(changes=1), finding=findings)
def test_no_change_leaves_every_target_unchanged(trees: list[Files], finding: Finding) -> None:
    async def check() -> None:
        async with telling(trees) as story:
            plan = await story.plan(story.sides[-1], story.sides[-1], finding)
            assert {target.status for target in plan.targets} <= {TargetStatus.UNCHANGED}

    asyncio.run(check())


def is_something_lost(plan: Plan) -> bool:
    said = [d.message for target in plan.targets for d in target.diagnostics]
    return any(d.severity is Severity.ERROR for d in plan.diagnostics) or any(
        message.startswith("what becomes of it is not known") for message in said
    )


ABSENT = "absent"


@dataclass(frozen=True, order=True)
class Row:
    """One target or one object of a plan, told so that before and after can trade places."""

    where: str
    before: str
    after: str
    fields: tuple[tuple[str, str, str], ...] = ()


def mirrored(row: Row) -> Row:
    fields = tuple(sorted((path, new, old) for path, old, new in row.fields))
    return Row(row.where, row.after, row.before, fields)


def outline(plan: Plan) -> list[Row]:
    return sorted(row for target in plan.targets for row in (of_target(target), *of_objects(target)))


def of_target(plan: TargetPlan) -> Row:
    match plan.status:
        case TargetStatus.ADDED:
            return Row(str(plan.target.id), ABSENT, "there")
        case TargetStatus.REMOVED:
            return Row(str(plan.target.id), "there", ABSENT)
        case TargetStatus.MOVED:
            return Row(f"moved, holding {plan.head_digest}", "", "")
        case other:
            return Row(str(plan.target.id), other.value, other.value)


def of_objects(plan: TargetPlan) -> list[Row]:
    return [of_object(str(plan.target.id), change) for change in plan.changes]


def of_object(target: str, change: ObjectChange) -> Row:
    """What an object brings along when it comes is not said of one that goes, nor of a move by whoever gives it away."""
    now = str(change.id)
    if change.action is Action.REMOVED or change.to_target:
        return Row(target, f"{now} to {change.to_target}", ABSENT)
    if change.action is Action.ADDED or change.from_target:
        return Row(target, ABSENT, f"{now} to {change.from_target}")
    fields = tuple(sorted((field.path, *values(field)) for field in change.fields))
    namespaces = [field.old for field in change.fields if field.path == "metadata.namespace"]
    namespace = namespaces[0] if namespaces and change.action is Action.MOVED else change.id.namespace
    was = replace(change.id, namespace=namespace, name=change.old_name or change.id.name)
    return Row(target, str(was), now, fields)


def values(field: FieldChange) -> tuple[str, str]:
    old = ABSENT if field.op is FieldOp.ADD else repr(field.old)
    new = ABSENT if field.op is FieldOp.REMOVE else repr(field.new)
    return old, new
