"""Commits: read, compared, and asked which merge requests brought them."""

from tests.sandbox.forge.gitlab import looking
from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.render import commits as render
from tests.sandbox.forge.gitlab.render import requests
from tests.sandbox.forge.gitlab.routes import Route, of_project

routes = of_project()

MAX_LISTED = 10_000


def all_routes() -> list[Route]:
    return routes.all


@routes("GET", "/repository/commits")
async def list_commits(call: Call) -> Answer:
    params = call.params
    revision = params.text("ref_name") or call.repository.default_branch
    store = call.repository.store
    bounds = revision.split("..") if ".." in revision else [revision]
    found = [await store.resolve(bound) for bound in bounds]
    if None in found:
        return call.page([], lambda known: known)
    revisions = [f"{found[0]}..{found[-1]}" if len(found) > 1 else str(found[0])]
    if params.is_on("first_parent"):
        revisions.insert(0, "--first-parent")
    path = params.text("path")
    listed = await store.commits(*revisions, *(["--", path] if path else []), limit=MAX_LISTED)
    answer = call.page(listed, lambda known: render.commit(call.state, call.repository, known))
    # Counting commits would mean walking them: GitLab does not.
    unknown = {"X-Total", "X-Total-Pages"}
    return Answer(answer.body, headers={k: v for k, v in answer.headers.items() if k not in unknown})


@routes("GET", "/repository/commits/{sha}")
async def read(call: Call) -> Answer:
    store = call.repository.store
    known = await store.commit(await call.commit(call.part("sha")))
    changes = None
    if call.params.flag("stats", default=True):
        parents = known.parents
        changes = await (store.changes(parents[0], known.sha) if parents else store.root(known.sha))
    return Answer(render.whole_commit(call.state, call.repository, known, changes))


@routes("GET", "/repository/commits/{sha}/merge_requests")
async def merge_requests(call: Call) -> Answer:
    sha = await call.commit(call.part("sha"))
    found = []
    for pull in call.repository.pulls:
        request = call.state.requests.of(pull)
        brought = {known.sha for known in await looking.commits_of(pull, request.newest)}
        if sha in {*brought, request.merge_commit, request.squash_sha}:
            found.append(pull)
    shown = [
        requests.basic(call.state, p, await looking.sight(call.state, p, call.principal.user)) for p in found
    ]
    wanted = call.params.choice("state", ("opened", "closed", "locked", "merged"))
    return call.page([one for one in shown if wanted in (None, one["state"])], lambda one: one)


@routes("GET", "/repository/commits/{sha}/refs")
async def refs(call: Call) -> Answer:
    sha = await call.commit(call.part("sha"))
    kind = call.params.choice("type", ("all", "branch", "tag"), "all")
    found = []
    for ref, head in (await call.repository.store.refs("refs/heads", "refs/tags")).items():
        name = ref.split("/", 2)[2]
        of_kind = "branch" if ref.startswith("refs/heads/") else "tag"
        if kind in ("all", of_kind) and await call.repository.store.is_ancestor(sha, head):
            found.append({"type": of_kind, "name": name})
    return call.page(found, lambda one: one)


@routes("GET", "/repository/merge_base")
async def merge_base(call: Call) -> Answer:
    call.params.require("refs")
    shas = [await call.commit(ref) for ref in call.params.texts("refs") or []]
    base = await call.repository.store.merge_base(shas[0], shas[-1])
    if base is None:
        return Answer({"message": "404 Merge Base Not Found"}, 404)
    return Answer(render.commit(call.state, call.repository, await call.repository.store.commit(base)))
