"""The fields of GitHub's deliveries that are read; its objects have hundreds more."""

from typing import Annotated

import msgspec

Path = Annotated[
    str, msgspec.Meta(pattern=r"^(?!\.{1,2}/)[A-Za-z0-9_.-]{1,100}/(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,100}\Z")
]
CommitId = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Text = Annotated[str, msgspec.Meta(max_length=65_536)]
RefName = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
HeaderWord = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


class Payload(msgspec.Struct):
    """GitHub's objects have hundreds of fields; a struct here has the ones that are read."""


class Repository(Payload):
    full_name: Path
    id: Number | None = None


class Base(Payload):
    ref: RefName


class Head(Payload):
    sha: CommitId


class Pull(Payload):
    number: Number
    base: Base
    head: Head
    merged: bool = False
    draft: bool = False


class Old(Payload):
    old: str = msgspec.field(name="from", default="")


class BaseChange(Payload):
    ref: Old | None = None


class Changes(Payload):
    """What GitHub calls `base`, Gitea calls `ref`."""

    base: BaseChange | None = None
    ref: Old | None = None
    title: Old | None = None


class PullRequestPayload(Payload):
    action: str
    pull_request: Pull
    repository: Repository
    changes: Changes | None = None


class PushPayload(Payload):
    ref: RefName
    before: CommitId
    after: CommitId
    repository: Repository
    deleted: bool = False
    forced: bool = False


class PullNumber(Payload):
    number: Number


class CheckRun(Payload):
    name: Text
    head_sha: CommitId
    external_id: Text | None = None
    pull_requests: tuple[PullNumber, ...] = ()


class CheckRunPayload(Payload):
    action: str
    check_run: CheckRun
    repository: Repository


class CheckSuite(Payload):
    head_sha: CommitId
    pull_requests: tuple[PullNumber, ...] = ()


class CheckSuitePayload(Payload):
    action: str
    check_suite: CheckSuite
    repository: Repository


class IssueLink(Payload):
    """That it is there says that the issue is a pull request; what is in it is not the same everywhere."""


class Issue(Payload):
    number: Number
    pull_request: IssueLink | None = None


class Remark(Payload):
    id: Number
    body: str | None = None


class IssueCommentPayload(Payload):
    action: str
    issue: Issue
    comment: Remark
    repository: Repository


class InstallationPayload(Payload):
    action: str
    repositories: tuple[Repository, ...] = ()


class InstallationRepositoriesPayload(Payload):
    repositories_added: tuple[Repository, ...] = ()
    repositories_removed: tuple[Repository, ...] = ()
