"""Making a webhook."""

import uuid

from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.hooks import HookDetail
from tests.sandbox.forge.gitlab.members import Group


def new_detail(place: Repository | Group, signing_token: str | None) -> HookDetail:
    return HookDetail(place, str(uuid.uuid4()), signing_token)
