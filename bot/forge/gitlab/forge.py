"""GitLab as a `Forge`: each concern has a file of its own, and this one puts them together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp

from bot.forge.base import (
    Capabilities,
    Comment,
    CommentId,
    Feature,
    GitCredentials,
    ListedPull,
    Located,
    Permission,
    Queued,
    Remarks,
    Threads,
)
from bot.forge.commits import NewCommit
from bot.forge.errors import ForgeForbidden, ForgeNotFound
from bot.forge.gitlab import hooks, notes
from bot.forge.gitlab.capabilities import capabilities
from bot.forge.gitlab.client import GitLabClient
from bot.forge.gitlab.commits import Commits
from bot.forge.gitlab.deployments import Deployments
from bot.forge.gitlab.guards import Guards
from bot.forge.gitlab.listings import GroupListings
from bot.forge.gitlab.notes import Notes
from bot.forge.gitlab.paths import project_path
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.pulls import Pulls
from bot.forge.gitlab.remarks import CommitRemarks
from bot.forge.gitlab.settings import GitLabSettings, Tier
from bot.forge.gitlab.shapes import AccessToken
from bot.forge.gitlab.status_checks import StatusChecks
from bot.forge.gitlab.statuses import Statuses
from bot.forge.gitlab.tokens import Tokens
from bot.forge.gitlab.trains import Trains
from bot.forge.guards import Approvals, BranchRules, EnvironmentRules
from bot.forge.listings import Listings
from bot.forge.owners import CodeOwners
from bot.forge.reports import Check, CheckReport, Deployment, DeploymentReport
from bot.model.repo import Actor, PullRequest, PullState, RepoId, Sha

GIT_USER: Final = "oauth2"
SCOPE: Final = "api"
SOON: Final = timedelta(days=7)


class GitLabForge:
    """Fulfils `bot.forge.base.Forge`."""

    def __init__(self, settings: GitLabSettings, client: GitLabClient) -> None:
        projects = Projects(client)
        pulls = Pulls(projects)
        checks = StatusChecks(projects) if settings.tier >= Tier.ULTIMATE else None
        self._trains = Trains(projects, settings.tier)
        self._settings = settings
        self._client = client
        self._projects = projects
        self._pulls = pulls
        self._notes = Notes(projects, settings.git_url.rstrip("/"))
        self._remarks = CommitRemarks(projects, self._notes.git_url)
        self._statuses = Statuses(projects, pulls, checks, self._trains)
        self._deployments = Deployments(projects)
        self._guards = Guards(projects, settings.tier)
        self._commits = Commits(projects, pulls)
        self._listings = GroupListings(client)
        self._capabilities = capabilities(settings.tier)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def threads(self) -> Threads | None:
        return self._notes if self._settings.wants_threads else None

    @property
    def commit_remarks(self) -> Remarks | None:
        return self._remarks

    async def identity(self) -> Actor:
        return await self._projects.identity()

    async def missing_permissions(self) -> Sequence[str]:
        # A token that is not taken at all can tell nothing of itself either.
        await self.identity()
        if (token := await self._token()) is None:
            return ()
        missing = [] if SCOPE in token.scopes else [f"the token {token.name} lacks the scope `{SCOPE}`"]
        if token.ends_at is not None and token.ends_at - datetime.now(UTC) <= SOON:
            missing.append(
                f"the token {token.name} expires on {token.expires_at}: rotate it and put the new one in its"
                " place; no restart is needed for a file"
            )
        return missing

    async def _token(self) -> AccessToken | None:
        """What GitLab says of our token; None where it says nothing."""
        try:
            return await self._client.get("/personal_access_tokens/self", AccessToken)
        except (ForgeNotFound, ForgeForbidden):
            return None

    async def missing_in(self, repo: RepoId) -> Sequence[str]:
        await self.locate(repo)
        missing = list(await hooks.not_called(self._projects, repo))
        if await self.permission(repo, await self.identity()) < Permission.WRITE:
            missing.append("the token's user needs the role Developer there, for statuses and deployments")
        return missing

    async def locate(self, repo: RepoId) -> Located:
        return await self._projects.locate(repo)

    async def repositories(self) -> Sequence[RepoId]:
        return [RepoId(self.name, path) for path in await self._projects.all_paths()]

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
        return f"{self._settings.git_url.rstrip('/')}/{project_path(repo)}.git"

    def clone_url(self, repo: RepoId, located: Located) -> str:  # noqa: ARG002 - it may be called otherwise by now
        return self.git_url(RepoId(self.name, located.path))

    async def git_credentials(self, repo: RepoId) -> GitCredentials:  # noqa: ARG002 - one token for all of them
        return GitCredentials(GIT_USER, await self._client.tokens.current())

    async def renewed_git_credentials(self, repo: RepoId, refused: GitCredentials) -> GitCredentials | None:
        renewed = await self._client.tokens.renewed(refused.password)
        return await self.git_credentials(repo) if renewed else None

    async def credentials_expire(self) -> datetime | None:
        token = await self._token()
        return token.ends_at if token else None

    @property
    def pull_sign(self) -> str:
        return "!"

    def pull_head_ref(self, number: int) -> str:
        return f"refs/merge-requests/{number}/head"

    async def pull(self, repo: RepoId, number: int) -> PullRequest:
        return await self._pulls.pull(repo, number)

    async def queued(self, repo: RepoId, number: int) -> Queued | None:
        if not self._capabilities.has(Feature.MERGE_TRAINS):
            return None
        return await self._trains.queued(repo, await self._pulls.merge_request(repo, number))

    async def open_pulls(self, repo: RepoId, *, base: str | None = None) -> Sequence[PullRequest]:
        return await self._pulls.open_pulls(repo, base=base)

    async def listed_pulls(
        self, repo: RepoId, *, state: PullState | None, limit: int
    ) -> Sequence[ListedPull]:
        return await self._pulls.listed_pulls(repo, state=state, limit=limit)

    async def pulls_of_commit(self, repo: RepoId, sha: Sha) -> Sequence[PullRequest]:
        return await self._pulls.pulls_of_commit(repo, sha)

    def as_kept(self, body: str) -> str:
        return notes.kept(body)

    async def comments(self, repo: RepoId, number: int) -> Sequence[Comment]:
        return await self._notes.all(repo, number)

    async def create_comment(self, repo: RepoId, number: int, body: str) -> Comment:
        return await self._notes.create(repo, number, body)

    async def update_comment(self, repo: RepoId, number: int, comment: CommentId, body: str) -> Comment:
        return await self._notes.update(repo, number, comment, body)

    async def delete_comment(self, repo: RepoId, number: int, comment: CommentId) -> None:
        await self._notes.delete(repo, number, comment)

    async def find_check(self, repo: RepoId, sha: Sha, name: str, *, pull: int | None = None) -> Check | None:
        return await self._statuses.find(repo, sha, name, pull=pull)

    async def put_check(self, repo: RepoId, report: CheckReport) -> Check:
        return await self._statuses.put(repo, report)

    async def find_deployment(self, repo: RepoId, sha: Sha, environment: str, key: str) -> Deployment | None:
        return await self._deployments.find(repo, sha, environment, key)

    async def put_deployment(self, repo: RepoId, report: DeploymentReport) -> Deployment:
        return await self._deployments.put(repo, report)

    async def approvals(self, repo: RepoId, number: int) -> Approvals:
        return await self._guards.approvals(repo, number)

    async def branch_rules(self, repo: RepoId, branch: str) -> BranchRules:
        return await self._guards.branch_rules(repo, branch)

    async def environment_rules(self, repo: RepoId, environment: str) -> EnvironmentRules | None:
        return await self._guards.environment_rules(repo, environment)

    async def code_owners(self, repo: RepoId, ref: str) -> CodeOwners | None:
        return await self._guards.code_owners(repo, ref)

    async def commit(self, repo: RepoId, commit: NewCommit) -> Sha:
        return await self._commits.commit(repo, commit)


@asynccontextmanager
async def open_gitlab(settings: GitLabSettings) -> AsyncIterator[GitLabForge]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = GitLabClient(session, settings.api_url, Tokens(settings.token), timeout_s=settings.timeout_s)
        yield GitLabForge(settings, client)
