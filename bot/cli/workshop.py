"""What rendering needs on a person's own machine: programs, caches and a mask key, all below the user's cache."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.diff.mask import Mask
from bot.errors import UserError
from bot.model.hosts import Credentials, Hosts
from bot.model.programs import Programs
from bot.model.rendering import Trust
from bot.planning.elsewhere import Elsewhere
from bot.planning.memory import Memory
from bot.planning.once import Late
from bot.planning.workshop import Workshop
from bot.proc.errors import ProgramMissing
from bot.proc.programs import cache_dir, find, version
from bot.proc.protections import protections
from bot.render.builder import Builder, Builders
from bot.render.cache import RenderingCache
from bot.render.sandbox import Bounds, Sandbox

if TYPE_CHECKING:
    from bot.git.foreign import ForeignRepositories
    from bot.registry.downloads import Downloads
    from bot.render.sops.decrypt import Decryptor

_CACHE_BYTES = 512 << 20
_KEY_BYTES = 32
_TOKEN_USER = "x-access-token"  # noqa: S105 - who a forge takes the bearer of a token for
_MAX_KEY_FILE_CHARS = 64 << 10


@asynccontextmanager
async def personal_workshop(hosts: Hosts, programs: Programs, *, offline: bool) -> AsyncIterator[Workshop]:
    """Raises `ProgramMissing`, and `UserError` where the cache directory cannot be used."""
    home = cache_dir()
    mask, bounds = Mask(kept_secret(home / "mask.key")), Bounds(os.cpu_count() or 1)
    sources = Sources(home / "sources", hosts, offline=offline)
    elsewhere = sources.elsewhere()
    workshop = await make_workshop(home, mask, _CACHE_BYTES, bounds, elsewhere=elsewhere, programs=programs)
    try:
        yield workshop
    finally:
        workshop.close()
        await workshop.elsewhere.close()


@dataclass(frozen=True, slots=True)
class Sources:
    """What lies elsewhere: where it is kept, who may be asked for it, and as whom."""

    home: Path
    hosts: Hosts
    credentials: Credentials = field(default_factory=Credentials)
    cache_bytes: int = 1 << 30
    offline: bool = False

    def elsewhere(self) -> Elsewhere:
        """Most plans need none of it, and do not wait for its code to be loaded."""
        return Elsewhere(Late(self._downloads), Late(self._repositories))

    def _downloads(self) -> "Downloads":
        from bot.registry import Downloads, Limits  # noqa: PLC0415

        limits = Limits(cache_bytes=self.cache_bytes)
        return Downloads(self.home / "charts", self.hosts, self.credentials, limits, offline=self.offline)

    def _repositories(self) -> "ForeignRepositories":
        from bot.git.foreign import ForeignRepositories  # noqa: PLC0415
        from bot.git.remote import Credentials as GitCredentials  # noqa: PLC0415

        def credentials(url: str) -> GitCredentials | None:
            known = self.credentials.of(url)
            return GitCredentials(known.username or _TOKEN_USER, known.secret) if known else None

        return ForeignRepositories(self.home / "git", self.hosts, credentials, offline=self.offline)


async def make_workshop(
    home: Path,
    mask: Mask,
    cache_bytes: int,
    bounds: Bounds,
    *,
    elsewhere: Elsewhere | None = None,
    programs: Programs | None = None,
) -> Workshop:
    """`home` holds the caches. Without `elsewhere` nothing is fetched.

    `programs` are the operator's, for what ours do not render.
    """
    sandbox, kustomize = await asyncio.gather(asyncio.to_thread(Sandbox.here, bounds), version("kustomize"))
    sandbox = replace(sandbox, programs=programs or Programs())
    helm = {"helm": await version("helm")} if sandbox.helm is not None else {}
    tools = {"kustomize": kustomize, **helm}
    return Workshop(
        sandbox=sandbox,
        protections=protections(),
        tools=tools,
        elsewhere=elsewhere or Elsewhere(),
        mask=mask,
        cache=RenderingCache(home / "renderings", cache_bytes),
        memory=Memory(home / "expansions"),
        gate=asyncio.Semaphore(bounds.at_once),
        builders=await _builders(sandbox, tools, bounds),
    )


async def _builders(sandbox: Sandbox, tools: Mapping[str, str], bounds: Bounds) -> Mapping[Trust, Builders]:
    """Those whose program is there, and made of the version that plans say.

    What they answer takes Python as long to read: more than half as many would wait for it, and take memory.
    """
    kustomize, helm = await asyncio.gather(*(_same("kustomize", tools), _same("helm", tools)))

    def builder(program: Path | None) -> Builder | None:
        if program is None:
            return None
        return Builder(
            *(program, sandbox.layers),
            programs=max(1, bounds.at_once // 2),
            timeout_s=bounds.timeout_s,
            max_output_bytes=bounds.output_bytes,
            memory_bytes=bounds.memory_bytes,
        )

    return {trust: Builders(builder(kustomize), builder(helm)) for trust in Trust}


async def _same(renderer: str, tools: Mapping[str, str]) -> Path | None:
    name = f"{renderer}-builder"
    try:
        program = find(name)
    except ProgramMissing:
        return None
    return program if await version(name) == tools.get(renderer) else None


async def personal_decryptor(files: Sequence[Path]) -> "Decryptor | None":
    """A person who hands over a key trusts the change with it. Raises `ProgramMissing`, and `UserError` for the files."""
    if not files:
        return None
    from bot.render.sops.decrypt import Decryptor  # noqa: PLC0415 - few hand over a key
    from bot.render.sops.keys import AgeKeys  # noqa: PLC0415 - as above

    texts, program = await asyncio.gather(asyncio.to_thread(_key_texts, files), version("sops"))
    for file, text in zip(files, texts, strict=True):
        try:
            AgeKeys.parse(text)
        except UserError as error:
            raise UserError(f"{file}: {error.message}", hint=error.hint) from None
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
            hint="make the directory writable, or name another: dataDir in config.yaml, XDG_CACHE_HOME for `longshore plan`",
        ) from None
