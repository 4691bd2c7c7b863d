"""Pipelines come into being: for a status from outside, or of a merge request itself."""

from tests.sandbox.forge.core import pulls as core
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.announcer import Announcer
from tests.sandbox.forge.gitlab.pipelines import Pipeline
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.tiers import Tier


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
    """A pipeline of the merge request itself: on its head, or where the project wants that, on the merged result."""
    sha, ref = pull.head_sha, pull.head_ref
    if state.projects.of(pull.repository).merge_pipelines and state.tier >= Tier.PREMIUM:
        await core.probe_merge(state.forge, pull)
        sha, ref = (pull.merge_sha, pull.merge_ref) if pull.merge_sha else (sha, ref)
    made = make(state, pull.repository, sha, ref, user, pull)
    made.own_state, made.head = "running", pull.head_sha
    await Announcer(state).pipeline(made)
    return made
