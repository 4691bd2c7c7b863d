"""A private git directory over the user's working tree, which behaves as theirs would and runs nothing of theirs.

Index, ignore and attribute files are copies. Of the user's settings (their own, the machine's, the repository's) only
those that decide how a file becomes a blob are taken over; the rest, and every program they name, is left behind.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.git.command import Git
from bot.git.environment import offline
from bot.git.errors import WorkingTreeUnreadable
from bot.git.location import Location
from bot.git.scratch import write_bare_skeleton

_TAKEN_OVER = frozenset(
    {
        *("core.autocrlf", "core.eol", "core.filemode", "core.symlinks", "core.ignorecase"),
        *("core.precomposeunicode", "core.trustctime", "core.checkstat", "core.bigfilethreshold"),
        *("core.sparsecheckout", "core.sparsecheckoutcone", "index.sparse"),
    }
)
_USERS_OWN = (
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """`filters` are the names of the clean filters that the user's git would run."""

    taken_over: Mapping[str, str]
    filters: frozenset[str]


async def read_settings(location: Location) -> Settings:
    """Ask git what the user configured. Reading settings runs nothing."""
    environment = {name: os.environ[name] for name in _USERS_OWN if name in os.environ} | {"LC_ALL": "C"}
    output = await Git(location.git_dir, environment).run("config", "--list", "-z")
    return _choose(_parse(output))


def _choose(settings: Mapping[str, str]) -> Settings:
    taken_over = {key: value for key, value in settings.items() if key in _TAKEN_OVER}
    for key, default in (("core.excludesfile", "ignore"), ("core.attributesfile", "attributes")):
        taken_over[key] = str(Path(settings.get(key) or _xdg_config(default)).expanduser())
    filters = {key.split(".", 1)[1].rpartition(".")[0] for key in settings if _is_clean_filter(key)}
    return Settings(taken_over, frozenset(filters))


@contextmanager
def workbench(location: Location, worktree: Path, scratch_dir: Path, settings: Settings) -> Iterator[Git]:
    """Yield a git whose index is a copy and whose new objects go to the scratch directory.

    Raises `WorkingTreeUnreadable`.
    """
    with TemporaryDirectory(dir=scratch_dir, prefix="worktree-") as directory:
        git_dir = Path(directory)
        write_bare_skeleton(git_dir, location.object_format)
        try:
            _copy(location, git_dir)
        except OSError as error:
            raise WorkingTreeUnreadable(
                f"{error.filename} cannot be read: {error.strerror}", hint="make it readable"
            ) from error
        config = {**settings.taken_over, "core.compression": "0", "core.safecrlf": "false"}
        environment = {
            **offline(config),
            "GIT_WORK_TREE": str(worktree),
            "GIT_OBJECT_DIRECTORY": str(scratch_dir / "objects"),
        }
        yield Git(git_dir, environment, worktree)


def _copy(location: Location, git_dir: Path) -> None:
    """With their times: git takes a file that changed in the second its index was written for possibly changed."""
    sources = [location.git_dir / "index", *location.git_dir.glob("sharedindex.*")]
    for source in sources:
        with suppress(FileNotFoundError):
            shutil.copy2(source, git_dir / source.name)
    for home, name in (
        (location.common_dir, "info/exclude"),
        (location.common_dir, "info/attributes"),
        (location.git_dir, "info/sparse-checkout"),
    ):
        with suppress(FileNotFoundError):
            shutil.copy2(home / name, git_dir / name)


def _parse(output: bytes) -> dict[str, str]:
    """Later values win, as in git; a key without a value means true."""
    settings = {}
    for item in output.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        key, separator, value = item.partition("\n")
        settings[key] = value if separator else "true"
    return settings


def _is_clean_filter(key: str) -> bool:
    return key.startswith("filter.") and key.endswith((".clean", ".process"))


def _xdg_config(name: str) -> str:
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return f"{home}/git/{name}"
