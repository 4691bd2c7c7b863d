"""People, Apps and installations as GitHub shows them."""

from typing import Any

from tests.sandbox.forge.core.people import Role, User
from tests.sandbox.forge.github.apps import App, Installation
from tests.sandbox.forge.github.site import Site, maybe_timestamp, node_id, timestamp

Json = dict[str, Any]

SUFFIXES = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


def user(site: Site, person: User) -> Json:
    url = f"{site.api}/users/{person.login}"
    return {
        "login": person.login,
        "id": person.id,
        "node_id": node_id("User", person.id),
        "avatar_url": f"{site.web}/avatars/u/{person.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{site.web}/{person.login}",
        **{name: url + suffix for name, suffix in SUFFIXES.items()},
        "type": kind_of(person),
        "site_admin": False,
    }


def kind_of(person: User) -> str:
    if person.is_bot:
        return "Bot"
    return "Organization" if person.is_organization else "User"


def maybe_user(site: Site, person: User | None) -> Json | None:
    return user(site, person) if person is not None else None


def authenticated_user(site: Site, person: User) -> Json:
    moment = "2024-01-01T00:00:00Z"
    nothing = dict.fromkeys(("company", "blog", "location", "email", "hireable", "bio"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    return {
        **user(site, person),
        **nothing,
        **counts,
        "name": person.name,
        "created_at": moment,
        "updated_at": moment,
        "user_view_type": "public",
    }


def permission(site: Site, person: User, role: Role) -> Json:
    name = role.name.lower()
    flags = {
        "pull": role >= Role.READ,
        "triage": role >= Role.WRITE,
        "push": role >= Role.WRITE,
        "maintain": role >= Role.ADMIN,
        "admin": role >= Role.ADMIN,
    }
    shown = {**user(site, person), "role_name": name, "permissions": flags}
    return {"permission": name, "role_name": name, "user": shown}


def app(site: Site, known: App) -> Json:
    return {
        "id": known.id,
        "client_id": f"Iv1.{known.id:016x}",
        "slug": known.slug,
        "node_id": node_id("Integration", known.id),
        "owner": user(site, known.owner),
        "name": known.name,
        "description": "",
        "external_url": f"{site.web}/apps/{known.slug}",
        "html_url": f"{site.web}/apps/{known.slug}",
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.created_at),
        "permissions": dict(known.permissions),
        "events": sorted(known.hook.events) if known.hook else [],
    }


def maybe_app(site: Site, known: object) -> Json | None:
    return app(site, known) if isinstance(known, App) else None


def installation(site: Site, known: Installation) -> Json:
    return {
        "id": known.id,
        "account": user(site, known.account),
        "repository_selection": known.selection,
        "access_tokens_url": f"{site.api}/app/installations/{known.id}/access_tokens",
        "repositories_url": f"{site.api}/installation/repositories",
        "html_url": f"{site.web}/settings/installations/{known.id}",
        "app_id": known.app.id,
        "app_slug": known.app.slug,
        "target_id": known.account.id,
        "target_type": kind_of(known.account),
        "permissions": dict(known.permissions),
        "events": sorted(known.app.hook.events) if known.app.hook else [],
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": maybe_user(site, known.account if known.suspended_at else None),
        "suspended_at": maybe_timestamp(known.suspended_at),
    }


def simple_installation(known: Installation) -> Json:
    return {"id": known.id, "node_id": node_id("IntegrationInstallation", known.id)}
