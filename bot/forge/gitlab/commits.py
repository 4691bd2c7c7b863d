"""Commits by GitLab itself: every action of one request is in one commit, or none is."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.forge.commits import FileChange, NewCommit
from bot.forge.errors import ForgeConflict, ForgeInvalid
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.pulls import Pulls
from bot.forge.gitlab.shapes import Commit
from bot.forge.shaped import shaped
from bot.model.repo import RepoId, Sha


@dataclass(frozen=True, slots=True)
class Commits:
    projects: Projects
    pulls: Pulls

    async def commit(self, repo: RepoId, commit: NewCommit) -> Sha:
        at = await self.pulls.branch_head(repo, commit.branch)
        if at != commit.expected:
            raise ForgeConflict(f"{commit.branch} of {repo.path} is at {at or 'no commit'} by now")
        body: dict[str, Any] = {
            "branch": commit.branch,
            "commit_message": commit.message,
            "actions": [action for change in commit.changes for action in _actions(change)],
        }
        if commit.expected != commit.parent:
            # With a branch that is there, GitLab starts anew only when forced; it never makes two of one name.
            body |= {"start_sha": commit.parent, "force": commit.expected is not None}
        try:
            answer = await self.projects.send("POST", repo, "/repository/commits", data=body)
        except ForgeInvalid as error:
            if await self.pulls.branch_head(repo, commit.branch) != commit.expected:
                raise ForgeConflict(f"{commit.branch} of {repo.path} has moved: {error.message}") from error
            raise
        return Sha(shaped(answer, Commit).id)


def _actions(change: FileChange) -> list[Mapping[str, Any]]:
    if change.content is None:
        return [{"action": "delete", "file_path": change.path}]
    write = {
        "action": "create" if change.is_new else "update",
        "file_path": change.path,
        "content": base64.b64encode(change.content).decode("ascii"),
        "encoding": "base64",
    }
    if not (change.is_new and change.is_executable):
        # An update keeps the mode that the file has.
        return [write]
    return [write, {"action": "chmod", "file_path": change.path, "execute_filemode": True}]
