"""What people do on Gitea, by its API: as somebody with a token, or a password where a token is to be made."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

Files = Mapping[str, str | None]
"""Texts by path; None takes a file away."""


class Refused(Exception):
    """Gitea answered with an error; `status` is its number."""

    def __init__(self, what: str, status: int, text: str) -> None:
        super().__init__(f"{what}: {status}: {text[:500]}")
        self.status = status


def password_of(name: str) -> str:
    """Of everybody that `new_user` makes."""
    return f"password of {name}"


@dataclass(frozen=True, slots=True)
class Api:
    session: aiohttp.ClientSession
    root: str
    token: str = field(repr=False)

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The decoded answer; None where it is empty. Raises Refused."""
        headers = {"Authorization": f"token {self.token}"}
        url = f"{self.root}{path}"
        async with self.session.request(method, url, json=body, params=query, headers=headers) as response:
            if response.status >= 400:
                raise Refused(f"{method} {path}", response.status, await response.text())
            return await response.json() if response.content_type == "application/json" else None

    async def get(self, path: str, **query: Any) -> Any:
        return await self.call("GET", path, **query)

    async def post(self, path: str, body: Any = None) -> Any:
        return await self.call("POST", path, body)

    async def new_user(self, name: str, *scopes: str) -> "Api":
        """As this new user, with a token of these scopes."""
        password = password_of(name)
        about = {"email": f"{name}@example.invalid", "must_change_password": False}
        await self.post("/admin/users", {"username": name, "password": password, **about})
        # Only a password makes a token, not another token.
        async with self.session.post(
            f"{self.root}/users/{name}/tokens",
            json={"name": "oracle", "scopes": list(scopes)},
            headers={"Authorization": aiohttp.encode_basic_auth(name, password)},
        ) as response:
            if response.status != 201:
                raise Refused(f"a token for {name}", response.status, await response.text())
            return Api(self.session, self.root, (await response.json())["sha1"])

    async def commit(self, repo: str, files: Files, branch: str, *, since: str | None = None) -> str:
        """Commit the files to a branch, made from `since` where it is new; gives the commit."""
        there = await self._blobs(repo, since or branch)
        changes = [_change(path, text, there.get(path)) for path, text in files.items()]
        where = {"branch": since, "new_branch": branch} if since else {"branch": branch}
        made = await self.post(f"/repos/{repo}/contents", {"files": changes, "message": "Change", **where})
        sha: str = made["commit"]["sha"]
        return sha

    async def _blobs(self, repo: str, branch: str) -> dict[str, str]:
        try:
            tree = await self.get(f"/repos/{repo}/git/trees/{branch}", recursive="true")
        except Refused as error:
            if error.status in {404, 409}:
                return {}
            raise
        return {entry["path"]: entry["sha"] for entry in tree["tree"] if entry["type"] == "blob"}


def _change(path: str, text: str | None, blob: str | None) -> dict[str, str]:
    if text is None:
        return {"operation": "delete", "path": path, "sha": blob or ""}
    content = base64.b64encode(text.encode()).decode()
    if blob is None:
        return {"operation": "create", "path": path, "content": content}
    return {"operation": "update", "path": path, "content": content, "sha": blob}
