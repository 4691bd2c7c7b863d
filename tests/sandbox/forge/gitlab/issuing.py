"""Giving out tokens: to a person, or to a project or group, which gets a bot of its own for it."""

from datetime import date

from tests.sandbox.forge.core.people import User, random_text
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.members import Group, Level
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.tokens import AccessToken


def issue(
    state: State, user: User, name: str, scopes: tuple[str, ...], expires_on: date | None = None
) -> AccessToken:
    made = state.tokens.make(state.forge.next_id(), user, name, scopes, state.forge.now(), expires_on)
    state.forge.tokens.add(made.bearer)
    return made


def issue_for_place(
    state: State,
    place: Repository | Group,
    name: str,
    level: Level,
    scopes: tuple[str, ...],
    expires_on: date | None = None,
) -> AccessToken:
    """Every such token is a user of its own, and a member of its place by the token's level."""
    kind = "group" if isinstance(place, Group) else "project"
    forge = state.forge
    login = f"{kind}_{place.id}_bot_{random_text('')[:32]}"
    bot = forge.add_user(User(forge.next_id(), login, name, is_bot=True))
    members = place.members if isinstance(place, Group) else state.members.direct(place)
    members[bot] = level
    made = issue(state, bot, name, scopes, expires_on)
    made.place, made.level = place, level
    return made
