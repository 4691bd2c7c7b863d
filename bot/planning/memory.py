"""Expansions on disk, so that a change to a known tree is found by what it touches, not by reading everything again.

May be lost at any moment; what cannot be read counts as not there.
"""

import contextlib
import gc
import hashlib
import os
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bot.discover.objects import DeclaredObject
from bot.model.manifests import canonical_json
from bot.model.rendering import ContentKey, Diagnostic
from bot.model.repo import TreeId
from bot.planning.expansion import DeclaringFiles, Expansion, Finding, KnownReferences, Mode, Traced
from bot.render.key import SCHEMA

_MAGIC = b"longshore-expansion-7\n"
_KEPT = 128
_MAX_BYTES = 256 << 20


class _Stored(msgspec.Struct, frozen=True):
    mode: Mode
    targets: list[Traced]
    diagnostics: list[Diagnostic]
    kustomizations: dict[str, KnownReferences]
    held: dict[ContentKey, tuple[DeclaredObject, ...]]
    broken: frozenset[ContentKey]
    files: DeclaringFiles | None
    whole: bool


_decoder = msgspec.msgpack.Decoder(_Stored)


class Memory:
    """At most a fixed number of expansions; the least recently used goes first. Safe in threads and processes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def recall(self, tree: TreeId, finding: Finding, tools: Mapping[str, str]) -> Expansion | None:
        file = self._file(tree, finding, tools)
        try:
            data = file.read_bytes()
            if not data.startswith(_MAGIC):
                return None
            stored = _decoded(_inflate(data[len(_MAGIC) :]))
        except (OSError, ValueError, zlib.error, msgspec.MsgspecError):
            return None
        with contextlib.suppress(OSError):
            os.utime(file)
        return Expansion(
            tree,
            stored.mode,
            {traced.target.id: traced for traced in stored.targets},
            tuple(stored.diagnostics),
            stored.kustomizations,
            stored.held,
            stored.broken,
            stored.files,
            whole=stored.whole,
        )

    def remember(self, expansion: Expansion, finding: Finding, tools: Mapping[str, str]) -> None:
        """A disk that is full, or names that are no text, cost the memory and nothing else."""
        stored = _Stored(
            expansion.mode,
            list(expansion.targets.values()),
            list(expansion.diagnostics),
            dict(expansion.kustomizations),
            dict(expansion.held),
            expansion.broken,
            expansion.files,
            expansion.whole,
        )
        with contextlib.suppress(OSError, UnicodeEncodeError):
            data = _MAGIC + zlib.compress(msgspec.msgpack.encode(stored), level=1)
            self._write(self._file(expansion.tree, finding, tools), data)

    def _write(self, file: Path, data: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._directory, suffix=".new")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        Path(temporary).replace(file)
        kept = sorted(self._directory.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in kept[_KEPT:]:
            old.unlink(missing_ok=True)

    def _file(self, tree: TreeId, finding: Finding, tools: Mapping[str, str]) -> Path:
        described = canonical_json(
            {
                "tree": tree,
                "mode": finding.mode,
                "urls": sorted(finding.repository.urls),
                "declared": [msgspec.to_builtins(target) for target in finding.declared],
                "branch": [finding.branch, finding.default_branch],
                "argocd": [msgspec.to_builtins(each) for each in (finding.argocd, *finding.argocd_clusters)],
                "clusters": None if finding.clusters is None else sorted(finding.clusters),
                "strict": finding.is_strict,
                "tools": dict(tools),
                "schema": SCHEMA,
            }
        )
        return self._directory / hashlib.sha256(described).hexdigest()


def _decoded(data: bytes) -> _Stored:
    """Nothing in it refers in circles. Looking for some while hundreds of thousands of objects are made takes longer than
    to make them.
    """
    was_looking = gc.isenabled()
    gc.disable()
    try:
        return _decoder.decode(data)
    finally:
        if was_looking:
            gc.enable()


def _inflate(data: bytes) -> bytes:
    inflate = zlib.decompressobj()
    unpacked = inflate.decompress(data, _MAX_BYTES)
    if not inflate.eof:
        raise ValueError("cut off, or larger than any expansion")
    return unpacked
