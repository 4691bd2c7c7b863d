"""Questions about a merge request that endpoints and webhooks ask: what it changes, and what stands in its way."""

from tests.sandbox.forge.core.conversations import Mergeability, Pull
from tests.sandbox.forge.core.git_objects import Commit, FileChange
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab import approving
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.pipelines import UNFINISHED
from tests.sandbox.forge.gitlab.render.requests import Sight
from tests.sandbox.forge.gitlab.requests import Version
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.tiers import Tier

MAX_COUNTED_FILES = 1000


async def version_of(state: State, pull: Pull) -> Version:
    """The merge request's diff as it is now; it has to have a head."""
    store = pull.repository.store
    start = await store.resolve(f"refs/heads/{pull.base}") or pull.base_sha
    base = await store.merge_base(start, pull.head_sha) or start
    return Version(state.forge.next_id(), pull.head_sha, base, start, state.forge.now())


async def changes_of(pull: Pull, version: Version | None) -> list[FileChange]:
    if version is None:
        return []
    return await pull.repository.store.changes(version.base, version.head)


async def commits_of(pull: Pull, version: Version | None, *, limit: int | None = None) -> list[Commit]:
    """The newest first; none where the source branch was never there."""
    if version is None:
        return []
    return await pull.repository.store.commits(f"{version.base}..{version.head}", limit=limit)


def may_merge(state: State, repository: Repository, branch: str, user: User | None) -> bool:
    level = state.members.level_of(user, repository) if user else Level.NONE
    protection = state.projects.protection_of(repository, branch)
    if user is None or protection is None:
        return level >= Level.DEVELOPER
    return any(access.admits(user, level) for access in (*protection.merge, *protection.push))


def may_push(state: State, repository: Repository, branch: str, user: User | None) -> bool:
    level = state.members.level_of(user, repository) if user else Level.NONE
    protection = state.projects.protection_of(repository, branch)
    if user is None or protection is None:
        return level >= Level.DEVELOPER
    return any(access.admits(user, level) for access in protection.push)


async def sight(state: State, pull: Pull, user: User | None = None) -> Sight:
    request = state.requests.of(pull)
    changes = await changes_of(pull, request.newest)
    count = f"{MAX_COUNTED_FILES}+" if len(changes) > MAX_COUNTED_FILES else str(len(changes))
    return Sight(
        await detailed_status(state, pull),
        count if changes else None,
        may_merge(state, pull.repository, pull.base, user),
        await _diverged(pull),
    )


async def _diverged(pull: Pull) -> int:
    head = await pull.repository.store.resolve(f"refs/heads/{pull.base}")
    return await pull.repository.store.count(f"{pull.head_sha}..{head}") if head and pull.head_sha else 0


async def detailed_status(state: State, pull: Pull) -> str:
    """The first thing in its way, in GitLab's order; pipelines are asked last."""
    request = state.requests.of(pull)
    if not pull.is_open:
        return "not_open"
    if request.is_preparing:
        return "preparing"
    if not pull.head_sha:
        return "commits_status"
    if pull.mergeability is Mergeability.UNKNOWN:
        return "checking" if request.is_checking else "unchecked"
    return await obstacle(state, pull) or "mergeable"


async def obstacle(state: State, pull: Pull, *, ignores_pipeline: bool = False) -> str | None:
    """What keeps an open merge request, whose mergeability is known, from being merged."""
    request, project = state.requests.of(pull), state.projects.of(pull.repository)
    store = pull.repository.store
    target = await store.resolve(f"refs/heads/{pull.base}")
    is_linear = project.merge_method in {"ff", "rebase_merge"}
    ways = [
        ("draft_status", pull.is_draft),
        ("commits_status", target is None or pull.head_repository is None or not pull.head_sha),
        (
            "discussions_not_resolved",
            project.must_resolve_discussions and not state.notes.are_resolved(pull.comments),
        ),
        ("requested_changes", state.tier >= Tier.PREMIUM and bool(request.changes_requested_by)),
        ("not_approved", not approving.is_approved(state, pull)),
        ("status_checks_must_pass", _checks_block(state, pull)),
        ("conflict", pull.mergeability is Mergeability.CONFLICTING),
        (
            "need_rebase",
            is_linear
            and target is not None
            and bool(pull.head_sha)
            and not await store.is_ancestor(target, pull.head_sha),
        ),
    ]
    found = next((name for name, is_in_the_way in ways if is_in_the_way), None)
    return found or (None if ignores_pipeline else _pipeline_obstacle(state, pull))


def _checks_block(state: State, pull: Pull) -> bool:
    project, request = state.projects.of(pull.repository), state.requests.of(pull)
    if state.tier < Tier.ULTIMATE or not project.must_status_checks_pass:
        return False
    asked = [check for check in project.status_checks if not check.branches or pull.base in check.branches]
    return any(request.check_states.get(check.id) != "passed" for check in asked)


def _pipeline_obstacle(state: State, pull: Pull) -> str | None:
    project = state.projects.of(pull.repository)
    if not project.must_pipeline_succeed:
        return None
    head = state.pipelines.head_of(pull)
    if head is not None and head.state in UNFINISHED:
        return "ci_still_running"
    allowed = {"success", *(["skipped"] if project.may_skip_pipeline else [])}
    return None if head is not None and head.state in allowed else "ci_must_pass"
