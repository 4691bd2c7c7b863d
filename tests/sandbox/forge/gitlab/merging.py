"""Merging as GitLab does it: by the project's method, squashed or not, at once or when the pipeline has succeeded."""

from dataclasses import dataclass

from tests.sandbox.forge.core import pulls as core
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.pulls import RefusedError
from tests.sandbox.forge.gitlab import looking
from tests.sandbox.forge.gitlab.errors import unprocessable
from tests.sandbox.forge.gitlab.pipelines import Pipeline
from tests.sandbox.forge.gitlab.state import State

TRAIN = "merge_train"


@dataclass(frozen=True, slots=True)
class Words:
    """What the merger wrote; None takes GitLab's own words."""

    merge: str | None = None
    squash: str | None = None


def own_words(pull: Pull, method: str) -> tuple[str, str]:
    if method == "squash":
        return pull.title, ""
    return (
        f"Merge branch '{pull.head}' into '{pull.base}'",
        f"{pull.title}\n\nSee merge request {pull.repository.full_name}!{pull.number}",
    )


def method_of(state: State, pull: Pull) -> str:
    request, project = state.requests.of(pull), state.projects.of(pull.repository)
    squashes = request.squash or project.squash_option == "always"
    if project.merge_method == "ff":
        return "squash" if squashes else "ff"
    return "squash_merge" if squashes else "merge"


async def merge_now(state: State, pull: Pull, user: User, words: Words) -> str:
    request, method = state.requests.of(pull), method_of(state, pull)
    written = words.squash if method == "squash" else words.merge
    title, _, body = (written or "").partition("\n\n")
    wanted = core.Merge(method, title=title or None, message=body if written is not None else None)
    try:
        sha = await core.merge_pull(state.forge, pull, wanted, user)
    except RefusedError as refusal:
        raise unprocessable("Branch cannot be merged") from refusal
    request.merge_error = None
    if request.removes_source or (request.removes_source is None and request.force_removes_source):
        await _remove_source(state, pull, user)
    return sha


async def _remove_source(state: State, pull: Pull, user: User) -> None:
    source = pull.head_repository
    if source is not None and state.projects.protection_of(source, pull.head) is None:
        await state.forge.move_ref(source, f"refs/heads/{pull.head}", None, user)


async def merge_what_waited(state: State, pipeline: Pipeline) -> None:
    """Merge requests that were to be merged once this pipeline had succeeded, and are free to be."""
    if pipeline.state != "success":
        return
    for repository in state.forge.repositories:
        for pull in repository.pulls:
            request = state.requests.of(pull)
            is_on_train = request.auto_merge_strategy == TRAIN
            is_waiting = pull.is_open and request.auto_merge_by is not None and not is_on_train
            if not is_waiting or state.pipelines.head_of(pull) is not pipeline:
                continue
            await core.probe_merge(state.forge, pull)
            if request.auto_merge_by is not None and await looking.obstacle(state, pull) is None:
                await merge_now(state, pull, request.auto_merge_by, Words())
