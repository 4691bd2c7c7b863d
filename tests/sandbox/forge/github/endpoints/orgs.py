"""Organisations: what they have, and the App that is installed for all of it."""

from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.github.errors import ApiError, not_found
from tests.sandbox.forge.github.render import people, repositories
from tests.sandbox.forge.github.routes import Routes

routes = Routes()


def _organization(call: Call) -> User:
    """A person is none, and is not there."""
    found = call.state.forge.users.get(call.param("org").lower())
    if found is None or not found.is_organization:
        raise not_found()
    return found


@routes("GET", "/orgs/{org}/repos")
async def list_repositories(call: Call) -> Answer:
    """What is public, and what the caller sees besides; the newest first."""
    if call.principal.token is None:
        raise ApiError(401, "Bad credentials")
    owner = _organization(call)
    found = [
        known
        for known in call.state.forge.repositories
        if known.owner is owner and call.principal.sees(known)
    ]
    found.sort(key=lambda known: known.id, reverse=True)
    return call.page(found, lambda known: repositories.repository(call.state.site, known))


@routes("GET", "/orgs/{org}/installation")
async def find_installation(call: Call) -> Answer:
    if call.principal.token is not None:
        raise ApiError(401, "A JSON web token could not be decoded")
    owner = _organization(call)
    for known in call.state.apps.installations.values():
        if known.app is call.app and known.account is owner:
            return Answer(people.installation(call.state.site, known))
    raise not_found()
