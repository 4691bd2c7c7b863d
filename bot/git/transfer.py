"""One fetch over smart HTTP: bounded in time, size and attempts, and told apart by what went wrong.

Nobody is asked anything, no redirect is followed (a header would follow it), and only what may pass by itself is
tried again.
"""

import asyncio
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import LongshoreError, Temporary
from bot.git.command import Git
from bot.git.environment import online
from bot.git.errors import (
    AuthenticationFailed,
    GitFailed,
    GitTimeout,
    RefNotFound,
    RepositoryMoved,
    RepositoryNotFound,
    RepositoryTooLarge,
    TransferTimeout,
    Unavailable,
)
from bot.git.remote import Extent, RefSpec, Remote
from bot.proc.confine import Confinement, Layers, Limits

GIB = 1024 * 1024 * 1024

_OPTIONS = (
    *("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"),
    *("--no-recurse-submodules", "--no-show-forced-updates"),
)
_CONFIG = {
    "protocol.version": "2",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    # Packs are complete or absent, however the process ends; thousands of loose objects are neither.
    "transfer.unpackLimit": "1",
    "fetch.writeCommitGraph": "false",
}

_BROKEN_OFF = (
    r"returned error: (429|5\d\d)|could(n't| not) (resolve|connect)|failed to connect|curl \d+|SSL|TLS|early EOF|hung up"
    r"|connection (refused|reset|closed)|RPC failed|empty reply|recv failure|disconnect|died of signal"
)
_OUTCOMES: tuple[tuple[str, type[LongshoreError], str, str], ...] = (
    (
        r"could not read (Username|Password)|Authentication failed|returned error: 40[13]",
        AuthenticationFailed,
        "the forge refuses the credentials",
        "check the token or the App's installation, and that it may read contents",
    ),
    (
        r"returned error: 30\d|unable to update url base from redirection",
        RepositoryMoved,
        "the forge redirects to another address",
        "was the repository renamed or moved? Use its new name",
    ),
    (
        r"repository '.*' not found|returned error: 4(04|10)",
        RepositoryNotFound,
        "the forge knows no such repository, or does not show it to us",
        "check the name, and that the token or App has access to it",
    ),
    (r"couldn't find remote ref|not our ref", RefNotFound, "the ref is gone", "was the branch deleted?"),
    (
        r"died of signal 25|File too large",
        RepositoryTooLarge,
        "the repository is larger than a mirror may be",
        "raise the limit, or leave the repository out",
    ),
    (r"Operation too slow|timed out", TransferTimeout, "the transfer came to a standstill", ""),
    (r"No space left on device", Unavailable, "no space is left for the mirror", "free some disk space"),
    (r"could(n't| not) resolve host", Unavailable, "the name of its host cannot be looked up", ""),
    (_BROKEN_OFF, Unavailable, "the forge cannot be reached, or broke off", ""),
)


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """`timeout_s` bounds one attempt, `size_bytes` the mirror, `wait_s` the wait for other processes' work on it."""

    timeout_s: float = 120.0
    attempts: int = 3
    backoff_s: float = 1.0
    wait_s: float = 60.0
    size_bytes: int = 4 * GIB


async def transfer(
    git_dir: Path,
    remote: Remote,
    refspecs: Sequence[RefSpec],
    limits: TransferLimits,
    *,
    extent: Extent = Extent.HISTORY,
    clear: Callable[[], None],
) -> None:
    """Fetch into `git_dir`. `clear` removes what a killed git leaves lying in the way of the next attempt.

    Raises one of our errors for what the forge did, `MissingObject` or `GitFailed` for what may be our own damage.
    """
    wanted = (*extent.value, remote.url, *(str(refspec) for refspec in refspecs))
    await _ask(git_dir, remote, ("fetch", *_OPTIONS, *wanted), limits, clear=clear)


async def list_tags(git_dir: Path, remote: Remote, limits: TransferLimits) -> tuple[str, ...]:
    """The names of the forge's tags, in its order. Raises as `transfer` does."""
    arguments = ("ls-remote", "--quiet", "--refs", "--tags", remote.url)
    output = await _ask(git_dir, remote, arguments, limits, clear=lambda: None)
    lines = output.decode("utf-8", "surrogateescape").splitlines()
    return tuple(line.partition("\trefs/tags/")[2] for line in lines if "\trefs/tags/" in line)


async def _ask(
    git_dir: Path,
    remote: Remote,
    arguments: Sequence[str],
    limits: TransferLimits,
    *,
    clear: Callable[[], None],
) -> bytes:
    for attempt in range(1, limits.attempts + 1):
        try:
            return await _attempt(git_dir, remote, arguments, limits)
        except Temporary as error:
            clear()
            # Who used up one whole timeout comes again later: a step must not take several.
            if attempt == limits.attempts or isinstance(error, TransferTimeout):
                raise
            pause_s = limits.backoff_s * 2 ** (attempt - 1)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
    raise ValueError("at least one attempt has to be allowed")


async def _attempt(git_dir: Path, remote: Remote, arguments: Sequence[str], limits: TransferLimits) -> bytes:
    config = dict(_CONFIG)
    if remote.credentials is not None:
        config["http.extraHeader"] = remote.credentials.header
    if remote.resolution:
        config["http.curloptResolve"] = remote.resolution
    # No sandbox: the launcher is here for the size limit, and to end git when we are killed.
    ceiling = Limits(
        memory_bytes=2 * GIB,
        cpu_s=int(4 * limits.timeout_s) + 1,
        file_bytes=limits.size_bytes,
        open_files=1024,
    )
    confinement = Confinement(Layers(), network=True, limits=ceiling)
    git = Git(git_dir, online(config), timeout_s=limits.timeout_s, confinement=confinement)
    try:
        return await git.run(*arguments)
    except GitTimeout:
        raise TransferTimeout(f"fetching {remote.url} took longer than {limits.timeout_s:g} s") from None
    except GitFailed as error:
        raise _meaning(remote, error) from None


def _meaning(remote: Remote, error: GitFailed) -> LongshoreError:
    if error.killed:
        return Unavailable(f"fetching {remote.url}: git was killed")
    for pattern, kind, what, hint in _OUTCOMES:
        if re.search(pattern, error.stderr, re.IGNORECASE):
            return kind(f"fetching {remote.url}: {what}", hint=hint)
    return error
