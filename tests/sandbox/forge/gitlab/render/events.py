"""The bodies of webhooks."""

from collections.abc import Sequence
from typing import Any

from tests.sandbox.forge.core.conversations import Comment, Pull, Reaction
from tests.sandbox.forge.core.delivering import Deployment
from tests.sandbox.forge.core.events import Pushed
from tests.sandbox.forge.core.git_objects import ABSENT, Commit, FileChange
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.pipelines import Pipeline
from tests.sandbox.forge.gitlab.render import people, projects, requests
from tests.sandbox.forge.gitlab.render.notes import author_in_hook
from tests.sandbox.forge.gitlab.site import hook_time
from tests.sandbox.forge.gitlab.state import State

Json = dict[str, Any]
MAX_LISTED_COMMITS = 20
STATE_IDS = {"opened": 1, "closed": 2, "merged": 3}


def commit(state: State, repository: Repository, known: Commit) -> Json:
    return {
        "id": known.sha,
        "message": known.message,
        "title": known.message.split("\n", 1)[0],
        "timestamp": known.committer.date,
        "url": f"{projects.address(state, repository)}/-/commit/{known.sha}",
        "author": {"name": known.author.name, "email": "[REDACTED]"},
    }


def pushed_commit(state: State, repository: Repository, known: Commit, changes: Sequence[FileChange]) -> Json:
    paths: dict[str, list[str]] = {"added": [], "modified": [], "removed": []}
    for change in changes:
        if change.status == "renamed" and change.previous_path:
            paths["removed"].append(change.previous_path)
            paths["added"].append(change.path)
        else:
            paths[change.status if change.status in paths else "modified"].append(change.path)
    return {**commit(state, repository, known), **paths}


def push(state: State, event: Pushed, commits: Sequence[Json], total: int) -> Json:
    known, actor = event.repository, event.actor
    kind = "push" if event.branch is not None else "tag_push"
    protection = state.projects.protection_of(known, event.branch or "")
    described = projects.repository_in_hook(state, known)
    shown = projects.in_hook(state, known)
    return {
        "object_kind": kind,
        "event_name": kind,
        "before": event.before,
        "after": event.after,
        "ref": event.ref,
        "ref_protected": protection is not None,
        "checkout_sha": None if event.after == ABSENT else event.after,
        "message": None,
        "user_id": actor.id,
        "user_name": actor.name,
        "user_username": actor.login,
        "user_email": "",
        "user_avatar": people.avatar(actor),
        "project_id": known.id,
        "project": shown,
        "commits": list(commits)[-MAX_LISTED_COMMITS:],
        "total_commits_count": total,
        "push_options": {},
        "repository": {
            **described,
            "git_http_url": shown["git_http_url"],
            "git_ssh_url": shown["git_ssh_url"],
            "visibility_level": shown["visibility_level"],
        },
    }


def request_attributes(state: State, pull: Pull, head: Commit | None, status: str) -> Json:
    """A merge request as every webhook that is about one carries it."""
    request = state.requests.of(pull)
    source = pull.head_repository or pull.repository
    return {
        "assignee_id": request.assignees[0].id if request.assignees else None,
        "author_id": pull.author.id,
        "created_at": hook_time(pull.created_at),
        "description": pull.body or "",
        "draft": pull.is_draft,
        "head_pipeline_id": (found.id if (found := state.pipelines.head_of(pull)) else None),
        "id": pull.id,
        "iid": pull.number,
        "last_edited_at": None,
        "last_edited_by_id": None,
        "merge_commit_sha": request.merge_commit,
        "merge_error": request.merge_error,
        "merge_params": {"force_remove_source_branch": "1" if request.force_removes_source else "0"},
        "merge_status": requests.merge_status(state, pull),
        "merge_user_id": pull.merged_by.id if pull.merged_by else None,
        "merge_when_pipeline_succeeds": request.auto_merge_by is not None,
        "milestone_id": None,
        "source_branch": pull.head,
        "source_project_id": pull.head_repository.id if pull.head_repository else None,
        "state_id": STATE_IDS[requests.state_of(pull)],
        "target_branch": pull.base,
        "target_project_id": pull.repository.id,
        "time_estimate": 0,
        "title": requests.title_of(pull),
        "updated_at": hook_time(pull.updated_at),
        "updated_by_id": None,
        "prepared_at": hook_time(request.prepared_at) if request.prepared_at else None,
        "assignee_ids": [user.id for user in request.assignees],
        "blocking_discussions_resolved": state.notes.are_resolved(pull.comments),
        "detailed_merge_status": status,
        "first_contribution": False,
        "human_time_change": None,
        "human_time_estimate": None,
        "human_total_time_spent": None,
        "labels": [requests.label_in_hook(pull, label) for label in pull.labels],
        "last_commit": commit(state, source, head) if head else None,
        "reviewer_ids": [user.id for user in request.reviewers],
        "source": projects.in_hook(state, source, with_id=False),
        "state": requests.state_of(pull),
        "system": False,
        "target": projects.in_hook(state, pull.repository, with_id=False),
        "time_change": 0,
        "total_time_spent": 0,
        "url": requests.address(state, pull),
        "work_in_progress": pull.is_draft,
        "approval_rules": [],
    }


def merge_request(state: State, pull: Pull, actor: User, attributes: Json, changes: Json) -> Json:
    request = state.requests.of(pull)
    shown: Json = {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": author_in_hook(actor),
        "project": projects.in_hook(state, pull.repository),
        "object_attributes": attributes,
        "labels": attributes["labels"],
        "changes": changes,
        "repository": projects.repository_in_hook(state, pull.repository),
    }
    if request.assignees:
        shown["assignees"] = [author_in_hook(user) for user in request.assignees]
    if request.reviewers:
        shown["reviewers"] = [
            {**author_in_hook(user), "state": "unreviewed", "re_requested": False}
            for user in request.reviewers
        ]
    return shown


