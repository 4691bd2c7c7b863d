"""Git's own objects: blobs, trees, commits and refs, one by one."""

import base64
from typing import Any

from tests.sandbox.forge.core.git import GitError
from tests.sandbox.forge.core.git_objects import ABSENT, Identity
from tests.sandbox.forge.core.pulls import created_ref
from tests.sandbox.forge.github.call import Answer, Body, Call
from tests.sandbox.forge.github.errors import ApiError, not_found, unprocessable
from tests.sandbox.forge.github.render import commits as render
from tests.sandbox.forge.github.routes import of_repository
from tests.sandbox.forge.github.site import node_id

routes = of_repository()

MODES = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}


@routes("POST", "/git/blobs", "contents:write")
async def create_blob(call: Call) -> Answer:
    content = call.body.must("content", str)
    encoding = call.body.choice("encoding", ("utf-8", "base64"), "utf-8")
    data = base64.b64decode(content) if encoding == "base64" else content.encode()
    sha = (await call.repository.store.run("hash-object", "-w", "--stdin", stdin=data)).strip()
    return Answer({"sha": sha, "url": _url(call, f"blobs/{sha}")}, 201)


@routes("GET", "/git/blobs/{file_sha}", "contents:read")
async def read_blob(call: Call) -> Answer:
    sha = await _object(call, call.param("file_sha"), "blob")
    content = await call.repository.store.read(sha)
    return Answer(
        {
            "sha": sha,
            "node_id": node_id("Blob", sha),
            "url": _url(call, f"blobs/{sha}"),
            "size": len(content),
            "encoding": "base64",
            "content": base64.encodebytes(content).decode(),
        }
    )


def _url(call: Call, rest: str) -> str:
    return f"{call.state.site.api}/repos/{call.repository.full_name}/git/{rest}"


async def _object(call: Call, name: str, kind: str) -> str:
    sha = await call.repository.store.resolve(name, kind)
    if sha is None:
        raise not_found()
    return sha


@routes("POST", "/git/trees", "contents:write")
async def create_tree(call: Call) -> Answer:
    """`base_tree` with these entries put in its place, or taken away where the sha is null."""
    store, base = call.repository.store, call.body.maybe("base_tree", str)
    lines = [await _index_line(call, entry) for entry in call.body.must("tree", list)]
    base_sha = await _object(call, base, "tree") if base is not None else None
    try:
        sha = await store.tree_with(base_sha, lines)
    except GitError as error:
        raise unprocessable(f"tree cannot be made: {error}") from error
    return Answer(render.tree(call.state.site, call.repository, sha, await store.entries(sha)), 201)


async def _index_line(call: Call, entry: dict[str, Any]) -> str:
    path, mode = entry.get("path"), entry.get("mode")
    if not path or mode not in MODES:
        raise unprocessable("tree.path and tree.mode must be given, and the mode must be one git knows")
    if "content" in entry:
        data = str(entry["content"]).encode()
        sha = (await call.repository.store.run("hash-object", "-w", "--stdin", stdin=data)).strip()
    elif entry.get("sha") is None:
        return f"0 {ABSENT}\t{path}"
    else:
        found = await call.repository.store.resolve(entry["sha"], MODES[mode])
        if found is None:
            raise unprocessable(f"tree.sha {entry['sha']} is not a valid {MODES[mode]}")
        sha = found
    return f"{mode} {sha}\t{path}"


@routes("GET", "/git/trees/{tree_sha}", "contents:read")
async def read_tree(call: Call) -> Answer:
    store = call.repository.store
    sha = await _object(call, call.param("tree_sha"), "tree")
    entries = await store.entries(sha, recursive=bool(call.query("recursive")))
    return Answer(render.tree(call.state.site, call.repository, sha, entries))


