"""Commits, trees, changed files and comparisons as GitHub shows them."""

from typing import Any
from urllib.parse import quote

from tests.sandbox.forge.core.git_objects import Commit, FileChange, Stamp
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.render.people import user
from tests.sandbox.forge.github.render.repositories import api_url
from tests.sandbox.forge.github.site import Site, node_id

Json = dict[str, Any]

UNSIGNED: Json = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def stamp(known: Stamp) -> Json:
    return {"name": known.name, "email": known.email, "date": _utc(known.date)}


def _utc(date: str) -> str:
    return date.replace("+00:00", "Z")


def commit(site: Site, repository: Repository, known: Commit, author: User | None) -> Json:
    url = f"{api_url(site, repository)}/commits/{known.sha}"
    person = user(site, author) if author is not None else None
    return {
        "url": url,
        "sha": known.sha,
        "node_id": node_id("Commit", known.sha),
        "html_url": f"{site.web}/{repository.full_name}/commit/{known.sha}",
        "comments_url": f"{url}/comments",
        "commit": {
            "url": f"{api_url(site, repository)}/git/commits/{known.sha}",
            "author": stamp(known.author),
            "committer": stamp(known.committer),
            "message": known.message,
            "comment_count": 0,
            "tree": tree_link(site, repository, known.tree),
            "verification": UNSIGNED,
        },
        "author": person,
        "committer": person,
        "parents": parents(site, repository, known),
    }


def tree_link(site: Site, repository: Repository, sha: str) -> Json:
    return {"sha": sha, "url": f"{api_url(site, repository)}/git/trees/{sha}"}


def parents(site: Site, repository: Repository, known: Commit) -> list[Json]:
    return [
        {
            "sha": parent,
            "url": f"{api_url(site, repository)}/commits/{parent}",
            "html_url": f"{site.web}/{repository.full_name}/commit/{parent}",
        }
        for parent in known.parents
    ]


def git_commit(site: Site, repository: Repository, known: Commit) -> Json:
    return {
        "sha": known.sha,
        "node_id": node_id("Commit", known.sha),
        "url": f"{api_url(site, repository)}/git/commits/{known.sha}",
        "html_url": f"{site.web}/{repository.full_name}/commit/{known.sha}",
        "author": stamp(known.author),
        "committer": stamp(known.committer),
        "message": known.message,
        "tree": tree_link(site, repository, known.tree),
        "parents": parents(site, repository, known),
        "verification": UNSIGNED,
    }


def pushed_commit(site: Site, repository: Repository, known: Commit, changes: list[FileChange]) -> Json:
    """A commit as push events list it."""
    return {
        **simple_commit(known),
        "distinct": True,
        "url": f"{site.web}/{repository.full_name}/commit/{known.sha}",
        "added": [change.path for change in changes if change.status in {"added", "copied"}],
        "removed": [change.path for change in changes if change.status == "removed"],
        "modified": [
            change.path for change in changes if change.status in {"modified", "renamed", "changed"}
        ],
    }


def simple_commit(known: Commit) -> Json:
    return {
        "id": known.sha,
        "tree_id": known.tree,
        "message": known.message,
        "timestamp": _utc(known.committer.date),
        "author": {"name": known.author.name, "email": known.author.email},
        "committer": {"name": known.committer.name, "email": known.committer.email},
    }


def file_change(site: Site, repository: Repository, sha: str, change: FileChange) -> Json:
    path = quote(change.path, errors="surrogateescape")
    page = f"{site.web}/{repository.full_name}"
    shown: Json = {
        "sha": change.blob,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{page}/blob/{sha}/{path}",
        "raw_url": f"{page}/raw/{sha}/{path}",
        "contents_url": f"{api_url(site, repository)}/contents/{path}?ref={sha}",
    }
    if change.previous_path is not None:
        shown["previous_filename"] = change.previous_path
    return shown


def ref(site: Site, repository: Repository, name: str, sha: str, kind: str) -> Json:
    url = api_url(site, repository)
    return {
        "ref": name,
        "node_id": node_id("Ref", f"{repository.id}:{name}"),
        "url": f"{url}/git/{quote(name)}",
        "object": {"type": kind, "sha": sha, "url": f"{url}/git/{kind}s/{sha}"},
    }


def tree(site: Site, repository: Repository, sha: str, entries: list[tuple[str, ...]]) -> Json:
    url = f"{api_url(site, repository)}/git"
    rows: list[Json] = []
    for mode, kind, entry_sha, size, path in entries:
        row: Json = {"path": path, "mode": mode, "type": kind, "sha": entry_sha}
        if kind == "blob":
            row["size"] = int(size)
        if kind != "commit":
            row["url"] = f"{url}/{kind}s/{entry_sha}"
        rows.append(row)
    return {"sha": sha, "url": f"{url}/trees/{sha}", "tree": rows, "truncated": False}
