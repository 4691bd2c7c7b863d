"""What GitLab keeps about a project beside its repository: settings, protections, environments."""

from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase

from tests.sandbox.forge.core.delivering import Deployment
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.members import Level


@dataclass(frozen=True, slots=True)
class Access:
    """One line of a protection: everybody from a level on, or one person."""

    id: int
    level: Level
    user: User | None = None

    def admits(self, user: User, level: Level) -> bool:
        if self.user is not None:
            return self.user is user
        return self.level is not Level.NONE and level >= self.level


@dataclass(eq=False, slots=True)
class ProtectedBranch:
    """`name` may hold `*`."""

    id: int
    name: str
    push: list[Access]
    merge: list[Access]
    unprotect: list[Access] = field(default_factory=list)
    allows_force_push: bool = False
    needs_code_owner: bool = False


@dataclass(eq=False, slots=True)
class Environment:
    id: int
    name: str
    slug: str
    tier: str
    created_at: datetime
    updated_at: datetime
    external_url: str | None = None
    state: str = "available"
    description: str | None = None


@dataclass(eq=False, slots=True)
class ProtectedEnvironment:
    name: str
    deploy: list[Access]
    approval_rules: list["DeployApprovalRule"] = field(default_factory=list)
    required_approvals: int = 0


@dataclass(frozen=True, slots=True)
class DeployApprovalRule:
    id: int
    level: Level
    user: User | None
    required: int


@dataclass(eq=False, slots=True)
class ApprovalRule:
    """`kind` is any_approver, regular or code_owner; `branches` empty means all."""

    id: int
    name: str
    kind: str
    required: int
    users: list[User] = field(default_factory=list)
    branches: tuple[str, ...] = ()
    section: str | None = None


@dataclass(eq=False, slots=True)
class StatusCheck:
    """An external status check: a service that GitLab asks about every head."""

    id: int
    name: str
    url: str
    branches: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class Project:
    description: str | None = None
    # merge, rebase_merge (semi-linear) or ff.
    merge_method: str = "merge"
    # never, always, default_on or default_off.
    squash_option: str = "default_off"
    must_pipeline_succeed: bool = False
    may_skip_pipeline: bool = False
    must_resolve_discussions: bool = False
    must_status_checks_pass: bool = False
    merge_pipelines: bool = False
    merge_trains: bool = False
    protected: dict[str, ProtectedBranch] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    protected_environments: dict[str, ProtectedEnvironment] = field(default_factory=dict)
    approval_rules: list[ApprovalRule] = field(default_factory=list)
    resets_approvals_on_push: bool = True
    authors_may_approve: bool = False
    status_checks: list[StatusCheck] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody said to a deployment that waited for it: approved or rejected."""

    user: User
    status: str
    created_at: datetime
    comment: str


@dataclass(eq=False, slots=True)
class DeploymentDetail:
    iid: int
    is_tag: bool
    updated_at: datetime
    approvals: list[Approval] = field(default_factory=list)


@dataclass(slots=True)
class Projects:
    deployments: dict[Deployment, DeploymentDetail] = field(default_factory=dict)
    _by_repository: dict[Repository, Project] = field(default_factory=dict)

    def add_deployment(
        self, repository: Repository, known: Deployment, now: datetime, *, is_tag: bool
    ) -> None:
        self.deployments[known] = DeploymentDetail(len(repository.deployments) + 1, is_tag, now)

    def of(self, repository: Repository) -> Project:
        return self._by_repository.setdefault(repository, Project())

    def protection_of(self, repository: Repository, branch: str) -> ProtectedBranch | None:
        """The one of exactly that name, else the first whose pattern matches."""
        protected = self.of(repository).protected
        exact = protected.get(branch)
        return exact or next((known for known in protected.values() if fnmatchcase(branch, known.name)), None)
