"""What an App asks in its own name, and the tokens it gets for its installations."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import LEVELS, Installation
from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.github.errors import ApiError, not_found, unprocessable
from tests.sandbox.forge.github.render import people, repositories
from tests.sandbox.forge.github.routes import Routes
from tests.sandbox.forge.github.site import timestamp

routes = Routes()


def _require_jwt(call: Call) -> None:
    if call.principal.token is not None:
        raise ApiError(401, "A JSON web token could not be decoded")


def _installation(call: Call) -> Installation:
    _require_jwt(call)
    found = call.state.apps.installations.get(call.number("installation_id"))
    if found is None or found.app is not call.app:
        raise not_found()
    return found


@routes("GET", "/app")
async def read(call: Call) -> Answer:
    _require_jwt(call)
    installed = sum(known.app is call.app for known in call.state.apps.installations.values())
    return Answer({**people.app(call.state.site, call.app), "installations_count": installed})


@routes("GET", "/app/installations")
async def list_installations(call: Call) -> Answer:
    _require_jwt(call)
    known = [known for known in call.state.apps.installations.values() if known.app is call.app]
    return call.page(known, lambda installation: people.installation(call.state.site, installation))


@routes("GET", "/app/installations/{installation_id}")
async def read_installation(call: Call) -> Answer:
    return Answer(people.installation(call.state.site, _installation(call)))


@routes("GET", "/repos/{owner}/{repo}/installation")
async def find_installation(call: Call) -> Answer:
    _require_jwt(call)
    for known in call.state.apps.of_repository(call.repository):
        if known.app is call.app:
            return Answer(people.installation(call.state.site, known))
    raise not_found()


@routes("POST", "/app/installations/{installation_id}/access_tokens")
async def create_token(call: Call) -> Answer:
    installation = _installation(call)
    permissions = call.body.maybe("permissions", dict)
    _refuse_unknown(permissions or {})
    chosen = _chosen(call, installation)
    token = call.state.apps.mint(installation, permissions, chosen)
    shown: dict[str, Any] = {
        "token": token.text,
        "expires_at": timestamp(token.expires_at) if token.expires_at else "",
        "permissions": dict(token.permissions or {}),
        "repository_selection": "selected" if chosen is not None else installation.selection,
    }
    if chosen is not None:
        shown["repositories"] = [repositories.repository(call.state.site, known) for known in chosen]
    return Answer(shown, 201)


def _refuse_unknown(permissions: Mapping[str, str]) -> None:
    for name, level in permissions.items():
        if level not in LEVELS:
            raise unprocessable(f"The permission level {level!r} of {name} is not known.")


def _chosen(call: Call, installation: Installation) -> list[Repository] | None:
    names, ids = call.body.maybe("repositories", list), call.body.maybe("repository_ids", list)
    if names is None and ids is None:
        return None
    covered = call.state.apps.repositories_of(installation)
    by_name, by_id = {known.name: known for known in covered}, {known.id: known for known in covered}
    try:
        return [by_name[name] for name in names or ()] + [by_id[number] for number in ids or ()]
    except KeyError as error:
        raise unprocessable(
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        ) from error


@routes("GET", "/installation/repositories")
async def list_repositories(call: Call) -> Answer:
    installation = call.principal.installation
    if installation is None:
        raise ApiError(
            403, "You must authenticate with an installation access token in order to list repositories."
        )
    covered = [
        known for known in call.state.apps.repositories_of(installation) if call.principal.reaches(known)
    ]
    return call.page(
        covered,
        lambda known: repositories.repository(call.state.site, known),
        lambda page: {
            "total_count": len(covered),
            "repository_selection": installation.selection,
            "repositories": page,
        },
    )


@routes("DELETE", "/installation/token")
async def revoke_token(call: Call) -> Answer:
    if call.principal.installation is None or call.principal.token is None:
        raise ApiError(403, "Resource not accessible by personal access token")
    call.principal.token.is_revoked = True
    return Answer(status=204)
