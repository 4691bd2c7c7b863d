"""A request's way through GitLab: weather, contract, caller, limits, project, permission, endpoint, answer.

The invariant: nothing is answered that was not first held against the description of the API.
"""

import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.core.weather import READS
from tests.sandbox.forge.gitlab.access import Principal, authenticate
from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.endpoints import all_routes
from tests.sandbox.forge.gitlab.errors import ApiError, bad_request, not_allowed, not_found, unauthorized
from tests.sandbox.forge.gitlab.members import Group
from tests.sandbox.forge.gitlab.params import Params
from tests.sandbox.forge.gitlab.routes import Route
from tests.sandbox.forge.gitlab.site import API_ROOT
from tests.sandbox.forge.gitlab.state import State

Json = Any
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Api:
    state: State

    def mount(self, app: web.Application) -> None:
        for route in all_routes():
            app.router.add_route(route.method, API_ROOT + route.template, self._handler(route))
        app.router.add_route("*", API_ROOT + "{rest:.*}", self._handler(None))

    def _handler(self, route: Route | None) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self.state.weather.answered(request, lambda: self._answer(request, route))

        return handle

    async def _answer(self, request: web.Request, route: Route | None) -> web.StreamResponse:
        principal = Principal(self.state)
        try:
            body = await _body(request)
            self._hold_request(request, body)
            headers = request.headers
            principal = authenticate(
                self.state, headers.get("PRIVATE-TOKEN"), headers.get(hdrs.AUTHORIZATION)
            )
            answer = await self._served(request, _known(route), principal, body)
        except ApiError as error:
            answer = _refusal(error)
        if self.state.contract is not None:
            found = self.state.contract.response_faults(
                request.method, _path(request), answer.status, answer.body, is_text=answer.text is not None
            )
            self.state.violations += found
        return self._response(request, answer, principal)

    async def _served(self, request: web.Request, route: Route, principal: Principal, body: Json) -> Answer:
        if principal.user is None and not route.is_open and request.method not in READS:
            raise unauthorized()
        self.state.limits.charge(principal.key, self.state.forge.now().timestamp())
        route.need.refuse_scope(principal)
        query = list(request.query.items())
        params = Params.merged(query, body if isinstance(body, dict) else {})
        repository = group = None
        if route.template.startswith("/projects/{id}"):
            repository = self._project(request, principal)
            route.need.refuse(principal, repository)
        elif route.template.startswith("/groups/{id}"):
            group = self._group(request, principal, route)
        elif principal.user is None and not route.is_open:
            raise unauthorized()
        return await route.endpoint(Call(self.state, request, principal, params, repository, group))

    def _project(self, request: web.Request, principal: Principal) -> Repository:
        given = request.match_info["id"]
        forge = self.state.forge
        if given.isdecimal():
            found = forge.by_id(int(given))
        else:
            found = forge.repository(given) or forge.renamed(given)
        if found is None or not principal.sees(found):
            raise not_found("Project")
        if not given.isdecimal() and given != found.full_name:
            raise _moved(self.state, request, found)
        return found

    def _group(self, request: web.Request, principal: Principal, route: Route) -> Group:
        given = request.match_info["id"]
        groups = self.state.members.groups.values()
        found = next((g for g in groups if str(g.id) == given), None) or self.state.members.group(given)
        if found is None or not principal.sees_group(found):
            raise not_found("Group")
        if principal.level_in_group(found) < route.need.level and request.method not in READS:
            raise ApiError(403, {"message": "403 Forbidden"})
        return found

    def _hold_request(self, request: web.Request, body: Json) -> None:
        if self.state.contract is not None:
            query = list(request.query.items())
            self.state.violations += self.state.contract.request_faults(
                request.method, _path(request), query, body
            )

    def _response(self, request: web.Request, answer: Answer, principal: Principal) -> web.StreamResponse:
        now = self.state.forge.now().timestamp()
        headers = {
            "X-Request-Id": uuid.uuid4().hex[:26].upper(),
            "X-Gitlab-Meta": '{"correlation_id":"none","version":"1"}',
            **self.state.limits.headers(principal.key, now),
            **answer.headers,
        }
        if answer.text is not None:
            headers.setdefault(hdrs.CONTENT_TYPE, "text/plain; charset=utf-8")
            return web.Response(status=answer.status, body=answer.text, headers=headers)
        if answer.status == 204:
            return web.Response(status=204, headers=headers)
        body = json.dumps(answer.body).encode("utf-8", "surrogatepass")
        if request.method in READS and answer.status == 200:
            headers["ETag"] = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
            headers["Cache-Control"] = "max-age=0, private, must-revalidate"
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return web.Response(status=304, headers=headers)
        return web.Response(status=answer.status, body=body, headers=headers, content_type="application/json")


def _known(route: Route | None) -> Route:
    if route is None:
        raise ApiError(404, {"error": "404 Not Found"})
    return route


def _refusal(error: ApiError) -> Answer:
    if isinstance(error.body, str):
        return Answer(status=error.status, headers=error.headers, text=error.body.encode())
    return Answer(error.body, error.status, error.headers)


def _path(request: web.Request) -> str:
    return request.rel_url.raw_path.removeprefix(API_ROOT)


def _moved(state: State, request: web.Request, found: Repository) -> ApiError:
    """Reading is shown the way by number; writing is refused."""
    if request.method not in READS:
        raise not_allowed("405 Method Not Allowed - Non GET methods are not allowed for moved projects")
    rest = _path(request).split("/", 3)[3:]
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    location = "/".join([f"{state.site.api}/projects/{found.id}", *rest]) + query
    said = f"This resource has been moved permanently to {location}"
    return ApiError(301, said, {"Location": location})


async def _body(request: web.Request) -> Json:
    raw = await request.read()
    if not raw:
        return None
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(Params.merged(parse_qsl(raw.decode(), keep_blank_values=True), {}).fields)
    try:
        return json.loads(raw)
    except ValueError as error:
        raise bad_request("message body does not match declared format") from error
