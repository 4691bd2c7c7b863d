"""What happened, in no forge's words. A face turns each into the payloads its hooks are promised."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.sandbox.forge.core.conversations import Comment, Pull
from tests.sandbox.forge.core.delivering import Deployment, DeploymentStatus, Status
from tests.sandbox.forge.core.git_objects import ABSENT
from tests.sandbox.forge.core.people import User

if TYPE_CHECKING:
    from tests.sandbox.forge.core.repositories import Repository


@dataclass(frozen=True, slots=True)
class Pushed:
    repository: "Repository"
    actor: User
    ref: str
    before: str
    after: str

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None

    @property
    def created(self) -> bool:
        return self.before == ABSENT

    @property
    def deleted(self) -> bool:
        return self.after == ABSENT


@dataclass(frozen=True, slots=True)
class PullChanged:
    """`detail` holds what an action adds: `before`/`after`, `changes`, `label`."""

    pull: Pull
    actor: User
    action: str
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommentChanged:
    comment: Comment
    actor: User
    action: str
    previous_body: str | None = None


@dataclass(frozen=True, slots=True)
class StatusSet:
    repository: "Repository"
    actor: User
    status: Status


@dataclass(frozen=True, slots=True)
class DeploymentMade:
    repository: "Repository"
    actor: User
    deployment: Deployment


@dataclass(frozen=True, slots=True)
class DeploymentMoved:
    repository: "Repository"
    actor: User
    deployment: Deployment
    status: DeploymentStatus


Event = Pushed | PullChanged | CommentChanged | StatusSet | DeploymentMade | DeploymentMoved
Listener = Callable[[Event], Awaitable[None]]
