"""Pipelines come into being: for a status from outside, or of a merge request itself."""

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.announcer import Announcer
from tests.sandbox.forge.gitlab.pipelines import Pipeline
from tests.sandbox.forge.gitlab.state import State


def make(
    state: State, repository: Repository, sha: str, ref: str, user: User, pull: Pull | None = None
) -> Pipeline:
    """From outside, or (with a pull) of the merge request itself."""
    now, number = state.forge.now(), len(state.pipelines.of(repository)) + 1
    source = "merge_request_event" if pull else "external"
    made = Pipeline(state.forge.next_id(), number, repository, sha, ref, source, user, now, now, pull)
    state.pipelines.all.append(made)
    return made


async def run_for(state: State, pull: Pull, user: User) -> Pipeline:
    """A pipeline of the merge request itself: its ref is no branch but the merge request's head."""
    made = make(state, pull.repository, pull.head_sha, pull.head_ref, user, pull)
    made.own_state = "running"
    await Announcer(state).pipeline(made)
    return made
