"""Git over HTTP as GitLab guards it: who may read, who may push, and where.

The invariant: a push is announced after git has finished with it, whoever hung up in between.
"""

from aiohttp import hdrs, web

from tests.sandbox.forge.core import smart_http
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.access import Principal, of_basic
from tests.sandbox.forge.gitlab.errors import ApiError
from tests.sandbox.forge.gitlab.looking import may_push
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.state import State

SERVICES = ("/info/refs", "/git-upload-pack", "/git-receive-pack")
REALM = {"WWW-Authenticate": 'Basic realm="GitLab"'}
DENIED = (
    "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect"
    " or you're required to use a token instead of a password.\n"
)
UNKNOWN = "The project you were looking for could not be found or you don't have permission to view it.\n"
NO_PUSH = "You are not allowed to push code to this project.\n"
READING = frozenset({"api", "read_api", "read_repository", "write_repository"})
WRITING = frozenset({"api", "write_repository"})


class GitHttp:
    def __init__(self, state: State) -> None:
        self._state = state

    def mount(self, app: web.Application) -> None:
        for service in SERVICES:
            method = "GET" if service == "/info/refs" else "POST"
            # Unlike GitHub, GitLab serves a repository under its name with `.git` only.
            app.router.add_route(method, "/{project:.+}.git" + service, self._handle)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        return await self._state.weather.answered(request, lambda: self._answer(request))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["project"]
        service = request.path.removeprefix(f"/{path}.git")
        forge = self._state.forge
        # A former name still leads to where the project is, for git without a redirect.
        repository = forge.repository(path) or forge.renamed(path)
        try:
            principal = of_basic(self._state, request.headers.get(hdrs.AUTHORIZATION))
        except ApiError:
            return _denied()
        refusal = _refusal(request, repository, principal)
        if refusal is not None or repository is None:
            return refusal or _denied()
        if smart_http.is_push(request):
            return await self._push(request, repository, principal, service)
        return await smart_http.serve(request, repository, service)

    async def _push(
        self, request: web.Request, repository: Repository, principal: Principal, service: str
    ) -> web.StreamResponse:
        if service == "/info/refs":
            return await smart_http.serve(request, repository, service)
        refused = await self._closed_branches(repository, principal)
        async with self._state.forge.moving_refs(repository, principal.known):
            return await smart_http.serve(request, repository, service, refused)

    async def _closed_branches(self, repository: Repository, principal: Principal) -> dict[str, str]:
        """Why git is to refuse which ref; a pattern of the protection is git's to match."""
        said = "GitLab: You are not allowed to push code to protected branches on this project."
        names = self._state.projects.of(repository).protected
        return {
            f"refs/heads/{name}": said
            for name in names
            if not may_push(self._state, repository, name, principal.user)
        }


def _refusal(
    request: web.Request, repository: Repository | None, principal: Principal
) -> web.StreamResponse | None:
    is_push = smart_http.is_push(request)
    if principal.user is None and (is_push or repository is None or repository.is_private):
        return _denied()
    if repository is None or not principal.sees(repository):
        return web.Response(status=404, text=UNKNOWN)
    level = principal.level_in(repository)
    words = None
    if not _is_in_scope(principal, WRITING if is_push else READING):
        words = "Insufficient scope\n"
    elif is_push and level < Level.DEVELOPER:
        words = NO_PUSH
    elif repository.is_private and level < Level.REPORTER:
        words = "You are not allowed to download code from this project.\n"
    return web.Response(status=403, text=words) if words else None


def _is_in_scope(principal: Principal, scopes: frozenset[str]) -> bool:
    return principal.token is None or bool(scopes & set(principal.token.scopes))


def _denied() -> web.Response:
    return web.Response(status=401, text=DENIED, headers=REALM)
