"""The remote trees that one walk enters, and the entries that lead there."""

from bot.model.remote import RemoteKind, RemoteRef, RemoteUse
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.contents import Contents, tells_origins
from bot.render.errors import Unrenderable
from bot.render.ground import REMOTE_ROOT, Ground, Remotes, place_of

MAX_DEPTH = 5
"""Remote trees that name one another; each of them costs a question to somebody."""
MAX_REMOTES = 50
_NOT_AT_HAND = (
    "is a remote address; only files of the repository are rendered, and of hosts that `sources.hosts` in "
    "config.yaml names"
)


class Uses:
    """`remotes` are those at hand; what is not among them is written down all the same, so that it can be fetched."""

    def __init__(self, remotes: Remotes) -> None:
        self._remotes = remotes
        self._found: dict[tuple[str, str], RemoteUse] = {}
        self.tells_origins = False

    @property
    def found(self) -> tuple[RemoteUse, ...]:
        return tuple(sorted(self._found.values()))

    def look(self, contents: Contents) -> None:
        """What a kustomization on the way says that concerns remote trees."""
        self.tells_origins = self.tells_origins or contents.tells_origins

    def enter(self, ground: Ground, file: str, text: str, entry: tuple[RemoteRef, str]) -> tuple[Ground, str]:
        """The tree that an entry of `file` leads into, and a sentence about it or none. Raises `Unrenderable`.

        The new ground knows no place in the repository's own files yet where `ground` is the repository.
        """
        ref, to = entry
        use = RemoteUse(ground.path(file), text, ref, to=to)
        self._found[use.file, text] = use
        at = self._remotes.get(ref)
        if at is None:
            raise Unrenderable(_NOT_AT_HAND)
        if at.tree is None:
            raise Unrenderable(f"is a remote address: {at.problem}")
        if ground.depth == MAX_DEPTH:
            raise Unrenderable(
                f"is the last of more than {MAX_DEPTH} remote addresses that lead to one another"
            )
        if len({known.ref for known in self._found.values()}) > MAX_REMOTES:
            raise Unrenderable(f"is one of more than {MAX_REMOTES} remote addresses")
        place = place_of(at.identity)
        self._found[use.file, text] = RemoteUse(use.file, text, ref, at.identity, place, to)
        warning = ""
        if ref.kind is RemoteKind.REPOSITORY and not ref.revision:
            warning = (
                f"{text[:200]!r} follows whatever is newest there, now {at.identity.rpartition('@')[2][:12]}; "
                "pin it by `?ref=` with a tag or commit"
            )
        return Ground(at.tree, place, str(ref), ground.file, ground.line, ground.depth + 1), warning

    def problem(self, tree: TreeReader, target: Target) -> str:
        """What in the repository itself keeps remote trees from being rendered as kustomize would; or nothing."""
        if not any(use.place for use in self._found.values()):
            return ""
        if tree.entry(REMOTE_ROOT) is not None:
            return f"{REMOTE_ROOT} is in the repository, and Longshore puts remote files there: rename it"
        if self.tells_origins or tells_origins(target.overlay.get("buildMetadata")):
            return "buildMetadata: annotations of where objects come from cannot be told together with remote addresses"
        return ""
