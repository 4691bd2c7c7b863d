"""A program that stays: one question down its standard input, one answer up its standard output, many times.

Made for `git cat-file --batch` and for builders, used from ordinary threads. It needs no death signal: when we are gone its input
ends, and with it the program. One user at a time; the caller holds the lock.
"""

import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from bot.proc.confine import Confinement, launcher
from bot.proc.errors import ProgramFailed, ProgramMissing, ProgramTimeout
from bot.proc.run import NO_ENV

_CHUNK_BYTES = 256 * 1024
_CLOSE_TIMEOUT_S = 2.0


class PipedProgram:
    """Starts at once. After any error it is closed and must be replaced: what it would say next is out of step."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] = NO_ENV,
        timeout_s: float = 60.0,
        confinement: Confinement | None = None,
    ) -> None:
        """With `confinement` the program gives up what is not granted, and dies with the thread that started it."""
        self.program = Path(argv[0]).name
        plain = [str(part) for part in argv]
        self._timeout_s = timeout_s
        self._buffer = bytearray()
        self._closed = False
        try:
            self._process = subprocess.Popen(
                plain if confinement is None else launcher(confinement, env, plain),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramMissing(
                self.program, f"{self.program} cannot be started: {error.strerror}"
            ) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin.fileno()
        self._stdout = self._process.stdout.fileno()
        os.set_blocking(self._stdin, False)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises `ProgramTimeout` when the program stops taking it, `ProgramFailed` when it is gone."""
        deadline = time.monotonic() + self._timeout_s
        rest = memoryview(data)
        while rest:
            self._await(self._stdin, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._stdin, rest) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._gone() from None

    def read_line(self, *, max_bytes: int = 64 * 1024) -> bytes:
        """The next line without its newline. Raises `ProgramTimeout`, `ProgramFailed`."""
        deadline = time.monotonic() + self._timeout_s
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > max_bytes:
                raise self._gone()
            self._fill(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def read_exactly(self, size_bytes: int) -> bytes:
        """Exactly that many bytes. Raises `ProgramTimeout`, `ProgramFailed`."""
        deadline = time.monotonic() + self._timeout_s
        while len(self._buffer) < size_bytes:
            self._fill(deadline)
        data = bytes(self._buffer[:size_bytes])
        del self._buffer[:size_bytes]
        return data

    def close(self) -> None:
        """End its input, then end it. Safe to call twice."""
        self._closed = True
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        if not self._ends_within(_CLOSE_TIMEOUT_S):
            self._process.kill()
            self._process.wait()

    def _ends_within(self, timeout_s: float) -> bool:
        """Told by the kernel at once where it can: `wait` with a timeout looks again and again, ever more seldom."""
        if self._process.returncode is None and hasattr(os, "pidfd_open"):
            try:
                descriptor = os.pidfd_open(self._process.pid)
            except OSError:
                return self._waits(timeout_s)
            try:
                poll = select.poll()
                poll.register(descriptor, select.POLLIN)
                poll.poll(timeout_s * 1000)
            finally:
                os.close(descriptor)
            timeout_s = 0.0
        return self._waits(timeout_s)

    def _waits(self, timeout_s: float) -> bool:
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fill(self, deadline: float) -> None:
        self._await(self._stdout, select.POLLIN, deadline)
        chunk = os.read(self._stdout, _CHUNK_BYTES)
        if not chunk:
            raise self._gone()
        self._buffer += chunk

    def _await(self, descriptor: int, event: int, deadline: float) -> None:
        if self._closed:
            raise self._gone()  # the number may be another file's by now
        poll = select.poll()
        poll.register(descriptor, event)
        remaining_s = deadline - time.monotonic()
        if not poll.poll(max(0.0, remaining_s) * 1000):
            self._process.kill()
            self.close()
            raise ProgramTimeout(self.program, f"{self.program} did not answer within {self._timeout_s:g} s")

    def _gone(self) -> ProgramFailed:
        self.close()
        return ProgramFailed(self.program, self._process.returncode, "")
