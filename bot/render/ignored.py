"""Which ignore files took part in what a walk saw of an artifact."""

from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import EntryKind
from bot.render.artifact import SOURCE_IGNORE, ArtifactTree
from bot.render.ground import REMOTE_ROOT
from bot.render.notes import Notes


def note_ignore_files(artifact: ArtifactTree, notes: Notes) -> None:
    """Each `.sourceignore` that could hide something that was looked at. Raises `TooMuch`.

    What is composed has been looked through before.
    """
    if artifact.is_composed:
        return
    entries = [entry for entry in notes.entries if not entry.path.startswith(f"{REMOTE_ROOT}/")]
    listed = {entry.path for entry in entries if entry.kind is TraceKind.LISTING}
    directories = listed.union(*(_above(entry.path) for entry in entries))
    wanted = {f"{directory}/{SOURCE_IGNORE}" if directory else SOURCE_IGNORE for directory in directories}
    if artifact.wants_any:
        first = artifact.first_that_ignores()
        if first:
            wanted.add(first)
        else:  # any change may bring the first one
            nothing = TraceEntry("", TraceKind.LISTING, "040000", "nothing is ignored")
            notes.add(nothing, about="ignored ")
    for path in wanted:
        entry = artifact.repository.entry(path)
        if entry is None:
            notes.record(path, TraceKind.ABSENT)
        elif entry.kind is EntryKind.BLOB:
            notes.record_file(path, entry)


def _above(path: str) -> list[str]:
    found = []
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found
