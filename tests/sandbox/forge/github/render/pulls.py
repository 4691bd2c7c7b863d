"""Pull requests as GitHub shows them: short in lists, whole when asked for one."""

from dataclasses import dataclass
from typing import Any

from tests.sandbox.forge.core.conversations import Label, Mergeability, Pull
from tests.sandbox.forge.core.people import Role, User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.render.people import maybe_user, user
from tests.sandbox.forge.github.render.repositories import api_url, repository
from tests.sandbox.forge.github.site import Site, maybe_timestamp, node_id, timestamp

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a pull request changes; counting it takes git."""

    commits: int
    changed_files: int
    additions: int
    deletions: int


def label(site: Site, known: Repository, shown: Label) -> Json:
    return {
        "id": shown.id,
        "node_id": node_id("Label", shown.id),
        "url": f"{api_url(site, known)}/labels/{shown.name}",
        "name": shown.name,
        "description": shown.description or "",
        "color": shown.color,
        "default": False,
    }


def association(known: Repository, person: User) -> str:
    if person is known.owner:
        return "OWNER"
    return "COLLABORATOR" if known.roles.get(person, Role.NONE) >= Role.WRITE else "NONE"


def _side(site: Site, known: Repository | None, branch: str, sha: str) -> Json:
    owner = known.owner if known is not None else None
    return {
        "label": f"{owner.login if owner else 'unknown'}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": maybe_user(site, owner),
        "repo": repository(site, known) if known is not None else None,
    }


def _links(site: Site, known: Pull) -> Json:
    api = api_url(site, known.repository)
    issue, pull = f"{api}/issues/{known.number}", f"{api}/pulls/{known.number}"
    targets = {
        "self": pull,
        "html": f"{site.web}/{known.repository.full_name}/pull/{known.number}",
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{pull}/comments",
        "review_comment": f"{api}/pulls/comments{{/number}}",
        "commits": f"{pull}/commits",
        "statuses": f"{api}/statuses/{known.head_sha}",
    }
    return {name: {"href": target} for name, target in targets.items()}


def short_pull(site: Site, known: Pull) -> Json:
    links = _links(site, known)
    html_url = links["html"]["href"]
    return {
        "url": links["self"]["href"],
        "id": known.id,
        "node_id": node_id("PullRequest", known.id),
        "html_url": html_url,
        "diff_url": f"{html_url}.diff",
        "patch_url": f"{html_url}.patch",
        **{
            f"{name}_url": links[name]["href"]
            for name in ("issue", "commits", "review_comments", "review_comment", "comments", "statuses")
        },
        "number": known.number,
        "state": "open" if known.is_open else "closed",
        "locked": False,
        "active_lock_reason": None,
        "title": known.title,
        "user": user(site, known.author),
        "body": known.body,
        "labels": [label(site, known.repository, shown) for shown in known.labels],
        "milestone": None,
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.updated_at),
        "closed_at": maybe_timestamp(known.closed_at),
        "merged_at": maybe_timestamp(known.merged_at),
        "merge_commit_sha": known.merge_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _side(site, known.head_repository, known.head, known.head_sha),
        "base": _side(site, known.repository, known.base, known.base_sha),
        "_links": links,
        "author_association": association(known.repository, known.author),
        "auto_merge": None,
        "draft": known.is_draft,
    }


def pull(site: Site, known: Pull, extent: Extent) -> Json:
    return {
        **short_pull(site, known),
        "merged": known.is_merged,
        "mergeable": None if known.is_merged else known.mergeability.value,
        "rebaseable": None if known.is_merged else known.mergeability.value,
        "mergeable_state": _mergeable_state(known),
        "merged_by": maybe_user(site, known.merged_by),
        "comments": len(known.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": extent.commits,
        "additions": extent.additions,
        "deletions": extent.deletions,
        "changed_files": extent.changed_files,
    }


def _mergeable_state(known: Pull) -> str:
    if known.is_draft:
        return "draft"
    states = {Mergeability.UNKNOWN: "unknown", Mergeability.CLEAN: "clean", Mergeability.CONFLICTING: "dirty"}
    return states[known.mergeability]


def minimal_pull(site: Site, known: Pull) -> Json:
    """As check runs name the pull requests they belong to."""

    def side(place: Repository, branch: str, sha: str) -> Json:
        repo = {"id": place.id, "url": api_url(site, place), "name": place.name}
        return {"ref": branch, "sha": sha, "repo": repo}

    return {
        "id": known.id,
        "number": known.number,
        "url": f"{api_url(site, known.repository)}/pulls/{known.number}",
        "head": side(known.head_repository or known.repository, known.head, known.head_sha),
        "base": side(known.repository, known.base, known.base_sha),
    }
