"""A tree in memory, so that a test can say in a dict what a repository holds."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.model.repo import TreeId
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId
from bot.model.tree import EntryKind, TreeEntry, UnreadableFile


@dataclass(frozen=True)
class Link:
    target: str


class Submodule:
    pass


Content = str | bytes | Link | Submodule
MAX_FILE_BYTES = 4 * 1024 * 1024


class MemoryTree:
    """Satisfies `TreeReader`. Counts what is read, to show what is remembered."""

    def __init__(self, files: Mapping[str, Content]) -> None:
        self.files = dict(files)
        self.reads = 0
        self._entries: dict[str, TreeEntry] = {"": TreeEntry("040000", EntryKind.TREE, "root")}
        self._children: dict[str, dict[str, TreeEntry]] = {"": {}}
        for path, content in self.files.items():
            self._put(path, _entry(content))

    @property
    def id(self) -> TreeId:
        return TreeId(_hash(repr(sorted((p, e.mode, e.id) for p, e in self._entries.items())).encode()))

    def entry(self, path: str) -> TreeEntry | None:
        return self._entries.get(path)

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        return tuple(sorted(self._children.get(path, {}).items()))

    def listing_id(self, path: str) -> str:
        return _hash(repr(self.listing(path)).encode()) if path in self._children else ""

    def read(self, path: str) -> bytes:
        self.reads += 1
        content = self.files.get(path)
        if not isinstance(content, str | bytes):
            raise UnreadableFile(f"{path} is not a file")
        data = _bytes(content)
        if len(data) > MAX_FILE_BYTES:
            raise UnreadableFile(f"{path} is larger than {MAX_FILE_BYTES} bytes")
        return data

    def read_link(self, path: str) -> str:
        content = self.files.get(path)
        if not isinstance(content, Link):
            raise UnreadableFile(f"{path} is not a link")
        return content.target

    def prefetch(self, paths: Iterable[str]) -> None:
        pass

    def _put(self, path: str, entry: TreeEntry) -> None:
        self._entries[path] = entry
        parent, _, name = path.rpartition("/")
        if parent not in self._children:
            self._children[parent] = {}
            self._put(parent, TreeEntry("040000", EntryKind.TREE, f"tree {parent}"))
        self._children[parent][name] = entry


def _entry(content: Content) -> TreeEntry:
    if isinstance(content, Link):
        return TreeEntry("120000", EntryKind.LINK, _hash(content.target.encode()))
    if isinstance(content, Submodule):
        return TreeEntry("160000", EntryKind.SUBMODULE, "0" * 40)
    return TreeEntry("100644", EntryKind.BLOB, _hash(_bytes(content)))


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _hash(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def target(
    path: str = "app",
    *,
    renderer: RendererKind = RendererKind.KUSTOMIZE,
    found: Found = Found.KUSTOMIZE_ROOT,
    overlay: Mapping[str, object] | None = None,
    unknown_because: str = "",
) -> Target:
    return Target(
        id=TargetId("test", path or "."),
        path=path,
        renderer=renderer,
        engine=EngineKind.DIRECT,
        origin=Origin(found, "clusters/test/app.yaml" if found is Found.FLUX_KUSTOMIZATION else None, 7),
        overlay=overlay or {},
        unknown_because=unknown_because,
    )


def config_map(name: str, **data: str) -> str:
    lines = "".join(f"  {key}: {value}\n" for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{lines}  own: '1'\n"
