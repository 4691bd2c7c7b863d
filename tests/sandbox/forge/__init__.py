"""A strict GitHub of our own: real git, real state, signed webhooks, and the refusals of the original."""

from tests.sandbox.forge.core.faults import Mishap, Seen
from tests.sandbox.forge.core.git_objects import File
from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.server import StandInGitHub

__all__ = ["File", "Mishap", "Role", "Seen", "StandInGitHub"]
