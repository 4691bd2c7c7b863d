"""Files of values at URLs, which Helm itself would fetch: of hosts that the operator allows, like remote bases."""

from collections.abc import Iterator, Mapping

from bot.model.release import Release, ValuesFile
from bot.model.remote import RemoteKind, RemoteRef
from bot.model.rendering import TraceEntry, TraceKind
from bot.model.target import Target
from bot.render.errors import Unrenderable
from bot.render.ground import FILE_NAME, Ground, RemoteTree
from bot.render.uses import Uses


def remote_reads(target: Target, ground: Ground, uses: Uses) -> Iterator[TraceEntry | Unrenderable]:
    """What is read of them, and why that cannot be. Never raises."""
    for file in _remote(target.release):
        try:
            at, _ = uses.enter(ground, target.origin.file or "", file.path, (reference(file), FILE_NAME))
            entry = at.tree.entry(FILE_NAME)
            assert entry is not None
            yield TraceEntry(at.path(FILE_NAME), TraceKind.FILE, entry.mode, entry.id)
        except Unrenderable as error:
            yield Unrenderable(f"helm.valueFiles: {file.path[:200]!r} {error.message}")


def reference(file: ValuesFile) -> RemoteRef:
    return RemoteRef(RemoteKind.FILE, file.path)


def remote_data(file: ValuesFile, remotes: Mapping[RemoteRef, RemoteTree]) -> bytes:
    """Raises `Unrenderable`."""
    found = remotes.get(reference(file))
    if found is None or found.tree is None:
        raise Unrenderable(f"helm.valueFiles: {file.path[:200]!r} was not fetched")
    return found.tree.read(FILE_NAME)


def _remote(release: Release | None) -> Iterator[ValuesFile]:
    if release is not None:
        named = (
            *release.values_files,
            *(parameter.file for parameter in release.parameters if parameter.file),
        )
        yield from (file for file in dict.fromkeys(named) if file.is_remote)
