"""What a forge is told about commits: statuses and deployments.

The invariant: both are append-only; the newest of a context or a deployment is its state.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.sandbox.forge.core.people import User


@dataclass(frozen=True, slots=True)
class Status:
    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: User
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    id: int
    state: str
    description: str
    environment: str
    environment_url: str
    log_url: str
    creator: User
    created_at: datetime


@dataclass(eq=False, slots=True)
class Deployment:
    id: int
    sha: str
    ref: str
    task: str
    environment: str
    description: str | None
    payload: object
    creator: User
    created_at: datetime
    is_transient: bool = False
    is_production: bool = False
    via: object = None
    statuses: list[DeploymentStatus] = field(default_factory=list)

    @property
    def state(self) -> str | None:
        return self.statuses[-1].state if self.statuses else None


def latest_per_context(statuses: Iterable[Status]) -> list[Status]:
    return list({status.context: status for status in statuses}.values())
