"""Files by path: read, and written one at a time, each write a commit."""

import base64
import binascii
import hashlib
from typing import Any
from urllib.parse import quote

from tests.sandbox.forge.core.git_objects import File, Identity
from tests.sandbox.forge.github.call import Answer, Body, Call
from tests.sandbox.forge.github.errors import ApiError, not_found, unprocessable
from tests.sandbox.forge.github.render.commits import git_commit
from tests.sandbox.forge.github.routes import of_repository

routes = of_repository()

Json = dict[str, Any]


@routes("GET", "/contents/{path}", "contents:read")
async def read(call: Call) -> Answer:
    repository, store = call.repository, call.repository.store
    path = call.param("path").strip("/")
    ref = call.query("ref") or repository.default_branch
    sha = await store.resolve(ref)
    if sha is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    entries = await store.entries(sha, path)
    if not entries:
        raise not_found()
    mode, kind, entry_sha, size, _ = entries[0]
    if kind == "tree":
        listing = await store.entries(f"{sha}:{path}")
        return Answer([_entry(call, ref, f"{path}/{row[4]}", row) for row in listing])
    content = await store.read(entry_sha)
    shown = _entry(call, ref, path, (mode, kind, entry_sha, size, path))
    return Answer({**shown, "encoding": "base64", "content": base64.encodebytes(content).decode()})


def _entry(call: Call, ref: str, path: str, row: tuple[str, ...]) -> Json:
    mode, kind, sha, size, _ = row
    site, repository = call.state.site, call.repository
    api = f"{site.api}/repos/{repository.full_name}"
    page = f"{site.web}/{repository.full_name}"
    place = quote(path, errors="surrogateescape")
    types = {"tree": "dir", "commit": "submodule"}
    links = {
        "self": f"{api}/contents/{place}?ref={ref}",
        "git": f"{api}/git/{kind}s/{sha}",
        "html": f"{page}/blob/{ref}/{place}",
    }
    return {
        "type": types.get(kind, "symlink" if mode == "120000" else "file"),
        "size": int(size) if size.isdigit() else 0,
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": sha,
        "url": links["self"],
        "git_url": links["git"],
        "html_url": links["html"],
        "download_url": f"{page}/raw/{ref}/{place}" if kind == "blob" else None,
        "_links": links,
    }


@routes("PUT", "/contents/{path}", "contents:write")
async def write(call: Call) -> Answer:
    path = call.param("path").strip("/")
    try:
        content = base64.b64decode(call.body.must("content", str))
    except binascii.Error as error:
        raise unprocessable("content is not valid Base64") from error
    existing = await _current(call, path)
    _refuse_stale(call, path, existing)
    commit = await _commit(call, path, content)
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    shown = _entry(call, _branch(call), path, ("100644", "blob", blob, str(len(content)), path))
    return Answer({"content": shown, "commit": commit}, 200 if existing else 201)


@routes("DELETE", "/contents/{path}", "contents:write")
async def delete(call: Call) -> Answer:
    path = call.param("path").strip("/")
    existing = await _current(call, path)
    if existing is None:
        raise not_found()
    _refuse_stale(call, path, existing)
    return Answer({"content": None, "commit": await _commit(call, path, None)})


def _branch(call: Call) -> str:
    return call.body.maybe("branch", str) or call.repository.default_branch


async def _current(call: Call, path: str) -> str | None:
    """The blob at the path, on a branch that must exist unless the repository is empty."""
    store = call.repository.store
    tip = await store.resolve(f"refs/heads/{_branch(call)}")
    if tip is None:
        if await store.refs("refs/heads"):
            raise ApiError(404, f"Branch {_branch(call)} not found")
        return None
    entries = await store.entries(tip, path)
    return entries[0][2] if entries else None


def _refuse_stale(call: Call, path: str, existing: str | None) -> None:
    given = call.body.maybe("sha", str)
    if existing is not None and given is None:
        raise unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.')
    if given is not None and given != existing:
        raise ApiError(409, f"{path} does not match {given}")


async def _commit(call: Call, path: str, content: bytes | None) -> Json:
    author = call.body.maybe("author", dict) or call.body.maybe("committer", dict)
    identity = call.user.identity
    if author is not None:
        named = Body(author)
        identity = Identity(named.must("name", str), named.must("email", str))
    file = File(content) if content is not None else None
    message = call.body.must("message", str)
    repository, store, ref = call.repository, call.repository.store, f"refs/heads/{_branch(call)}"
    async with call.state.forge.moving_refs(repository, call.user):
        parent = await store.resolve(ref)
        sha = await store.commit_files({path: file}, message, identity, parent=parent)
        await store.set_ref(ref, sha)
    return git_commit(call.state.site, repository, await store.commit(sha))
