"""GitHub as a `Forge`: each concern has a file of its own, and this one puts them together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import aiohttp

from bot.forge.base import (
    Capabilities,
    Comment,
    CommentId,
    GitCredentials,
    ListedPull,
    Located,
    Permission,
    Remarks,
    Threads,
)
from bot.forge.commits import NewCommit
from bot.forge.errors import ForgeForbidden
from bot.forge.github import comments, gitea
from bot.forge.github.auth import AppAuth, Auth
from bot.forge.github.calls import Calls
from bot.forge.github.capabilities import capabilities
from bot.forge.github.checks import CheckRuns
from bot.forge.github.client import GitHubClient
from bot.forge.github.comments import Comments
from bot.forge.github.commits import Commits
from bot.forge.github.deployments import Deployments
from bot.forge.github.gitea import GiteaPulls
from bot.forge.github.gitea_listings import GiteaListings
from bot.forge.github.guards import Guards
from bot.forge.github.listings import OwnerCalls, OwnerListings
from bot.forge.github.paths import repo_variables
from bot.forge.github.pulls import Pulls
from bot.forge.github.settings import AppKey, Face, GitHubSettings
from bot.forge.github.statuses import Statuses
from bot.forge.github.token_auth import TokenAuth
from bot.forge.guards import Approvals, BranchRules, EnvironmentRules
from bot.forge.listings import Listings
from bot.forge.owners import CodeOwners
from bot.forge.reports import Check, CheckReport, Deployment, DeploymentReport
from bot.forge.text import clip
from bot.model.repo import Actor, PullRequest, PullState, RepoId, Sha

GIT_USER: Final = "x-access-token"


class GitHubForge:
    """Fulfils `bot.forge.base.Forge`."""

    def __init__(self, settings: GitHubSettings, auth: Auth) -> None:
        calls = Calls(auth)
        is_app, is_gitea = settings.app is not None, settings.face is Face.GITEA
        self._settings = settings
        self._auth = auth
        self._pulls = GiteaPulls(calls) if is_gitea else Pulls(calls)
        self._comments = Comments(calls)
        self._checks: CheckRuns | Statuses = CheckRuns(calls) if is_app else Statuses(calls)
        self._deployments = Deployments(calls)
        self._listings = _listings(settings, OwnerCalls(auth))
        self._guards = None if is_gitea else Guards(calls)
        self._commits = None if is_gitea else Commits(Calls(auth, for_commits=True), self._pulls)
        self._capabilities = gitea.capabilities() if is_gitea else capabilities(is_app=is_app)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def threads(self) -> Threads | None:
        # Only remarks on lines can be resolved here.
        return None

    @property
    def commit_remarks(self) -> Remarks | None:
        return None

    async def missing_in(self, repo: RepoId) -> Sequence[str]:
        await self.locate(repo)
        # What an App may do it may do in all of an installation's repositories.
        if self._settings.app is not None or await self._may_write(repo):
            return ()
        return ("the token's user needs write access there, for commit statuses",)

    async def _may_write(self, repo: RepoId) -> bool:
        try:
            return await self.permission(repo, await self.identity()) >= Permission.WRITE
        except ForgeForbidden:
            # To whoever may only read, GitHub does not tell even that.
            return False

    async def locate(self, repo: RepoId) -> Located:
        return await self._pulls.locate(repo)

    async def identity(self) -> Actor:
        return await self._auth.identity()

    async def missing_permissions(self) -> Sequence[str]:
        return await self._auth.missing_permissions()

    async def repositories(self) -> Sequence[RepoId]:
        return [RepoId(self.name, path) for path in await self._auth.repository_paths()]

    @property
    def listings(self) -> Listings:
        return self._listings

    async def default_branch(self, repo: RepoId) -> str:
        return await self._pulls.default_branch(repo)

    async def branch_head(self, repo: RepoId, branch: str) -> Sha | None:
        return await self._pulls.branch_head(repo, branch)

    async def permission(self, repo: RepoId, actor: Actor) -> Permission:
        return await self._pulls.permission(repo, actor)

    def git_url(self, repo: RepoId) -> str:
        names = repo_variables(repo)
        return f"{self._settings.git_url.rstrip('/')}/{names['owner']}/{names['repo']}.git"

    def clone_url(self, repo: RepoId, located: Located) -> str:  # noqa: ARG002 - see below
        # API and Git go by the same path here: whoever has it is the repository.
        return self.git_url(repo)

    async def git_credentials(self, repo: RepoId) -> GitCredentials:
        access = await self._auth.git_access(repo)
        return GitCredentials(GIT_USER, access.token, access.expires_at)

    async def renewed_git_credentials(self, repo: RepoId, refused: GitCredentials) -> GitCredentials | None:
        renewed = await self._auth.renewed_git_access(repo, refused.password)
        return GitCredentials(GIT_USER, renewed.token, renewed.expires_at) if renewed else None

    async def credentials_expire(self) -> datetime | None:
        return await self._auth.expires_at()

    @property
    def pull_sign(self) -> str:
        return "#"

    def pull_head_ref(self, number: int) -> str:
        return f"refs/pull/{number}/head"

    async def pull(self, repo: RepoId, number: int) -> PullRequest:
        return await self._pulls.pull(repo, number)

    async def queued(self, repo: RepoId, number: int) -> None:  # noqa: ARG002 - a queue's refs name groups, not one
        return None

    async def open_pulls(self, repo: RepoId, *, base: str | None = None) -> Sequence[PullRequest]:
        return await self._pulls.open_pulls(repo, base=base)

    async def listed_pulls(
        self, repo: RepoId, *, state: PullState | None, limit: int
    ) -> Sequence[ListedPull]:
        return await self._pulls.listed_pulls(repo, state=state, limit=limit)

    async def pulls_of_commit(self, repo: RepoId, sha: Sha) -> Sequence[PullRequest]:
        return await self._pulls.pulls_of_commit(repo, sha)

    def as_kept(self, body: str) -> str:
        return clip(body, comments.LIMIT)

    async def comments(self, repo: RepoId, number: int) -> Sequence[Comment]:
        return await self._comments.all(repo, number)

    async def create_comment(self, repo: RepoId, number: int, body: str) -> Comment:
        return await self._comments.create(repo, number, body)

    async def update_comment(self, repo: RepoId, number: int, comment: CommentId, body: str) -> Comment:  # noqa: ARG002 - others find a comment by its conversation
        return await self._comments.update(repo, comment, body)

    async def delete_comment(self, repo: RepoId, number: int, comment: CommentId) -> None:  # noqa: ARG002 - as above
        await self._comments.delete(repo, comment)

    async def find_check(
        self,
        repo: RepoId,
        sha: Sha,
        name: str,
        *,
        pull: int | None = None,  # noqa: ARG002 - a check is the commit's
    ) -> Check | None:
        return await self._checks.find(repo, sha, name)

    async def put_check(self, repo: RepoId, report: CheckReport) -> Check:
        return await self._checks.put(repo, report)

    async def find_deployment(self, repo: RepoId, sha: Sha, environment: str, key: str) -> Deployment | None:
        return await self._deployments.find(repo, sha, environment, key)

    async def put_deployment(self, repo: RepoId, report: DeploymentReport) -> Deployment:
        return await self._deployments.put(repo, report)

    async def approvals(self, repo: RepoId, number: int) -> Approvals:
        return await self._guards.approvals(repo, number) if self._guards else Approvals()

    async def branch_rules(self, repo: RepoId, branch: str) -> BranchRules:
        return await self._guards.branch_rules(repo, branch) if self._guards else BranchRules()

    async def environment_rules(self, repo: RepoId, environment: str) -> EnvironmentRules | None:
        return await self._guards.environment_rules(repo, environment) if self._guards else None

    async def code_owners(self, repo: RepoId, ref: str) -> CodeOwners | None:
        return await self._guards.code_owners(repo, ref) if self._guards else None

    async def commit(self, repo: RepoId, commit: NewCommit) -> Sha:
        if self._commits is None:
            raise ForgeForbidden(f"{self.name} makes no commits for us", hint=gitea.EXPERIMENTAL)
        return await self._commits.commit(repo, commit)


def _listings(settings: GitHubSettings, calls: OwnerCalls) -> OwnerListings:
    if settings.face is Face.GITEA:
        return GiteaListings(calls, settings.name, GiteaPulls(calls))
    return OwnerListings(calls, settings.name, Pulls(calls))


@asynccontextmanager
async def open_github(settings: GitHubSettings) -> AsyncIterator[GitHubForge]:
    # Cookies would make one installation's requests depend on another's.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:

        def connect(app: AppKey | None, token: str | None = None) -> GitHubClient:
            return GitHubClient(session, settings.api_url, timeout_s=settings.timeout_s, token=token, app=app)

        auth: Auth
        if settings.app is not None:
            auth = AppAuth(settings.app, connect)
        else:
            auth = TokenAuth(connect(None, settings.token), settings.token or "")
        yield GitHubForge(settings, auth)
