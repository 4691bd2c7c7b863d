"""Charts, artifacts and files: which exact version a manifest means today, and its bytes on this machine.

Everything that comes from here is a stranger's: hosts are asked only where the operator allows them, answers are capped
in size and time, archives are checked against their digest and unpacked by `unpack` alone.
"""

from bot.registry.archive import unpack
from bot.registry.downloads import Downloads
from bot.registry.errors import (
    BadSource,
    ChartChanged,
    Corrupt,
    HostNotAllowed,
    NoRoom,
    NotFound,
    NotKnownOffline,
    Refused,
    ServerFailed,
    SourceError,
    Stopped,
    TooLarge,
    TooManyRequests,
    Unauthorised,
    Unreachable,
    VersionNotFound,
)
from bot.registry.limits import ARTIFACT, Limits, UnpackLimits
from bot.registry.resolved import ResolvedArtifact, ResolvedChart

__all__ = [
    "ARTIFACT",
    "BadSource",
    "ChartChanged",
    "Corrupt",
    "Downloads",
    "HostNotAllowed",
    "Limits",
    "NoRoom",
    "NotFound",
    "NotKnownOffline",
    "Refused",
    "ResolvedArtifact",
    "ResolvedChart",
    "ServerFailed",
    "SourceError",
    "Stopped",
    "TooLarge",
    "TooManyRequests",
    "Unauthorised",
    "UnpackLimits",
    "Unreachable",
    "VersionNotFound",
    "unpack",
]
