"""Repositories, branches and pull requests on GitHub, as nouns of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.forge.base import ListedPull, Located, Permission
from bot.forge.errors import ForgeConflict, ForgeInvalid, ForgeNotFound
from bot.forge.github.calls import Calls
from bot.forge.github.pages import Listing
from bot.forge.github.paths import ref_path
from bot.forge.github.shapes import GHOST, Collaborator, Pull, Ref, Repository
from bot.model.repo import Actor, PullRequest, PullState, RepoId, Sha

MAX_OPEN_PULLS: Final = 2000
MAX_PULLS_OF_COMMIT: Final = 100

PERMISSIONS: Final = {
    "none": Permission.NONE,
    # Gitea's word.
    "owner": Permission.ADMIN,
    "read": Permission.READ,
    "triage": Permission.TRIAGE,
    "write": Permission.WRITE,
    "maintain": Permission.MAINTAIN,
    "admin": Permission.ADMIN,
}


@dataclass(frozen=True, slots=True)
class Pulls:
    calls: Calls

    async def locate(self, repo: RepoId) -> Located:
        found = await self.calls.get(repo, "", Repository)
        return Located(found.id, found.full_name)

    async def default_branch(self, repo: RepoId) -> str:
        return (await self.calls.get(repo, "", Repository)).default_branch

    async def branch_head(self, repo: RepoId, branch: str) -> Sha | None:
        ref = f"heads/{ref_path(branch)}"
        try:
            found = await self.calls.get(repo, f"/git/ref/{ref}", Ref)
        except (ForgeNotFound, ForgeConflict):
            # 409 is GitHub's word for a repository without any commit. With 404 the repository itself may be what
            # is not there: asking for it tells.
            await self.default_branch(repo)
            return None
        return Sha(found.object.sha)

    async def permission(self, repo: RepoId, actor: Actor) -> Permission:
        try:
            found = await self.calls.get(
                repo, "/collaborators/{username}/permission", Collaborator, username=actor.login
            )
        except ForgeNotFound:
            return Permission.NONE
        if found.user is not None and found.user.id != actor.id:
            # The name belongs to somebody else by now.
            return Permission.NONE
        # A role that an organisation defined itself says less than the level it is based on.
        role = PERMISSIONS.get(found.role_name) or PERMISSIONS.get(found.permission)
        return role or Permission.NONE

    async def pull(self, repo: RepoId, number: int) -> PullRequest:
        return to_pull(repo, await self.calls.get(repo, "/pulls/{number}", Pull, number=number))

    async def open_pulls(self, repo: RepoId, *, base: str | None) -> Sequence[PullRequest]:
        listing = Listing("/pulls{?state,base,per_page}", {"state": "open", "base": base, "per_page": 100})
        found = await self.calls.list(repo, listing, Pull, limit=MAX_OPEN_PULLS)
        return [to_pull(repo, pull) for pull in found]

    async def listed_pulls(
        self, repo: RepoId, *, state: PullState | None, limit: int
    ) -> Sequence[ListedPull]:
        wanted = "all" if state is None else "open" if state is PullState.OPEN else "closed"
        listing = self.listing_of(wanted)
        found = await self.calls.list(repo, listing, Pull, limit=limit)
        return [_listed(pull) for pull in found if state is None or _state(pull) is state]

    def listing_of(self, state: str) -> Listing:
        """Pull requests for generators, in a state as GitHub calls it."""
        return Listing("/pulls{?state,per_page}", {"state": state, "per_page": 100})

    async def pulls_of_commit(self, repo: RepoId, sha: Sha) -> Sequence[PullRequest]:
        listing = Listing("/commits/{sha}/pulls{?per_page}", {"sha": sha, "per_page": 100})
        try:
            found = await self.calls.list(repo, listing, Pull, limit=MAX_PULLS_OF_COMMIT)
        except (ForgeInvalid, ForgeConflict):
            # GitHub's answer to a commit that this repository has not.
            return []
        return [to_pull(repo, pull) for pull in found]


def _state(pull: Pull) -> PullState:
    if pull.merged_at:
        return PullState.MERGED
    return PullState.OPEN if pull.state == "open" else PullState.CLOSED


def _listed(pull: Pull) -> ListedPull:
    return ListedPull(
        pull.number,
        pull.title,
        pull.user.login if pull.user else GHOST.login,
        pull.base.ref,
        pull.head.ref,
        pull.head.sha,
        tuple(label.name for label in pull.labels),
    )


def to_pull(repo: RepoId, pull: Pull) -> PullRequest:
    return PullRequest(
        repo=repo,
        number=pull.number,
        title=pull.title,
        state=_state(pull),
        draft=pull.draft,
        author=pull.user.actor if pull.user else GHOST,
        base_ref=pull.base.ref,
        base_sha=Sha(pull.base.sha),
        head_ref=pull.head.ref,
        head_sha=Sha(pull.head.sha),
        head_repo=pull.head.repo.full_name if pull.head.repo else None,
        url=pull.html_url,
        # While it is open, GitHub puts its trial merge here.
        merge_sha=Sha(pull.merge_commit_sha) if pull.merged_at and pull.merge_commit_sha else None,
    )
