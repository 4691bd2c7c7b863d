"""A repository and everything that hangs on it.

The invariant: its git objects live in a real bare repository, and nothing about them is remembered a second time here.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from tests.sandbox.forge.core.conversations import Label, Pull, Thread
from tests.sandbox.forge.core.deliveries import Hook
from tests.sandbox.forge.core.delivering import Deployment, Status
from tests.sandbox.forge.core.git import GitStore
from tests.sandbox.forge.core.people import Role, User


@dataclass(slots=True)
class Protection:
    """What a branch asks for before a pull request may be merged into it."""

    required_contexts: tuple[str, ...] = ()
    is_strict: bool = False


@dataclass(eq=False, slots=True)
class Repository:
    id: int
    owner: User
    name: str
    is_private: bool
    default_branch: str
    store: GitStore
    created_at: datetime
    pushed_at: datetime
    fork_of: "Repository | None" = None
    topics: tuple[str, ...] = ()
    is_archived: bool = False
    roles: dict[User, Role] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    last_number: int = 0
    labels: dict[str, Label] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    environments: dict[str, int] = field(default_factory=dict)
    protections: dict[str, Protection] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    # Taken by whatever moves refs and looks at what moved, so that two pushes never claim each other's changes.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def role_of(self, user: User) -> Role:
        if user is self.owner:
            return Role.ADMIN
        return self.roles.get(user, Role.NONE if self.is_private else Role.READ)

    def pull(self, number: int) -> Pull | None:
        thread = self.threads.get(number)
        return thread if isinstance(thread, Pull) else None

    @property
    def pulls(self) -> list[Pull]:
        return [thread for thread in self.threads.values() if isinstance(thread, Pull)]

    def take_number(self) -> int:
        """Issues and pull requests are numbered together; a number is taken before its thread is there."""
        self.last_number += 1
        return self.last_number
