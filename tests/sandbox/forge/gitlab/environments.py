"""Environments come into being when something is first deployed to them, each with a slug and a tier.

The invariant: a slug is fit for a host name and never changes.
"""

import hashlib
import re
from datetime import datetime

from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.errors import invalid
from tests.sandbox.forge.gitlab.projects import Environment
from tests.sandbox.forge.gitlab.state import State

NAME = re.compile(r"[a-zA-Z0-9_${}. -]([a-zA-Z0-9_/${}. -]*[a-zA-Z0-9_${}. -])?")
MAX_NAME_CHARACTERS = 255
MAX_SLUG_CHARACTERS = 24
TIERS = {
    "production": r"(^|[^a-z])(prd|prod|production|live)",
    "staging": r"stage|staging|stg|\bpre|model|preprod|uat|demo|non.?prod",
    "testing": r"test|tst|int|accept|acpt|qa|quality.?control",
    "development": r"dev|review|trunk",
}


def slug_of(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "-", name.lower())
    plain = plain if plain[:1].isalpha() else f"env-{plain}"
    plain = re.sub(r"-{2,}", "-", plain)
    if len(plain) <= MAX_SLUG_CHARACTERS and plain == name:
        return plain.rstrip("-")
    suffix = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{plain[: MAX_SLUG_CHARACTERS - 7].rstrip('-')}-{suffix}"


def tier_of(name: str) -> str:
    lowered = name.lower()
    return next((tier for tier, words in TIERS.items() if re.search(words, lowered)), "other")


def ensured(state: State, repository: Repository, name: str, now: datetime) -> Environment:
    known = state.projects.of(repository).environments
    if name not in known:
        if not NAME.fullmatch(name) or len(name) > MAX_NAME_CHARACTERS:
            said = "can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and spaces, but it cannot start or end with '/'"
            raise invalid({"name": [said]})
        known[name] = Environment(state.forge.next_id(), name, slug_of(name), tier_of(name), now, now)
    return known[name]
