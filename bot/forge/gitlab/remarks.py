"""Remarks on a commit: what a delivery says where there is no merge request to say it on, and a status has one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.forge.base import Comment, CommentId
from bot.forge.errors import ForgeNotFound
from bot.forge.gitlab.notes import kept
from bot.forge.gitlab.paths import part
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.shapes import GHOST, Discussion, Note
from bot.forge.shaped import shaped
from bot.model.repo import RepoId, Sha

MAX_DISCUSSIONS: Final = 5000
"""As many remarks as GitLab takes on one commit: this is all of them."""


@dataclass(frozen=True, slots=True)
class CommitRemarks:
    """`git_url` is the root of the pages. Only what begins a discussion is a remark; answers are people's."""

    projects: Projects
    git_url: str

    async def remarks(self, repo: RepoId, sha: Sha) -> Sequence[Comment]:
        return [self._comment(repo, sha, one.notes[0]) for one in await self._discussions(repo, sha)]

    async def create_remark(self, repo: RepoId, sha: Sha, body: str) -> Comment:
        path = f"/repository/commits/{part(sha)}/discussions"
        answer = await self.projects.send("POST", repo, path, data={"body": kept(body)})
        return self._comment(repo, sha, shaped(answer, Discussion).notes[0])

    async def update_remark(self, repo: RepoId, sha: Sha, remark: CommentId, body: str) -> Comment:
        for one in await self._discussions(repo, sha):
            if one.notes[0].id == remark:
                path = f"/repository/commits/{part(sha)}/discussions/{one.id}/notes/{remark}"
                answer = await self.projects.send("PUT", repo, path, data={"body": kept(body)})
                return self._comment(repo, sha, shaped(answer, Note))
        raise ForgeNotFound(f"the remark on {sha[:12]} of {repo.path} is gone")

    async def _discussions(self, repo: RepoId, sha: Sha) -> Sequence[Discussion]:
        path = f"/repository/commits/{part(sha)}/discussions"
        try:
            found = await self.projects.list(repo, path, Discussion, limit=MAX_DISCUSSIONS)
        except ForgeNotFound:
            return []
        return sorted((one for one in found if one.notes), key=lambda one: one.notes[0].id)

    def _comment(self, repo: RepoId, sha: Sha, note: Note) -> Comment:
        return Comment(
            CommentId(note.id),
            note.author.actor if note.author else GHOST,
            note.body,
            f"{self.git_url}/{repo.path}/-/commit/{sha}#note_{note.id}",
            note.updated_at,
        )
