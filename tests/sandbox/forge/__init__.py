"""Strict forges of our own: real git, real state, signed webhooks, and the refusals of the originals."""

from tests.sandbox.forge.core.faults import Mishap, Seen
from tests.sandbox.forge.core.git_objects import File
from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.server import StandInGitLab
from tests.sandbox.forge.gitlab.tiers import Tier
from tests.sandbox.forge.server import StandInGitHub

__all__ = ["File", "Level", "Mishap", "Role", "Seen", "StandInGitHub", "StandInGitLab", "Tier"]
