"""Pull requests."""

from typing import Any

from tests.sandbox.forge.core import pulls as core
from tests.sandbox.forge.core.conversations import Mergeability, Pull
from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.core.pulls import Reason, RefusedError
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.github.errors import ApiError, forbidden, invalid, refused, unprocessable
from tests.sandbox.forge.github.reading import author_of, changes_of, extent_of
from tests.sandbox.forge.github.render import commits as render_commits
from tests.sandbox.forge.github.render import pulls as render
from tests.sandbox.forge.github.routes import of_repository

routes = of_repository()

MAX_BODY_CHARACTERS = 65_536
MAX_FILES = 3000
MAX_COMMITS = 250
METHODS = ("merge", "squash", "rebase")


@routes("POST", "/pulls", "pull_requests:write", role=Role.READ, is_content=True)
async def create(call: Call) -> Answer:
    title, head, base = (call.body.must(name, str) for name in ("title", "head", "base"))
    body = call.body.maybe("body", str)
    _limit(body)
    source, branch = _head(call, head)
    proposal = core.Proposal(
        title, base, branch, source, body=body, is_draft=call.body.maybe("draft", bool) or False
    )
    try:
        pull = await core.open_pull(call.state.forge, call.repository, proposal, call.user)
    except RefusedError as refusal:
        raise _refusal(refusal) from refusal
    pull.via = call.via
    return Answer(await _whole(call, pull), 201)


def _limit(body: str | None) -> None:
    if body is not None and len(body) > MAX_BODY_CHARACTERS:
        raise refused("PullRequest", f"body is too long (maximum is {MAX_BODY_CHARACTERS} characters)")


def _head(call: Call, head: str) -> tuple[Repository, str]:
    """`branch`, or `owner:branch` of a repository of the same network."""
    owner, colon, branch = head.partition(":")
    if not colon:
        return call.repository, head
    for repository in call.state.forge.repositories:
        is_relative = repository is call.repository or repository.fork_of is call.repository
        if is_relative and repository.owner.login.lower() == owner.lower():
            return repository, branch
    raise invalid("PullRequest", "head")


def _refusal(refusal: RefusedError) -> ApiError:
    match refusal.reason:
        case Reason.BAD_BASE:
            return invalid("PullRequest", "base")
        case Reason.BAD_HEAD:
            return invalid("PullRequest", "head")
        case Reason.HEAD_MOVED:
            return ApiError(409, str(refusal))
        case Reason.NO_COMMITS | Reason.DUPLICATE:
            return refused("PullRequest", str(refusal))
        case _:
            return ApiError(405, str(refusal))


@routes("GET", "/pulls", "pull_requests:read")
async def list_pulls(call: Call) -> Answer:
    pulls = [pull for pull in call.repository.pulls if _is_asked_for(call, pull)]
    keys = {
        "created": lambda pull: (pull.created_at, pull.number),
        "updated": lambda pull: (pull.updated_at, pull.number),
        "popularity": lambda pull: (len(pull.comments), pull.number),
        "long-running": lambda pull: (pull.created_at, pull.number),
    }
    sort = call.query("sort", "created")
    if sort not in keys:
        raise invalid("PullRequest", "sort")
    direction = call.query("direction", "desc" if sort == "created" else "asc")
    pulls.sort(key=keys[sort], reverse=direction == "desc")
    return call.page(pulls, lambda pull: render.short_pull(call.state.site, pull))


def _is_asked_for(call: Call, pull: Pull) -> bool:
    state, base, head = call.query("state", "open"), call.query("base"), call.query("head")
    if state != "all" and pull.is_open != (state == "open"):
        return False
    if base and pull.base != base:
        return False
    owner = pull.head_repository.owner.login if pull.head_repository else "unknown"
    # GitHub ignores a head that does not name its owner.
    return ":" not in head or head == f"{owner}:{pull.head}"


@routes("GET", "/pulls/{pull_number}", "pull_requests:read")
async def read(call: Call) -> Answer:
    pull = call.pull
    shown = await _whole(call, pull)
    if pull.is_open and pull.mergeability is Mergeability.UNKNOWN:
        # Asking sets the background computation off; the next one who asks is told.
        await core.probe_merge(call.state.forge, pull)
    return Answer(shown)


