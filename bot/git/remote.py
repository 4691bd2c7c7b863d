"""Where a mirror fetches from, as whom, and what.

The credential travels in the environment of one process: never in an argument list, a file, or an error.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

from bot.git.repository import FORGE_HEADS, FORGE_PULLS


@dataclass(frozen=True, slots=True)
class Credentials:
    """`username` is what the forge wants beside a token (`x-access-token`, `oauth2`)."""

    username: str
    token: str = field(repr=False)

    @property
    def header(self) -> str:
        pair = f"{self.username}:{self.token}".encode()
        return f"Authorization: Basic {b64encode(pair).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Remote:
    """An `http(s)` address without a user in it. Raises ValueError for anything else.

    `addresses` are the IP addresses that the host's name is taken to lead to; without, the name is looked up.
    """

    url: str
    credentials: Credentials | None = None
    addresses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not self.url.isprintable():
            raise ValueError("a repository is fetched over http or https only")
        if "@" in parts.netloc:
            raise ValueError("credentials do not belong in a repository's address")

    @property
    def resolution(self) -> str:
        """The host with its addresses, as curl takes them; empty where the name is to be looked up."""
        parts = urlsplit(self.url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        shown = (f"[{address}]" if ":" in address else address for address in self.addresses)
        return f"{parts.hostname}:{port}:{','.join(shown)}" if self.addresses else ""


@dataclass(frozen=True, slots=True)
class RefSpec:
    """Refs of the forge and where the mirror keeps them. A forced push is followed, a deleted branch dropped."""

    source: str
    target: str

    def __str__(self) -> str:
        return f"+{self.source}:{self.target}"


class Extent(Enum):
    """How much of what the refs lead to is fetched, as options of `git fetch`."""

    HISTORY = ("--prune",)
    """All of it; refs that are gone are dropped."""
    TIP = ("--depth=1",)
    """One commit each, with all its files."""
    GRAPH = ("--prune", "--filter=tree:0")
    """Commits without their files, where the forge can leave them out."""


BRANCHES = RefSpec("refs/heads/*", f"{FORGE_HEADS}*")
TAGS = RefSpec("refs/tags/*", "refs/tags/*")


def pull_head(source: str, number: int) -> RefSpec:
    """The head of one pull request; `source` is the forge's name for it (`refs/pull/7/head`)."""
    return RefSpec(source, f"{FORGE_PULLS}{number}")
