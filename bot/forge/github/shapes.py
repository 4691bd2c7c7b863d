"""GitHub's answers, as far as they are read (`bot.forge.shaped`)."""

from datetime import datetime
from typing import Any

import msgspec

from bot.model.repo import Actor

GHOST = Actor("ghost", 10137)
"""Whom GitHub names where an account is gone."""


class User(msgspec.Struct):
    login: str
    id: int
    type: str = "User"

    @property
    def actor(self) -> Actor:
        return Actor(self.login, self.id, is_bot=self.type == "Bot")


class Repository(msgspec.Struct):
    full_name: str
    id: int = 0
    default_branch: str = ""
    archived: bool = False


class App(msgspec.Struct):
    id: int
    slug: str
    html_url: str
    permissions: dict[str, str]
    events: list[str]


class Installation(msgspec.Struct):
    id: int
    permissions: dict[str, str]
    html_url: str = ""
    account: User | None = None
    suspended_at: str | None = None

    @property
    def owner(self) -> str:
        return self.account.login if self.account else str(self.id)


class Token(msgspec.Struct):
    token: str
    expires_at: datetime


class Branch(msgspec.Struct):
    ref: str
    sha: str
    repo: Repository | None = None


class Label(msgspec.Struct):
    name: str


class Pull(msgspec.Struct):
    number: int
    title: str
    state: str
    html_url: str
    base: Branch
    head: Branch
    user: User | None = None
    draft: bool = False
    labels: list[Label] = []
    merged_at: str | None = None
    merge_commit_sha: str | None = None


class IssueComment(msgspec.Struct):
    id: int
    html_url: str
    updated_at: datetime
    body: str | None = None
    user: User | None = None


class CheckOutput(msgspec.Struct):
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations_count: int = 0


class CheckApp(msgspec.Struct):
    id: int


class CheckRun(msgspec.Struct):
    id: int
    name: str
    head_sha: str
    status: str
    output: CheckOutput
    conclusion: str | None = None
    external_id: str | None = None
    details_url: str | None = None
    html_url: str | None = None
    app: CheckApp | None = None


class Status(msgspec.Struct):
    """Gitea calls `status` what GitHub calls `state`."""

    id: int
    context: str
    state: str = ""
    status: str = ""
    description: str | None = None
    target_url: str | None = None
    creator: User | None = None

    @property
    def word(self) -> str:
        return self.state or self.status


class Deployment(msgspec.Struct):
    id: int
    sha: str
    environment: str
    payload: dict[str, Any] | str | None = None
    creator: User | None = None


class DeploymentStatus(msgspec.Struct):
    id: int
    state: str
    description: str = ""
    log_url: str = ""
    environment_url: str = ""


class Collaborator(msgspec.Struct):
    permission: str
    role_name: str = ""
    user: User | None = None


class GitObject(msgspec.Struct):
    sha: str
    type: str


class Ref(msgspec.Struct):
    ref: str
    object: GitObject
