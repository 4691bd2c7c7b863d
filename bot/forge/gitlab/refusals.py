"""GitLab's refusals, as errors of ours with the way out where there is one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from bot.forge.errors import (
    ForgeConflict,
    ForgeError,
    ForgeForbidden,
    ForgeInvalid,
    ForgeMisbehaved,
    ForgeNotFound,
    ForgeUnavailable,
)
from bot.forge.text import clip_line
from bot.forge.wire import Reply

MAX_MESSAGE_CHARACTERS: Final = 300
MAX_ERRORS: Final = 20
MAX_DEPTH: Final = 4

MEANINGS: Final[Mapping[int, type[ForgeError]]] = {
    404: ForgeNotFound,
    405: ForgeConflict,
    406: ForgeConflict,
    408: ForgeUnavailable,
    409: ForgeConflict,
    410: ForgeNotFound,
    412: ForgeConflict,
}
INSUFFICIENT_SCOPE: Final = "insufficient_scope"


def refusal(reply: Reply, request: str) -> ForgeError:
    """What an answer that is neither good, nor about rate, nor about the token means."""
    answer = _decoded(reply.content)
    reasons = _reasons(answer)
    message = clip_line(f"{request}: {'; '.join(reasons) or reply.status}", MAX_MESSAGE_CHARACTERS)
    if reply.status in {400, 413, 415, 422}:
        return ForgeInvalid(message, errors=reasons)
    if reply.status in {403, 451}:
        return ForgeForbidden(message, hint=_permission_hint(answer))
    return MEANINGS.get(reply.status, ForgeMisbehaved)(message)


def _permission_hint(answer: Any) -> str:
    if isinstance(answer, Mapping) and answer.get("error") == INSUFFICIENT_SCOPE:
        return "the token needs the scope `api`"
    return (
        "the token's user needs the role Developer there, or the branch or environment is protected from it"
    )


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _reasons(answer: Any) -> tuple[str, ...]:
    """GitLab says why in `message` (a text, a list, or a list for each field) or in `error`."""
    if not isinstance(answer, Mapping):
        return ()
    said = answer.get("message") or answer.get("error_description") or answer.get("error")
    return tuple(clip_line(text, MAX_MESSAGE_CHARACTERS) for text in _texts(said, MAX_DEPTH)[:MAX_ERRORS])


def _texts(said: Any, depth: int) -> Sequence[str]:
    if said is None or depth == 0:
        return []
    if isinstance(said, Mapping):
        return [
            text if field == "base" else f"{field} {text}"
            for field, value in said.items()
            for text in _texts(value, depth - 1)
        ]
    if isinstance(said, list):
        return [text for item in said for text in _texts(item, depth - 1)]
    return [str(said)]
