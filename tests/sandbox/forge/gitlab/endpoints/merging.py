"""Merging, rebasing, and merging once the pipeline has succeeded.

The invariant: the refusals come in GitLab's order: 401, 405, 422, 409.
"""

from tests.sandbox.forge.core import pulls as core
from tests.sandbox.forge.core.conversations import Mergeability, Pull
from tests.sandbox.forge.core.git import MergeConflictError
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab import boarding, looking
from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.chronicle import Chronicle
from tests.sandbox.forge.gitlab.endpoints.merge_requests import must_be_merger, whole
from tests.sandbox.forge.gitlab.errors import (
    ApiError,
    conflict,
    forbidden,
    message,
    not_allowed,
    unauthorized,
    unprocessable,
)
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.merging import Words, merge_now
from tests.sandbox.forge.gitlab.pipelines import UNFINISHED
from tests.sandbox.forge.gitlab.routes import Route, of_request
from tests.sandbox.forge.gitlab.tiers import Tier

routes = of_request()

AUTO_MERGE = "merge_when_checks_pass"


def all_routes() -> list[Route]:
    return routes.all


@routes("PUT", "/merge", Level.GUEST)
async def merge(call: Call) -> Answer:
    pull, params, user = call.pull, call.params, must_be_merger(call)
    waits = params.is_on("auto_merge") or params.is_on("merge_when_pipeline_succeeds")
    if not pull.is_open or call.merge_request.is_preparing or not pull.head_sha:
        raise not_allowed()
    if pull.mergeability is Mergeability.UNKNOWN:
        await core.probe_merge(call.forge, pull)
    obstacle = await looking.obstacle(call.state, pull, ignores_pipeline=waits)
    if obstacle == "conflict":
        raise unprocessable("Branch cannot be merged")
    if obstacle is not None:
        raise not_allowed()
    _check_sha(call)
    if (squash := params.flag("squash")) is not None:
        call.merge_request.squash = squash
    if (removes := params.flag("should_remove_source_branch")) is not None:
        call.merge_request.removes_source = removes
    if waits and call.project.merge_trains and call.state.tier >= Tier.PREMIUM:
        await boarding.board(call.state, pull, user)
        return Answer(await whole(call, pull))
    if waits and await _waits_for_pipeline(call, pull, user):
        return Answer(await whole(call, pull))
    wanted = Words(params.text("merge_commit_message"), params.text("squash_commit_message"))
    await merge_now(call.state, pull, user, wanted)
    return Answer(await whole(call, pull))


def _check_sha(call: Call) -> None:
    given = call.params.text("sha")
    if given is not None and given != call.pull.head_sha:
        raise conflict(f"SHA does not match HEAD of source branch: {call.pull.head_sha}")


async def _waits_for_pipeline(call: Call, pull: Pull, user: User) -> bool:
    head = call.state.pipelines.head_of(pull)
    if head is None or head.state not in UNFINISHED:
        return False
    request = call.merge_request
    request.auto_merge_by, request.auto_merge_strategy = user, AUTO_MERGE
    Chronicle(call.state).note(
        pull, user, f"enabled an automatic merge when all merge checks for {pull.head_sha} pass"
    )
    return True


@routes("POST", "/cancel_merge_when_pipeline_succeeds", Level.GUEST)
async def cancel(call: Call) -> Answer:
    request = call.merge_request
    if not looking.may_merge(call.state, call.repository, call.pull.base, call.user):
        raise unauthorized()
    if request.auto_merge_by is None:
        raise ApiError(406, {"message": "406 Not Acceptable"})
    request.auto_merge_by = request.auto_merge_strategy = None
    return Answer({"status": "success"}, 201)


@routes("PUT", "/rebase", Level.DEVELOPER)
async def rebase(call: Call) -> Answer:
    """Started here, found out later: by `rebase_in_progress` and `merge_error`."""
    pull, source = call.pull, call.pull.head_repository
    if source is None or call.principal.level_in(source) < Level.DEVELOPER:
        raise forbidden("Cannot push to source branch")
    if not pull.is_open:
        raise not_allowed()
    store = source.store
    target = await pull.repository.store.resolve(f"refs/heads/{pull.base}")
    if target is None:
        raise conflict(
            "Failed to enqueue the rebase operation, possibly due to a long-lived transaction. Try again later."
        )
    await store.fetch_objects(pull.repository.store, target, "refs/longshore/base")
    onto = target
    try:
        for known in reversed(await store.commits("--no-merges", f"{target}..{pull.head_sha}")):
            tree = await store.picked_tree(onto, known, call.user.identity)
            onto = await store.commit_tree(tree, [onto], known.message, call.user.identity)
    except MergeConflictError:
        call.merge_request.merge_error = (
            "Rebase failed: Rebase locally, resolve all conflicts, then push the branch."
        )
        return Answer({"rebase_in_progress": True}, 202)
    await call.forge.move_ref(source, f"refs/heads/{pull.head}", onto, call.user)
    return Answer({"rebase_in_progress": True}, 202)


@routes("GET", "/merge_ref")
async def merge_ref(call: Call) -> Answer:
    pull = call.pull
    await core.probe_merge(call.forge, pull)
    sha = pull.merge_sha
    if sha is None or pull.mergeability is not Mergeability.CLEAN:
        raise message(400, "Merge request is not mergeable")
    return Answer({"commit_id": sha})
