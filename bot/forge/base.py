"""The protocol every forge fulfils.

The invariant: what a forge cannot do is not an error but a missing `Feature`; the adapter then does the next best
thing and `Capabilities.degraded` says in words what that is. Every call may raise a `ForgeError`, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NewType, Protocol

from bot.forge.commits import NewCommit
from bot.forge.guards import Approvals, BranchRules, EnvironmentRules
from bot.forge.owners import CodeOwners
from bot.forge.reports import Check, CheckReport, Deployment, DeploymentReport
from bot.model.repo import Actor, PullRequest, PullState, RepoId, Sha

if TYPE_CHECKING:
    from bot.forge.listings import Listings

CommentId = NewType("CommentId", int)
ThreadId = NewType("ThreadId", str)


class Feature(StrEnum):
    """What a forge may have; the value is the word `config check` uses for it."""

    CHECKS = "checks"
    """Check runs with summary, text and `external_id`. Without: a commit status of 140 characters."""
    ANNOTATIONS = "annotations"
    DEPLOYMENTS = "deployments"
    REACTIONS = "reactions"
    SIGNED_COMMITS = "signed-commits"
    DRAFTS = "drafts"
    MERGE_REFS = "merge-refs"
    """The forge keeps a ref with the pull request's trial merge."""
    THREADS = "threads"
    """Conversations on a pull request that somebody has to resolve, beside remarks on lines."""
    REMARKS = "remarks"
    """Remarks on a commit by itself, for what would stand in a check run."""
    STATUS_CHECKS = "status-checks"
    """A verdict that the forge asks for and waits with the merge for, beside the commit's status."""
    COMMITS = "commits"
    """Commits that the forge makes for us."""
    APPROVAL_RULES = "approval-rules"
    """Which approvals a pull request needs and has. Without: who approved it, and nothing that asks for it."""
    ENVIRONMENT_RULES = "environment-rules"
    CODE_OWNERS = "code-owners"
    """The forge itself asks the owners of a file. Without, the file can be read all the same."""
    LISTINGS = "listings"
    """What an owner has, and its pull requests, for whoever generates something for each of them."""
    MERGE_TRAINS = "merge-trains"
    """Pull requests queue to be merged, each tested on top of those before it, and `Forge.queued` says so."""


