"""Commits by GitHub itself: blobs, one tree, one commit, and only then the branch.

The invariant: until its last request, nothing that anybody sees has changed; and a branch is never moved by force from
where it was not looked at. Without an author of its own, GitHub signs what an App commits.
"""

import base64
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from bot.aio import gather_bounded
from bot.forge.commits import FileChange, NewCommit
from bot.forge.errors import ForgeConflict, ForgeInvalid
from bot.forge.github.calls import Calls
from bot.forge.github.paths import ref_path
from bot.forge.github.pulls import Pulls
from bot.forge.shaped import shaped
from bot.model.repo import RepoId, Sha

BLOBS_AT_ONCE: Final = 4


class Named(msgspec.Struct):
    """A blob, a tree or a commit that was made."""

    sha: str


class Parent(msgspec.Struct):
    tree: Named


@dataclass(frozen=True, slots=True)
class Commits:
    """`calls` are made with a token that may write contents."""

    calls: Calls
    pulls: Pulls

    async def commit(self, repo: RepoId, commit: NewCommit) -> Sha:
        at = await self.pulls.branch_head(repo, commit.branch)
        if at != commit.expected:
            raise ForgeConflict(f"{commit.branch} of {repo.path} is at {at or 'no commit'} by now")
        parent = await self.calls.get(repo, "/git/commits/{sha}", Parent, sha=commit.parent)

        async def entry(change: FileChange) -> dict[str, Any]:
            return await self._entry(repo, change)

        entries = await gather_bounded(BLOBS_AT_ONCE, entry, commit.changes)
        tree = await self._make(repo, "/git/trees", {"base_tree": parent.tree.sha, "tree": entries})
        made = await self._make(
            repo, "/git/commits", {"message": commit.message, "tree": tree, "parents": [commit.parent]}
        )
        await self._point(repo, commit, Sha(made))
        return Sha(made)

    async def _entry(self, repo: RepoId, change: FileChange) -> dict[str, Any]:
        sha = None
        if change.content is not None:
            content = base64.b64encode(change.content).decode("ascii")
            sha = await self._make(repo, "/git/blobs", {"content": content, "encoding": "base64"})
        mode = "100755" if change.is_executable else "100644"
        return {"path": change.path, "mode": mode, "type": "blob", "sha": sha}

    async def _make(self, repo: RepoId, path: str, data: dict[str, Any]) -> str:
        # What is made twice has the same name, or nobody points to it.
        return shaped(await self.calls.send("POST", repo, path, {}, data=data, repeatable=True), Named).sha

    async def _point(self, repo: RepoId, commit: NewCommit, made: Sha) -> None:
        ref = f"heads/{commit.branch}"
        try:
            if commit.expected is None:
                await self.calls.send("POST", repo, "/git/refs", {}, data={"ref": f"refs/{ref}", "sha": made})
            else:
                data = {"sha": made, "force": commit.expected != commit.parent}
                await self.calls.send("PATCH", repo, f"/git/refs/{ref_path(ref)}", {}, data=data)
        except ForgeInvalid as error:
            at = await self.pulls.branch_head(repo, commit.branch)
            if at == made:
                return
            if at != commit.expected:
                raise ForgeConflict(f"{commit.branch} of {repo.path} has moved: {error.message}") from error
            raise
