"""Projects, branches, members and merge requests on GitLab, as nouns of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.aio import gather_bounded
from bot.forge.base import ListedPull, Permission
from bot.forge.errors import ForgeNotFound
from bot.forge.gitlab.paths import part
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.shapes import GHOST, Branch, Member, MergeRequest
from bot.model.repo import Actor, PullRequest, PullState, RepoId, Sha

MAX_OPEN_PULLS: Final = 2000
MAX_PULLS_OF_COMMIT: Final = 100
FORKS_AT_ONCE: Final = 4
NO_COMMIT: Final = Sha("0" * 40)

STATES: Final = {"opened": PullState.OPEN, "closed": PullState.CLOSED, "merged": PullState.MERGED}
"""`locked` is a merge request while it is merged: still open."""
STATE_NAMES: Final = {state: name for name, state in STATES.items()}

PERMISSIONS: Final = (
    (50, Permission.ADMIN),
    (40, Permission.MAINTAIN),
    (30, Permission.WRITE),
    (20, Permission.TRIAGE),
    (10, Permission.READ),
)
"""Access levels (owner, maintainer, developer, reporter, guest), the highest first; others lie in between."""


@dataclass(frozen=True, slots=True)
class Pulls:
    projects: Projects

    async def default_branch(self, repo: RepoId) -> str:
        # An empty project names none; the branch that comes first becomes it.
        return (await self.projects.project(repo)).default_branch or "main"

    async def branch_head(self, repo: RepoId, branch: str) -> Sha | None:
        try:
            found = await self.projects.get(repo, f"/repository/branches/{part(branch)}", Branch)
        except ForgeNotFound:
            # The project itself may be what is not there: asking for it tells.
            await self.projects.project(repo)
            return None
        return Sha(found.commit.id)

    async def permission(self, repo: RepoId, actor: Actor) -> Permission:
        try:
            member = await self.projects.get(repo, f"/members/all/{actor.id}", Member)
        except ForgeNotFound:
            return Permission.NONE
        if member.state != "active" or member.id != actor.id:
            return Permission.NONE
        return next((mine for level, mine in PERMISSIONS if member.access_level >= level), Permission.NONE)

    async def pull(self, repo: RepoId, number: int) -> PullRequest:
        return await self._pull(repo, await self.merge_request(repo, number))

    async def merge_request(self, repo: RepoId, number: int) -> MergeRequest:
        return await self.projects.get(repo, f"/merge_requests/{number}", MergeRequest)

    async def open_pulls(self, repo: RepoId, *, base: str | None) -> Sequence[PullRequest]:
        params = {"state": "opened", "order_by": "created_at", "sort": "desc"}
        if base is not None:
            params["target_branch"] = base
        found = await self.projects.list(repo, "/merge_requests", MergeRequest, params, limit=MAX_OPEN_PULLS)
        return await self._pulls(repo, found)

    async def listed_pulls(
        self, repo: RepoId, *, state: PullState | None, limit: int
    ) -> Sequence[ListedPull]:
        wanted = "all" if state is None else STATE_NAMES[state]
        params = {"state": wanted, "order_by": "created_at", "sort": "desc"}
        found = await self.projects.list(repo, "/merge_requests", MergeRequest, params, limit=limit)
        return [_listed(one) for one in found]

    async def pulls_of_commit(self, repo: RepoId, sha: Sha) -> Sequence[PullRequest]:
        path = f"/repository/commits/{part(sha)}/merge_requests"
        try:
            found = await self.projects.list(repo, path, MergeRequest, limit=MAX_PULLS_OF_COMMIT)
        except ForgeNotFound:
            # GitLab's answer to a commit that this project has not.
            return []
        number = await self.projects.number(repo)
        return await self._pulls(repo, [one for one in found if one.target_project_id == number])

    async def _pulls(self, repo: RepoId, found: Sequence[MergeRequest]) -> Sequence[PullRequest]:
        async def read(one: MergeRequest) -> PullRequest:
            return await self._pull(repo, one)

        return await gather_bounded(FORKS_AT_ONCE, read, found)

    async def _pull(self, repo: RepoId, found: MergeRequest) -> PullRequest:
        state = STATES.get(found.state, PullState.OPEN)
        refs = found.diff_refs
        return PullRequest(
            repo=repo,
            number=found.iid,
            title=found.title,
            state=state,
            draft=found.draft,
            author=found.author.actor if found.author else GHOST,
            base_ref=found.target_branch,
            # Shortly after it was opened, GitLab does not know it yet.
            base_sha=Sha((refs.start_sha or refs.base_sha) or NO_COMMIT) if refs else NO_COMMIT,
            head_ref=found.source_branch,
            head_sha=Sha(found.sha or NO_COMMIT),
            head_repo=await self._head_repo(repo, found),
            url=found.web_url,
            merge_sha=_merge_sha(found) if state is PullState.MERGED else None,
        )

    async def _head_repo(self, repo: RepoId, found: MergeRequest) -> str | None:
        if found.source_project_id == found.target_project_id:
            return repo.path
        if found.source_project_id is None:
            return None
        path = await self.projects.path_of(found.source_project_id)
        # A fork may lie where this project lay once.
        return None if path is not None and path.lower() == repo.path else path


def _listed(found: MergeRequest) -> ListedPull:
    author = found.author.username if found.author else GHOST.login
    return ListedPull(
        *(found.iid, found.title, author, found.target_branch, found.source_branch),
        found.sha or "",
        tuple(found.labels),
    )


def _merge_sha(found: MergeRequest) -> Sha | None:
    """Of a fast-forward merge, the head itself is what came onto the branch."""
    merged = found.merge_commit_sha or found.squash_commit_sha or found.sha
    return Sha(merged) if merged else None
