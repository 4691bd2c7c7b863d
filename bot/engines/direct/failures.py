"""An API server's refusal of one object, as a line of the report.

Invariant: only what is about the object itself becomes its failure; what may pass (`Temporary`) is raised on.
"""

from bot.kube.errors import (
    DryRunRefused,
    FieldConflict,
    Forbidden,
    Immutable,
    Invalid,
    KubeError,
    NoSuchKind,
    NotFound,
    WebhookRefused,
)
from bot.model.delivery import Failure, ObjectResult, Outcome
from bot.model.objects import ObjectId

# The first class that fits decides, so that a leaf stands before what it derives from.
_FAILURES: tuple[tuple[type[KubeError], Failure], ...] = (
    (Immutable, Failure.IMMUTABLE),
    (Invalid, Failure.INVALID),
    (NotFound, Failure.INVALID),
    (FieldConflict, Failure.CONFLICT),
    (Forbidden, Failure.FORBIDDEN),
    (WebhookRefused, Failure.REFUSED),
    (DryRunRefused, Failure.REFUSED),
    (NoSuchKind, Failure.NO_KIND),
)


def failed(identity: ObjectId, failure: Failure, message: str) -> ObjectResult:
    return ObjectResult(identity, Outcome.FAILED, failure, message)


def failure_of(error: KubeError) -> Failure:
    return next((failure for kind, failure in _FAILURES if isinstance(error, kind)), Failure.OTHER)
