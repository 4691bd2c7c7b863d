"""The repository's files: read singly, listed, compared, and downloaded."""

import base64
import hashlib

from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.endpoints.diffs import diffs
from tests.sandbox.forge.gitlab.errors import ApiError, bad_parameters, not_found
from tests.sandbox.forge.gitlab.render import commits as render
from tests.sandbox.forge.gitlab.render import projects
from tests.sandbox.forge.gitlab.routes import Route, of_project

routes = of_project()

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def all_routes() -> list[Route]:
    return routes.all


async def _blob(call: Call, ref: str) -> tuple[str, str, str, bytes]:
    """Commit, mode, object id and content of the file that is asked for."""
    store = call.repository.store
    sha = await store.resolve(call.repository.default_branch if ref == "HEAD" else ref)
    if sha is None:
        raise not_found("Commit")
    entries = await store.entries(sha, call.part("file_path"))
    if not entries or entries[0][1] != "blob":
        raise not_found("File")
    mode, _, blob, _, _ = entries[0]
    return sha, mode, blob, await store.read(blob)


async def _facts(call: Call, *, needs_ref: bool = True) -> dict[str, object]:
    ref = call.params.text("ref")
    if ref is None and needs_ref:
        raise bad_parameters("ref is missing")
    ref = ref or call.repository.default_branch
    sha, mode, blob, content = await _blob(call, ref)
    path = call.part("file_path")
    touched = await call.repository.store.commits(sha, "--", path, limit=1)
    return {
        "file_name": path.rpartition("/")[2],
        "file_path": path,
        "size": len(content),
        "encoding": "base64",
        "content_sha256": hashlib.sha256(content).hexdigest(),
        "ref": ref,
        "blob_id": blob,
        "commit_id": sha,
        "last_commit_id": touched[0].sha if touched else sha,
        "execute_filemode": mode == "100755",
        "content": base64.b64encode(content).decode(),
    }


def _headers(facts: dict[str, object]) -> dict[str, str]:
    shown = {name: value for name, value in facts.items() if name != "content"}
    return {
        f"X-Gitlab-{'-'.join(part.title() for part in name.split('_'))}": str(value).lower()
        if isinstance(value, bool)
        else str(value)
        for name, value in shown.items()
    }


@routes("GET", "/repository/files/{file_path}", scopes=("read_repository",))
async def read(call: Call) -> Answer:
    facts = await _facts(call)
    return Answer(facts, headers=_headers(facts))


@routes("HEAD", "/repository/files/{file_path}", scopes=("read_api", "read_repository"))
async def head(call: Call) -> Answer:
    return Answer(text=b"", headers=_headers(await _facts(call)))


@routes("GET", "/repository/files/{file_path}/raw", scopes=("read_repository",))
async def raw(call: Call) -> Answer:
    facts = await _facts(call, needs_ref=False)
    return Answer(text=base64.b64decode(str(facts["content"])), headers=_headers(facts))


@routes("GET", "/repository/tree")
async def tree(call: Call) -> Answer:
    """A directory that is not there is 404, as is a revision."""
    params, store = call.params, call.repository.store
    revision = params.text("ref") or call.repository.default_branch
    sha = await store.resolve(revision)
    if sha is None:
        raise not_found("Tree")
    path = (params.text("path") or "").strip("/")
    if path and not await _is_directory(call, sha, path):
        raise ApiError(404, {"message": "404 invalid revision or path Not Found"})
    entries = await store.entries(f"{sha}:{path}" if path else sha, recursive=params.is_on("recursive"))
    shown = [
        {
            "id": object_id,
            "name": name.rpartition("/")[2],
            "type": kind,
            "path": f"{path}/{name}" if path else name,
            "mode": mode,
        }
        for mode, kind, object_id, _, name in entries
    ]
    # Directories come first.
    shown.sort(key=lambda entry: (entry["type"] != "tree", entry["path"]))
    return call.page(shown, lambda entry: entry)


async def _is_directory(call: Call, sha: str, path: str) -> bool:
    found = await call.repository.store.entries(sha, path)
    return bool(found) and found[0][1] == "tree"


@routes("GET", "/repository/blobs/{sha}/raw")
async def raw_blob(call: Call) -> Answer:
    kind = await call.repository.store.resolve(call.part("sha"), "blob")
    if kind is None:
        raise not_found("Blob")
    return Answer(text=await call.repository.store.read(kind))


@routes("GET", "/repository/compare")
async def compare(call: Call) -> Answer:
    """Three dots unless `straight` is asked for: what the later one brought since it left the earlier one."""
    call.params.require("from", "to")
    store = call.repository.store
    start = await store.resolve(call.params.must("from"))
    end = await store.resolve(call.params.must("to"))
    if start is None or end is None:
        raise not_found("Ref")
    base = start if call.params.is_on("straight") else (await store.merge_base(start, end) or start)
    commits = await store.commits("--reverse", f"{base}..{end}")
    newest = commits[-1] if commits else None
    shown = [render.commit(call.state, call.repository, known) for known in commits]
    return Answer(
        {
            "commit": render.commit(call.state, call.repository, newest) if newest else None,
            "commits": shown,
            "diffs": await diffs(store, base, end),
            "compare_timeout": False,
            "compare_same_ref": start == end,
            "web_url": f"{projects.address(call.state, call.repository)}/-/compare/{start}...{end}",
        }
    )


@routes("GET", "/repository/commits/{sha}/diff")
async def commit_diff(call: Call) -> Answer:
    store = call.repository.store
    known = await store.commit(await call.commit(call.part("sha")))
    base = known.parents[0] if known.parents else EMPTY_TREE
    return call.page(await diffs(store, base, known.sha), lambda one: one)


@routes("GET", "/repository/archive.tar.gz", scopes=("read_repository",))
async def archive(call: Call) -> Answer:
    sha = await call.repository.store.resolve(call.params.text("sha") or call.repository.default_branch)
    if sha is None:
        raise not_found("File")
    prefix = f"{call.repository.name}-{sha}/"
    content = await call.repository.store.run_bytes("archive", "--format=tar.gz", f"--prefix={prefix}", sha)
    return Answer(text=content, headers={"Content-Type": "application/octet-stream"})
