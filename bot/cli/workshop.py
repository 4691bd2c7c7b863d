"""What rendering needs on a person's own machine: programs, caches and a mask key, all below the user's cache."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from bot.diff.mask import Mask
from bot.errors import UserError
from bot.model.rendering import Trust
from bot.planning.memory import Memory
from bot.planning.renderings import Workshop
from bot.proc.programs import version
from bot.proc.sandbox import protections
from bot.render.cache import RenderingCache
from bot.render.sandbox import Sandbox
from bot.render.sops.decrypt import Decryptor
from bot.render.sops.keys import AgeKeys

_CACHE_BYTES = 512 << 20
_KEY_BYTES = 32
_MAX_KEY_FILE_CHARS = 64 << 10


async def personal_workshop() -> Workshop:
    """Raises `ProgramMissing`, and `UserError` where the cache directory cannot be used."""
    home = cache_dir()
    return await make_workshop(home, Mask(kept_secret(home / "mask.key")), _CACHE_BYTES, os.cpu_count() or 1)


async def make_workshop(home: Path, mask: Mask, cache_bytes: int, renderers: int) -> Workshop:
    """`home` holds the caches; `renderers` is how many programs render at once."""
    sandbox, kustomize = await asyncio.gather(asyncio.to_thread(Sandbox.here), version("kustomize"))
    return Workshop(
        sandbox=sandbox,
        protections=protections(),
        tools={"kustomize": kustomize},
        mask=mask,
        cache=RenderingCache(home / "renderings", cache_bytes),
        memory=Memory(home / "expansions"),
        gate=asyncio.Semaphore(renderers),
    )


async def personal_decryptor(files: Sequence[Path]) -> Decryptor | None:
    """A person who hands over a key trusts the change with it. Raises `ProgramMissing`, and `UserError` for the files."""
    if not files:
        return None
    texts, program = await asyncio.gather(asyncio.to_thread(_key_texts, files), version("sops"))
    return Decryptor.here(AgeKeys.parse(*texts), Trust.TRUSTED, program)


def _key_texts(files: Sequence[Path]) -> list[str]:
    texts = []
    for file in files:
        try:
            with file.open(encoding="utf-8") as stream:
                texts.append(stream.read(_MAX_KEY_FILE_CHARS))
        except OSError as error:
            raise UserError(f"cannot read the age key file {file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UserError(f"{file} is not an age key file: it is not text") from None
    return texts


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "longshore"


def kept_secret(file: Path) -> bytes:
    """A key that is made once and stays: whoever comes first makes it, everybody reads the same one."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            fresh = file.with_name(f".{file.name}.{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(_KEY_BYTES))
            try:
                os.link(fresh, file)
            finally:
                fresh.unlink()
        return file.read_bytes()
    except OSError as error:
        raise UserError(
            f"cannot keep a key in {file}: {error.strerror}",
            hint="make the directory writable, or set XDG_CACHE_HOME",
        ) from None
