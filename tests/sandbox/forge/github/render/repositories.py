"""Repositories and branches as GitHub shows them."""

from typing import Any

from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.render.people import user
from tests.sandbox.forge.github.site import Site, node_id, timestamp

Json = dict[str, Any]

SUFFIXES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def api_url(site: Site, known: Repository) -> str:
    return f"{site.api}/repos/{known.full_name}"


def repository(site: Site, known: Repository) -> Json:
    url = api_url(site, known)
    html_url = f"{site.web}/{known.full_name}"
    host = site.web.partition("://")[2]
    open_count = sum(thread.is_open for thread in known.threads.values())
    features = ("issues", "projects", "wiki", "pages", "downloads", "discussions")
    return {
        "id": known.id,
        "node_id": node_id("Repository", known.id),
        "name": known.name,
        "full_name": known.full_name,
        "private": known.is_private,
        "owner": user(site, known.owner),
        "html_url": html_url,
        "description": None,
        "fork": known.fork_of is not None,
        "url": url,
        **{name: url + suffix for name, suffix in SUFFIXES.items()},
        "git_url": f"git://{host}/{known.full_name}.git",
        "ssh_url": f"git@{host}:{known.full_name}.git",
        "clone_url": f"{html_url}.git",
        "svn_url": html_url,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "topics": list(known.topics),
        "visibility": "private" if known.is_private else "public",
        "default_branch": known.default_branch,
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.pushed_at),
        "pushed_at": timestamp(known.pushed_at),
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "forks_count": 0,
        "forks": 0,
        "open_issues_count": open_count,
        "open_issues": open_count,
        **{f"has_{feature}": feature == "issues" for feature in features},
        "archived": known.is_archived,
        "disabled": False,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
    }


def full_repository(site: Site, known: Repository, role: Role | None) -> Json:
    """`role` is None for an App: it has permissions of its own and is shown none here."""
    shown = {**repository(site, known), "subscribers_count": 0, "network_count": 0}
    if role is not None:
        shown["permissions"] = {
            "admin": role >= Role.ADMIN,
            "maintain": role >= Role.ADMIN,
            "push": role >= Role.WRITE,
            "triage": role >= Role.WRITE,
            "pull": role >= Role.READ,
        }
    if known.fork_of is not None:
        shown["parent"] = shown["source"] = repository(site, known.fork_of)
    return shown


def push_repository(site: Site, known: Repository) -> Json:
    """In push events GitHub writes some times as seconds, and nowhere else."""
    return {
        **repository(site, known),
        "created_at": int(known.created_at.timestamp()),
        "pushed_at": int(known.pushed_at.timestamp()),
        "stargazers": 0,
        "master_branch": known.default_branch,
    }


def short_branch(site: Site, known: Repository, name: str, sha: str) -> Json:
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{api_url(site, known)}/commits/{sha}"},
        "protected": name in known.protections,
    }


def branch(site: Site, known: Repository, name: str, commit: Json) -> Json:
    url = f"{api_url(site, known)}/branches/{name}"
    protection = known.protections.get(name)
    return {
        "name": name,
        "commit": commit,
        "_links": {"self": url, "html": f"{site.web}/{known.full_name}/tree/{name}"},
        "protected": protection is not None,
        "protection": {"enabled": protection is not None},
        "protection_url": f"{url}/protection",
    }


def protection(site: Site, known: Repository, name: str) -> Json:
    rules = known.protections[name]
    url = f"{api_url(site, known)}/branches/{name}/protection"
    contexts = list(rules.required_contexts)
    return {
        "url": url,
        "required_status_checks": {
            "url": f"{url}/required_status_checks",
            "strict": rules.is_strict,
            "contexts": contexts,
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": context, "app_id": None} for context in contexts],
        },
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": True},
    }
