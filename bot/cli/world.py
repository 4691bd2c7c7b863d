"""Opens everything a step can reach, from the operator's configuration, and closes it again."""

import asyncio
import secrets
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.cli.workshop import Sources, kept_secret, make_workshop
from bot.config import Config
from bot.diff.mask import Mask
from bot.errors import UserError
from bot.forge.marker import MIN_SECRET_BYTES, Seal
from bot.forge.opening import open_forge
from bot.kube.client import KubeClient
from bot.kube.clock import SystemClock
from bot.kube.connection import Connection, Impersonation
from bot.kube.lease import Holder
from bot.loops.facts import KnownClusters
from bot.loops.identity import Identities
from bot.loops.words import Words
from bot.loops.world import World
from bot.model.rendering import Trust
from bot.planning.workshop import Workshop
from bot.proc.programs import version
from bot.render.sandbox import Bounds
from bot.render.sops.decrypt import Decryptor
from bot.render.sops.keys import AgeKeys
from bot.store.askers import Askers
from bot.store.connection import Store
from bot.store.names import KnownNames
from bot.store.shared import Shared


@asynccontextmanager
async def open_world(config: Config, store: Store) -> AsyncIterator[World]:
    """Reads every credential, so that one that is missing is told at the start. Connects to no cluster yet."""
    secret = await asyncio.to_thread(secret_key, config)
    async with AsyncExitStack() as stack:
        forges = {
            name: await stack.enter_async_context(open_forge(name, forge))
            for name, forge in config.forges.items()
        }
        clusters, shared = Clusters(config, stack), Shared(store)
        workshop = await _workshop(config, secret, stack)
        yield World(
            config=config,
            data_dir=config.data_dir,
            forges=forges,
            seal=Seal([secret]),
            workshop=workshop,
            clusters=clusters.connect,
            holder=Holder(f"{socket.gethostname()}-{secrets.token_hex(4)}", SystemClock()),
            words=Words(shared),
            identities=Identities(KnownNames(shared)),
            askers=Askers(shared),
            decryptors=await decryptors(config),
            facts=KnownClusters(config.clusters, clusters.connect, shared).given_to,
        )


async def _workshop(config: Config, secret: bytes, stack: AsyncExitStack) -> Workshop:
    """Closed with the stack."""
    elsewhere = (await asyncio.to_thread(_sources, config)).elsewhere()
    stack.push_async_callback(elsewhere.close)
    limits = config.limits
    bounds = Bounds(limits.renderers, limits.render_timeout, limits.render_memory, limits.render_output)
    workshop = await make_workshop(
        *(config.data_dir, Mask(secret), limits.cache, bounds),
        elsewhere=elsewhere,
        programs=config.programs(),
    )
    stack.callback(workshop.close)
    return workshop


class Clusters:
    """Connects to each cluster when it is first asked for, and once."""

    def __init__(self, config: Config, stack: AsyncExitStack) -> None:
        self._config = config
        self._stack = stack
        self._open: dict[str, KubeClient] = {}
        self._connecting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def connect(self, name: str) -> KubeClient:
        """Raises UserError for a name the operator does not know."""
        async with self._connecting[name]:
            if name not in self._open:
                connection = self._connection(name)
                self._open[name] = await self._stack.enter_async_context(KubeClient(connection))
            return self._open[name]

    def _connection(self, name: str) -> Connection:
        cluster = self._config.clusters.get(name)
        if cluster is None:
            raise UserError(f"no cluster is called {name!r}", hint="name it under `clusters` in config.yaml")
        whom = Impersonation(cluster.impersonate) if cluster.impersonate else None
        return Connection(name, cluster.kubeconfig, cluster.context, whom)


def _sources(config: Config) -> Sources:
    known = config.sources
    return Sources(config.data_dir / "sources", known.allowed(), known.secrets(), known.cache)


def secret_key(config: Config) -> bytes:
    """What the bot signs with: the operator's, else one that is made once and kept in the data directory."""
    if config.secret_key is None:
        return kept_secret(Path(config.data_dir) / "secret.key")
    secret = config.secret_key.read().encode()
    if len(secret) < MIN_SECRET_BYTES:
        raise UserError(
            f"secretKey is shorter than {MIN_SECRET_BYTES} bytes", hint="make one with `openssl rand -hex 32`"
        )
    return secret


async def decryptors(config: Config) -> dict[tuple[str, str], Decryptor]:
    """Reads the keys. Raises `SecretUnreadable`, UserError for what is no key, `ProgramMissing`."""
    # Of two entries of one name the first is the one that is used.
    first = {(entry.forge, entry.repository): entry for entry in reversed(config.repositories)}
    wanted = [entry for entry in first.values() if entry.sops.age_keys]
    if not wanted:
        return {}
    program = await version("sops")
    keys = await asyncio.to_thread(
        lambda: [AgeKeys.parse(*(reference.read() for reference in e.sops.age_keys)) for e in wanted]
    )
    return {
        (entry.forge, entry.repository): Decryptor.here(held, Trust.TRUSTED, program)
        for entry, held in zip(wanted, keys, strict=True)
    }
