"""Repositories, branches, people's permissions, and the odd end."""

from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.github.endpoints.commits import shown_commit
from tests.sandbox.forge.github.errors import ApiError, not_found
from tests.sandbox.forge.github.reading import known_branches
from tests.sandbox.forge.github.render import people
from tests.sandbox.forge.github.render import repositories as render
from tests.sandbox.forge.github.routes import Routes

routes = Routes()

REPOSITORY = "/repos/{owner}/{repo}"


@routes("GET", REPOSITORY, "metadata:read")
async def read(call: Call) -> Answer:
    role = None if call.principal.installation else call.principal.role_in(call.repository)
    return Answer(render.full_repository(call.state.site, call.repository, role))


@routes("GET", "/user")
async def read_user(call: Call) -> Answer:
    if call.principal.token is None or call.principal.installation is not None:
        raise ApiError(403, "Resource not accessible by integration")
    return Answer(people.authenticated_user(call.state.site, call.user))


@routes("GET", "/user/repos")
async def list_own(call: Call) -> Answer:
    """What they own or have been given a role in; what is public to everybody is not theirs."""
    if call.principal.token is None or call.principal.installation is not None:
        raise ApiError(403, "Resource not accessible by integration")
    own = [
        known
        for known in call.state.forge.repositories
        if (known.owner is call.user or call.user in known.roles) and call.principal.sees(known)
    ]
    return call.page(
        own, lambda known: render.full_repository(call.state.site, known, call.principal.role_in(known))
    )


@routes("GET", "/users/{username}")
async def read_person(call: Call) -> Answer:
    person = call.state.forge.users.get(call.param("username").lower())
    if person is None:
        raise not_found()
    return Answer(people.authenticated_user(call.state.site, person))


@routes("GET", "/rate_limit")
async def rate_limit(call: Call) -> Answer:
    status = call.state.limits.status(call.principal.key, call.state.forge.now().timestamp())
    return Answer({"resources": {"core": status, "search": status}, "rate": status})


@routes("GET", "/meta")
async def meta(_call: Call) -> Answer:
    return Answer({"verifiable_password_authentication": False, "installed_version": "3.17.0"})


@routes("GET", REPOSITORY + "/branches", "contents:read")
async def list_branches(call: Call) -> Answer:
    branches = await known_branches(call.repository)
    return call.page(branches, lambda branch: render.short_branch(call.state.site, call.repository, *branch))


@routes("GET", REPOSITORY + "/branches/{branch}", "contents:read")
async def read_branch(call: Call) -> Answer:
    name = call.param("branch")
    commit = await call.repository.store.commit(await call.branch(name))
    return Answer(render.branch(call.state.site, call.repository, name, shown_commit(call, commit)))


@routes("GET", REPOSITORY + "/branches/{branch}/protection", "administration:read")
async def read_protection(call: Call) -> Answer:
    name = call.param("branch")
    await call.branch(name)
    if name not in call.repository.protections:
        raise ApiError(404, "Branch not protected")
    return Answer(render.protection(call.state.site, call.repository, name))


@routes("GET", REPOSITORY + "/rules/branches/{branch}", "metadata:read")
async def read_rules(call: Call) -> Answer:
    """Protections here are the classic ones; there are no rulesets."""
    return call.page([], lambda rule: rule)


@routes("GET", REPOSITORY + "/collaborators/{username}/permission", "metadata:read")
async def read_permission(call: Call) -> Answer:
    person = call.state.forge.users.get(call.param("username").lower())
    if person is None:
        raise ApiError(404, f"{call.param('username')} is not a user")
    role = call.repository.role_of(person)
    return Answer(people.permission(call.state.site, person, role))
