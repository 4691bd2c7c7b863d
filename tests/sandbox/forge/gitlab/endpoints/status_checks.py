"""External status checks, of the highest tier: services that are asked about every head and answer for it."""

from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import conflict, invalid, not_found, unprocessable
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.projects import StatusCheck
from tests.sandbox.forge.gitlab.render import approvals as render
from tests.sandbox.forge.gitlab.routes import Route, of_project, of_request
from tests.sandbox.forge.gitlab.tiers import Tier

routes = of_project(Level.MAINTAINER)
single = of_request()

STATES = ("passed", "failed", "pending")


def all_routes() -> list[Route]:
    return [*routes.all, *single.all]


def _checks(call: Call) -> list[StatusCheck]:
    call.state.tier.must_be(Tier.ULTIMATE)
    return call.project.status_checks


@routes("GET", "/external_status_checks", Level.DEVELOPER)
async def list_checks(call: Call) -> Answer:
    number = call.repository.id
    return call.page(_checks(call), lambda known: render.status_check(known, number))


@routes("POST", "/external_status_checks")
async def create(call: Call) -> Answer:
    checks = _checks(call)
    call.params.require("name", "external_url")
    name, url = call.params.must("name"), call.params.must("external_url")
    taken = {
        field: ["has already been taken"]
        for field, is_taken in (
            ("external_url", any(known.url == url for known in checks)),
            ("name", any(known.name == name for known in checks)),
        )
        if is_taken
    }
    if taken:
        raise invalid(taken)
    made = StatusCheck(call.forge.next_id(), name, url)
    checks.append(made)
    return Answer(render.status_check(made, call.repository.id), 201)


def _check(call: Call, number: int | None) -> StatusCheck:
    found = next((known for known in _checks(call) if known.id == number), None)
    if found is None:
        raise not_found()
    return found


@routes("PUT", "/external_status_checks/{check_id}")
async def update(call: Call) -> Answer:
    known = _check(call, call.number("check_id"))
    known.name = call.params.text("name", known.name) or known.name
    known.url = call.params.text("external_url", known.url) or known.url
    return Answer(render.status_check(known, call.repository.id))


@routes("DELETE", "/external_status_checks/{check_id}")
async def delete(call: Call) -> Answer:
    _checks(call).remove(_check(call, call.number("check_id")))
    return NOTHING


@single("GET", "/status_checks")
async def of_merge_request(call: Call) -> Answer:
    base, states = call.pull.base, call.merge_request.check_states
    asked = [known for known in _checks(call) if not known.branches or base in known.branches]
    return call.page(asked, lambda known: render.status_check_of_request(known, states.get(known.id)))


@single("POST", "/status_check_responses", Level.DEVELOPER)
async def respond(call: Call) -> Answer:
    call.params.require("sha", "external_status_check_id")
    known = _check(call, call.params.number("external_status_check_id"))
    if call.params.must("sha") != call.pull.head_sha:
        raise conflict("'sha' does not match the head of the merge request")
    state = call.params.choice("status", STATES, "passed") or "passed"
    call.merge_request.check_states[known.id] = state
    return Answer(
        {
            "id": call.forge.next_id(),
            "merge_request": {"id": call.pull.id, "iid": call.pull.number},
            "external_status_check": {"id": known.id, "name": known.name, "external_url": known.url},
            "status": state,
        },
        201,
    )


@single("POST", "/status_checks/{check_id}/retry", Level.DEVELOPER)
async def retry(call: Call) -> Answer:
    known = _check(call, call.number("check_id"))
    if call.merge_request.check_states.get(known.id) != "failed":
        raise unprocessable("External status check must be failed")
    call.merge_request.check_states[known.id] = "pending"
    return Answer({"message": "202 Accepted"}, 202)