@routes("POST", "/git/commits", "contents:write")
async def create_commit(call: Call) -> Answer:
    store, body = call.repository.store, call.body
    tree = await store.resolve(body.must("tree", str), "tree")
    if tree is None:
        raise unprocessable("Tree SHA does not exist")
    parents: list[str] = []
    for parent in body.maybe("parents", list) or []:
        sha = await store.resolve(str(parent))
        if sha is None:
            raise unprocessable("Parent SHA does not exist or is not a commit object")
        parents.append(sha)
    author, date = body.maybe("author", dict), None
    identity = call.user.identity
    if author is not None:
        named = Body(author)
        identity = Identity(named.must("name", str), named.must("email", str))
        date = named.maybe("date", str)
    sha = await store.commit_tree(tree, parents, body.must("message", str), identity, date)
    return Answer(render.git_commit(call.state.site, call.repository, await store.commit(sha)), 201)


@routes("GET", "/git/commits/{commit_sha}", "contents:read")
async def read_commit(call: Call) -> Answer:
    sha = await _object(call, call.param("commit_sha"), "commit")
    store = call.repository.store
    return Answer(render.git_commit(call.state.site, call.repository, await store.commit(sha)))


# Refs


async def _shown_ref(call: Call, ref: str, sha: str) -> dict[str, Any]:
    kind = (await call.repository.store.run("cat-file", "-t", sha)).strip()
    return render.ref(call.state.site, call.repository, ref, sha, kind)


@routes("GET", "/git/ref/{ref}", "contents:read")
async def read_ref(call: Call) -> Answer:
    ref = f"refs/{call.param('ref')}"
    refs = await call.repository.store.refs(ref)
    if ref not in refs:
        raise not_found()
    return Answer(await _shown_ref(call, ref, refs[ref]))


@routes("GET", "/git/matching-refs/{ref}", "contents:read")
async def matching_refs(call: Call) -> Answer:
    prefix = f"refs/{call.param('ref')}"
    refs = await call.repository.store.refs()
    return Answer([await _shown_ref(call, ref, sha) for ref, sha in refs.items() if ref.startswith(prefix)])


@routes("POST", "/git/refs", "contents:write")
async def create_ref(call: Call) -> Answer:
    ref, sha = call.body.must("ref", str), call.body.must("sha", str)
    if not ref.startswith(("refs/heads/", "refs/tags/")) or ref.endswith("/"):
        raise unprocessable("Reference name must start with 'refs' and contain at least two slashes.")
    found = await call.repository.store.resolve(sha)
    if found is None:
        raise unprocessable("Object does not exist")
    if not await created_ref(call.state.forge, call.repository, ref, found, call.user):
        raise unprocessable("Reference already exists")
    return Answer(await _shown_ref(call, ref, found), 201)


@routes("PATCH", "/git/refs/{ref}", "contents:write")
async def update_ref(call: Call) -> Answer:
    repository, store = call.repository, call.repository.store
    ref = f"refs/{call.param('ref')}"
    current = (await store.refs(ref)).get(ref)
    if current is None or ref.startswith("refs/pull/"):
        raise unprocessable("Reference does not exist")
    sha = await store.resolve(call.body.must("sha", str))
    if sha is None:
        raise unprocessable("Object does not exist")
    if not call.body.maybe("force", bool) and not await store.is_ancestor(current, sha):
        raise unprocessable("Update is not a fast forward")
    await call.state.forge.move_ref(repository, ref, sha, call.user)
    return Answer(await _shown_ref(call, ref, sha))


@routes("DELETE", "/git/refs/{ref}", "contents:write")
async def delete_ref(call: Call) -> Answer:
    ref = f"refs/{call.param('ref')}"
    if ref not in await call.repository.store.refs(ref) or ref.startswith("refs/pull/"):
        raise unprocessable("Reference does not exist")
    if ref == f"refs/heads/{call.repository.default_branch}":
        raise ApiError(422, "Cannot delete the default branch")
    await call.state.forge.move_ref(call.repository, ref, None, call.user)
    return Answer(status=204)
