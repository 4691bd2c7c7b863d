"""Access tokens: one's own, a project's, a group's; made, rotated, revoked."""

from datetime import date, timedelta

from tests.sandbox.forge.gitlab.access import Principal
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import bad_parameters, bad_request, forbidden, not_found, unauthorized
from tests.sandbox.forge.gitlab.issuing import issue_for_place
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render import people as render
from tests.sandbox.forge.gitlab.routes import Route, Routes, of_project
from tests.sandbox.forge.gitlab.tokens import MAX_DAYS, SCOPES, AccessToken

own = Routes(level=Level.NONE)
of_projects = of_project(Level.MAINTAINER)
of_groups = Routes("/groups/{id}", Level.OWNER)


def all_routes() -> list[Route]:
    return [*own.all, *of_projects.all, *of_groups.all]


def _shown(call: Call, known: AccessToken, *, with_text: bool = False) -> dict[str, object]:
    return render.access_token(known, call.forge.now(), with_text=with_text)


def _used(call: Call) -> AccessToken:
    if call.principal.token is None:
        raise unauthorized()
    return call.principal.token


@own(
    "GET",
    "/personal_access_tokens/self",
    scopes=("read_user", "self_rotate", "read_repository", "write_repository"),
)
async def read_self(call: Call) -> Answer:
    return Answer(_shown(call, _used(call)))


@own("DELETE", "/personal_access_tokens/self", scopes=("read_api", "read_user", "self_rotate"))
async def revoke_self(call: Call) -> Answer:
    call.state.tokens.revoke(_used(call))
    return NOTHING


@own("POST", "/personal_access_tokens/self/rotate", scopes=("self_rotate",))
async def rotate_self(call: Call) -> Answer:
    return _rotate(call, _used(call))


@own("GET", "/personal_access_tokens")
async def list_own(call: Call) -> Answer:
    found = [known for known in call.state.tokens.all if known.user is call.user]
    return call.page(found, lambda known: _shown(call, known))


@own("POST", "/personal_access_tokens/{token_id}/rotate")
async def rotate_own(call: Call) -> Answer:
    number = call.number("token_id")
    found = next((t for t in call.state.tokens.all if (t.id, t.user) == (number, call.user)), None)
    if found is None:
        raise unauthorized()
    return _rotate(call, found)


def _rotate(call: Call, known: AccessToken) -> Answer:
    if known.is_revoked:
        call.state.tokens.revoke_family(known)
        raise bad_request("token already revoked")
    day = _day(call)
    made = call.state.tokens.rotate(known, call.forge.next_id(), call.forge.now(), day)
    call.forge.tokens.add(made.bearer)
    return Answer(_shown(call, made, with_text=True))


def _day(call: Call) -> date | None:
    day = call.params.day("expires_at")
    if day is not None:
        today = call.forge.now().date()
        if day <= today:
            raise bad_request("Expiration date must be in the future")
        if day > today + timedelta(days=MAX_DAYS):
            raise bad_request(f"Expiration date must be before {today + timedelta(days=MAX_DAYS)}")
    return day


# Of a project or a group


def _place_tokens(call: Call) -> list[AccessToken]:
    return call.state.tokens.of(call.found or call.group)


def _of_place(call: Call) -> AccessToken:
    number = call.number("token_id")
    found = next((known for known in _place_tokens(call) if known.id == number), None)
    if found is None:
        raise not_found(
            f"Could not find {'project' if call.found else 'group'} access token with token_id: {number}"
        )
    return found


@of_groups("GET", "/access_tokens")
@of_projects("GET", "/access_tokens")
async def list_tokens(call: Call) -> Answer:
    state = call.params.choice("state", ("active", "inactive"))
    now = call.forge.now()
    found = [t for t in _place_tokens(call) if state is None or t.is_active_at(now) is (state == "active")]
    return call.page(found, lambda known: _shown(call, known))


@of_groups("GET", "/access_tokens/{token_id}")
@of_projects("GET", "/access_tokens/{token_id}")
async def read(call: Call) -> Answer:
    return Answer(_shown(call, _of_place(call)))


@of_groups("POST", "/access_tokens")
@of_projects("POST", "/access_tokens")
async def create(call: Call) -> Answer:
    params = call.params
    params.require("name", "scopes", "expires_at")
    scopes = params.texts("scopes") or []
    if not scopes or not set(scopes) <= SCOPES:
        raise bad_parameters("scopes does not have a valid value")
    level = params.number("access_level", Level.MAINTAINER) or 0
    if level not in {10, 15, 20, 30, 40, 50}:
        raise bad_parameters("access_level does not have a valid value")
    if _held(call.principal, call) < level or call.user.is_bot:
        raise forbidden("User does not have permission to create project access token")
    made = issue_for_place(
        call.state, call.found or call.group, params.must("name"), Level(level), tuple(scopes), _day(call)
    )
    made.description = params.text("description")
    return Answer(_shown(call, made, with_text=True), 201)


def _held(principal: Principal, call: Call) -> Level:
    return principal.level_in(call.found) if call.found else principal.level_in_group(call.group)


@of_groups("POST", "/access_tokens/self/rotate", Level.GUEST, scopes=("self_rotate",))
@of_projects("POST", "/access_tokens/self/rotate", Level.GUEST, scopes=("self_rotate",))
async def rotate_self_in_place(call: Call) -> Answer:
    used = _used(call)
    if used.place is not (call.found or call.found_group):
        raise unauthorized()
    return _rotate(call, used)


@of_groups("POST", "/access_tokens/{token_id}/rotate")
@of_projects("POST", "/access_tokens/{token_id}/rotate")
async def rotate(call: Call) -> Answer:
    return _rotate(call, _of_place(call))


@of_groups("DELETE", "/access_tokens/{token_id}")
@of_projects("DELETE", "/access_tokens/{token_id}")
async def revoke(call: Call) -> Answer:
    call.state.tokens.revoke(_of_place(call))
    return NOTHING
