"""Git over HTTP as GitHub guards it: who may read, who may push.

The invariant: a push is announced after git has finished with it, whoever hung up in between.
"""

from aiohttp import hdrs, web

from tests.sandbox.forge.core import smart_http
from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.access import Principal, authenticate
from tests.sandbox.forge.github.errors import ApiError
from tests.sandbox.forge.github.state import State

SERVICES = ("/info/refs", "/git-upload-pack", "/git-receive-pack")
REALM = {"WWW-Authenticate": 'Basic realm="GitHub"'}


class GitHttp:
    def __init__(self, state: State) -> None:
        self._state = state

    def mount(self, app: web.Application) -> None:
        for service in SERVICES:
            method = "GET" if service == "/info/refs" else "POST"
            # GitHub serves a repository with and without `.git`.
            app.router.add_route(method, "/{owner}/{repo}" + service, self._handle)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        return await self._state.weather.answered(request, lambda: self._answer(request))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        owner, name = request.match_info["owner"], request.match_info["repo"].removesuffix(".git")
        service = "/" + request.path.split("/", 3)[3]
        full_name = f"{owner}/{name}"
        repository = self._state.forge.repository(full_name)
        renamed = self._state.forge.renamed(full_name)
        try:
            principal = self._caller(request, repository)
            if repository is None and renamed is not None and principal and principal.sees(renamed):
                location = f"{self._state.site.web}/{renamed.full_name}.git{service}?{request.query_string}"
                return web.Response(status=301, headers={"Location": location})
            if repository is None or (principal is not None and not principal.sees(repository)):
                return web.Response(status=404, text="Repository not found.")
            if smart_http.is_push(request):
                return await self._push(request, repository, principal, service)
        except ApiError as error:
            headers = REALM if error.status == 401 else {}
            return web.Response(status=error.status, text=str(error), headers=headers)
        if principal is not None and not _may(principal, repository, "read"):
            return web.Response(status=403, text="Write access to repository not granted.")
        return await smart_http.serve(request, repository, service)

    def _caller(self, request: web.Request, repository: Repository | None) -> Principal | None:
        """Nobody in particular is welcome to what is public."""
        header = request.headers.get(hdrs.AUTHORIZATION)
        is_public = repository is not None and not repository.is_private
        if header is None and is_public and not smart_http.is_push(request):
            return None
        return authenticate(self._state.forge, self._state.apps, header)

    async def _push(
        self, request: web.Request, repository: Repository, principal: Principal | None, service: str
    ) -> web.StreamResponse:
        if principal is None or not _may(principal, repository, "write"):
            return web.Response(status=403, text="Write access to repository not granted.")
        if service == "/info/refs":
            return await smart_http.serve(request, repository, service)
        async with self._state.forge.moving_refs(repository, principal.user):
            return await smart_http.serve(request, repository, service)


def _may(principal: Principal, repository: Repository, level: str) -> bool:
    if principal.installation is None:
        return principal.role_in(repository) >= (Role.WRITE if level == "write" else Role.READ)
    if not principal.reaches(repository):
        return level == "read" and not repository.is_private
    held = ((principal.token.permissions if principal.token else None) or {}).get("contents")
    return held == "write" or (level == "read" and held == "read")
