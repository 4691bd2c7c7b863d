"""How much of anything is taken from a stranger."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. Index and chart are capped where Flux caps them by default."""

    index_bytes: int = 50 << 20
    chart_bytes: int = 10 << 20
    artifact_bytes: int = 64 << 20
    document_bytes: int = 4 << 20
    """A manifest, a page of tags, a token, a file of manifests."""
    tags: int = 50_000
    """Tags of one repository that are looked at."""
    cache_bytes: int = 1 << 30
    request_s: float = 60.0
    """One request, from the first try's connection to its last byte."""
    stall_s: float = 15.0
    """The longest silence within an answer."""
    tries: int = 3
    in_flight: int = 16
    """Requests at once."""
    in_flight_at_host: int = 6
    """Those of them that one host may get."""
    away_s: float = 30.0
    """How long a host that did not answer, or answers too many, is not asked for anything else."""
    fresh_s: float = 60.0
    """How long an answer about what can change (an index, a tag, a list of tags) counts without asking again."""
    recheck_s: float = 86_400.0
    """How long an exact version counts that was resolved before."""


DIRECTORY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """`file_bytes` and `total_bytes` are where Helm stops too; `ratio` is unpacked over packed, above `free_bytes`.

    A directory that is made on the way to a file counts as one of the `files`, and as `DIRECTORY_BYTES`.
    """

    files: int = 10_000
    file_bytes: int = 5 << 20
    total_bytes: int = 100 << 20
    ratio: int = 200
    free_bytes: int = 10 << 20
    depth: int = 64


ARTIFACT = UnpackLimits(files=50_000, file_bytes=16 << 20, total_bytes=256 << 20)
