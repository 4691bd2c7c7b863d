"""Branches and tags."""

from tests.sandbox.forge.core.git_objects import Commit
from tests.sandbox.forge.core.pulls import created_ref
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import bad_request, forbidden, message, not_found
from tests.sandbox.forge.gitlab.looking import may_push
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render import commits as render
from tests.sandbox.forge.gitlab.routes import Route, of_project

routes = of_project()


def all_routes() -> list[Route]:
    return routes.all


async def _branch(call: Call, name: str, sha: str, *, is_listed: bool = False) -> dict[str, object]:
    repository, store = call.repository, call.repository.store
    head = await store.resolve(f"refs/heads/{repository.default_branch}")
    is_merged = name != repository.default_branch and head is not None and await store.is_ancestor(sha, head)
    can_push = may_push(call.state, repository, name, call.principal.user)
    known = await store.commit(sha)
    return render.branch(
        call.state, repository, name, known, can_push=can_push, is_merged=is_merged, is_listed=is_listed
    )


@routes("GET", "/repository/branches")
async def list_branches(call: Call) -> Answer:
    refs = await call.repository.store.refs("refs/heads")
    searched = call.params.text("search") or ""
    names = sorted(name for ref in refs if searched in (name := ref.removeprefix("refs/heads/")))
    if searched.startswith("^"):
        names = sorted(ref.removeprefix("refs/heads/") for ref in refs if ref[11:].startswith(searched[1:]))
    answer = call.page(names, lambda name: name)
    shown = [await _branch(call, name, refs[f"refs/heads/{name}"], is_listed=True) for name in answer.body]
    return Answer(shown, headers=answer.headers)


@routes("GET", "/repository/branches/{branch}")
async def read(call: Call) -> Answer:
    name = call.part("branch")
    sha = await call.repository.store.resolve(f"refs/heads/{name}")
    if sha is None:
        raise not_found("Branch")
    return Answer(await _branch(call, name, sha))


@routes("POST", "/repository/branches", Level.DEVELOPER)
async def create(call: Call) -> Answer:
    call.params.require("branch", "ref")
    name, ref = call.params.must("branch"), call.params.must("ref")
    if not may_push(call.state, call.repository, name, call.user):
        raise forbidden()
    sha = await call.repository.store.resolve(ref)
    if sha is None:
        raise message(400, f"Invalid reference name: {ref}")
    if not await created_ref(call.forge, call.repository, f"refs/heads/{name}", sha, call.user):
        raise message(400, "Branch already exists")
    return Answer(await _branch(call, name, sha), 201)


@routes("DELETE", "/repository/branches/{branch}", Level.DEVELOPER)
async def delete(call: Call) -> Answer:
    name = call.part("branch")
    if await call.repository.store.resolve(f"refs/heads/{name}") is None:
        raise not_found("Branch")
    if name == call.repository.default_branch:
        raise message(405, "Cannot remove HEAD branch")
    if call.state.projects.protection_of(call.repository, name) is not None:
        raise message(403, "Protected branch can't be removed")
    await call.forge.move_ref(call.repository, f"refs/heads/{name}", None, call.user)
    return NOTHING


async def _tag(call: Call, name: str, known: Commit) -> dict[str, object]:
    return {
        "name": name,
        "message": "",
        "target": known.sha,
        "commit": render.commit(call.state, call.repository, known),
        "release": None,
        "protected": False,
        "created_at": None,
    }


@routes("GET", "/repository/tags")
async def list_tags(call: Call) -> Answer:
    refs = await call.repository.store.refs("refs/tags")
    answer = call.page(sorted(refs, reverse=True), lambda ref: ref)
    store = call.repository.store
    shown = [await _tag(call, ref[10:], await store.commit(refs[ref])) for ref in answer.body]
    return Answer(shown, headers=answer.headers)


@routes("GET", "/repository/tags/{tag}")
async def read_tag(call: Call) -> Answer:
    name = call.part("tag")
    sha = await call.repository.store.resolve(f"refs/tags/{name}")
    if sha is None:
        raise not_found("Tag")
    return Answer(await _tag(call, name, await call.repository.store.commit(sha)))


@routes("POST", "/repository/tags", Level.DEVELOPER)
async def create_tag(call: Call) -> Answer:
    call.params.require("tag_name", "ref")
    name, ref = call.params.must("tag_name"), call.params.must("ref")
    sha = await call.repository.store.resolve(ref)
    if sha is None:
        raise bad_request(f"Target {ref} is invalid")
    if not await created_ref(call.forge, call.repository, f"refs/tags/{name}", sha, call.user):
        raise message(400, f"Tag {name} already exists")
    return Answer(await _tag(call, name, await call.repository.store.commit(sha)), 201)


@routes("DELETE", "/repository/tags/{tag}", Level.DEVELOPER)
async def delete_tag(call: Call) -> Answer:
    name = call.part("tag")
    if await call.repository.store.resolve(f"refs/tags/{name}") is None:
        raise not_found("Tag")
    await call.forge.move_ref(call.repository, f"refs/tags/{name}", None, call.user)
    return NOTHING
