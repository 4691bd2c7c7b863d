"""The life of a pull request: opened, retargeted, merged.

The invariant: refusals are `Refused` with a reason; each face finds its own status code for it.
"""

from dataclasses import dataclass
from enum import Enum, auto

from tests.sandbox.forge.core.conversations import Mergeability, Pull
from tests.sandbox.forge.core.delivering import latest_per_context
from tests.sandbox.forge.core.events import PullChanged
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.git import MergeConflictError
from tests.sandbox.forge.core.git_objects import ABSENT
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository

# The head of a pull request whose branch is not there yet, where the forge allows that.
NOWHERE = ""


class Reason(Enum):
    BAD_BASE = auto()
    BAD_HEAD = auto()
    NO_COMMITS = auto()
    DUPLICATE = auto()
    NOT_OPEN = auto()
    IS_DRAFT = auto()
    CONFLICT = auto()
    HEAD_MOVED = auto()
    PROTECTED = auto()
    NOT_LINEAR = auto()


class RefusedError(Exception):
    """The forge does not do this, and says why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pull request to be; `head_repository` is the fork where the head lives in one."""

    title: str
    base: str
    head: str
    head_repository: Repository
    body: str | None = None
    is_draft: bool = False


async def open_pull(forge: Forge, repository: Repository, proposal: Proposal, author: User) -> Pull:
    # One at a time, so that of two that propose the same only one succeeds.
    async with repository.lock:
        base_sha, head_sha = await _proposed(forge, repository, proposal)
        now, number = forge.now(), repository.take_number()
        pull = Pull(
            id=forge.next_id(),
            number=number,
            repository=repository,
            author=author,
            title=proposal.title,
            body=proposal.body,
            created_at=now,
            updated_at=now,
            base=proposal.base,
            base_sha=base_sha,
            head=proposal.head,
            head_sha=head_sha,
            head_repository=proposal.head_repository,
            refs=f"{forge.ways.pull_refs}/{number}",
            is_draft=proposal.is_draft,
        )
        if head_sha != NOWHERE:
            await forge.set_head(pull, head_sha)
        repository.threads[pull.number] = pull
        await forge.emit(PullChanged(pull, author, "opened"))
    return pull


async def _proposed(forge: Forge, repository: Repository, proposal: Proposal) -> tuple[str, str]:
    """Base and head of a proposal that has nothing wrong with it."""
    source = proposal.head_repository
    base_sha = await repository.store.resolve(f"refs/heads/{proposal.base}")
    head_sha = await source.store.resolve(f"refs/heads/{proposal.head}")
    if base_sha is None:
        raise RefusedError(Reason.BAD_BASE, f"no branch {proposal.base}")
    if head_sha is None and not forge.ways.allows_empty:
        raise RefusedError(Reason.BAD_HEAD, f"no branch {proposal.head}")
    for pull in repository.pulls:
        same = (pull.base, pull.head, pull.head_repository) == (proposal.base, proposal.head, source)
        if pull.is_open and same:
            label = f"{source.owner.login}:{proposal.head}"
            raise RefusedError(Reason.DUPLICATE, f"A pull request already exists for {label}.")
    # A fork knows its parent's objects, not the other way round.
    is_empty = head_sha is None or await source.store.is_ancestor(head_sha, base_sha)
    if is_empty and not forge.ways.allows_empty:
        raise RefusedError(Reason.NO_COMMITS, f"No commits between {proposal.base} and {proposal.head}")
    return base_sha, head_sha or NOWHERE


async def reopen(forge: Forge, pull: Pull, actor: User) -> None:
    source = pull.head_repository
    head_sha = await source.store.resolve(f"refs/heads/{pull.head}") if source is not None else None
    if head_sha is None or pull.is_merged:
        raise RefusedError(Reason.BAD_HEAD, "state cannot be changed. The branch was deleted or is merged.")
    if head_sha != pull.head_sha:
        await forge.set_head(pull, head_sha)
    pull.is_open, pull.closed_at, pull.updated_at = True, None, forge.now()
    await forge.emit(PullChanged(pull, actor, "reopened"))


async def retarget(forge: Forge, pull: Pull, base: str, actor: User) -> None:
    sha = await pull.repository.store.resolve(f"refs/heads/{base}")
    if sha is None:
        raise RefusedError(Reason.BAD_BASE, f"no branch {base}")
    if not forge.ways.allows_empty and await pull.repository.store.is_ancestor(pull.head_sha, sha):
        raise RefusedError(Reason.NO_COMMITS, f"No commits between {base} and {pull.head}")
    changes = {"base": {"ref": {"from": pull.base}, "sha": {"from": pull.base_sha}}}
    pull.base, pull.base_sha, pull.mergeability = base, sha, Mergeability.UNKNOWN
    pull.updated_at = forge.now()
    await forge.emit(PullChanged(pull, actor, "edited", {"changes": changes}))


