"""Commits made through the API: several actions at once, or one file at a time.

The invariant: all actions of a commit happen or none; each is held against the branch as it is.
"""

import base64
import binascii
from typing import Any

from tests.sandbox.forge.core.git_objects import ABSENT, File, Files, Identity
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import bad_parameters, bad_request, forbidden, message
from tests.sandbox.forge.gitlab.looking import may_push
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render import commits as render
from tests.sandbox.forge.gitlab.routes import Route, of_project

routes = of_project()

ACTIONS = ("create", "delete", "move", "update", "chmod")


def all_routes() -> list[Route]:
    return routes.all


class _Index:
    """The files of a commit to be, over those of its parent."""

    def __init__(self, call: Call, parent: str | None) -> None:
        self._call = call
        self._parent = parent
        self.files: dict[str, File | None] = {}

    async def read(self, path: str) -> File | None:
        if path in self.files:
            return self.files[path]
        store = self._call.repository.store
        entries = await store.entries(self._parent, path) if self._parent else []
        if not entries or entries[0][1] != "blob":
            return None
        return File(await store.read(entries[0][2]), entries[0][0])

    async def must_be(self, path: str) -> File:
        found = await self.read(path)
        if found is None:
            raise message(400, "A file with this name doesn't exist")
        return found

    async def check_unmoved(self, path: str, last_commit: str | None) -> None:
        """Whether the file is still as it was in the commit that the caller looked at."""
        if last_commit is None or self._parent is None:
            return
        touched = await self._call.repository.store.commits(self._parent, "--", path, limit=1)
        if touched and touched[0].sha != last_commit:
            raise message(
                400, "You are attempting to update a file that has changed since you started editing it."
            )


@routes("POST", "/repository/commits", Level.DEVELOPER)
async def create(call: Call) -> Answer:
    params = call.params
    params.require("branch", "commit_message", "actions")
    branch = params.must("branch")
    _may_push(call, branch)
    parent = await _parent(call, branch)
    index = _Index(call, parent)
    for action in params.objects("actions") or []:
        await _apply(index, action)
    sha = await _commit(call, branch, parent, index.files)
    known = await call.repository.store.commit(sha)
    changes = await (
        call.repository.store.changes(known.parents[0], sha)
        if known.parents
        else call.repository.store.root(sha)
    )
    return Answer(render.whole_commit(call.state, call.repository, known, changes), 201)


def _may_push(call: Call, branch: str) -> None:
    if not may_push(call.state, call.repository, branch, call.user):
        raise forbidden("You are not allowed to push into this branch")


async def _parent(call: Call, branch: str) -> str | None:
    params, store = call.params, call.repository.store
    existing = await store.resolve(f"refs/heads/{branch}")
    start_branch, start_sha = params.text("start_branch"), params.text("start_sha")
    if start_branch is not None and start_sha is not None:
        raise bad_parameters("start_branch, start_sha are mutually exclusive")
    if existing is not None and (start_branch or start_sha) and not params.is_on("force"):
        said = f"A branch called '{branch}' already exists. Switch to that branch in order to make changes"
        raise message(400, said)
    if start_branch is not None:
        found = await store.resolve(f"refs/heads/{start_branch}")
    elif start_sha is not None:
        found = await store.resolve(start_sha)
    else:
        found = existing
    is_empty = not await store.refs("refs/heads")
    if found is None and not is_empty:
        raise message(400, "You can only create or edit files when you are on a branch")
    return found


async def _apply(index: _Index, action: dict[str, Any]) -> None:
    kind, path = action.get("action"), action.get("file_path")
    if kind not in ACTIONS:
        raise bad_parameters("actions[0][action] does not have a valid value")
    if not isinstance(path, str) or not path:
        raise bad_parameters("actions[0][file_path] is empty")
    if path.startswith("/") or ".." in path.split("/"):
        raise message(400, "Path cannot include directory traversal")
    content = _content(action)
    match kind:
        case "create":
            if await index.read(path) is not None:
                raise message(400, "A file with this name already exists")
            mode = "100755" if action.get("execute_filemode") else "100644"
            index.files[path] = File(content or b"", mode)
        case "update":
            before = await index.must_be(path)
            await index.check_unmoved(path, action.get("last_commit_id"))
            index.files[path] = File(content or b"", before.mode)
        case "delete":
            await index.must_be(path)
            await index.check_unmoved(path, action.get("last_commit_id"))
            index.files[path] = None
        case "move":
            previous = str(action.get("previous_path"))
            before = await index.must_be(previous)
            await index.check_unmoved(previous, action.get("last_commit_id"))
            if await index.read(path) is not None:
                raise message(400, "A file with this name already exists")
            index.files[previous] = None
            index.files[path] = before if content is None else File(content, before.mode)
        case _:
            before = await index.must_be(path)
            mode = "100755" if action.get("execute_filemode") else "100644"
            index.files[path] = File(before.content, mode)


def _content(action: dict[str, Any]) -> bytes | None:
    text = action.get("content")
    if text is None:
        return None
    if action.get("encoding", "text") != "base64":
        return str(text).encode()
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error as error:
        raise bad_request("content is not valid base64") from error


async def _commit(call: Call, branch: str, parent: str | None, files: Files) -> str:
    """Its author may be somebody else; its committer is who calls."""
    params, store, ref = call.params, call.repository.store, f"refs/heads/{branch}"
    author = Identity(
        params.text("author_name") or call.user.name, params.text("author_email") or call.user.email
    )
    async with call.forge.moving_refs(call.repository, call.user):
        if not params.is_on("force") and await store.resolve(ref) not in (parent, None):
            said = "Could not update refs/heads/{branch}. Please refresh and try again."
            raise message(400, said.format(branch=branch))
        sha = await store.commit_files(files, params.must("commit_message"), author, parent=parent)
        expected = ABSENT if await store.resolve(ref) is None else None
        await store.set_ref(ref, sha, expected=expected)
    return sha


# One file at a time


async def _write_one(call: Call, action: dict[str, Any]) -> None:
    call.params.require("branch", "commit_message")
    branch = call.params.must("branch")
    _may_push(call, branch)
    parent = await _parent(call, branch)
    index = _Index(call, parent)
    await _apply(index, {**action, "file_path": call.part("file_path")})
    await _commit(call, branch, parent, index.files)


def _written(call: Call) -> dict[str, Any]:
    fields = call.params.fields
    names = ("content", "encoding", "last_commit_id", "execute_filemode")
    return {name: fields[name] for name in names if name in fields}


@routes("POST", "/repository/files/{file_path}", Level.DEVELOPER)
async def create_file(call: Call) -> Answer:
    call.params.require("content")
    await _write_one(call, {"action": "create", **_written(call)})
    return Answer({"file_path": call.part("file_path"), "branch": call.params.must("branch")}, 201)


@routes("PUT", "/repository/files/{file_path}", Level.DEVELOPER)
async def update_file(call: Call) -> Answer:
    call.params.require("content")
    await _write_one(call, {"action": "update", **_written(call)})
    return Answer({"file_path": call.part("file_path"), "branch": call.params.must("branch")})


@routes("DELETE", "/repository/files/{file_path}", Level.DEVELOPER)
async def delete_file(call: Call) -> Answer:
    await _write_one(call, {"action": "delete", **_written(call)})
    return NOTHING
