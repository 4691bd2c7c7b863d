"""Commits, comparisons, and the pull requests a commit came by."""

from typing import Any

from tests.sandbox.forge.core.git import MergeConflictError
from tests.sandbox.forge.core.git_objects import Commit
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.github.errors import ApiError, not_found
from tests.sandbox.forge.github.reading import author_of, changes_by
from tests.sandbox.forge.github.render import commits as render
from tests.sandbox.forge.github.render.pulls import short_pull
from tests.sandbox.forge.github.routes import of_repository

routes = of_repository()

MAX_COMPARED_FILES = 300
DEFAULT_COMPARED_COMMITS = 250


def shown_commit(call: Call, commit: Commit) -> dict[str, Any]:
    return render.commit(call.state.site, call.repository, commit, author_of(call.state.forge, commit))


@routes("GET", "/commits", "contents:read")
async def list_commits(call: Call) -> Answer:
    repository = call.repository
    start = await repository.store.resolve(call.query("sha") or repository.default_branch)
    if start is None:
        if not await repository.store.refs("refs/heads"):
            raise ApiError(409, "Git Repository is empty.")
        raise not_found()
    path = call.query("path")
    bounds = [f"--{name}={call.query(name)}" for name in ("since", "until", "author") if call.query(name)]
    commits = await repository.store.commits(*bounds, start, *(["--", path] if path else []))
    return call.page(commits, lambda commit: shown_commit(call, commit))


@routes("GET", "/commits/{ref}", "contents:read")
async def read(call: Call) -> Answer:
    repository, store = call.repository, call.repository.store
    commit = await store.commit(await call.commit(call.param("ref")))
    changes = await changes_by(store, commit)
    additions = sum(change.additions for change in changes)
    deletions = sum(change.deletions for change in changes)
    page, size = call.page_bounds
    shown = changes[(page - 1) * size : page * size] if "per_page" in call.request.query else changes[:300]
    return Answer(
        {
            **shown_commit(call, commit),
            "stats": {"additions": additions, "deletions": deletions, "total": additions + deletions},
            "files": [
                render.file_change(call.state.site, repository, commit.sha, change) for change in shown
            ],
        }
    )


@routes("GET", "/commits/{commit_sha}/pulls", "pull_requests:read")
async def list_pulls(call: Call) -> Answer:
    """Those it was merged by; where there are none, the open ones that hold it."""
    repository = call.repository
    sha = await call.commit(call.param("commit_sha"))
    merged, open_ = [], []
    for pull in repository.pulls:
        is_within = sha in {pull.merge_sha, pull.head_sha}
        if not is_within:
            listed = await repository.store.run("rev-list", f"{pull.base_sha}..{pull.head_sha}")
            is_within = sha in listed.split()
        if is_within and pull.is_merged:
            merged.append(pull)
        elif is_within and pull.is_open:
            open_.append(pull)
    return call.page(merged or open_, lambda pull: short_pull(call.state.site, pull))


@routes("GET", "/compare/{basehead}", "contents:read")
async def compare(call: Call) -> Answer:
    repository, store = call.repository, call.repository.store
    base_name, dots, head_name = call.param("basehead").partition("...")
    if not dots:
        raise not_found()
    base, head = await _side(call, base_name), await _side(call, head_name)
    fork_point = await store.merge_base(base, head)
    if fork_point is None:
        raise ApiError(404, f"No common ancestor between {base_name} and {head_name}.")
    ahead, behind = await store.count(f"{base}..{head}"), await store.count(f"{head}..{base}")
    page, size = call.page_bounds
    if "per_page" not in call.request.query:
        size = DEFAULT_COMPARED_COMMITS
    commits = (await store.commits("--reverse", f"{base}..{head}"))[(page - 1) * size : page * size]
    # Files are on the first page only, and no more than this many.
    changes = (await store.changes(fork_point, head))[:MAX_COMPARED_FILES] if page == 1 else []
    page_url = f"{call.state.site.web}/{repository.full_name}/compare/{base_name}...{head_name}"
    return Answer(
        {
            "url": f"{call.state.site.api}/repos/{repository.full_name}/compare/{base_name}...{head_name}",
            "html_url": page_url,
            "permalink_url": f"{call.state.site.web}/{repository.full_name}/compare/{base}...{head}",
            "diff_url": f"{page_url}.diff",
            "patch_url": f"{page_url}.patch",
            "base_commit": shown_commit(call, await store.commit(base)),
            "merge_base_commit": shown_commit(call, await store.commit(fork_point)),
            "status": _standing(ahead, behind),
            "ahead_by": ahead,
            "behind_by": behind,
            "total_commits": ahead,
            "commits": [shown_commit(call, commit) for commit in commits],
            "files": [render.file_change(call.state.site, repository, head, change) for change in changes],
        },
        headers=call.links(page, max(1, -(-ahead // size))),
    )


def _standing(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else ("behind" if behind else "identical")


async def _side(call: Call, name: str) -> str:
    """A ref of this repository, or `owner:ref` of a fork of it, whose objects are then brought here."""
    owner, colon, ref = name.partition(":")
    source = _relative(call, owner) if colon else call.repository
    sha = await source.store.resolve(ref if colon else name)
    if sha is None:
        raise not_found()
    if source is not call.repository:
        await call.repository.store.fetch_objects(source.store, sha, f"refs/compared/{sha}")
    return sha


def _relative(call: Call, owner: str) -> Repository:
    for repository in call.state.forge.repositories:
        is_relative = repository is call.repository or repository.fork_of is call.repository
        if is_relative and repository.owner.login == owner:
            return repository
    raise not_found()


@routes("POST", "/merges", "contents:write")
async def merge(call: Call) -> Answer:
    repository, store = call.repository, call.repository.store
    base, head = call.body.must("base", str), call.body.must("head", str)
    base_sha, head_sha = await store.resolve(f"refs/heads/{base}"), await store.resolve(head)
    if base_sha is None or head_sha is None:
        raise ApiError(404, "Base does not exist" if base_sha is None else "Head does not exist")
    if await store.is_ancestor(head_sha, base_sha):
        return Answer(status=204)
    message = call.body.maybe("commit_message", str) or f"Merge {head} into {base}"
    try:
        tree = await store.merged_tree(base_sha, head_sha)
    except MergeConflictError as conflict:
        raise ApiError(409, "Merge conflict") from conflict
    sha = await store.commit_tree(tree, [base_sha, head_sha], message, call.user.identity)
    await call.state.forge.move_ref(repository, f"refs/heads/{base}", sha, call.user)
    return Answer(shown_commit(call, await store.commit(sha)), 201)
