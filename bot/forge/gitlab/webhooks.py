"""GitLab's webhooks: proof of origin, delivery id, and the few events that wake something.

The invariant: only fields declared in `payloads` are read, and a value that is not of the declared shape never gets
past this module, so that what becomes a queue key is a repository path, a number or a commit id and nothing else.
What kind of event it is the body says: hooks of a project, of a group and of the instance name it differently.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec

from bot.forge.gitlab import signatures
from bot.forge.gitlab.payloads import (
    DeploymentPayload,
    EmojiPayload,
    HeaderWord,
    Kind,
    MergeRequest,
    MergeRequestPayload,
    NotePayload,
    Payload,
    PipelinePayload,
    ProjectPayload,
    PushPayload,
)
from bot.forge.marker import has_marker
from bot.forge.webhooks import (
    CheckRerequested,
    Commented,
    DeliveryId,
    DeploymentChanged,
    Event,
    MalformedEvent,
    PullAction,
    PullRequestChanged,
    Pushed,
    RepositoriesChanged,
    VerdictAwaited,
    header,
)
from bot.model.repo import Actor, Sha

disables_hooks: Final = True
"""Four refusals in a row, and GitLab delivers nothing for a minute; forty, and never again."""

verify = signatures.verify
unusable = signatures.unusable

P = TypeVar("P", bound=Payload)

BEGINNING: Final = frozenset({"created", "waiting_for_resource", "preparing", "pending", "running"})
NOT_FOR_US: Final = frozenset({"external", "parent_pipeline"})
"""Pipelines that a status (ours, for one) made, and parts of another pipeline."""

AGAIN: Final = frozenset({"repeat", "arrows_counterclockwise"})
"""Reactions to our comment that ask for the plan again: there is no button for that."""

PULL_ACTIONS: Final[Mapping[str, PullAction]] = {
    "open": PullAction.OPENED,
    "reopen": PullAction.REOPENED,
    "close": PullAction.CLOSED,
    "merge": PullAction.CLOSED,
}


def delivery(headers: Mapping[str, str]) -> DeliveryId:
    hook = _word(headers, "x-gitlab-webhook-uuid") or "none"
    key = _word(headers, "idempotency-key") or _word(headers, "x-gitlab-event-uuid")
    # Old versions, and what external status checks are asked with, name none: such a delivery is always a new one.
    return DeliveryId(hook, key or uuid.uuid4().hex)


def normalise(headers: Mapping[str, str], body: bytes) -> Event | None:  # noqa: ARG001 - the body says what it is
    kind = _decode(body, Kind)
    read = READERS.get(kind.object_kind or kind.event_name)
    return read(body) if read else None


def _merge_request(body: bytes) -> Event | None:
    payload = _decode(body, MergeRequestPayload)
    about, project = payload.object_attributes, payload.project
    if payload.external_approval_rule is not None:
        return VerdictAwaited(project.path_with_namespace, about.iid, project.id)
    action = PULL_ACTIONS.get(about.action) if about.action != "update" else _update(payload)
    if action is None or about.last_commit is None:
        return None
    return PullRequestChanged(
        project.path_with_namespace,
        about.iid,
        action,
        about.target_branch,
        Sha(about.last_commit.id),
        about.state == "merged",
        project.id,
    )


def _update(payload: MergeRequestPayload) -> PullAction | None:
    """Of the many updates there are, the one that changes what a plan says."""
    if payload.object_attributes.oldrev:
        return PullAction.UPDATED
    if payload.changes.target_branch is not None:
        return PullAction.RETARGETED
    if (draft := payload.changes.draft) is not None and draft.current is False:
        return PullAction.READY
    return None


def _push(body: bytes) -> Event:
    payload = _decode(body, PushPayload)
    return Pushed(
        payload.project.path_with_namespace,
        payload.ref,
        Sha(payload.before),
        Sha(payload.after),
        deleted=not payload.after.strip("0"),
        # GitLab does not say; what is delivered is found by ancestry.
        forced=False,
        repo_id=payload.project.id,
    )


def _note(body: bytes) -> Event | None:
    payload = _decode(body, NotePayload)
    note = payload.object_attributes
    # Our own notes come back to us; whoever copies our marker has said nothing to us either.
    if payload.merge_request is None or note.system or has_marker(note.note):
        return None
    return Commented(
        payload.project.path_with_namespace, payload.merge_request.iid, note.id, payload.project.id
    )


def _pipeline(body: bytes) -> Event | None:
    payload = _decode(body, PipelinePayload)
    about = payload.object_attributes
    if payload.merge_request is None or about.status not in BEGINNING or about.source in NOT_FOR_US:
        return None
    return VerdictAwaited(payload.project.path_with_namespace, payload.merge_request.iid, payload.project.id)


def _deployment(body: bytes) -> Event:
    payload = _decode(body, DeploymentPayload)
    return DeploymentChanged(payload.project.path_with_namespace, payload.environment, payload.project.id)


def _emoji(body: bytes) -> Event | None:
    payload = _decode(body, EmojiPayload)
    about, note = payload.object_attributes, payload.note
    if payload.merge_request is None or about.action != "award" or about.name not in AGAIN:
        return None
    if note is None or not has_marker(note.note):
        return None
    pull, project = payload.merge_request, payload.project
    # On a public project anybody may react.
    by = Actor(payload.user.username, payload.user.id)
    return CheckRerequested(project.path_with_namespace, _head(pull), None, "", (pull.iid,), project.id, by)


def _head(pull: MergeRequest) -> Sha | None:
    return Sha(pull.last_commit.id) if pull.last_commit else None


def _project(body: bytes) -> Event:
    """A project of the group, or of the instance, was created, renamed, moved or deleted."""
    payload = _decode(body, ProjectPayload)
    if payload.event_name == "project_destroy":
        return RepositoriesChanged(added=(), removed=(payload.path_with_namespace,))
    return RepositoriesChanged(added=(payload.path_with_namespace,), removed=())


READERS: Final[Mapping[str, Callable[[bytes], Event | None]]] = {
    "merge_request": _merge_request,
    "push": _push,
    "tag_push": _push,
    "note": _note,
    "pipeline": _pipeline,
    "deployment": _deployment,
    "emoji": _emoji,
    "project_create": _project,
    "project_rename": _project,
    "project_transfer": _project,
    "project_destroy": _project,
}


def _decode(body: bytes, shape: type[P]) -> P:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent(f"the delivery is no such event: {error}") from error


def _word(headers: Mapping[str, str], name: str) -> str | None:
    value = header(headers, name)
    if value is None:
        return None
    try:
        return msgspec.convert(value, HeaderWord)
    except msgspec.ValidationError as error:
        raise MalformedEvent(f"the {name} header is not one word: {error}") from error
