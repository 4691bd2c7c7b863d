"""Notes, discussions and award emoji."""

from typing import Any

from tests.sandbox.forge.core.conversations import Comment, Reaction, Thread
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab.notes import CommitThread, Discussion
from tests.sandbox.forge.gitlab.render import people
from tests.sandbox.forge.gitlab.site import Site, maybe_timestamp, timestamp
from tests.sandbox.forge.gitlab.state import State

Json = dict[str, Any]


def note(state: State, known: Comment) -> Json:
    """About a commit it has neither id nor number to stand on, and cannot be resolved."""
    detail, thread = state.notes.of(known), known.thread
    is_of_commit = isinstance(thread, CommitThread)
    is_resolvable = detail.is_resolvable and not is_of_commit
    shown: Json = {
        "id": known.id,
        "type": detail.kind,
        "body": known.body,
        "attachment": None,
        "author": people.user(state.site, known.author),
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.updated_at),
        "system": detail.is_system,
        "noteable_id": None if is_of_commit else thread.id,
        "noteable_type": "Commit" if is_of_commit else "MergeRequest",
        "project_id": thread.repository.id,
        "resolvable": is_resolvable,
        "confidential": detail.is_internal,
        "internal": detail.is_internal,
        "imported": False,
        "imported_from": "none",
        "noteable_iid": None if is_of_commit else thread.number,
        "commands_changes": {},
    }
    if detail.position is not None:
        shown["position"] = detail.position
        shown["commit_id"] = None
    if is_resolvable:
        shown["resolved"] = detail.resolved_by is not None
        shown["resolved_by"] = people.maybe_user(state.site, detail.resolved_by)
        shown["resolved_at"] = maybe_timestamp(detail.resolved_at)
    return shown


def discussion(state: State, known: Discussion, notes: list[Comment]) -> Json:
    shown = [note(state, comment) for comment in notes]
    return {"id": known.id, "individual_note": known.is_individual, "notes": shown}


def award(site: Site, known: Reaction, awarded: Comment | Thread) -> Json:
    return {
        "id": known.id,
        "name": known.content,
        "user": people.user(site, known.user),
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.created_at),
        "awardable_id": awarded.id,
        "awardable_type": "Note" if isinstance(awarded, Comment) else "MergeRequest",
        "url": None,
    }


def author_in_hook(known: User) -> Json:
    """The person who did it, as every webhook names them; the address is never shown."""
    return {
        "id": known.id,
        "name": known.name,
        "username": known.login,
        "avatar_url": people.avatar(known),
        "email": "[REDACTED]",
    }