@dataclass(frozen=True, slots=True)
class TextLimit:
    """How long a text may be; a forge that counts one way only has the other limit far away."""

    code_points: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this forge can do with the credentials it was given, and how much text it takes.

    `degraded` has one sentence for each missing feature that Longshore uses: what stands in for it.
    """

    features: frozenset[Feature]
    comment: TextLimit
    check_summary: TextLimit
    check_text: TextLimit
    degraded: tuple[str, ...] = ()

    def has(self, feature: Feature) -> bool:
        return feature in self.features


class Permission(IntEnum):
    """What a person may do in a repository, weakest first, so that `permission >= Permission.WRITE` reads well."""

    NONE = 0
    READ = 10
    TRIAGE = 20
    WRITE = 30
    MAINTAIN = 40
    ADMIN = 50


@dataclass(frozen=True, slots=True)
class Comment:
    """One remark in a pull request's conversation."""

    id: CommentId
    author: Actor
    body: str
    url: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation that has to be resolved; `comment` is the remark it began with."""

    id: ThreadId
    comment: Comment
    is_resolved: bool


@dataclass(frozen=True, slots=True)
class Located:
    """The forge's own number of a repository, which survives a rename, and its path there now."""

    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A pull request that waits in a queue of merges: the forge is about to put `sha` onto `onto`, which holds those
    that go before it. `ref` is where `sha` is fetched.
    """

    sha: Sha
    onto: Sha
    ref: str


@dataclass(frozen=True, slots=True)
class ListedPull:
    """What a list says of one pull request. `head_sha` is empty where its branch is gone, `author` is the login."""

    number: int
    title: str
    author: str
    base_ref: str
    head_ref: str
    head_sha: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GitCredentials:
    """User and password for Git over HTTPS; reading is all they are meant for. `expires_at` None: until revoked."""

    username: str
    password: str = field(repr=False)
    expires_at: datetime | None = None


class Threads(Protocol):
    """What a forge with `Feature.THREADS` has on top."""

    async def threads(self, repo: RepoId, number: int) -> Sequence[Thread]:
        """Those that can be resolved, oldest first."""

    async def create_thread(self, repo: RepoId, number: int, body: str) -> Thread: ...

    async def update_thread(
        self, repo: RepoId, number: int, thread: Thread, *, body: str, resolved: bool
    ) -> Thread:
        """Make it say this. Nothing is written where it does."""


class Remarks(Protocol):
    """What a forge with `Feature.REMARKS` has on top."""

    async def remarks(self, repo: RepoId, sha: Sha) -> Sequence[Comment]:
        """Oldest first; empty for a commit that is not there."""

    async def create_remark(self, repo: RepoId, sha: Sha, body: str) -> Comment: ...

    async def update_remark(self, repo: RepoId, sha: Sha, remark: CommentId, body: str) -> Comment: ...


class Forge(Protocol):
    """One forge as the operator configured it. `name` is the `RepoId.forge` of every repository on it."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def identity(self) -> Actor:
        """Who we are there: the author of every comment of ours."""

    async def missing_permissions(self) -> Sequence[str]:
        """What we were not given and need: one sentence each, with the place to grant it."""

    async def missing_in(self, repo: RepoId) -> Sequence[str]:
        """The same for one repository. Raises ForgeNotFound where we are shown none."""

    @property
    def threads(self) -> Threads | None:
        """None without `Feature.THREADS`, and where the operator does not want any."""

    @property
    def commit_remarks(self) -> Remarks | None:
        """None without `Feature.REMARKS`."""

    async def locate(self, repo: RepoId) -> Located:
        """The repository as it is called now; an old path leads there as well."""

    async def repositories(self) -> Sequence[RepoId]:
        """Every repository we can reach, archived ones left out."""

    @property
    def listings(self) -> "Listings":
        """What an owner has, as generators ask for it."""
        ...

    async def default_branch(self, repo: RepoId) -> str:
        """Its name, also where the repository is empty and the branch does not exist yet."""

    async def branch_head(self, repo: RepoId, branch: str) -> Sha | None:
        """None where there is no such branch."""

    async def permission(self, repo: RepoId, actor: Actor) -> Permission: ...

    def git_url(self, repo: RepoId) -> str:
        """How manifests may call it, under the name that the operator gives it."""
        ...

    def clone_url(self, repo: RepoId, located: Located) -> str:
        """Where its files are fetched from: from this repository as it is called now, never from what took its old path."""
        ...

    async def git_credentials(self, repo: RepoId) -> GitCredentials: ...

    async def renewed_git_credentials(self, repo: RepoId, refused: GitCredentials) -> GitCredentials | None:
        """Others in place of those that Git was refused with; None where there are none."""

    async def credentials_expire(self) -> datetime | None:
        """When what the operator gave us ends; None where it does not, or nobody says so."""

    @property
    def pull_sign(self) -> str:
        """What is written before the number of a pull request, so that it leads there."""

    def pull_head_ref(self, number: int) -> str:
        """The ref in the base repository that holds a pull request's head, also one from a fork."""

    async def pull(self, repo: RepoId, number: int) -> PullRequest: ...

    async def queued(self, repo: RepoId, number: int) -> Queued | None:
        """None for a pull request that is in no queue of merges, and where the forge shows none."""

    async def open_pulls(self, repo: RepoId, *, base: str | None = None) -> Sequence[PullRequest]:
        """Newest first, and of a few thousand only the newest."""

    async def listed_pulls(
        self, repo: RepoId, *, state: PullState | None, limit: int
    ) -> Sequence[ListedPull]:
        """The `limit` newest, drafts included; with `state` None whatever their state."""

    async def pulls_of_commit(self, repo: RepoId, sha: Sha) -> Sequence[PullRequest]:
        """The pull requests that a commit came in with or, while they are open, belongs to. Empty where none is
        known: a commit of a fork may be unknown to the base repository.
        """

    def as_kept(self, body: str) -> str:
        """A comment's text as this forge takes and keeps it: no longer than it may be, and nothing in it that the
        forge would take for a command.
        """

    async def comments(self, repo: RepoId, number: int) -> Sequence[Comment]:
        """Oldest first."""

    async def create_comment(self, repo: RepoId, number: int, body: str) -> Comment:
        """Use `bot.forge.sticky` for a comment that exists once; this one doubles when it is tried again."""

    async def update_comment(self, repo: RepoId, number: int, comment: CommentId, body: str) -> Comment: ...

    async def delete_comment(self, repo: RepoId, number: int, comment: CommentId) -> None:
        """A comment that is gone already is no error."""

    async def find_check(self, repo: RepoId, sha: Sha, name: str, *, pull: int | None = None) -> Check | None:
        """Our own newest check of this name on this commit.

        `pull` is the pull request it is about: then a verdict counts only where the forge looks for it by now, and one
        that is under way is found wherever it was left.
        """

    async def put_check(self, repo: RepoId, report: CheckReport) -> Check:
        """Make the commit's check say this. What is longer than the forge takes is cut and says so."""

    async def find_deployment(
        self, repo: RepoId, sha: Sha, environment: str, key: str
    ) -> Deployment | None: ...

    async def put_deployment(self, repo: RepoId, report: DeploymentReport) -> Deployment:
        """Make the deployment with this key say this, and create it where there is none yet."""

    async def approvals(self, repo: RepoId, number: int) -> Approvals: ...

    async def branch_rules(self, repo: RepoId, branch: str) -> BranchRules: ...

    async def environment_rules(self, repo: RepoId, environment: str) -> EnvironmentRules | None:
        """None where the environment is not protected, does not exist, or cannot be read."""

    async def code_owners(self, repo: RepoId, ref: str) -> CodeOwners | None:
        """As the ref has them; None where it has no such file."""

    async def commit(self, repo: RepoId, commit: NewCommit) -> Sha:
        """Make it. Raises ForgeConflict where the branch is not at `expected`; it may still have moved meanwhile."""
