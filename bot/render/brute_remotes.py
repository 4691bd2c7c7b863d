"""Remote trees in a whole checkout: each is written whole, and every kustomization that names one is rewritten."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from bot.model.tree import TreeReader
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES, Use
from bot.render.ground import REMOTE_ROOT, Remotes, place_of
from bot.render.overlay import declared
from bot.render.remote import remote_entry
from bot.render.rewrite import FIELDS, rewrite, way

WriteTree = Callable[[TreeReader, Path], None]


def lay_out(root: Path, remotes: Remotes, write: WriteTree) -> None:
    """Make all that is at hand and named in the checkout a part of it. May be called again when more is at hand."""
    pending = list(_kustomizations(root))
    while pending:
        file = pending.pop()
        with suppress(Unrenderable, OSError):  # what kustomize cannot read either is for it to say
            for place in _rewritten(root, file, remotes, write):
                pending += _kustomizations(root / place)


def _rewritten(root: Path, file: Path, remotes: Remotes, write: WriteTree) -> list[str]:
    """The places of remote trees that were written for this file."""
    kustomization = declared(file.read_bytes())
    ways: dict[str, str] = {}
    written = []
    for field in FIELDS:
        entries = kustomization.get(field)
        for text in entries if isinstance(entries, list) else ():
            use = Use.COMPONENT if field == "components" else Use.RESOURCE
            entry = remote_entry(text, use) if isinstance(text, str) else None
            at = remotes.get(entry[0]) if entry is not None else None
            if entry is None or at is None or at.tree is None:
                continue
            place = place_of(at.identity)
            if not (root / place).exists():
                (root / place).mkdir(parents=True)
                write(at.tree, root / place)
                written.append(place)
            ways[text] = way(file.relative_to(root).as_posix(), place, entry[1])
    if ways:
        rewrite(file, kustomization, ways)
    return written


def _kustomizations(directory: Path) -> Iterator[Path]:
    for parent, names, files in os.walk(directory):
        names[:] = [name for name in names if name != REMOTE_ROOT]
        yield from (Path(parent) / name for name in files if name in KUSTOMIZATION_FILES)
