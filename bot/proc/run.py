"""Starts a program, feeds it, collects what it says, and makes sure that it ends.

Whatever happens (success, timeout, too much output, cancellation), when `run` is over the program and everything that
it started in its process group is gone.
"""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from bot.aio import uncancelled
from bot.proc.confine import Confinement, launcher
from bot.proc.errors import ProgramError, ProgramFailed, ProgramMissing, ProgramOutputTooLarge, ProgramTimeout
from bot.proc.family import watch_family

NO_ENV: Mapping[str, str] = MappingProxyType({})
_CHUNK_BYTES = 64 * 1024
_STREAM_BUFFER_BYTES = 256 * 1024
_ORPHANS_S = 0.5


@dataclass(frozen=True, slots=True)
class Command:
    """One run of one program. The environment is exactly `env`: nothing is inherited, not even PATH.

    With `confinement` the program starts through a small launcher (about 12 ms) that first gives up everything the
    confinement does not grant, and ties its life to ours. Without, it starts at once (1 ms) and unbounded in memory:
    for programs of ours on input of ours.
    """

    argv: Sequence[str | Path]
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=lambda: NO_ENV, repr=False)
    stdin: bytes = field(default=b"", repr=False)
    timeout_s: float = 60.0
    max_stdout_bytes: int = 64 * 1024 * 1024
    max_stderr_bytes: int = 64 * 1024
    accept: frozenset[int] = frozenset({0})
    confinement: Confinement | None = None

    @property
    def program(self) -> str:
        return Path(self.argv[0]).name


@dataclass(frozen=True, slots=True)
class Completed:
    """`stderr` is the last `max_stderr_bytes` of what was written there."""

    exit_code: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    duration_s: float


async def run(command: Command) -> Completed:
    """Run to the end. Raises `ProgramMissing`, `ProgramTimeout`, `ProgramOutputTooLarge`, `ProgramTooGreedy`,
    `ProgramFailed`.
    """
    started = time.monotonic()
    process = await _start(command)
    try:
        async with asyncio.timeout(command.timeout_s):
            stdout, stderr = await _converse(process, command)
            exit_code = await process.wait()
    except TimeoutError:
        raise ProgramTimeout(
            command.program, f"{command.program} took longer than {command.timeout_s:g} s"
        ) from None
    finally:
        await _end(process)
        if command.confinement is not None and command.confinement.limits.processes:
            # NB: what closed our pipes goes on without its leader; as long as any of them lives the number is theirs.
            _kill_group(process.pid)
    if exit_code not in command.accept:
        raise ProgramFailed(command.program, exit_code, stderr.decode(errors="replace"))
    return Completed(exit_code, stdout, stderr, time.monotonic() - started)


async def _start(command: Command) -> Process:
    argv = [str(part) for part in command.argv]
    if command.confinement is not None:
        argv = launcher(command.confinement, command.env, argv)
    starting = asyncio.create_subprocess_exec(
        *argv,
        cwd=command.cwd,
        env=dict(command.env),
        stdin=PIPE if command.stdin else DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        limit=_STREAM_BUFFER_BYTES,
        start_new_session=True,
    )
    try:
        # NB: cancelled while it starts a program, asyncio may wait for its end for ever.
        return await uncancelled(starting, _end)
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise ProgramMissing(
            command.program, f"{command.program} cannot be started: {error.strerror}"
        ) from error
    except (OSError, ValueError) as error:
        raise ProgramError(command.program, f"{command.program} cannot be started: {error}") from error


async def _converse(process: Process, command: Command) -> tuple[bytes, bytes]:
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(_end_orphans(process))]
            if command.confinement is not None and command.confinement.limits.processes:
                limits = command.confinement.limits
                watching.append(group.create_task(watch_family(process.pid, command.program, limits)))
            group.create_task(_feed(process, command.stdin))
            stdout = group.create_task(_collect(process.stdout, command))
            stderr = group.create_task(_tail(process.stderr, command.max_stderr_bytes))
            await asyncio.wait((stdout, stderr))
            for watch in watching:
                watch.cancel()
    except* ProgramError as errors:
        raise errors.exceptions[0] from None
    return stdout.result(), stderr.result()


async def _end_orphans(process: Process) -> None:
    """When the program is gone, what it started has no one left to work for, and must not keep our pipes open."""
    while process.returncode is None:  # noqa: ASYNC110 - wait() waits for the pipes too, which is what we must not do
        await asyncio.sleep(_ORPHANS_S / 4)
    await asyncio.sleep(_ORPHANS_S)
    _kill_group(process.pid)


async def _feed(process: Process, data: bytes) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(data)
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it did not want to know; its exit code says whether that was right
    finally:
        process.stdin.close()


async def _collect(stream: asyncio.StreamReader, command: Command) -> bytes:
    data = bytearray()
    while chunk := await stream.read(_CHUNK_BYTES):
        data += chunk
        if len(data) > command.max_stdout_bytes:
            raise ProgramOutputTooLarge(
                command.program, f"{command.program} wrote more than {command.max_stdout_bytes} bytes"
            )
    return bytes(data)


async def _tail(stream: asyncio.StreamReader, keep_bytes: int) -> bytes:
    data = bytearray()
    while chunk := await stream.read(_CHUNK_BYTES):
        data += chunk
        del data[:-keep_bytes]
    return bytes(data)


async def _end(process: Process) -> None:
    """Kill the whole group while its leader is not yet reaped, so that its number cannot mean anyone else."""
    if process.returncode is None:
        _kill_group(process.pid)
    # The transport closes the pipes only when told to, and a cancelled caller must not leave a zombie behind.
    await asyncio.shield(process.wait())
    process._transport.close()  # type: ignore[attr-defined] # noqa: SLF001 - asyncio has no public way


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
