"""One line of progress that rewrites itself in a terminal, and says nothing where nobody watches."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

_EVERY_S = 0.1
_WIDTH = 78


class Progress:
    """Say where long work stands. In a pipe or a CI log it stays silent: the result is what counts there."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._active = self._stream.isatty()
        self._last = 0.0
        self._shown = False

    def say(self, text: str) -> None:
        now = time.monotonic()
        if self._active and now - self._last >= _EVERY_S:
            self._last = now
            # Names come from the repository and may hold what a terminal obeys.
            shown = "".join(c if c.isprintable() else "?" for c in text[:_WIDTH])
            self._stream.write(f"\r\x1b[2K{shown}")
            self._stream.flush()
            self._shown = True

    def clear(self) -> None:
        if self._shown:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
