"""A request's way through GitHub: weather, contract, caller, limits, permission, endpoint, answer.

The invariant: nothing is answered that was not first held against the official description.
"""

import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.core.weather import READS
from tests.sandbox.forge.github.access import Principal, authenticate
from tests.sandbox.forge.github.call import Answer, Body, Call
from tests.sandbox.forge.github.endpoints import all_routes
from tests.sandbox.forge.github.errors import ApiError, forbidden, not_found
from tests.sandbox.forge.github.routes import Route
from tests.sandbox.forge.github.site import API_ROOT
from tests.sandbox.forge.github.state import State

Json = Any
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Api:
    state: State

    def mount(self, app: web.Application) -> None:
        for route in all_routes():
            app.router.add_route(route.method, API_ROOT + route.pattern, self._handler(route))
            if route.template.startswith("/repos/{owner}/{repo}"):
                rest = route.pattern.removeprefix("/repos/{owner}/{repo}")
                app.router.add_route(
                    route.method, f"{API_ROOT}/repositories/{{repository_id}}{rest}", self._handler(route)
                )
        app.router.add_route("*", API_ROOT + "{rest:.*}", self._handler(None))

    def _handler(self, route: Route | None) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self.state.weather.answered(request, lambda: self._answer(request, route))

        return handle

    async def _answer(self, request: web.Request, route: Route | None) -> web.StreamResponse:
        path = self._described_path(request)
        principal: Principal | None = None
        try:
            body = await _json(request)
            self._hold_request(request, path, body)
            if route is None:
                self._unknown(request, path)
            if hdrs.USER_AGENT not in request.headers:
                raise forbidden("Request forbidden by administrative rules. Send a User-Agent header.")
            principal = authenticate(
                self.state.forge, self.state.apps, request.headers.get(hdrs.AUTHORIZATION)
            )
            answer = await self._served(request, _must(route), principal, body)
        except ApiError as error:
            answer = Answer(error.body, error.status, error.headers)
        if self.state.contract is not None:
            found = self.state.contract.response_faults(request.method, path, answer.status, answer.body)
            self.state.violations += found
        return self._response(request, answer, principal)

    async def _served(self, request: web.Request, route: Route, principal: Principal, body: Json) -> Answer:
        now = self.state.forge.now().timestamp()
        self.state.limits.charge(principal.key, now, method=request.method, is_content=route.is_content)
        window = self.state.limits.window(principal.key, now)
        window.under_way += 1
        try:
            repository = self._repository(request, principal, route)
            if route.need is not None and repository is not None:
                route.need.refuse(principal, repository)
            fields = body if isinstance(body, dict) else {}
            return await route.endpoint(Call(self.state, request, principal, Body(fields), repository))
        finally:
            window.under_way -= 1

    def _repository(self, request: web.Request, principal: Principal, route: Route) -> Repository | None:
        params = request.match_info
        if "repository_id" in params:
            found = (
                self.state.forge.by_id(int(params["repository_id"]))
                if params["repository_id"].isdigit()
                else None
            )
            if found is None:
                raise not_found()
            return found
        if "owner" not in params:
            return None
        full_name = f"{params['owner']}/{params['repo']}"
        found = self.state.forge.repository(full_name)
        if found is not None:
            return found
        renamed = self.state.forge.renamed(full_name)
        if renamed is None or not principal.sees(renamed):
            raise not_found()
        rest = request.raw_path.split("/", 6)[6:]
        location = "/".join([f"{self.state.site.api}/repositories/{renamed.id}", *rest])
        status = 301 if request.method in READS else 307
        words = "Moved Permanently" if status == 301 else "Temporary Redirect"
        raise ApiError(status, words, headers={"Location": location}, extra={"url": location})

    def _described_path(self, request: web.Request) -> str:
        """The path as the description writes it: repositories by name, not by number."""
        path = request.rel_url.raw_path.removeprefix(API_ROOT)
        number = request.match_info.get("repository_id")
        if number is None:
            return path
        return path.replace(f"/repositories/{number}", "/repos/owner/name", 1)

    def _hold_request(self, request: web.Request, path: str, body: Json) -> None:
        if self.state.contract is not None:
            query = request.query.items()
            self.state.violations += self.state.contract.request_faults(request.method, path, query, body)

    def _unknown(self, request: web.Request, path: str) -> None:
        contract = self.state.contract
        if contract is not None and contract.find(request.method, path) is not None:
            self.state.violations.append(f"{request.method} {path}: GitHub does this, the stand-in does not")
        raise ApiError(501, f"{request.method} {path} is not answered here")

    def _response(
        self, request: web.Request, answer: Answer, principal: Principal | None
    ) -> web.StreamResponse:
        headers = {
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Request-Id": uuid.uuid4().hex[:16].upper(),
            **answer.headers,
        }
        body = b"" if answer.status == 204 else json.dumps(answer.body).encode()
        now = self.state.forge.now().timestamp()
        if request.method in READS and answer.status == 200:
            headers["ETag"] = f'W/"{hashlib.sha256(body).hexdigest()}"'
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            if request.headers.get("If-None-Match") == headers["ETag"] and principal is not None:
                self.state.limits.refund(principal.key, now)
                headers |= self.state.limits.headers(principal.key, now)
                return web.Response(status=304, headers=headers)
        if principal is not None:
            headers |= self.state.limits.headers(principal.key, now)
            if principal.token is not None and principal.token.scopes is not None:
                headers["X-OAuth-Scopes"] = ", ".join(principal.token.scopes)
        if answer.status == 204:
            return web.Response(status=204, headers=headers)
        return web.Response(
            status=answer.status,
            body=body,
            headers=headers,
            content_type="application/json",
            charset="utf-8",
        )


def _must(route: Route | None) -> Route:
    if route is None:
        raise not_found()
    return route


async def _json(request: web.Request) -> Json:
    raw = await request.read()
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ApiError(400, "Problems parsing JSON") from error
