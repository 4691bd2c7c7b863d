"""Projects: found by number or by encoded path, listed, forked, changed."""

import asyncio

from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.errors import ApiError, conflict, forbidden, invalid, not_found
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render import people
from tests.sandbox.forge.gitlab.render import projects as render
from tests.sandbox.forge.gitlab.routes import Route, Routes, of_project

routes = of_project(Level.GUEST)
everywhere = Routes(level=Level.NONE)
ORDERS = ("id", "name", "path", "created_at", "updated_at", "last_activity_at", "similarity", "star_count")


def all_routes() -> list[Route]:
    return [*routes.all, *everywhere.all]


async def _shown(call: Call, known: Repository) -> dict[str, object]:
    is_empty = not await known.store.refs("refs/heads")
    return render.project(call.state, known, call.principal.user, is_empty=is_empty)


@routes("GET", "")
async def read(call: Call) -> Answer:
    return Answer(await _shown(call, call.repository))


@everywhere("GET", "/projects", is_open=True)
async def list_projects(call: Call) -> Answer:
    params = call.params
    order = params.choice("order_by", ORDERS, "created_at") or "created_at"
    is_keyset = params.choice("pagination", ("keyset", "legacy")) == "keyset"
    if is_keyset and order not in {"id", "name", "path", "created_at", "updated_at", "last_activity_at"}:
        said = "Keyset pagination is not yet available for this type of request"
        raise ApiError(405, {"error": said})
    found = [known for known in call.forge.repositories if _is_asked_for(call, known)]
    found.sort(key=lambda known: known.id, reverse=params.choice("sort", ("asc", "desc"), "desc") == "desc")
    first, last = params.number("id_after"), params.number("id_before")
    found = [k for k in found if (first is None or k.id > first) and (last is None or k.id < last)]
    emptiness = await asyncio.gather(*(known.store.refs("refs/heads") for known in found))
    empty = {known for known, refs in zip(found, emptiness, strict=True) if not refs}

    def shown(known: Repository) -> dict[str, object]:
        if params.is_on("simple"):
            return render.identity(call.state, known)
        return render.project(call.state, known, call.principal.user, is_empty=known in empty)

    return call.keyset(found, shown, lambda known: known.id)


def _is_asked_for(call: Call, known: Repository) -> bool:
    params, level = call.params, call.principal.level_in(known)
    least = params.number("min_access_level")
    if not call.principal.sees(known) or (least is not None and level < least):
        return False
    if params.is_on("membership") and level < Level.GUEST:
        return False
    if params.is_on("owned") and level < Level.OWNER:
        return False
    is_archived = params.flag("archived")
    if is_archived is not None and is_archived is not known.is_archived:
        return False
    visibility, searched = params.text("visibility"), params.text("search") or ""
    if visibility is not None and visibility != people.VISIBILITY[known.is_private]:
        return False
    return searched.lower() in known.full_name.lower()


@everywhere("POST", "/projects")
async def create(call: Call) -> Answer:
    params, forge = call.params, call.forge
    path = params.text("path") or params.must("name")
    namespace = _namespace(call)
    full_name = f"{namespace.login}/{path}"
    if forge.repository(full_name) is not None:
        taken = ["has already been taken"]
        raise invalid({"project_namespace.name": taken, "name": taken, "path": taken})
    is_private = params.choice("visibility", ("private", "internal", "public"), "private") != "public"
    made = await forge.create_repository(
        full_name, is_private=is_private, default_branch=params.text("default_branch") or "main"
    )
    call.state.projects.of(made).description = params.text("description")
    if params.is_on("initialize_with_readme"):
        await forge.push_files(
            made, made.default_branch, {"README.md": f"# {path}\n"}, "Initial commit", call.user
        )
    return Answer(await _shown(call, made), 201)


def _namespace(call: Call) -> User:
    number = call.params.number("namespace_id")
    if number is None:
        return call.user
    group = next((g for g in call.state.members.groups.values() if g.id == number), None)
    if group is None:
        if number == call.user.id:
            return call.user
        raise invalid({"namespace": ["is not valid"]})
    if call.principal.level_in_group(group) < Level.MAINTAINER:
        raise forbidden()
    return group.namespace


@routes("PUT", "", Level.MAINTAINER)
async def update(call: Call) -> Answer:
    params, project, repository = call.params, call.project, call.repository
    project.description = params.text("description", project.description)
    project.merge_method = (
        params.choice("merge_method", ("merge", "rebase_merge", "ff"), project.merge_method) or "merge"
    )
    options = ("never", "always", "default_on", "default_off")
    project.squash_option = params.choice("squash_option", options, project.squash_option) or "default_off"
    flags = {
        "only_allow_merge_if_pipeline_succeeds": "must_pipeline_succeed",
        "allow_merge_on_skipped_pipeline": "may_skip_pipeline",
        "only_allow_merge_if_all_discussions_are_resolved": "must_resolve_discussions",
        "only_allow_merge_if_all_status_checks_passed": "must_status_checks_pass",
        "merge_pipelines_enabled": "merge_pipelines",
        "merge_trains_enabled": "merge_trains",
    }
    for name, attribute in flags.items():
        if (value := params.flag(name)) is not None:
            setattr(project, attribute, value)
    path = params.text("path")
    if path is not None and path != repository.name:
        if call.forge.repository(f"{repository.owner.login}/{path}") is not None:
            raise invalid({"path": ["has already been taken"]})
        call.forge.rename(repository, path)
    return Answer(await _shown(call, repository))


@routes("POST", "/archive", Level.OWNER)
async def archive(call: Call) -> Answer:
    call.repository.is_archived = True
    return Answer(await _shown(call, call.repository), 201)


@routes("POST", "/unarchive", Level.OWNER)
async def unarchive(call: Call) -> Answer:
    call.repository.is_archived = False
    return Answer(await _shown(call, call.repository), 201)


@routes("PUT", "/transfer", Level.OWNER)
async def transfer(call: Call) -> Answer:
    wanted = call.params.must("namespace")
    group = call.state.members.group(wanted) or next(
        (g for g in call.state.members.groups.values() if str(g.id) == wanted), None
    )
    if group is None or call.principal.level_in_group(group) < Level.MAINTAINER:
        raise not_found("Namespace")
    call.forge.rename(call.repository, call.repository.name, group.namespace)
    return Answer(await _shown(call, call.repository))


@routes("POST", "/fork", Level.GUEST)
async def fork(call: Call) -> Answer:
    path = call.params.text("namespace_path") or call.params.text("namespace")
    group = call.state.members.group(path) if path else None
    if path and group is None and path != call.user.login:
        raise not_found("Target Namespace")
    owner = group.namespace if group else call.user
    if call.forge.repository(f"{owner.login}/{call.repository.name}") is not None:
        raise conflict(["Project namespace name has already been taken", "Name has already been taken"])
    made = await call.forge.fork(call.repository, owner)
    return Answer(await _shown(call, made), 201)


@routes("GET", "/forks")
async def list_forks(call: Call) -> Answer:
    found = [k for k in call.forge.repositories if k.fork_of is call.repository and call.principal.sees(k)]
    return call.page(found, lambda known: render.project(call.state, known, call.principal.user))


@routes("DELETE", "", Level.OWNER)
async def delete(call: Call) -> Answer:
    call.forge.delete(call.repository)
    return Answer({"message": "202 Accepted"}, 202)
