"""What forges tell us unasked, in one vocabulary, and what every vendor's side of it has to offer.

The invariant: an event names a place to look at and nothing that is acted upon. Whatever it claims about that place
is read again from the forge by the step it wakes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.errors import LongshoreError
from bot.model.repo import Actor, Sha

BRANCH_PREFIX = "refs/heads/"


class BadSignature(LongshoreError):
    """The delivery does not prove where it comes from: answer 401 and forget it."""


class MalformedEvent(LongshoreError):
    """Headers or body lack what every such delivery has: answer 400."""


@dataclass(frozen=True, slots=True)
class DeliveryId:
    """One event for one hook. A redelivery has the same; two hooks may share a `guid`."""

    hook: str
    guid: str


class PullAction(StrEnum):
    """What happened to a pull request, as far as it can change what its plan says."""

    OPENED = "opened"
    REOPENED = "reopened"
    UPDATED = "updated"
    RETARGETED = "retargeted"
    READY = "ready"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PullRequestChanged:
    """`repo_id`, here and below, is the forge's own number of the repository, which survives a rename."""

    repo_path: str
    number: int
    action: PullAction
    base_ref: str
    head_sha: Sha
    merged: bool
    repo_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pushed:
    """A ref moved. `before` or `after` is all zeros where it was created or deleted."""

    repo_path: str
    ref: str
    before: Sha
    after: Sha
    deleted: bool
    forced: bool
    repo_id: int | None = None

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix(BRANCH_PREFIX) if self.ref.startswith(BRANCH_PREFIX) else None


@dataclass(frozen=True, slots=True)
class CheckRerequested:
    """Somebody asked for a check again, or with `name` None for all of a commit's.

    `pulls` is empty where the commit comes from a fork; `external_id` then tells what the check was about. `head_sha`
    is None where only the pull request is known. `by` is who asked, where anybody can and not only who may write.
    """

    repo_path: str
    head_sha: Sha | None
    name: str | None
    external_id: str
    pulls: tuple[int, ...]
    repo_id: int | None = None
    by: Actor | None = None


@dataclass(frozen=True, slots=True)
class VerdictAwaited:
    """The forge waits for a verdict of ours on a pull request: a pipeline of its own began that it belongs into."""

    repo_path: str
    number: int
    repo_id: int | None = None


@dataclass(frozen=True, slots=True)
class Commented:
    """A person wrote or edited a comment on a pull request; what it says is read again from the forge."""

    repo_path: str
    number: int
    comment: int
    repo_id: int | None = None


@dataclass(frozen=True, slots=True)
class DeploymentChanged:
    """A deployment of this environment got on: ours, or one of somebody else's."""

    repo_path: str
    environment: str
    repo_id: int | None = None


@dataclass(frozen=True, slots=True)
class RepositoriesChanged:
    """Repositories came into our reach or left it; both empty: look at all of them."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    """The forge tries the hook out."""


AboutOne = PullRequestChanged | Pushed | CheckRerequested | VerdictAwaited | Commented | DeploymentChanged
"""An event about one repository."""

Event = AboutOne | RepositoriesChanged | Ping


class WebhookDialect(Protocol):
    """One vendor's webhooks. Header names are matched without regard to case; bodies are raw, as they came."""

    @property
    def disables_hooks(self) -> bool:
        """Whether the forge stops delivering to whoever refuses it a few times, so that only what does not prove its
        origin is refused.
        """

    def unusable(self, secret: bytes) -> str | None:
        """Why no delivery can be verified with this secret, as a sentence; None where it can."""

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> None:
        """Raises `BadSignature` unless one of the secrets made the signature."""

    def delivery(self, headers: Mapping[str, str]) -> DeliveryId:
        """Raises `MalformedEvent`."""

    def normalise(self, headers: Mapping[str, str], body: bytes) -> Event | None:
        """None for an event that wakes nothing. Raises `MalformedEvent`."""


MIN_SECRET_BYTES = 8


def too_short(secret: bytes) -> str | None:
    """For `WebhookDialect.unusable`: a secret that can be guessed proves nothing."""
    return f"it has fewer than {MIN_SECRET_BYTES} bytes" if len(secret) < MIN_SECRET_BYTES else None


def header(headers: Mapping[str, str], name: str) -> str | None:
    """The first header of this name, whatever the case; `name` is lower-case."""
    return next((value for key, value in headers.items() if key.lower() == name), None)
