"""How a commit status finds its pipeline, and what moves from which state to which.

The invariant: a status that is still open is changed in place by its author; a closed one is followed by a new one.
"""

from dataclasses import dataclass

from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab import boarding, running
from tests.sandbox.forge.gitlab.announcer import Announcer
from tests.sandbox.forge.gitlab.errors import message, not_found
from tests.sandbox.forge.gitlab.merging import merge_what_waited
from tests.sandbox.forge.gitlab.pipelines import CommitStatus, Pipeline
from tests.sandbox.forge.gitlab.state import State

STATES = ("pending", "running", "success", "failed", "canceled", "skipped")
OPEN = frozenset({"pending", "running"})
# The word for a move to a state, and from where it may be made.
MOVES = {
    "pending": ("enqueue", frozenset({"created", "skipped", "manual"})),
    "running": ("run", frozenset({"created", "pending"})),
    "success": ("success", frozenset({"created", "pending", "running"})),
    "failed": ("drop", frozenset({"created", "pending", "running", "skipped"})),
    "canceled": ("cancel", frozenset({"created", "pending", "running", "manual"})),
    "skipped": ("skip", frozenset({"created", "pending"})),
}


@dataclass(frozen=True, slots=True)
class Report:
    sha: str
    state: str
    name: str
    ref: str | None = None
    pipeline_id: int | None = None
    description: str | None = None
    target_url: str | None = None
    coverage: float | None = None


async def report(state: State, repository: Repository, user: User, wanted: Report) -> CommitStatus:
    matching = _matching(state, repository, wanted)
    ref = wanted.ref or (matching.ref if matching else await _branch_with(repository, wanted.sha))
    if ref is None:
        raise not_found("References for commit")
    if wanted.pipeline_id is not None and matching is None:
        raise not_found("Pipeline for pipeline_id, sha and ref")
    pipeline = matching or running.make(state, repository, wanted.sha, ref, user)
    before = pipeline.state
    known = _open_status(pipeline, wanted.name, ref, user)
    if known is None:
        known = CommitStatus(state.forge.next_id(), pipeline, wanted.name, ref, user, state.forge.now())
        _move(state, known, wanted.state)
        for older in pipeline.statuses:
            older.is_retried = older.is_retried or older.name == wanted.name
        pipeline.statuses.append(known)
    else:
        _move(state, known, wanted.state)
    known.description = wanted.description if wanted.description is not None else known.description
    known.target_url = wanted.target_url if wanted.target_url is not None else known.target_url
    known.coverage = wanted.coverage if wanted.coverage is not None else known.coverage
    pipeline.updated_at = state.forge.now()
    if pipeline.state != before or len(pipeline.statuses) == 1:
        await Announcer(state).pipeline(pipeline)
    await merge_what_waited(state, pipeline)
    await boarding.move_on(state, pipeline)
    return known


def _matching(state: State, repository: Repository, wanted: Report) -> Pipeline | None:
    """The newest pipeline of the commit: of any ref and any source, where nothing narrower is asked for."""
    return next(
        (
            known
            for known in state.pipelines.of(repository)
            if known.sha == wanted.sha
            and wanted.ref in (None, known.ref)
            and wanted.pipeline_id in (None, known.id)
        ),
        None,
    )


async def _branch_with(repository: Repository, sha: str) -> str | None:
    refs = await repository.store.refs("refs/heads")
    for ref, head in refs.items():
        if await repository.store.is_ancestor(sha, head):
            return ref.removeprefix("refs/heads/")
    return None


def _open_status(pipeline: Pipeline, name: str, ref: str, user: User) -> CommitStatus | None:
    """Somebody else's of the same name is not touched: a new one takes its place."""
    return next(
        (
            known
            for known in reversed(pipeline.statuses)
            if (known.name, known.ref, known.author) == (name, ref, user) and known.state in OPEN
        ),
        None,
    )


def _move(state: State, known: CommitStatus, wanted: str) -> None:
    word, sources = MOVES[wanted]
    if known.state not in sources:
        reason = f'Reason(s): Status cannot transition via "{word}"'
        raise message(400, f"Cannot transition status via :{word} from :{known.state} ({reason})")
    known.state = wanted
    now = state.forge.now()
    if wanted == "running" or (wanted not in OPEN and known.started_at is None):
        known.started_at = now
    if wanted not in OPEN:
        known.finished_at = now


async def finish(state: State, pipeline: Pipeline, own_state: str) -> None:
    """What its own jobs came to."""
    pipeline.own_state, pipeline.updated_at = own_state, state.forge.now()
    await Announcer(state).pipeline(pipeline)
    await merge_what_waited(state, pipeline)
    await boarding.move_on(state, pipeline)
