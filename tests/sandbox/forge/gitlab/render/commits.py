"""Commits, branches, tags and statuses."""

from typing import Any

from tests.sandbox.forge.core.git_objects import Commit, FileChange
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.pipelines import CommitStatus, Pipeline
from tests.sandbox.forge.gitlab.render import people, projects
from tests.sandbox.forge.gitlab.site import Site, maybe_timestamp, timestamp
from tests.sandbox.forge.gitlab.state import State

Json = dict[str, Any]


def _title(known: Commit) -> str:
    return known.message.split("\n", 1)[0]


def commit(state: State, repository: Repository, known: Commit) -> Json:
    return {
        "id": known.sha,
        "short_id": known.sha[:8],
        "created_at": _iso(known.committer.date),
        "parent_ids": list(known.parents),
        "title": _title(known),
        "message": known.message,
        "author_name": known.author.name,
        "author_email": known.author.email,
        "authored_date": _iso(known.author.date),
        "committer_name": known.committer.name,
        "committer_email": known.committer.email,
        "committed_date": _iso(known.committer.date),
        "trailers": {},
        "extended_trailers": {},
        "web_url": f"{projects.address(state, repository)}/-/commit/{known.sha}",
    }


def _iso(date: str) -> str:
    """git writes seconds; GitLab writes milliseconds."""
    return f"{date[:19]}.000{date[19:]}"


def whole_commit(
    state: State, repository: Repository, known: Commit, changes: list[FileChange] | None
) -> Json:
    """`changes` None leaves the statistics out, as `stats=false` does."""
    newest = next((p for p in state.pipelines.of(repository) if p.sha == known.sha), None)
    shown = {
        **commit(state, repository, known),
        "status": newest.state if newest else None,
        "project_id": repository.id,
        "last_pipeline": pipeline(state, newest) if newest else None,
    }
    if changes is not None:
        added, deleted = (sum(getattr(c, name) for c in changes) for name in ("additions", "deletions"))
        shown["stats"] = {"additions": added, "deletions": deleted, "total": added + deleted}
    return shown


def branch(
    state: State,
    repository: Repository,
    name: str,
    known: Commit,
    *,
    can_push: bool,
    is_merged: bool,
    is_listed: bool,
) -> Json:
    protection = state.projects.protection_of(repository, name)
    return {
        "name": name,
        # A list of branches does not look for parents.
        "commit": {**commit(state, repository, known), **({"parent_ids": []} if is_listed else {})},
        "merged": is_merged,
        "protected": protection is not None,
        "developers_can_push": protection is None
        or any(int(access.level) == 30 for access in protection.push),
        "developers_can_merge": protection is None
        or any(int(access.level) == 30 for access in protection.merge),
        "can_push": can_push,
        "default": name == repository.default_branch,
        "web_url": f"{projects.address(state, repository)}/-/tree/{name}",
    }


def status(site: Site, known: CommitStatus) -> Json:
    return {
        "id": known.id,
        "sha": known.pipeline.sha,
        "ref": known.ref,
        "status": known.state,
        "name": known.name,
        "target_url": known.target_url,
        "description": known.description,
        "created_at": timestamp(known.created_at),
        "started_at": maybe_timestamp(known.started_at),
        "finished_at": maybe_timestamp(known.finished_at),
        "allow_failure": known.allow_failure,
        "coverage": known.coverage,
        "pipeline_id": known.pipeline.id,
        "author": people.user(site, known.author),
    }


def pipeline(state: State, known: Pipeline) -> Json:
    return {
        "id": known.id,
        "iid": known.iid,
        "project_id": known.repository.id,
        "sha": known.sha,
        "ref": known.ref,
        "status": known.state,
        "source": known.source,
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.updated_at),
        "web_url": f"{projects.address(state, known.repository)}/-/pipelines/{known.id}",
    }


def whole_pipeline(state: State, known: Pipeline) -> Json:
    path = f"/{known.repository.full_name}/-/pipelines/{known.id}"
    return {
        **pipeline(state, known),
        "before_sha": "0" * 40,
        "tag": False,
        "name": None,
        "yaml_errors": None,
        "user": people.user(state.site, known.author),
        "started_at": None,
        "finished_at": maybe_timestamp(known.finished_at),
        "committed_at": None,
        "duration": None,
        "queued_duration": None,
        "coverage": None,
        "archived": False,
        "detailed_status": {
            "icon": f"status_{known.state}",
            "text": known.state.title(),
            "label": known.state,
            "group": known.state,
            "tooltip": known.state,
            "has_details": False,
            "details_path": path,
            "illustration": None,
            "favicon": f"/assets/ci_favicons/favicon_status_{known.state}.png",
        },
    }