def note(state: State, comment: Comment, actor: User, action: str, about: Json) -> Json:
    """`about` is the commit (`commit`) or the merge request (`merge_request`) that it is on, under that name."""
    detail, thread = state.notes.of(comment), comment.thread
    return {
        "object_kind": "note",
        "event_type": "confidential_note" if detail.is_internal else "note",
        "user": author_in_hook(actor),
        "project_id": thread.repository.id,
        "project": projects.in_hook(state, thread.repository),
        "repository": projects.repository_in_hook(state, thread.repository),
        "object_attributes": {**note_attributes(state, comment, actor, action, about), "action": action},
        **about,
    }


def note_attributes(state: State, comment: Comment, actor: User, action: str, about: Json) -> Json:
    detail, thread = state.notes.of(comment), comment.thread
    commit_id = about["commit"]["id"] if "commit" in about else None
    address = (about.get("commit") or about["merge_request"])["url"]
    return {
        "attachment": None,
        "author_id": comment.author.id,
        "change_position": None,
        "commit_id": commit_id,
        "created_at": hook_time(comment.created_at),
        "discussion_id": detail.discussion.id,
        "id": comment.id,
        "internal": detail.is_internal,
        "line_code": None,
        "note": comment.body,
        "noteable_id": None if commit_id else thread.id,
        "noteable_type": "Commit" if commit_id else "MergeRequest",
        "original_position": None,
        "position": detail.position,
        "project_id": thread.repository.id,
        "resolved_at": hook_time(detail.resolved_at) if detail.resolved_at else None,
        "resolved_by_id": detail.resolved_by.id if detail.resolved_by else None,
        "resolved_by_push": None,
        "st_diff": None,
        "system": detail.is_system,
        "type": detail.kind,
        "updated_at": hook_time(comment.updated_at),
        "updated_by_id": actor.id if action == "update" else None,
        "description": comment.body,
        "url": f"{address}#note_{comment.id}",
    }


def emoji(
    state: State, reaction: Reaction, comment: Comment | None, pull: Pull, action: str, request: Json
) -> Json:
    moment = hook_time(reaction.created_at)
    anchor = f"#note_{comment.id}" if comment else ""
    shown: Json = {
        "object_kind": "emoji",
        "event_type": action,
        "user": author_in_hook(reaction.user),
        "project_id": pull.repository.id,
        "project": projects.in_hook(state, pull.repository),
        "object_attributes": {
            "user_id": reaction.user.id,
            "created_at": moment,
            "id": reaction.id,
            "name": reaction.content,
            "awardable_type": "Note" if comment else "MergeRequest",
            "awardable_id": comment.id if comment else pull.id,
            "updated_at": moment,
            "action": action,
            "awarded_on_url": requests.address(state, pull) + anchor,
        },
        "merge_request": request,
    }
    if comment is not None:
        about = {"merge_request": request}
        shown["note"] = note_attributes(state, comment, comment.author, "create", about)
    return shown


def pipeline(state: State, known: Pipeline, head: Commit) -> Json:
    pull = known.pull
    request = pull and {
        "id": pull.id,
        "iid": pull.number,
        "title": requests.title_of(pull),
        "source_branch": pull.head,
        "source_project_id": pull.head_repository.id if pull.head_repository else None,
        "target_branch": pull.base,
        "target_project_id": pull.repository.id,
        "state": requests.state_of(pull),
        "merge_status": requests.merge_status(state, pull),
        "detailed_merge_status": "unchecked",
        "url": requests.address(state, pull),
    }
    return {
        "object_kind": "pipeline",
        "object_attributes": {
            "id": known.id,
            "iid": known.iid,
            "name": None,
            "ref": known.ref,
            "tag": False,
            "sha": known.sha,
            "before_sha": ABSENT,
            "source": known.source,
            "status": known.state,
            "detailed_status": "passed" if known.state == "success" else known.state,
            "stages": ["external"],
            "created_at": hook_time(known.created_at),
            "finished_at": hook_time(known.finished_at) if known.finished_at else None,
            "duration": None,
            "queued_duration": None,
            "protected_ref": state.projects.protection_of(known.repository, known.ref) is not None,
            "variables": [],
            "url": f"{projects.address(state, known.repository)}/-/pipelines/{known.id}",
        },
        "merge_request": request,
        "user": author_in_hook(known.author),
        "project": projects.in_hook(state, known.repository),
        "commit": commit(state, known.repository, head),
        "builds": [],
    }


def deployment(state: State, repository: Repository, known: Deployment, head: Commit, slug: str) -> Json:
    address = projects.address(state, repository)
    newest = known.statuses[-1]
    return {
        "object_kind": "deployment",
        "status": newest.state,
        "status_changed_at": newest.created_at.strftime("%Y-%m-%d %H:%M:%S +0000"),
        "deployment_id": known.id,
        "deployable_id": None,
        "deployable_url": None,
        "environment": known.environment,
        "environment_tier": "other",
        "environment_slug": slug,
        "environment_external_url": newest.environment_url or None,
        "project": projects.in_hook(state, repository),
        "short_sha": known.sha[:8],
        "user": author_in_hook(newest.creator),
        "user_url": f"{state.site.web}/{newest.creator.login}",
        "commit_url": f"{address}/-/commit/{known.sha}",
        "commit_title": head.message.split("\n", 1)[0],
        "ref": known.ref,
    }
