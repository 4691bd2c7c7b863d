"""What an API server can answer besides yes, as types that say what becomes of it.

Invariant: no message holds a value that was sent. API servers quote what they refuse (`Invalid value: "hunter2"`), so
every quoted value is cut out before a message exists, and of a Secret only field and reason are kept.
"""

from dataclasses import dataclass

from bot.errors import LongshoreError, Temporary, UserError

MAX_MESSAGE_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Cause:
    """One field the server objects to; `message` holds no value."""

    field: str
    reason: str
    message: str


class KubeError(LongshoreError):
    """An answer, or the lack of one. `status` is 0 where there was no answer."""

    status: int = 0
    causes: tuple[Cause, ...] = ()


class Unauthorized(KubeError, UserError):
    """The credentials are not accepted."""


class Forbidden(KubeError, UserError):
    """RBAC, a quota or a built-in admission rule says no."""


class NotFound(KubeError, UserError):
    """The object, or the namespace it should be in, does not exist."""


class AlreadyExists(KubeError, UserError):
    pass


class Conflict(KubeError, Temporary):
    """Somebody wrote in between: the resourceVersion or uid sent is not the live one. Read again and decide anew."""


class FieldConflict(KubeError, UserError):
    """Other managers own fields of this apply. `causes` names the fields.

    `appliers` are those among `managers` that own them by server-side apply, not by plain updates.
    """

    managers: tuple[str, ...] = ()
    appliers: tuple[str, ...] = ()


class Invalid(KubeError, UserError):
    """The server refuses the object itself."""


class Immutable(Invalid):
    """A field that cannot change once the object exists."""


class NoSuchKind(KubeError, UserError):
    """The server serves no such kind in this version."""


class WebhookRefused(KubeError, UserError):
    """An admission webhook, or a ValidatingAdmissionPolicy, denied it."""


class DryRunRefused(KubeError, UserError):
    """A webhook has side effects and takes no dry run: what would happen cannot be known."""


class TooLarge(KubeError, UserError):
    """The answer exceeds what we take, or the request exceeds what the server takes."""


class BadConnection(KubeError, UserError):
    """The operator's way to reach the cluster (kubeconfig, context, certificate) does not work as written."""


class TooManyRequests(KubeError, Temporary):
    pass


class ServerFailed(KubeError, Temporary):
    """5xx: the server, its etcd or one of its webhooks is not well."""


class WebhookFailed(ServerFailed):
    """A webhook that must be asked did not answer."""


class NamespaceTerminating(KubeError, Temporary):
    """Nothing can be created in a namespace that is going away; it may come again."""


class Unreachable(KubeError, Temporary):
    """No answer: refused, broken, timed out, or TLS that does not match."""
