"""Groups, and the members of groups and projects."""

import asyncio

from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import bad_parameters, conflict, forbidden, not_found
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render import people as render
from tests.sandbox.forge.gitlab.render import projects
from tests.sandbox.forge.gitlab.routes import Route, Routes, of_project

of_group = Routes("/groups/{id}", Level.GUEST)
everywhere = Routes(level=Level.NONE)
of_projects = of_project(Level.GUEST)


def all_routes() -> list[Route]:
    return [*of_group.all, *everywhere.all, *of_projects.all]


@everywhere("GET", "/groups", is_open=True)
async def list_groups(call: Call) -> Answer:
    found = [group for group in call.state.members.groups.values() if call.principal.sees_group(group)]
    searched = (call.params.text("search") or "").lower()
    found = sorted((g for g in found if searched in g.full_path.lower()), key=lambda g: g.full_path)
    if call.params.is_on("top_level_only"):
        found = [group for group in found if group.parent is None]
    return call.keyset(found, lambda group: render.group(call.site, group), lambda group: group.id)


@of_group("GET", "")
async def read(call: Call) -> Answer:
    shown = render.group(call.site, call.group)
    if call.params.flag("with_projects", default=False):
        shown["projects"] = []
    return Answer(shown)


@of_group("GET", "/subgroups")
async def subgroups(call: Call) -> Answer:
    below = [g for g in call.state.members.groups.values() if g.parent is call.group]
    return call.page(below, lambda group: render.group(call.site, group))


@of_group("GET", "/projects")
async def list_projects(call: Call) -> Answer:
    """Also what other groups share with this one, unless that is switched off."""
    params = call.params
    found = [known for known in call.forge.repositories if _is_asked_for(call, known)]
    found.sort(key=lambda known: known.id, reverse=params.choice("sort", ("asc", "desc"), "desc") == "desc")
    refs = await asyncio.gather(*(known.store.refs("refs/heads") for known in found))
    empty = {known for known, those in zip(found, refs, strict=True) if not those}

    def shown(known: Repository) -> dict[str, object]:
        if params.is_on("simple"):
            return projects.identity(call.state, known, is_empty=known in empty)
        return projects.project(call.state, known, call.principal.user, is_empty=known in empty)

    return call.keyset(found, shown, lambda known: known.id)


def _is_asked_for(call: Call, known: Repository) -> bool:
    params, group = call.params, call.state.members.group_of(known)
    lineage = list(group.lineage) if group else []
    is_inside = call.group in lineage if params.is_on("include_subgroups") else group is call.group
    is_shared = call.group in call.state.members.shared.get(known, ())
    is_archived, topic = params.flag("archived"), params.text("topic")
    return (
        (is_inside or (is_shared and params.flag("with_shared", default=True) is True))
        and call.principal.sees(known)
        and is_archived in (None, known.is_archived)
        and (not topic or topic in known.topics)
    )


# Members


def _members(call: Call, *, everybody: bool) -> dict[User, Level]:
    members = call.state.members
    if call.found is not None:
        found = members.all_of(call.repository) if everybody else members.direct(call.repository)
    elif everybody:
        found = {}
        for above in call.group.lineage:
            for user, level in above.members.items():
                found[user] = max(level, found.get(user, Level.NONE))
    else:
        found = call.group.members
    return dict(sorted(found.items(), key=lambda pair: pair[0].id))


def _listed(call: Call, *, everybody: bool) -> Answer:
    searched = (call.params.text("query") or "").lower()
    numbers = call.params.numbers("user_ids")
    found = [
        (user, level)
        for user, level in _members(call, everybody=everybody).items()
        if searched in user.login.lower() and (numbers is None or user.id in numbers)
    ]
    now = call.forge.now()
    return call.page(found, lambda pair: render.member(call.site, *pair, now))


def _one(call: Call, *, everybody: bool) -> Answer:
    number = call.number("user_id")
    for user, level in _members(call, everybody=everybody).items():
        if user.id == number:
            return Answer(render.member(call.site, user, level, call.forge.now()))
    raise not_found()


@of_group("GET", "/members")
@of_projects("GET", "/members")
async def list_members(call: Call) -> Answer:
    return _listed(call, everybody=False)


@of_group("GET", "/members/all")
@of_projects("GET", "/members/all")
async def list_everybody(call: Call) -> Answer:
    return _listed(call, everybody=True)


@of_group("GET", "/members/{user_id}")
@of_projects("GET", "/members/{user_id}")
async def read_member(call: Call) -> Answer:
    return _one(call, everybody=False)


@of_group("GET", "/members/all/{user_id}")
@of_projects("GET", "/members/all/{user_id}")
async def read_anybody(call: Call) -> Answer:
    return _one(call, everybody=True)


@of_group("POST", "/members", Level.OWNER)
@of_projects("POST", "/members", Level.MAINTAINER)
async def add(call: Call) -> Answer:
    call.params.require("user_id", "access_level")
    number, level = call.params.number("user_id"), _level(call)
    user = next((known for known in call.forge.users.values() if known.id == number), None)
    if user is None:
        raise not_found("User")
    members = call.state.members.direct(call.repository) if call.found else call.group.members
    if user in members:
        raise conflict("Member already exists")
    members[user] = level
    return Answer(render.member(call.site, user, level, call.forge.now()), 201)


def _level(call: Call) -> Level:
    number = call.params.number("access_level") or 0
    if number not in {10, 15, 20, 30, 40, 50}:
        raise bad_parameters("access_level does not have a valid value")
    level = Level(number)
    held = (
        call.principal.level_in(call.repository) if call.found else call.principal.level_in_group(call.group)
    )
    if level > held:
        raise forbidden()
    return level


@of_group("DELETE", "/members/{user_id}", Level.OWNER)
@of_projects("DELETE", "/members/{user_id}", Level.MAINTAINER)
async def remove(call: Call) -> Answer:
    members = call.state.members.direct(call.repository) if call.found else call.group.members
    number = call.number("user_id")
    user = next((known for known in members if known.id == number), None)
    if user is None:
        raise not_found()
    del members[user]
    return NOTHING
