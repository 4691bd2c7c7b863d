"""GitLab's answers, as far as they are read (`bot.forge.shaped`)."""

from datetime import UTC, date, datetime, time

import msgspec

from bot.model.repo import Actor

GHOST = Actor("ghost", 0)
"""Whom GitLab names where an account is gone."""


class User(msgspec.Struct):
    username: str
    id: int
    bot: bool = False

    @property
    def actor(self) -> Actor:
        return Actor(self.username, self.id, is_bot=self.bot)


class AccessToken(msgspec.Struct):
    """`expires_at` is a day, on whose beginning (UTC) it ends."""

    name: str
    scopes: list[str]
    active: bool = True
    expires_at: date | None = None

    @property
    def ends_at(self) -> datetime | None:
        return datetime.combine(self.expires_at, time(), UTC) if self.expires_at else None


class Hook(msgspec.Struct):
    """`alert_status` is `executable` while GitLab calls it; `disabled_until` None: for good."""

    id: int
    url: str
    alert_status: str = "executable"
    disabled_until: datetime | None = None


class Project(msgspec.Struct):
    id: int
    path_with_namespace: str
    default_branch: str | None = None


class Commit(msgspec.Struct):
    id: str
    parent_ids: list[str] = []


class Branch(msgspec.Struct):
    name: str
    commit: Commit
    protected: bool = False


class File(msgspec.Struct):
    """`content` is Base64."""

    content: str
    size: int


class DiffRefs(msgspec.Struct):
    base_sha: str | None = None
    start_sha: str | None = None


class Pipeline(msgspec.Struct):
    id: int
    sha: str
    ref: str
    status: str
    project_id: int | None = None
    source: str = ""


class Car(msgspec.Struct):
    """A merge request on a merge train."""

    status: str
    pipeline: Pipeline | None = None


class MergeRequest(msgspec.Struct):
    iid: int
    title: str
    state: str
    web_url: str
    target_branch: str
    source_branch: str
    target_project_id: int
    source_project_id: int | None = None
    sha: str | None = None
    draft: bool = False
    labels: list[str] = []
    author: User | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    diff_refs: DiffRefs | None = None
    head_pipeline: Pipeline | None = None


class Note(msgspec.Struct):
    id: int
    body: str
    updated_at: datetime
    author: User | None = None
    system: bool = False
    resolvable: bool = False
    resolved: bool = False


class Discussion(msgspec.Struct):
    id: str
    notes: list[Note]
    individual_note: bool = False


class Status(msgspec.Struct):
    id: int
    name: str
    sha: str
    status: str
    ref: str | None = None
    description: str | None = None
    target_url: str | None = None
    pipeline_id: int | None = None
    author: User | None = None


class StatusCheck(msgspec.Struct):
    """An external status check as a merge request has it."""

    id: int
    name: str
    status: str


class Environment(msgspec.Struct):
    name: str


class Deployment(msgspec.Struct):
    id: int
    sha: str
    ref: str
    status: str
    environment: Environment | None = None
    user: User | None = None
    deployable: dict[str, object] | None = None


class Member(msgspec.Struct):
    id: int
    access_level: int
    state: str = "active"


class Approver(msgspec.Struct):
    user: User


class MergeRequestApprovals(msgspec.Struct):
    approved_by: list[Approver] = []


class ApprovalRule(msgspec.Struct):
    name: str
    approvals_required: int = 0
    approved_by: list[User] = []


class ApprovalState(msgspec.Struct):
    rules: list[ApprovalRule] = []


class ProtectedBranch(msgspec.Struct):
    name: str
    allow_force_push: bool = False
    code_owner_approval_required: bool = False


class MergeSettings(msgspec.Struct):
    only_allow_merge_if_pipeline_succeeds: bool = False


class ProjectApprovalRule(msgspec.Struct):
    name: str
    approvals_required: int = 0
    protected_branches: list[ProtectedBranch] = []
    applies_to_all_protected_branches: bool = False


class AccessLevel(msgspec.Struct):
    access_level_description: str = ""


class EnvironmentApprovalRule(msgspec.Struct):
    required_approvals: int = 0


class ProtectedEnvironment(msgspec.Struct):
    name: str
    required_approval_count: int = 0
    deploy_access_levels: list[AccessLevel] = []
    approval_rules: list[EnvironmentApprovalRule] = []
