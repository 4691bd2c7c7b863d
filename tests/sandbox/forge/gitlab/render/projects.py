"""Projects, as their members see them and as webhooks name them."""

from typing import Any

from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render.people import VISIBILITY
from tests.sandbox.forge.gitlab.site import timestamp
from tests.sandbox.forge.gitlab.state import State

Json = dict[str, Any]
LEVELS = {True: 0, False: 20}


def address(state: State, known: Repository) -> str:
    return f"{state.site.web}/{known.full_name}"


def _git(state: State, known: Repository) -> tuple[str, str]:
    return f"git@{state.site.host}:{known.full_name}.git", f"{address(state, known)}.git"


def _namespace(state: State, known: Repository) -> Json:
    owner, group = known.owner, state.members.group_of(known)
    kind = "group" if group else "user"
    return {
        "id": owner.id,
        "name": owner.name,
        "path": owner.login.rpartition("/")[2],
        "kind": kind,
        "full_path": owner.login,
        "parent_id": group.parent.id if group and group.parent else None,
        "avatar_url": None,
        "web_url": f"{state.site.web}/{'groups/' if group else ''}{owner.login}",
    }


def _full_title(known: Repository) -> str:
    return f"{known.owner.login.replace('/', ' / ')} / {known.name}"


def identity(state: State, known: Repository, *, is_empty: bool = False) -> Json:
    """What a fork says of where it came from. Without any commit there is no default branch."""
    ssh, http = _git(state, known)
    return {
        "id": known.id,
        "description": state.projects.of(known).description,
        "name": known.name,
        "name_with_namespace": _full_title(known),
        "path": known.name,
        "path_with_namespace": known.full_name,
        "created_at": timestamp(known.created_at),
        "default_branch": None if is_empty else known.default_branch,
        "tag_list": list(known.topics),
        "topics": list(known.topics),
        "ssh_url_to_repo": ssh,
        "http_url_to_repo": http,
        "web_url": address(state, known),
        "readme_url": None,
        "forks_count": sum(other.fork_of is known for other in state.forge.repositories),
        "avatar_url": None,
        "star_count": 0,
        "last_activity_at": timestamp(known.pushed_at),
        "visibility": VISIBILITY[known.is_private],
        "namespace": _namespace(state, known),
    }


def project(state: State, known: Repository, user: User | None, *, is_empty: bool = False) -> Json:
    details = state.projects.of(known)
    shown: Json = {
        **identity(state, known, is_empty=is_empty),
        "empty_repo": is_empty,
        "archived": known.is_archived,
        "resolve_outdated_diff_discussions": False,
        "issues_enabled": True,
        "merge_requests_enabled": True,
        "wiki_enabled": True,
        "jobs_enabled": True,
        "snippets_enabled": True,
        "container_registry_enabled": True,
        "lfs_enabled": True,
        "issues_access_level": "enabled",
        "repository_access_level": "enabled",
        "merge_requests_access_level": "enabled",
        "forking_access_level": "enabled",
        "builds_access_level": "enabled",
        "environments_access_level": "enabled",
        "container_registry_access_level": "enabled",
        "creator_id": known.owner.id,
        "import_status": "none",
        "open_issues_count": 0,
        "description_html": "",
        "updated_at": timestamp(known.pushed_at),
        "ci_config_path": "",
        "shared_runners_enabled": True,
        "public_jobs": True,
        "shared_with_groups": [],
        "only_allow_merge_if_pipeline_succeeds": details.must_pipeline_succeed,
        "allow_merge_on_skipped_pipeline": details.may_skip_pipeline,
        "only_allow_merge_if_all_discussions_are_resolved": details.must_resolve_discussions,
        "request_access_enabled": True,
        "remove_source_branch_after_merge": True,
        "printing_merge_request_link_enabled": True,
        "merge_method": details.merge_method,
        "squash_option": details.squash_option,
        "suggestion_commit_message": None,
        "merge_commit_template": None,
        "squash_commit_template": None,
        "autoclose_referenced_issues": True,
        "approvals_before_merge": 0,
        "merge_pipelines_enabled": details.merge_pipelines,
        "merge_trains_enabled": details.merge_trains,
        "only_allow_merge_if_all_status_checks_passed": details.must_status_checks_pass,
        "permissions": _permissions(state, known, user),
    }
    if known.fork_of is not None:
        shown["forked_from_project"] = identity(state, known.fork_of)
    return shown


def _permissions(state: State, known: Repository, user: User | None) -> Json:
    def shown(level: Level) -> Json | None:
        return {"access_level": int(level), "notification_level": 3} if level else None

    if user is None:
        return {"project_access": None, "group_access": None}
    group = state.members.group_of(known)
    direct = state.members.direct(known).get(user, Level.NONE)
    if group is None and known.owner is user:
        direct = Level.OWNER
    above = state.members.level_in_group(user, group) if group else Level.NONE
    return {"project_access": shown(direct), "group_access": shown(above)}


def in_hook(state: State, known: Repository, *, with_id: bool = True) -> Json:
    """As webhooks name a project; as source and target of a merge request it has no id."""
    ssh, http = _git(state, known)
    web = address(state, known)
    shown: Json = {
        "name": known.name,
        "description": state.projects.of(known).description,
        "web_url": web,
        "avatar_url": None,
        "git_ssh_url": ssh,
        "git_http_url": http,
        "namespace": known.owner.name,
        "visibility_level": LEVELS[known.is_private],
        "path_with_namespace": known.full_name,
        "default_branch": known.default_branch,
        "ci_config_path": "",
        "homepage": web,
        "url": ssh,
        "ssh_url": ssh,
        "http_url": http,
    }
    return {"id": known.id, **shown} if with_id else shown


def repository_in_hook(state: State, known: Repository) -> Json:
    """The older name for the same thing, which webhooks still carry."""
    ssh, _ = _git(state, known)
    description = state.projects.of(known).description
    return {"name": known.name, "url": ssh, "description": description, "homepage": address(state, known)}
