"""Commit statuses: what those say about a commit who are no App."""

from tests.sandbox.forge.core.delivering import Status, latest_per_context
from tests.sandbox.forge.core.deploying import set_status
from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.github.errors import invalid, refused
from tests.sandbox.forge.github.render import delivering as render
from tests.sandbox.forge.github.routes import of_repository

routes = of_repository()

STATES = frozenset({"error", "failure", "pending", "success"})
MAX_PER_CONTEXT = 1000
MAX_DESCRIPTION_CHARACTERS = 140


@routes("POST", "/statuses/{sha}", "statuses:write")
async def create(call: Call) -> Answer:
    body, forge = call.body, call.state.forge
    sha = await call.commit(call.param("sha"))
    state = body.must("state", str)
    if state not in STATES:
        raise invalid("Status", "state")
    description = body.maybe("description", str)
    if description is not None and len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise refused(
            "Status", f"description is too long (maximum is {MAX_DESCRIPTION_CHARACTERS} characters)"
        )
    context = body.maybe("context", str) or "default"
    if (
        sum((known.sha, known.context) == (sha, context) for known in call.repository.statuses)
        >= MAX_PER_CONTEXT
    ):
        raise refused("Status", "This SHA and context has reached the maximum number of statuses.")
    status = Status(
        forge.next_id(),
        sha,
        state,
        context,
        description,
        body.maybe("target_url", str),
        call.user,
        forge.now(),
    )
    await set_status(forge, call.repository, status)
    return Answer(render.status(call.state.site, call.repository, status), 201)


async def _statuses(call: Call) -> tuple[str, list[Status]]:
    sha = await call.commit(call.param("ref"))
    return sha, [status for status in reversed(call.repository.statuses) if status.sha == sha]


@routes("GET", "/commits/{ref}/statuses", "statuses:read")
async def list_statuses(call: Call) -> Answer:
    _, statuses = await _statuses(call)
    return call.page(statuses, lambda status: render.status(call.state.site, call.repository, status))


@routes("GET", "/commits/{ref}/status", "statuses:read")
async def combined(call: Call) -> Answer:
    sha, statuses = await _statuses(call)
    current = latest_per_context(reversed(statuses))
    page, size = call.page_bounds
    shown = current[(page - 1) * size : page * size]
    body = render.combined_status(call.state.site, call.repository, sha, shown, len(current))
    body["state"] = render.combined_state([status.state for status in current])
    return Answer(body, headers=call.links(page, max(1, -(-len(current) // size))))
