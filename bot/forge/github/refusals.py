"""GitHub's refusals, as errors of ours with the way out where GitHub names one."""

from collections.abc import Mapping
from typing import Any

import gidgethub

from bot.forge.errors import (
    ForgeConflict,
    ForgeError,
    ForgeForbidden,
    ForgeInvalid,
    ForgeMisbehaved,
    ForgeNotFound,
    ForgeUnauthorized,
    ForgeUnavailable,
)
from bot.forge.text import clip_line

MAX_MESSAGE_CHARACTERS = 300
MAX_ERRORS = 20

MEANINGS: Mapping[int, type[ForgeError]] = {
    401: ForgeUnauthorized,
    404: ForgeNotFound,
    405: ForgeConflict,
    408: ForgeUnavailable,
    409: ForgeConflict,
    410: ForgeNotFound,
}


def refusal(error: gidgethub.HTTPException, request: str) -> ForgeError:
    """What an answer that is neither good nor about rate means."""
    status = int(error.status_code)
    message = clip_line(f"{request}: {error}", MAX_MESSAGE_CHARACTERS)
    if status in {400, 413, 415, 422}:
        return ForgeInvalid(message, errors=_errors(error))
    if status in {403, 451}:
        return ForgeForbidden(message, hint=_permission_hint(error.headers or {}))
    hint = "check the App's id and private key, or the token" if status == 401 else ""
    return MEANINGS.get(status, ForgeMisbehaved)(message, hint=hint)


def _permission_hint(headers: Mapping[str, str]) -> str:
    accepted = headers.get("x-accepted-github-permissions")
    return f"it takes the permission {accepted}" if accepted else "run `longshore config check`"


def _errors(error: gidgethub.HTTPException) -> tuple[str, ...]:
    listed = getattr(error, "errors", None)
    if isinstance(listed, str):
        listed = [listed]
    if not isinstance(listed, list):
        return ()
    return tuple(clip_line(_sentence(item), MAX_MESSAGE_CHARACTERS) for item in listed[:MAX_ERRORS])


def _sentence(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    if message := item.get("message"):
        return str(message)
    return " ".join(str(item[key]) for key in ("resource", "field", "code") if key in item)