async def rewrite(
    forge: Forge, pull: Pull, actor: User, *, title: str | None = None, body: str | None = None
) -> None:
    changes: dict[str, object] = {}
    if title is not None and title != pull.title:
        changes["title"] = {"from": pull.title}
        pull.title = title
    if body is not None and body != pull.body:
        changes["body"] = {"from": pull.body or ""}
        pull.body = body
    if changes:
        pull.updated_at = forge.now()
        await forge.emit(PullChanged(pull, actor, "edited", {"changes": changes}))


async def set_draft(forge: Forge, pull: Pull, actor: User, *, is_draft: bool) -> None:
    pull.is_draft, pull.updated_at = is_draft, forge.now()
    await forge.emit(PullChanged(pull, actor, "converted_to_draft" if is_draft else "ready_for_review"))


async def probe_merge(forge: Forge, pull: Pull) -> None:
    """Find out whether it merges, and leave the result at `refs/pull/N/merge` as the forges do."""
    store = pull.repository.store
    base_sha = await store.resolve(f"refs/heads/{pull.base}") or pull.base_sha
    try:
        tree = await store.merged_tree(base_sha, pull.head_sha)
    except MergeConflictError:
        if pull.is_open and not pull.is_merged:
            pull.mergeability, pull.merge_sha = Mergeability.CONFLICTING, None
        return
    message = f"Merge {pull.head_sha} into {base_sha}"
    merge = await store.commit_tree(tree, [base_sha, pull.head_sha], message, pull.author.identity)
    await store.set_ref(pull.merge_ref, merge)
    if pull.is_open and not pull.is_merged:  # as it may have been meanwhile
        pull.mergeability, pull.merge_sha = Mergeability.CLEAN, merge


@dataclass(frozen=True, slots=True)
class Merge:
    """How to merge: merge, squash, rebase, ff or squash_merge (a merge commit of the squashed one).

    `sha`, when given, is the head that the caller looked at.
    """

    method: str = "merge"
    sha: str | None = None
    title: str | None = None
    message: str | None = None


async def merge_pull(forge: Forge, pull: Pull, merge: Merge, actor: User) -> str:
    async with forge.moving_refs(pull.repository, actor):
        await _refuse_unmergeable(pull, merge)
        store = pull.repository.store
        base_ref = f"refs/heads/{pull.base}"
        base_sha = await store.resolve(base_ref)
        if base_sha is None:
            raise RefusedError(Reason.BAD_BASE, "Base branch was deleted")
        try:
            sha = await _merged(forge, pull, base_sha, merge, actor)
        except MergeConflictError as conflict:
            pull.mergeability = Mergeability.CONFLICTING
            raise RefusedError(Reason.CONFLICT, "Pull Request is not mergeable") from conflict
        await store.set_ref(base_ref, sha, expected=base_sha)
        pull.merged_at, pull.merged_by, pull.merge_sha = forge.now(), actor, sha
        await forge.close(pull, actor)
    return sha


async def _refuse_unmergeable(pull: Pull, merge: Merge) -> None:
    if not pull.is_open:
        raise RefusedError(Reason.NOT_OPEN, "Pull Request is not mergeable")
    if pull.is_draft:
        raise RefusedError(Reason.IS_DRAFT, "Pull Request is still a draft")
    if merge.sha is not None and merge.sha != pull.head_sha:
        raise RefusedError(Reason.HEAD_MOVED, "Head branch was modified. Review and try the merge again.")
    protection = pull.repository.protections.get(pull.base)
    if protection is None:
        return
    green = {
        status.context
        for status in latest_per_context(s for s in pull.repository.statuses if s.sha == pull.head_sha)
        if status.state == "success"
    }
    for context in protection.required_contexts:
        if context not in green:
            raise RefusedError(Reason.PROTECTED, f'Required status check "{context}" is expected.')


async def _merged(forge: Forge, pull: Pull, base_sha: str, merge: Merge, actor: User) -> str:
    store = pull.repository.store
    if merge.method == "rebase":
        onto = base_sha
        for commit in reversed(await store.commits("--no-merges", f"{base_sha}..{pull.head_sha}")):
            tree = await store.picked_tree(onto, commit, actor.identity)
            onto = await store.commit_tree(tree, [onto], commit.message, actor.identity)
        return onto
    if merge.method == "ff":
        if not await store.is_ancestor(base_sha, pull.head_sha):
            raise RefusedError(Reason.NOT_LINEAR, "Only fast-forward merge is allowed for your project.")
        return pull.head_sha
    tree = await store.merged_tree(base_sha, pull.head_sha)
    title, body = forge.ways.merge_words(pull, merge.method)
    body = merge.message if merge.message is not None else body
    message = f"{merge.title or title}\n\n{body}".strip()
    parents = [base_sha, pull.head_sha] if merge.method == "merge" else [base_sha]
    if merge.method == "squash_merge":
        squashed = await store.commit_tree(tree, [pull.base_sha], pull.title, actor.identity)
        parents = [base_sha, squashed]
    return await store.commit_tree(tree, parents, message, actor.identity)


async def created_ref(forge: Forge, repository: Repository, ref: str, sha: str, actor: User) -> bool:
    """False when the ref exists already."""
    async with forge.moving_refs(repository, actor):
        if await repository.store.refs(ref):
            return False
        await repository.store.set_ref(ref, sha, expected=ABSENT)
    return True
