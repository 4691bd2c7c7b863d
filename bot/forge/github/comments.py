"""The conversation of a pull request on GitHub, which is an issue's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.forge.base import Comment, CommentId, TextLimit
from bot.forge.errors import ForgeNotFound
from bot.forge.github.calls import Calls
from bot.forge.github.pages import Listing
from bot.forge.github.shapes import GHOST, IssueComment
from bot.forge.shaped import shaped
from bot.forge.text import clip
from bot.model.repo import RepoId

MAX_COMMENTS: Final = 3000
LIMIT: Final = TextLimit(code_points=65_536, size_bytes=262_144)


@dataclass(frozen=True, slots=True)
class Comments:
    calls: Calls

    async def all(self, repo: RepoId, number: int) -> Sequence[Comment]:
        listing = Listing("/issues/{number}/comments{?per_page}", {"number": number, "per_page": 100})
        return [
            _comment(found)
            for found in await self.calls.list(repo, listing, IssueComment, limit=MAX_COMMENTS)
        ]

    async def create(self, repo: RepoId, number: int, body: str) -> Comment:
        path, data = "/issues/{number}/comments", {"body": clip(body, LIMIT)}
        answer = await self.calls.send("POST", repo, path, {"number": number}, data=data)
        return _comment(shaped(answer, IssueComment))

    async def update(self, repo: RepoId, comment: CommentId, body: str) -> Comment:
        path, data = "/issues/comments/{id}", {"body": clip(body, LIMIT)}
        answer = await self.calls.send("PATCH", repo, path, {"id": comment}, data=data)
        return _comment(shaped(answer, IssueComment))

    async def delete(self, repo: RepoId, comment: CommentId) -> None:
        try:
            await self.calls.send("DELETE", repo, "/issues/comments/{id}", {"id": comment})
        except ForgeNotFound:
            return


def _comment(found: IssueComment) -> Comment:
    return Comment(
        CommentId(found.id),
        found.user.actor if found.user else GHOST,
        found.body or "",
        found.html_url,
        found.updated_at,
    )
