"""All that this GitHub knows, in one place for its endpoints and its announcer."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.weather import Weather
from tests.sandbox.forge.github.apps import Apps
from tests.sandbox.forge.github.checks import Checks
from tests.sandbox.forge.github.limits import Limits
from tests.sandbox.forge.github.site import Site

if TYPE_CHECKING:
    from tests.sandbox.forge.contract import Contract


@dataclass(slots=True)
class State:
    forge: Forge
    site: Site
    contract: "Contract | None"
    apps: Apps = field(init=False)
    checks: Checks = field(default_factory=Checks)
    limits: Limits = field(default_factory=Limits)
    # What was said here, by us or to us, that the official description does not allow.
    violations: list[str] = field(default_factory=list)
    weather: Weather = field(init=False)

    def __post_init__(self) -> None:
        self.apps = Apps(self.forge)
        self.weather = Weather(self.forge.faults, self.violations, ("/git-upload-pack", "/access_tokens"))
