"""Groups, subgroups, and who has which access level where.

The invariant: a level in a group holds in everything below it; the highest one counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from tests.sandbox.forge.core.people import Role, User
from tests.sandbox.forge.core.repositories import Repository


class Level(IntEnum):
    NONE = 0
    MINIMAL = 5
    GUEST = 10
    PLANNER = 15
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50


OF_ROLE = {
    Role.NONE: Level.NONE,
    Role.READ: Level.REPORTER,
    Role.WRITE: Level.DEVELOPER,
    Role.ADMIN: Level.MAINTAINER,
}


@dataclass(eq=False, slots=True)
class Group:
    """A namespace that holds projects and other groups; `namespace` is what the core takes for their owner."""

    id: int
    namespace: User
    parent: "Group | None"
    is_private: bool
    created_at: datetime
    members: dict[User, Level] = field(default_factory=dict)

    @property
    def full_path(self) -> str:
        return self.namespace.login

    @property
    def path(self) -> str:
        return self.full_path.rpartition("/")[2]

    @property
    def lineage(self) -> Iterator["Group"]:
        """This group and those above it, the nearest first."""
        group: Group | None = self
        while group is not None:
            yield group
            group = group.parent


@dataclass(slots=True)
class Members:
    groups: dict[User, Group] = field(default_factory=dict)
    of_projects: dict[Repository, dict[User, Level]] = field(default_factory=dict)
    # Groups that a project of another group is shared with.
    shared: dict[Repository, list[Group]] = field(default_factory=dict)

    def group_of(self, repository: Repository) -> Group | None:
        return self.groups.get(repository.owner)

    def group(self, full_path: str) -> Group | None:
        wanted = full_path.lower()
        return next((known for known in self.groups.values() if known.full_path.lower() == wanted), None)

    def direct(self, repository: Repository) -> dict[User, Level]:
        return self.of_projects.setdefault(repository, {})

    def all_of(self, repository: Repository) -> dict[User, Level]:
        """Everybody who is a member, whether of the project or of a group above it, by their highest level."""
        found = dict(self.direct(repository))
        group = self.group_of(repository)
        if group is None:
            found[repository.owner] = Level.OWNER
        for above in group.lineage if group else ():
            for user, level in above.members.items():
                found[user] = max(level, found.get(user, Level.NONE))
        return found

    def level_of(self, user: User, repository: Repository) -> Level:
        return self.all_of(repository).get(user, Level.NONE)

    def level_in_group(self, user: User, group: Group) -> Level:
        return max((above.members.get(user, Level.NONE) for above in group.lineage), default=Level.NONE)
