"""The conversation of a merge request on GitLab: notes, and discussions that have to be resolved.

The invariant: nothing that we write is a quick action. GitLab takes a line that begins with a slash for a command, and
would carry it out with our rights; what stands in a note may come from whoever opened the merge request.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from bot.forge.base import Comment, CommentId, TextLimit, Thread, ThreadId
from bot.forge.errors import ForgeForbidden, ForgeInvalid, ForgeNotFound
from bot.forge.gitlab.client import NO_PARAMS, Params
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.shapes import GHOST, Discussion, Note
from bot.forge.shaped import shaped
from bot.forge.text import clean, clip
from bot.model.repo import RepoId

MAX_NOTES: Final = 5000
"""As many remarks of people and bots as GitLab takes on one merge request: this is all of them."""
MAX_DISCUSSIONS: Final = 10_000
"""With what GitLab itself says, of which there is no end."""
FULL: Final = "Maximum number of comments exceeded"
TOO_LONG: Final = "delete comments there, or propose the change in another merge request"
LIMIT: Final = TextLimit(code_points=200_000, size_bytes=800_000)
"""GitLab takes a million characters, and then takes seconds to show them."""

T = TypeVar("T")

QUICK_ACTION: Final = re.compile(r"^(?P<space>[^\S\n]*)/", re.MULTILINE)
WORD_JOINER: Final = "\u2060"


def kept(body: str) -> str:
    """As GitLab takes and keeps it: without commands, carriage returns, and white space at the end."""
    # What is no text goes first: a line must not begin with a command for want of what stood before it.
    harmless = QUICK_ACTION.sub(rf"\g<space>{WORD_JOINER}/", clean(body).replace("\r", ""))
    return clip(harmless, LIMIT).rstrip()


@dataclass(frozen=True, slots=True)
class Notes:
    """`git_url` is the root of the pages."""

    projects: Projects
    git_url: str

    async def all(self, repo: RepoId, number: int) -> Sequence[Comment]:
        params = {"order_by": "created_at", "sort": "asc", "activity_filter": "only_comments"}
        found = await self._listed(repo, number, "notes", Note, params, MAX_NOTES)
        return [self._comment(repo, number, note) for note in found if not note.system]

    async def create(self, repo: RepoId, number: int, body: str) -> Comment:
        answer = await self._said(repo, number, "notes", body)
        return self._comment(repo, number, shaped(answer, Note))

    async def update(self, repo: RepoId, number: int, comment: CommentId, body: str) -> Comment:
        answer = await self.projects.send(
            "PUT", repo, f"/merge_requests/{number}/notes/{comment}", data={"body": kept(body)}
        )
        return self._comment(repo, number, shaped(answer, Note))

    async def delete(self, repo: RepoId, number: int, comment: CommentId) -> None:
        try:
            await self.projects.send("DELETE", repo, f"/merge_requests/{number}/notes/{comment}")
        except ForgeNotFound:
            return

    async def threads(self, repo: RepoId, number: int) -> Sequence[Thread]:
        found = await self._listed(repo, number, "discussions", Discussion, NO_PARAMS, MAX_DISCUSSIONS)
        return [
            self._thread(repo, number, discussion)
            for discussion in found
            if discussion.notes and discussion.notes[0].resolvable
        ]

    async def create_thread(self, repo: RepoId, number: int, body: str) -> Thread:
        answer = await self._said(repo, number, "discussions", body)
        return self._thread(repo, number, shaped(answer, Discussion))

    async def update_thread(
        self, repo: RepoId, number: int, thread: Thread, *, body: str, resolved: bool
    ) -> Thread:
        path, comment = f"/merge_requests/{number}/discussions/{thread.id}", thread.comment
        if comment.body != kept(body):
            note = {"body": kept(body)}
            answer = await self.projects.send("PUT", repo, f"{path}/notes/{comment.id}", data=note)
            comment = self._comment(repo, number, shaped(answer, Note))
        if thread.is_resolved is not resolved:
            await self.projects.send("PUT", repo, path, data={"resolved": resolved})
        return Thread(thread.id, comment, resolved)

    async def _listed(
        self, repo: RepoId, number: int, what: str, shape: type[T], params: Params, most: int
    ) -> Sequence[T]:
        """All of them: ours must not be written a second time for want of being found."""
        found = await self.projects.list(
            repo, f"/merge_requests/{number}/{what}", shape, params, limit=most + 1
        )
        if len(found) > most:
            raise ForgeForbidden(f"!{number} of {repo.path} has more than {most:,} {what}", hint=TOO_LONG)
        return found

    async def _said(self, repo: RepoId, number: int, what: str, body: str) -> Any:
        path = f"/merge_requests/{number}/{what}"
        try:
            return await self.projects.send("POST", repo, path, data={"body": kept(body)})
        except ForgeInvalid as error:
            if FULL not in error.message:
                raise
            reason = f"GitLab takes no more comments on !{number} of {repo.path}"
            raise ForgeForbidden(reason, hint=TOO_LONG) from error

    def _thread(self, repo: RepoId, number: int, found: Discussion) -> Thread:
        first = found.notes[0]
        return Thread(ThreadId(found.id), self._comment(repo, number, first), first.resolved)

    def _comment(self, repo: RepoId, number: int, note: Note) -> Comment:
        return Comment(
            CommentId(note.id),
            note.author.actor if note.author else GHOST,
            note.body,
            f"{self.git_url}/{repo.path}/-/merge_requests/{number}#note_{note.id}",
            note.updated_at,
        )
