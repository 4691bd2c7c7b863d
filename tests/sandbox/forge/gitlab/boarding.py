"""How a merge request gets on a merge train, and how the train moves.

The invariant: a car is merged only when its pipeline, run on the result of all cars up to it, has succeeded and it is
the first in line.
"""

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.git import MergeConflictError
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab import running
from tests.sandbox.forge.gitlab.announcer import Announcer
from tests.sandbox.forge.gitlab.chronicle import Chronicle
from tests.sandbox.forge.gitlab.merging import TRAIN, Words, merge_now, method_of
from tests.sandbox.forge.gitlab.pipelines import Pipeline
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.trains import Car


async def board(state: State, pull: Pull, user: User) -> Car:
    """Get on the train of its target branch; a ref of its own holds what its pipeline is run on."""
    now = state.forge.now()
    ahead = state.trains.waiting(pull.repository, pull.base)
    car = Car(state.forge.next_id(), pull, user, now, now)
    state.trains.cars.append(car)
    state.requests.of(pull).auto_merge_by = user
    state.requests.of(pull).auto_merge_strategy = TRAIN
    await _try(state, car, ahead)
    place = f"position {len(ahead) + 1}" if ahead else "the beginning"
    Chronicle(state).note(pull, user, f"added this merge request to the merge train at {place}")
    await Announcer(state).merge_request(pull, user, "update")
    return car


async def _try(state: State, car: Car, ahead: list[Car]) -> None:
    pull, store = car.pull, car.pull.repository.store
    before = ahead[-1].pipeline.sha if ahead and ahead[-1].pipeline else None
    onto = before or await store.resolve(f"refs/heads/{pull.base}") or pull.base_sha
    try:
        tree = await store.merged_tree(onto, pull.head_sha)
    except MergeConflictError:
        await leave(state, car, "because there are merge conflicts")
        return
    sha = await _made(state, car, tree, onto)
    await store.set_ref(f"{pull.refs}/train", sha)
    car.pipeline = running.make(state, pull.repository, sha, f"{pull.refs}/train", car.user, pull)
    car.pipeline.own_state, car.pipeline.head = "running", pull.head_sha
    await Announcer(state).pipeline(car.pipeline)


async def _made(state: State, car: Car, tree: str, onto: str) -> str:
    """By the project's method, as the merge itself will be: squashed, and with a merge commit or without."""
    pull, store, method = car.pull, car.pull.repository.store, method_of(state, car.pull)
    brought = pull.head_sha
    if method != "merge":
        brought = await store.commit_tree(tree, [onto], pull.title, car.user.identity)
    if method in {"ff", "squash"}:
        return brought
    message = f"Merge branch {pull.head} with {pull.base} {onto[:8]} into {pull.refs}/train"
    return await store.commit_tree(tree, [onto, brought], message, car.user.identity)


async def leave(state: State, car: Car, why: str) -> None:
    car.state, car.updated_at = "skip_merged", state.forge.now()
    await car.pull.repository.store.set_ref(f"{car.pull.refs}/train", None)
    request = state.requests.of(car.pull)
    request.auto_merge_by = request.auto_merge_strategy = None
    Chronicle(state).note(car.pull, car.user, f"removed this merge request from the merge train {why}")


async def move_on(state: State, pipeline: Pipeline) -> None:
    """What a finished pipeline of a train means: its car is merged when it is first, or leaves; the rest try again."""
    async with state.trains.turn:
        await _move_on(state, pipeline)


async def _move_on(state: State, pipeline: Pipeline) -> None:
    car = next((known for known in state.trains.cars if known.pipeline is pipeline), None)
    if car is None or car.state != "fresh":
        return
    repository, base = car.pull.repository, car.pull.base
    if pipeline.state in {"failed", "canceled"}:
        await leave(state, car, "because the pipeline did not succeed")
        behind = state.trains.waiting(repository, base)
        for place, known in enumerate(behind):
            if known.id > car.id:
                await _try(state, known, behind[:place])
    while waiting := state.trains.waiting(repository, base):
        first = waiting[0]
        if first.pipeline is None or first.pipeline.state != "success":
            return
        first.state, first.merged_at = "merged", state.forge.now()
        first.updated_at = first.merged_at
        await merge_now(state, first.pull, first.user, Words())
        await repository.store.set_ref(f"{first.pull.refs}/train", None)
