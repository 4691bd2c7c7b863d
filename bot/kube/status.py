"""A failed answer's body, read into our error tree.

Invariant: as for `bot.kube.errors`: no value that was sent survives into a message. Pure.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from bot.kube.errors import (
    MAX_MESSAGE_CHARS,
    AlreadyExists,
    Cause,
    Conflict,
    DryRunRefused,
    FieldConflict,
    Forbidden,
    Immutable,
    Invalid,
    KubeError,
    NamespaceTerminating,
    NotFound,
    ServerFailed,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    WebhookFailed,
    WebhookRefused,
)

MAX_CAUSES = 20
_VALUE = re.compile(r"\b(Invalid|Unsupported|Duplicate) value: ")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
# NB: an object that does not fit its schema is answered 500 by server-side apply (seen on 1.36), though it is the
# object that is at fault and no later try will do better.
_MISSHAPEN = re.compile(r"^failed to (create typed patch object|convert new object)")
_SAFE_OF_SECRET = re.compile(
    r"(\.[\w.\[\]-]+: (?:expected \w+|field not declared in schema)|illegal base64 data at input byte \d+)"
)
_GO_VALUE = re.compile(r"got &?value\.\w+\{[^\n]*\}")
_MANAGER = re.compile(r'conflict with ("(?:[^"\\]|\\.)*")(?: with subresource "[^"]*")?( using )?')
_IMMUTABLE = re.compile(
    r"immutable|may not change once set|updates to .* spec for fields other than", re.IGNORECASE
)
_WEBHOOK_DENIED = re.compile(
    r"admission webhook .* denied the request|ValidatingAdmissionPolicy .* denied request"
)
_WEBHOOK_FAILED = re.compile(r"failed calling webhook")
_NO_DRY_RUN = re.compile(r"does not support dry.?run", re.IGNORECASE)
_BY_CODE: dict[int, type[KubeError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
}
_HINTS = {
    401: "the cluster's credentials are not accepted; check the kubeconfig",
    403: "the identity Longshore uses for this cluster needs this permission",
}


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""
    field: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None
    retryAfterSeconds: float | None = None  # noqa: N815 - the API's name
    kind: str = ""


class Status(msgspec.Struct):
    """The part of a `meta/v1 Status` that decides anything."""

    message: str = ""
    reason: str = ""
    details: _Details | None = None

    @classmethod
    def read(cls, body: bytes) -> "Status":
        """Read a body; one that is no Status (a proxy's page) counts as an empty one."""
        try:
            return msgspec.json.decode(body, type=cls)
        except msgspec.DecodeError:
            return cls()

    @property
    def causes(self) -> list[_Cause]:
        return (self.details.causes if self.details else None) or []


def error_of(status_code: int, body: bytes, what: str, *, is_secret: bool = False) -> KubeError:
    """The typed error for a failed answer. `what` names the request for a person: `apply of Service shop/web`."""
    status = Status.read(body)
    causes = tuple(_clean_cause(cause, is_secret=is_secret) for cause in status.causes[:MAX_CAUSES])
    message = f"{what}: {_told(status_code, status, causes, is_secret=is_secret)}"[:MAX_MESSAGE_CHARS]
    error = _typed(status_code, status, message)
    error.status = status_code
    error.causes = causes
    if isinstance(error, FieldConflict):
        found = {pair for cause in status.causes for pair in _managers(cause.message)}
        error.managers = tuple(sorted({manager for manager, _ in found}))
        error.appliers = tuple(sorted({manager for manager, applies in found if applies}))
    return error


def _typed(code: int, status: Status, message: str) -> KubeError:  # noqa: PLR0911 - one line a rule
    text = status.message
    retry_after_s = status.details.retryAfterSeconds if status.details else None
    if _NO_DRY_RUN.search(text):
        return DryRunRefused(message, hint="the webhook's sideEffects must be None or NoneOnDryRun")
    if _WEBHOOK_FAILED.search(text):
        return WebhookFailed(
            message, hint="the webhook named here has to answer first", retry_after_s=retry_after_s
        )
    if _WEBHOOK_DENIED.search(text):
        return WebhookRefused(message)
    if code == 429:
        return TooManyRequests(message, retry_after_s=retry_after_s)
    if code >= 500 and not _MISSHAPEN.search(text):
        return ServerFailed(message, retry_after_s=retry_after_s)
    if code in {400, 422} and _IMMUTABLE.search(text):
        return Immutable(message, hint="delete the object, or give it another name, so that it is made anew")
    return _refused(code, status, message)


def _refused(code: int, status: Status, message: str) -> KubeError:
    reasons = {status.reason, *(cause.reason for cause in status.causes)}
    if code == 409 and "FieldManagerConflict" in reasons:
        return FieldConflict(message)
    if code == 409 and "AlreadyExists" in reasons:
        return AlreadyExists(message)
    if code == 403 and "NamespaceTerminating" in reasons:
        return NamespaceTerminating(message)
    return _BY_CODE.get(code, Invalid)(message, hint=_HINTS.get(code, ""))


def _told(code: int, status: Status, causes: Iterable[Cause], *, is_secret: bool) -> str:
    listed = "; ".join(f"{c.field}: {c.message}" if c.field else c.message for c in causes)
    if listed and not _WEBHOOK_DENIED.search(status.message):
        return listed
    if is_secret:
        # A decoder or a webhook may quote the Secret in free text: only what cannot hold a value is repeated.
        if _MISSHAPEN.search(status.message) and (safe := _SAFE_OF_SECRET.search(status.message)):
            return safe[1]
        return f"{status.reason or code} (the server's words are left out because this is a Secret)"
    return without_values(status.message) or f"the server answered {code}"


def _clean_cause(cause: _Cause, *, is_secret: bool) -> Cause:
    message = cause.reason if is_secret else without_values(cause.message)
    return Cause(cause.field, cause.reason, message[:MAX_MESSAGE_CHARS])


def without_values(message: str) -> str:
    """The server's sentence with the values it quotes cut out.

    A quoted value ends where its quotes end. Anything else (a printed structure) may hold any text, so that all of it
    up to the last `: ` goes.
    """
    message = _GO_VALUE.sub("got something else", message)
    match = _VALUE.search(message)
    if match is None:
        return message
    head, rest = message[: match.end() - 2], message[match.end() :]
    if match[1] == "Unsupported":
        # What follows the value is the list of values that would do: helpful, and the schema's own.
        tail = rest[quoted.end() :] if (quoted := _QUOTED.match(rest)) else ""
        return head + tail
    if quoted := _QUOTED.match(rest):
        return head + without_values(rest[quoted.end() :])
    return head + ("" if ": " not in rest else ": " + rest.rpartition(": ")[2])


def _managers(message: str) -> list[tuple[str, bool]]:
    """Each manager named, and whether it applies: the server adds `using VERSION` to those that update."""
    return [(str(msgspec.json.decode(name)), not using) for name, using in _MANAGER.findall(message)]


def decode_object(body: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    return decoded
