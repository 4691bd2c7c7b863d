"""People, groups, members and their tokens."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab.members import Group, Level
from tests.sandbox.forge.gitlab.site import Site, maybe_timestamp, timestamp
from tests.sandbox.forge.gitlab.tokens import AccessToken

Json = dict[str, Any]
VISIBILITY = {True: "private", False: "public"}


def avatar(user: User) -> str:
    digest = hashlib.sha256(user.email.encode()).hexdigest()
    return f"https://www.gravatar.com/avatar/{digest}?s=80&d=identicon"


def user(site: Site, user: User) -> Json:
    return {
        "id": user.id,
        "username": user.login,
        "public_email": "",
        "name": user.name,
        "state": "active",
        "locked": False,
        "avatar_url": avatar(user),
        "web_url": f"{site.web}/{user.login}",
    }


def maybe_user(site: Site, found: User | None) -> Json | None:
    return user(site, found) if found is not None else None


def users(site: Site, found: Iterable[User]) -> list[Json]:
    return [user(site, known) for known in found]


def current_user(site: Site, known: User, now: datetime) -> Json:
    return {
        **user(site, known),
        "created_at": timestamp(now),
        "bio": "",
        "location": "",
        "linkedin": "",
        "twitter": "",
        "discord": "",
        "website_url": "",
        "github": "",
        "organization": "",
        "job_title": "",
        "pronouns": None,
        "bot": known.is_bot,
        "work_information": None,
        "local_time": None,
        "last_sign_in_at": None,
        "confirmed_at": timestamp(now),
        "last_activity_on": None,
        "email": known.email,
        "theme_id": 1,
        "color_scheme_id": 1,
        "projects_limit": 100000,
        "current_sign_in_at": None,
        "identities": [],
        "can_create_group": not known.is_bot,
        "can_create_project": not known.is_bot,
        "two_factor_enabled": False,
        "external": False,
        "private_profile": False,
        "commit_email": known.email,
        "preferred_language": "en",
    }


def member(site: Site, known: User, level: Level, now: datetime) -> Json:
    return {
        "id": known.id,
        "username": known.login,
        "name": known.name,
        "state": "active",
        "locked": False,
        "avatar_url": avatar(known),
        "web_url": f"{site.web}/{known.login}",
        "access_level": int(level),
        "created_at": timestamp(now),
        "created_by": None,
        "expires_at": None,
        "membership_state": "active",
    }


def group(site: Site, known: Group) -> Json:
    return {
        "id": known.id,
        "web_url": f"{site.web}/groups/{known.full_path}",
        "name": known.namespace.name,
        "path": known.path,
        "description": "",
        "visibility": VISIBILITY[known.is_private],
        "avatar_url": None,
        "full_name": known.full_path.replace("/", " / "),
        "full_path": known.full_path,
        "parent_id": known.parent.id if known.parent else None,
        "created_at": timestamp(known.created_at),
        "archived": False,
    }


def access_token(known: AccessToken, now: datetime, *, with_text: bool = False) -> Json:
    shown: Json = {
        "id": known.id,
        "name": known.name,
        "revoked": known.is_revoked,
        "created_at": timestamp(known.created_at),
        "description": known.description,
        "scopes": list(known.scopes),
        "user_id": known.user.id,
        "last_used_at": maybe_timestamp(known.last_used_at),
        "active": known.is_active_at(now),
        "expires_at": known.expires_on.isoformat(),
    }
    if known.place is not None:
        shown["access_level"] = int(known.level)
        shown["resource_type"] = "group" if isinstance(known.place, Group) else "project"
        shown["resource_id"] = known.place.id
    if with_text:
        shown["token"] = known.bearer.text
    return shown
