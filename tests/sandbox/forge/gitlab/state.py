"""All that this GitLab knows beside the core, in one place for its endpoints and its announcer."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.weather import Weather
from tests.sandbox.forge.gitlab.hooks import Hooks
from tests.sandbox.forge.gitlab.limits import Limits
from tests.sandbox.forge.gitlab.members import Group, Members
from tests.sandbox.forge.gitlab.notes import Notes
from tests.sandbox.forge.gitlab.pipelines import Pipelines
from tests.sandbox.forge.gitlab.projects import Projects
from tests.sandbox.forge.gitlab.requests import Requests
from tests.sandbox.forge.gitlab.site import Site
from tests.sandbox.forge.gitlab.tiers import Tier
from tests.sandbox.forge.gitlab.tokens import AccessTokens
from tests.sandbox.forge.gitlab.trains import Trains
from tests.sandbox.forge.gitlab.weather import retry_later

if TYPE_CHECKING:
    from tests.sandbox.forge.gitlab.contract import Contract


@dataclass(slots=True)
class State:
    forge: Forge
    site: Site
    contract: "Contract | None"
    tier: Tier = Tier.FREE
    members: Members = field(default_factory=Members)
    tokens: AccessTokens = field(default_factory=AccessTokens)
    projects: Projects = field(default_factory=Projects)
    requests: Requests = field(default_factory=Requests)
    notes: Notes = field(default_factory=Notes)
    pipelines: Pipelines = field(default_factory=Pipelines)
    trains: Trains = field(default_factory=Trains)
    hooks: Hooks = field(default_factory=Hooks)
    limits: Limits = field(default_factory=Limits)
    # What was said here, by us or to us, that the description does not allow.
    violations: list[str] = field(default_factory=list)
    weather: Weather = field(init=False)

    def __post_init__(self) -> None:
        self.weather = Weather(self.forge.faults, self.violations, refuse=retry_later)

    def group(self, full_path: str, *, is_private: bool = True) -> Group:
        """The group of that path, which comes into being with those above it when first named."""
        known = self.members.group(full_path)
        if known is not None:
            return known
        above, _, name = full_path.rpartition("/")
        parent = self.group(above, is_private=is_private) if above else None
        forge = self.forge
        namespace = forge.add_user(User(forge.next_id(), full_path, name, is_organization=True))
        group = Group(namespace.id, namespace, parent, is_private, forge.now())
        self.members.groups[namespace] = group
        return group
