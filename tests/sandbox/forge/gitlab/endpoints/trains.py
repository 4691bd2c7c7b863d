"""Merge trains."""

from tests.sandbox.forge.core import pulls as core
from tests.sandbox.forge.gitlab import boarding, looking
from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.errors import bad_request, conflict, forbidden, not_found
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render import trains as render
from tests.sandbox.forge.gitlab.routes import Route, of_project
from tests.sandbox.forge.gitlab.tiers import Tier
from tests.sandbox.forge.gitlab.trains import Car

routes = of_project()


def all_routes() -> list[Route]:
    return routes.all


def _must_run(call: Call) -> None:
    call.state.tier.must_be(Tier.PREMIUM)
    if not call.project.merge_trains:
        raise forbidden()


def _page(call: Call, cars: list[Car]) -> Answer:
    scope = call.params.choice("scope", ("active", "complete"))
    found = [car for car in cars if scope is None or (car.state == "fresh") is (scope == "active")]
    if call.params.choice("sort", ("asc", "desc"), "desc") == "desc":
        found.reverse()
    return call.page(found, lambda car: render.car(call.state, car))


@routes("GET", "/merge_trains")
async def list_cars(call: Call) -> Answer:
    _must_run(call)
    return _page(call, call.state.trains.of(call.repository))


@routes("GET", "/merge_trains/{target_branch}")
async def of_branch(call: Call) -> Answer:
    _must_run(call)
    return _page(call, call.state.trains.of(call.repository, call.part("target_branch")))


@routes("GET", "/merge_trains/merge_requests/{iid}")
async def of_merge_request(call: Call) -> Answer:
    _must_run(call)
    cars = [car for car in call.state.trains.of(call.repository) if car.pull is call.pull]
    if not cars:
        raise not_found()
    return Answer(render.car(call.state, cars[-1]))


@routes("POST", "/merge_trains/merge_requests/{iid}", Level.DEVELOPER)
async def board(call: Call) -> Answer:
    """The train as it is then; 400 where the merge request is not fit for it."""
    _must_run(call)
    pull = call.pull
    sha = call.params.text("sha")
    if sha is not None and sha != pull.head_sha:
        raise conflict(f"SHA does not match HEAD of source branch: {pull.head_sha}")
    if not looking.may_merge(call.state, call.repository, pull.base, call.user):
        raise forbidden()
    if not pull.is_open or not pull.head_sha:
        raise bad_request("The merge request is not mergeable")
    await core.probe_merge(call.forge, pull)
    if await looking.obstacle(call.state, pull, ignores_pipeline=True) is not None:
        raise bad_request("The merge request is not mergeable")
    await boarding.board(call.state, pull, call.user)
    waiting = call.state.trains.waiting(call.repository, pull.base)
    return Answer([render.car(call.state, car) for car in waiting], 201)
