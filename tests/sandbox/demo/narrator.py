"""What the watcher reads: chapters, what was posted, what moved, and what is being waited for.

Invariant: nothing is waited for in silence, and nothing without end.
"""

from __future__ import annotations

import asyncio
import html
import re
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TextIO, TypeVar

T = TypeVar("T")

POLL_S = 0.1
KEEP_ALIVE_S = 15.0
WIDTH = 110
QUOTED_LINES = 100
SPINNER = "|/-\\"
_HIDDEN = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_FOLDS = re.compile(r"^</?details[^>]*>\n", re.MULTILINE)
_TAGS = re.compile(r"</?(?:details|summary|code|sub|b|br)\b[^>]*>")
_BOLD, _DIM, _GREEN, _RED, _BLUE = "1", "2", "32", "31", "36"


class DemoFailed(Exception):
    """Something that should have happened did not; the text is for the watcher."""


def no_detail() -> str:
    return ""


@dataclass
class Narrator:
    """Coloured and with a moving line on a terminal; plain lines, and a sign of life now and then, elsewhere."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    chapters: list[tuple[str, float]] = field(default_factory=list)
    _began_s: float = field(default_factory=time.monotonic)
    _is_waiting: bool = False

    @property
    def is_terminal(self) -> bool:
        return self.out.isatty()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began_s

    def chapter(self, title: str) -> None:
        self.chapters.append((title, self.elapsed_s))
        number = len(self.chapters)
        self._line()
        self._line(
            self._styled(f"{number}. {title}", _BOLD) + self._styled(f"  ({self.elapsed_s:.0f} s)", _DIM)
        )

    def say(self, text: str) -> None:
        self._line(f"   {text}")

    def look(self, text: str) -> None:
        """Where to look for oneself."""
        self._line(self._styled(f"   -> {text}", _BLUE))

    def moved(self, sign: str, text: str) -> None:
        """Something in the world changed: `+`, `-`, `~`, or `ok`."""
        style = {"+": _GREEN, "ok": _GREEN, "-": _RED}.get(sign, _BLUE)
        first, *more = textwrap.wrap(text, WIDTH, subsequent_indent=" " * 8)
        self._line(f"   {self._styled(f'{sign:>2}', style)} {first}")
        for line in more:
            self._line(line)

    def quote(self, heading: str, body: str) -> None:
        """Markdown as it was posted, less the tags that a browser would not show either."""
        shown = html.unescape(_TAGS.sub("", _FOLDS.sub("", _HIDDEN.sub("", body))))
        lines = re.sub(r"\n{3,}", "\n\n", shown).strip().splitlines()
        self._line(f"   {self._styled(heading, _DIM)}")
        for line in lines[:QUOTED_LINES]:
            self._line(f"   {self._styled('|', _DIM)} {line}")
        if len(lines) > QUOTED_LINES:
            self._line(f"   {self._styled('|', _DIM)} ... and {len(lines) - QUOTED_LINES} more lines")

    def table(self, rows: list[tuple[str, ...]]) -> None:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._line("   " + "  ".join(cells).rstrip())

    async def until(
        self,
        what: str,
        find: Callable[[], Awaitable[T | None]],
        timeout_s: float,
        detail: Callable[[], str] = no_detail,
    ) -> T:
        """The first answer that is not None. Raises DemoFailed after the time-out."""
        began_s = spoken_s = time.monotonic()
        while (found := await find()) is None:
            now_s = time.monotonic()
            if now_s - began_s > timeout_s:
                raise DemoFailed(f"waited {timeout_s:.0f} s in vain for {what}")
            spoken_s = self._alive(what, detail(), now_s - began_s, spoken_s)
            await asyncio.sleep(POLL_S)
        self._clear()
        return found

    def _alive(self, what: str, detail: str, waited_s: float, spoken_s: float) -> float:
        """A sign of life; returns when the last one was given."""
        now_s = time.monotonic()
        text = f"waiting for {what}: {waited_s:.0f} s{f' ({detail})' if detail else ''}"
        if self.is_terminal:
            sign = SPINNER[int(waited_s / POLL_S) % len(SPINNER)]
            self.out.write(f"\r\x1b[K   {sign} {text[:WIDTH]}")
            self.out.flush()
            self._is_waiting = True
        elif now_s - spoken_s >= KEEP_ALIVE_S:
            self._line(f"   ... {text}")
            return now_s
        return spoken_s

    def _line(self, text: str = "") -> None:
        self._clear()
        self.out.write(f"{text}\n")
        self.out.flush()

    def _clear(self) -> None:
        if self._is_waiting:
            self.out.write("\r\x1b[K")
            self._is_waiting = False

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.is_terminal else text
