"""What a merge request changes: its versions, and their diffs."""

from tests.sandbox.forge.core.git import GitStore
from tests.sandbox.forge.gitlab import looking
from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.endpoints.merge_requests import whole
from tests.sandbox.forge.gitlab.errors import not_found
from tests.sandbox.forge.gitlab.render import commits as render_commits
from tests.sandbox.forge.gitlab.render import requests as render
from tests.sandbox.forge.gitlab.routes import Route, of_request

routes = of_request()


def all_routes() -> list[Route]:
    return routes.all


@routes("GET", "/versions")
async def list_versions(call: Call) -> Answer:
    newest_first = call.merge_request.versions[::-1]
    return call.page(newest_first, lambda known: render.version(call.pull, known))


@routes("GET", "/versions/{version_id}")
async def read_version(call: Call) -> Answer:
    pull, number = call.pull, call.number("version_id")
    found = next((known for known in call.merge_request.versions if known.id == number), None)
    if found is None:
        raise not_found()
    commits = await looking.commits_of(pull, found)
    shown = render.version(pull, found)
    shown["commits"] = [render_commits.commit(call.state, pull.repository, known) for known in commits]
    shown["diffs"] = await diffs(pull.repository.store, found.base, found.head)
    return Answer(shown)


async def diffs(store: GitStore, base: str, head: str) -> list[dict[str, object]]:
    return [render.diff(patch) for patch in await store.patches(base, head)]


async def _newest_diffs(call: Call) -> list[dict[str, object]]:
    newest = call.merge_request.newest
    return await diffs(call.repository.store, newest.base, newest.head) if newest else []


@routes("GET", "/diffs")
async def list_diffs(call: Call) -> Answer:
    return call.page(await _newest_diffs(call), lambda one: one)


@routes("GET", "/changes")
async def changes(call: Call) -> Answer:
    found = await _newest_diffs(call)
    return Answer({**await whole(call, call.pull), "changes": found, "overflow": False})


@routes("GET", "/raw_diffs")
async def raw_diffs(call: Call) -> Answer:
    newest = call.merge_request.newest
    if newest is None:
        return Answer(text=b"")
    return Answer(text=await call.repository.store.run_bytes("diff", "-M", newest.base, newest.head))
