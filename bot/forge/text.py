"""Making a text fit what a forge takes, in its own ways of counting.

The invariant: what comes out is accepted, and where something was left out the reader is told so, outside every fence
and fold that the cut left open.
"""

import re

from bot.forge.base import TextLimit

FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})(?P<info>.*)")
FOLD = re.compile(r"<(?P<end>/?)details\b", re.IGNORECASE)
NOTE = "\n\n_Cut here: the text is longer than the forge accepts._\n"
ELLIPSIS = "…"
MAX_CLOSERS = 50


def clean(text: str) -> str:
    """Without what no forge stores: null characters, and halves of characters that UTF-8 cannot express."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def fits(text: str, limit: TextLimit) -> bool:
    return len(text) <= limit.code_points and len(text.encode()) <= limit.size_bytes


def clip(text: str, limit: TextLimit) -> str:
    """Markdown that fits, cut at the end of a line where there is one near."""
    text = clean(text)
    if fits(text, limit):
        return text
    note_bytes = len(NOTE.encode())
    room = TextLimit(max(limit.code_points - len(NOTE), 0), max(limit.size_bytes - note_bytes, 0))
    kept = _prefix(text, room)
    # What closes open fences and folds needs room as well, and cutting for it can close some of them.
    while not fits(kept + (closing := _closing(kept)), room):
        kept = _prefix(text, TextLimit(len(kept) - len(closing), room.size_bytes))
    return kept + closing + NOTE


def clip_line(text: str, code_points: int) -> str:
    """One line of plain text, for titles and descriptions."""
    line = " ".join(clean(text).split())
    return line if len(line) <= code_points else line[: code_points - 1] + ELLIPSIS


def _prefix(text: str, limit: TextLimit) -> str:
    kept = text[: max(limit.code_points, 0)].encode()[: max(limit.size_bytes, 0)].decode(errors="ignore")
    line_end = kept.rfind("\n")
    return kept[:line_end] if line_end > len(kept) // 2 else kept


def _closing(kept: str) -> str:
    """The lines that close the fence and the folds which `kept` leaves open."""
    fence, folds = "", 0
    for line in kept.split("\n"):
        match = FENCE.match(line)
        if fence:
            if match and match["mark"].startswith(fence) and not match["info"].strip():
                fence = ""
        elif match:
            fence = match["mark"]
        else:
            folds = max(0, folds + sum(-1 if fold["end"] else 1 for fold in FOLD.finditer(line)))
    return (f"\n{fence}" if fence else "") + "\n</details>" * min(folds, MAX_CLOSERS)
