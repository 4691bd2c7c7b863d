"""The fields of GitLab's deliveries that are read; its objects have dozens more."""

from typing import Annotated

import msgspec

Path = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?:(?!\.{1,2}/)[A-Za-z0-9_.-]{1,255}/){1,21}(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,255}\Z",
        max_length=1024,
    ),
]
"""A project below any number of groups."""
CommitId = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Text = Annotated[str, msgspec.Meta(max_length=1024)]
RefName = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Login = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,255}\Z")]
HeaderWord = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


class Payload(msgspec.Struct):
    """Base of the shapes here."""


class Kind(Payload):
    object_kind: Text = ""
    event_name: Text = ""


class Project(Payload):
    path_with_namespace: Path
    id: Number | None = None


class Commit(Payload):
    id: CommitId


class MergeRequest(Payload):
    iid: Number
    last_commit: Commit | None = None


class MergeRequestAttributes(Payload):
    iid: Number
    target_branch: RefName
    state: Text = ""
    action: Text = ""
    oldrev: Text | None = None
    last_commit: Commit | None = None


class Draft(Payload):
    current: bool | None = None


class Anything(Payload):
    """What matters is that it is there."""


class Changes(Payload):
    target_branch: Anything | None = None
    draft: Draft | None = None


class MergeRequestPayload(Payload):
    project: Project
    object_attributes: MergeRequestAttributes
    changes: Changes = msgspec.field(default_factory=Changes)
    external_approval_rule: Anything | None = None


class PushPayload(Payload):
    ref: RefName
    before: CommitId
    after: CommitId
    project: Project


class Note(Payload):
    id: Number
    note: str = ""
    system: bool = False


class NotePayload(Payload):
    project: Project
    object_attributes: Note
    merge_request: MergeRequest | None = None


class PipelineAttributes(Payload):
    status: Text
    source: Text = ""


class PipelinePayload(Payload):
    project: Project
    object_attributes: PipelineAttributes
    merge_request: MergeRequest | None = None


class DeploymentPayload(Payload):
    project: Project
    environment: Text


class Emoji(Payload):
    name: Text
    action: Text = "award"


class Person(Payload):
    id: Number
    username: Login


class EmojiPayload(Payload):
    project: Project
    user: Person
    object_attributes: Emoji
    note: Note | None = None
    merge_request: MergeRequest | None = None


class ProjectPayload(Payload):
    event_name: Text
    path_with_namespace: Path
