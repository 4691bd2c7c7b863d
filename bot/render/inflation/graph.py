"""Which kustomizations of a directory inflate which charts, and for which namespaces.

A chart without a namespace takes that of the kustomization, or of the nearest one that refers to it and has one. Two
overlays with namespaces of their own so make two inflations of one base; kustomize builds it twice, and so it is here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.model.manifests import ManifestError, canonical_json, documents, flatten
from bot.model.tree import EntryKind, TreeReader, UnreadableFile
from bot.render.contents import INLINE, read_kustomization, read_plugins
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.helm.output import KustomizeLoader
from bot.render.inflation.declared import KIND, Inflation
from bot.render.inflation.reads import MAX_CHARTS
from bot.render.overlay import declared
from bot.render.paths import follow, join
from bot.render.rewrite import FIELDS

MAX_COPIES = 100
"""Directories that are built for more than one namespace, each counted as often."""
_MERGING = frozenset({"merge", "replace"})


@dataclass(slots=True)
class Node:
    """A directory with a kustomization. `children` are the directories that its entries lead to, by their texts."""

    path: str
    file: str
    kustomization: dict[str, Any]
    charts: tuple[Inflation, ...] = ()
    generators: list[str] = field(default_factory=list)
    children: dict[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        return str(self.kustomization.get("namespace") or "")


@dataclass(frozen=True, slots=True)
class Placed:
    """A directory as it is built once: `at` is where its files are, its own place or a copy beside it."""

    node: Node
    at: str
    namespace: str
    children: tuple[tuple[str, str], ...]
    """The entries of its kustomization that lead elsewhere than they say, and where to."""


class Graph:
    """The kustomizations below one directory of `root`, whose files are those of `tree`. Raises `Unrenderable`."""

    def __init__(self, root: Path, tree: TreeReader, directory: str) -> None:
        self._root = root
        self._tree = tree
        self._nodes: dict[str, Node] = {}
        self._varies: dict[str, bool] = {}
        self._places: dict[tuple[str, str], str] = {}
        self._placed: list[Placed] = []
        self._read(directory)
        self._place(directory, "")

    def placed(self) -> list[Placed]:
        """Every directory as often as it is built otherwise, copies after what they are copies of."""
        return self._placed

    def _read(self, path: str) -> None:
        if path in self._nodes:
            return
        names = (name for name in KUSTOMIZATION_FILES if (self._root / path / name).is_file())
        file = next(names, None)
        if file is None:
            raise Unrenderable(f"{path[:200]!r} has no kustomization")
        data = (self._root / path / file).read_bytes()
        node = self._nodes[path] = Node(path, file, declared(data), read_kustomization(data).charts)
        self._read_generators(node)
        for text in _entries(node.kustomization):
            place = follow(self._tree, join(path, text))
            if place.entry is not None and place.entry.kind is EntryKind.TREE:
                node.children[text] = place.path
                self._read(place.path)

    def _read_generators(self, node: Node) -> None:
        """Take the charts out of the generators' configurations; what else they generate stays."""
        merging = False
        for entry in node.kustomization.get("generators") or ():
            data = self._configurations(node, str(entry))
            charts = read_plugins(data).charts if data is not None else ()
            rest = _others(data) if data is not None else []
            merging = merging or any(config.get("behavior") in _MERGING for config in rest)
            if not charts:
                node.generators.append(str(entry))
                continue
            if not INLINE.search(str(entry)):  # those that stand in the kustomization are among its own
                node.charts += charts
            if rest:
                node.generators.append("\n---\n".join(canonical_json(config).decode() for config in rest))
        if merging and node.charts:
            raise Unrenderable(
                "generators: what merges into other objects cannot be told together with charts",
                file=join(node.path, node.file),
            )

    def _configurations(self, node: Node, entry: str) -> bytes | None:
        """What an entry of `generators` says; None for a directory, which holds no charts."""
        if INLINE.search(entry):
            return entry.encode("utf-8", "surrogateescape")
        place = follow(self._tree, join(node.path, entry))
        if place.entry is None or place.entry.kind is not EntryKind.BLOB:
            return None
        try:
            return self._tree.read(place.path)
        except UnreadableFile as error:
            raise Unrenderable(error.message, file=place.path) from None

    def _depends(self, path: str) -> bool:
        """Whether what a directory makes depends on the namespace of who refers to it."""
        if path not in self._varies:
            node = self._nodes[path]
            own = any(chart.inherits_namespace and not chart.namespace for chart in node.charts)
            below = any(self._depends(child) for child in node.children.values())
            self._varies[path] = not node.namespace and (own or below)
        return self._varies[path]

    def _place(self, path: str, inherited: str) -> str:
        """Where the directory is built for this namespace."""
        node = self._nodes[path]
        namespace = node.namespace or inherited
        key = path, namespace if self._depends(path) else ""
        if key in self._places:
            return self._places[key]
        is_first = not any(known == path for known, _ in self._places)
        at = path if is_first else self._beside(path)
        self._places[key] = at
        moved = [(text, self._place(child, namespace)) for text, child in node.children.items()]
        elsewhere = [(text, to) for text, to in moved if at != path or to != node.children[text]]
        self._placed.append(Placed(node, at, namespace, tuple(elsewhere)))
        if sum(len(placed.node.charts) for placed in self._placed) > MAX_CHARTS:
            raise Unrenderable(f"more than {MAX_CHARTS} charts are inflated, those of each namespace counted")
        return at

    def _beside(self, path: str) -> str:
        """A new directory from which relative paths lead where they did; the root is left by none."""
        copies = len(self._places) - len({known for known, _ in self._places})
        if copies >= MAX_COPIES:
            raise Unrenderable(f"more than {MAX_COPIES} directories are built for several namespaces")
        parent, _, name = path.rpartition("/")
        at = f".longshore-{name}-{copies + 1}"
        return f"{parent}/{at}" if parent else at


def _entries(kustomization: dict[str, Any]) -> Iterator[str]:
    for name in FIELDS:
        yield from (entry for entry in kustomization.get(name) or () if isinstance(entry, str))


def _others(data: bytes) -> list[dict[str, Any]]:
    try:
        found = flatten(documents(data, file="", loader_of=KustomizeLoader), file="")
    except ManifestError as error:
        raise Unrenderable(f"generators: {error.problem}") from None
    return [document.value for document in found if document.value.get("kind") != KIND]
