"""Merge requests, in lists and whole."""

from dataclasses import dataclass
from typing import Any

from tests.sandbox.forge.core.conversations import Label, Mergeability, Pull
from tests.sandbox.forge.core.git_objects import Patch
from tests.sandbox.forge.gitlab.render import commits, people, projects
from tests.sandbox.forge.gitlab.requests import Version
from tests.sandbox.forge.gitlab.site import maybe_timestamp, timestamp
from tests.sandbox.forge.gitlab.state import State

Json = dict[str, Any]
MERGE_STATUS = {
    Mergeability.UNKNOWN: "unchecked",
    Mergeability.CLEAN: "can_be_merged",
    Mergeability.CONFLICTING: "cannot_be_merged",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What has to be found out before one can be shown: where it stands, and what stands in its way."""

    detailed_status: str
    changes_count: str | None = None
    can_merge: bool = False
    diverged: int | None = None


def address(state: State, pull: Pull) -> str:
    return f"{projects.address(state, pull.repository)}/-/merge_requests/{pull.number}"


def state_of(pull: Pull) -> str:
    if pull.is_open:
        return "opened"
    return "merged" if pull.is_merged else "closed"


def title_of(pull: Pull) -> str:
    """A draft is one by its title."""
    return f"Draft: {pull.title}" if pull.is_draft and not pull.title.startswith("Draft:") else pull.title


def merge_status(state: State, pull: Pull) -> str:
    request = state.requests.of(pull)
    if request.is_preparing:
        return "preparing"
    if pull.mergeability is Mergeability.UNKNOWN and request.is_checking:
        return "checking"
    return MERGE_STATUS[pull.mergeability]


def basic(state: State, pull: Pull, sight: Sight) -> Json:
    request, site = state.requests.of(pull), state.site
    reference = f"!{pull.number}"
    source = pull.head_repository
    merged_by = people.maybe_user(site, pull.merged_by)
    shown = {
        "id": pull.id,
        "iid": pull.number,
        "project_id": pull.repository.id,
        "title": title_of(pull),
        "description": pull.body,
        "state": state_of(pull),
        "created_at": timestamp(pull.created_at),
        "updated_at": timestamp(pull.updated_at),
        "merged_by": merged_by,
        "merge_user": merged_by or people.maybe_user(site, request.auto_merge_by),
        "merged_at": maybe_timestamp(pull.merged_at),
        "merge_after": None,
        "closed_by": people.maybe_user(site, request.closed_by),
        "closed_at": None if pull.is_merged else maybe_timestamp(pull.closed_at),
        "target_branch": pull.base,
        "source_branch": pull.head,
        "user_notes_count": sum(not state.notes.of(comment).is_system for comment in pull.comments),
        "upvotes": sum(reaction.content == "thumbsup" for reaction in pull.reactions),
        "downvotes": sum(reaction.content == "thumbsdown" for reaction in pull.reactions),
        "author": people.user(site, pull.author),
        "assignees": people.users(site, request.assignees),
        "assignee": people.maybe_user(site, request.assignees[0] if request.assignees else None),
        "reviewers": people.users(site, request.reviewers),
        "source_project_id": source.id if source else None,
        "target_project_id": pull.repository.id,
        "labels": [label.name for label in pull.labels],
        "draft": pull.is_draft,
        "imported": False,
        "imported_from": "none",
        "work_in_progress": pull.is_draft,
        "milestone": None,
        "merge_when_pipeline_succeeds": request.auto_merge_by is not None,
        "merge_status": merge_status(state, pull),
        "detailed_merge_status": sight.detailed_status,
        "sha": pull.head_sha or None,
        "merge_commit_sha": request.merge_commit,
        "squash_commit_sha": request.squash_sha,
        "discussion_locked": None,
        "should_remove_source_branch": request.removes_source,
        "force_remove_source_branch": request.force_removes_source,
        "prepared_at": maybe_timestamp(request.prepared_at),
        "reference": reference,
        "references": {
            "short": reference,
            "relative": reference,
            "full": f"{pull.repository.full_name}{reference}",
        },
        "web_url": address(state, pull),
        "time_stats": {
            "time_estimate": 0,
            "total_time_spent": 0,
            "human_time_estimate": None,
            "human_total_time_spent": None,
        },
        "squash": request.squash,
        "squash_on_merge": request.squash,
        "task_completion_status": {"count": 0, "completed_count": 0},
        "has_conflicts": pull.mergeability is Mergeability.CONFLICTING,
        "blocking_discussions_resolved": state.notes.are_resolved(pull.comments),
    }
    if pull.is_from_fork:
        shown |= {"allow_collaboration": False, "allow_maintainer_to_push": False}
    return shown


def whole(state: State, pull: Pull, sight: Sight) -> Json:
    request = state.requests.of(pull)
    head = state.pipelines.head_of(pull)
    newest = request.newest
    shown = {
        **basic(state, pull, sight),
        "subscribed": False,
        "changes_count": sight.changes_count,
        "latest_build_started_at": None,
        "latest_build_finished_at": None,
        "first_deployed_to_production_at": None,
        "pipeline": commits.pipeline(state, head) if head else None,
        "head_pipeline": commits.whole_pipeline(state, head) if head else None,
        "diff_refs": {
            "base_sha": newest.base if newest else None,
            "head_sha": newest.head if newest else None,
            "start_sha": newest.start if newest else pull.base_sha,
        },
        "merge_error": request.merge_error,
        "first_contribution": False,
        "user": {"can_merge": sight.can_merge},
    }
    if sight.diverged is not None:
        shown["diverged_commits_count"] = sight.diverged
    return shown


def version(pull: Pull, known: Version) -> Json:
    return {
        "id": known.id,
        "head_commit_sha": known.head,
        "base_commit_sha": known.base,
        "start_commit_sha": known.start,
        "created_at": timestamp(known.created_at),
        "merge_request_id": pull.id,
        "state": "collected",
        "real_size": "1",
        "patch_id_sha": None,
    }


def diff(patch: Patch) -> Json:
    change = patch.change
    return {
        "old_path": change.previous_path or change.path,
        "new_path": change.path,
        "a_mode": patch.old_mode,
        "b_mode": patch.new_mode,
        "diff": patch.hunks,
        "collapsed": False,
        "too_large": False,
        "new_file": change.status == "added",
        "renamed_file": change.status == "renamed",
        "deleted_file": change.status == "removed",
        "generated_file": False,
    }


def label_in_hook(pull: Pull, known: Label) -> Json:
    moment = pull.created_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return {
        "id": known.id,
        "title": known.name,
        "color": f"#{known.color}",
        "project_id": pull.repository.id,
        "created_at": moment,
        "updated_at": moment,
        "template": False,
        "description": known.description,
        "type": "ProjectLabel",
        "group_id": None,
    }