async def _whole(call: Call, pull: Pull) -> dict[str, Any]:
    return render.pull(call.state.site, pull, await extent_of(pull))


@routes("PATCH", "/pulls/{pull_number}", "pull_requests:write", role=Role.READ)
async def update(call: Call) -> Answer:
    pull, body, forge = call.pull, call.body, call.state.forge
    if pull.author is not call.user and call.principal.role_in(call.repository) < Role.WRITE:
        raise forbidden("Must have push access or be the author.")
    state = body.choice("state", ("open", "closed"), "open" if pull.is_open else "closed")
    _limit(body.maybe("body", str))
    try:
        base = body.maybe("base", str)
        if base is not None and base != pull.base:
            await core.retarget(forge, pull, base, call.user)
        await core.rewrite(
            forge, pull, call.user, title=body.maybe("title", str), body=body.maybe("body", str)
        )
        if state == "closed" and pull.is_open:
            await forge.close(pull, call.user)
        elif state == "open" and not pull.is_open:
            await core.reopen(forge, pull, call.user)
    except RefusedError as refusal:
        raise _refusal(refusal) from refusal
    return Answer(await _whole(call, pull))


@routes("GET", "/pulls/{pull_number}/files", "pull_requests:read")
async def list_files(call: Call) -> Answer:
    pull = call.pull
    changes = (await changes_of(pull))[:MAX_FILES]
    site = call.state.site
    return call.page(
        changes, lambda change: render_commits.file_change(site, pull.repository, pull.head_sha, change)
    )


@routes("GET", "/pulls/{pull_number}/commits", "pull_requests:read")
async def list_commits(call: Call) -> Answer:
    pull, state = call.pull, call.state
    store = pull.repository.store
    commits = (await store.commits("--reverse", f"{pull.base_sha}..{pull.head_sha}"))[:MAX_COMMITS]
    return call.page(
        commits,
        lambda commit: render_commits.commit(
            state.site, pull.repository, commit, author_of(state.forge, commit)
        ),
    )


@routes("GET", "/pulls/{pull_number}/merge", "pull_requests:read")
async def is_merged(call: Call) -> Answer:
    if not call.pull.is_merged:
        raise ApiError(404, "Not Found")
    return Answer(status=204)


@routes("PUT", "/pulls/{pull_number}/merge", "contents:write")
async def merge(call: Call) -> Answer:
    body = call.body
    wanted = core.Merge(
        method=body.choice("merge_method", METHODS, "merge"),
        sha=body.maybe("sha", str),
        title=body.maybe("commit_title", str),
        message=body.maybe("commit_message", str),
    )
    try:
        sha = await core.merge_pull(call.state.forge, call.pull, wanted, call.user)
    except RefusedError as refusal:
        raise _refusal(refusal) from refusal
    return Answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@routes("PUT", "/pulls/{pull_number}/update-branch", "pull_requests:write")
async def update_branch(call: Call) -> Answer:
    pull, forge = call.pull, call.state.forge
    expected = call.body.maybe("expected_head_sha", str)
    if expected is not None and expected != pull.head_sha:
        raise unprocessable("expected head sha didn't match current head ref.")
    source = pull.head_repository
    base_sha = await pull.repository.store.resolve(f"refs/heads/{pull.base}")
    if source is None or base_sha is None:
        raise unprocessable("The branch cannot be updated.")
    await source.store.fetch_objects(pull.repository.store, base_sha, "refs/longshore/base")
    tree = await source.store.merged_tree(pull.head_sha, base_sha)
    parents = [pull.head_sha, base_sha]
    message = f"Merge branch '{pull.base}' into {pull.head}"
    sha = await source.store.commit_tree(tree, parents, message, call.user.identity)
    await forge.move_ref(source, f"refs/heads/{pull.head}", sha, call.user)
    url = f"{call.state.site.api}/repos/{pull.repository.full_name}/pulls/{pull.number}"
    return Answer({"message": "Updating pull request branch.", "url": url}, 202)
