"""A directory of manifests as Argo CD reads it: which files, in which order, and what it takes from each.

A file that is no manifest is passed over unless it looks like one: `apiVersion:`, `kind:` and `metadata:` in it make
an error of what is wrong with it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bot.model.gobwas import BadGlob, Glob
from bot.model.manifests import MAX_INPUT_BYTES, Document, parsed
from bot.model.objects import Manifest
from bot.model.rendering import Rendering, TraceEntry, TraceKind
from bot.model.target import RendererKind, Target
from bot.model.tree import EntryKind, TreeEntry, TreeReader, UnreadableFile
from bot.render.argocd.environment import STAND_INS
from bot.render.argocd.fields import Fields
from bot.render.argocd.finish import applied
from bot.render.argocd.objects import identified, taken_apart
from bot.render.contents import LFS_REASON, is_lfs_pointer
from bot.render.errors import Unread, Unrenderable
from bot.render.files import MAX_TOTAL_BYTES
from bot.render.helm.found import Found as Noted
from bot.render.helm.values import ValuesLoader
from bot.render.notes import whole_tree
from bot.render.paths import Place, follow
from bot.render.plugin.output import of_jsonnet
from bot.render.plugin.scratch import reads

_SUFFIXES = (".yaml", ".yml", ".json", ".jsonnet")
_JSONNET = ".jsonnet"
_SKIP_MARK = b"+argocd:skip-file-rendering"
_LOOKS_LIKE_ONE = (b"apiVersion:", b"kind:", b"metadata:")
_MAX_DEPTH = 40
_MOST_STEPS = 30_000_000


@dataclass(frozen=True, slots=True)
class Selection:
    """`spec.source.directory`. A pattern that cannot be read matches nothing, as in Argo CD."""

    recurse: bool = False
    include: str = ""
    exclude: str = ""

    @classmethod
    def of(cls, options: Fields) -> "Selection":
        """Raises `Unrenderable`."""
        options.below("jsonnet")
        return cls(options.flag("recurse"), options.text("include"), options.text("exclude"))

    @property
    def as_options(self) -> dict[str, Any]:
        return {"recurse": self.recurse, "include": self.include, "exclude": self.exclude}


@dataclass(frozen=True, slots=True)
class Candidate:
    """`path` is the name that selects it, `place` where it lies once links are followed."""

    path: str
    place: Place


def scan(tree: TreeReader, directory: str, selection: Selection) -> Iterator[TraceEntry | Candidate]:
    """Every listing and every file that may hold manifests, in Argo CD's order. Raises `Unrenderable`."""
    include, exclude = _glob(selection.include), _glob(selection.exclude)

    left = _MOST_STEPS

    def is_wanted(path: str) -> bool:
        nonlocal left
        left -= len(path) * (len(selection.include) + len(selection.exclude))
        if left < 0:
            raise Unrenderable("directory.include and directory.exclude take too long for so many files")
        below = path[len(directory) + 1 :] if directory else path
        if selection.exclude and exclude is not None and exclude.matches(below):
            return False
        return not selection.include or (include is not None and include.matches(below))

    for found in _walk(tree, directory, recurse=selection.recurse, depth=0):
        if isinstance(found, TraceEntry):
            yield found
        elif is_wanted(found):
            place = follow(tree, found)
            if place.entry is not None and place.entry.kind is EntryKind.TREE:
                continue  # a link to a directory is no file, and is not entered either
            yield Candidate(found, place)


def is_evaluated(name: str, data: bytes) -> bool:
    """Whether a file is Jsonnet that counts."""
    return name.endswith(_JSONNET) and _SKIP_MARK not in data


def taken_from(data: bytes, name: str, path: str, evaluated: bytes | None = None) -> list[Manifest]:
    """`name` is what the file is called where it is found, `path` where it lies. Raises `Unrenderable`.

    `evaluated` is what a file of Jsonnet makes, None where nobody evaluates it.
    """
    if _SKIP_MARK in data:
        return []
    if name.endswith(_JSONNET):
        if evaluated is None:
            raise Unrenderable(
                "is Jsonnet, for which the operator gives no program; that is `jsonnet.command` in config.yaml. Or leave "
                "the file out by spec.source.directory.exclude, or write down what it makes",
                file=path,
            )
        return of_jsonnet(evaluated, path)
    if name.endswith(".json"):
        return [_single(data, path)]
    found: list[Manifest] = []
    try:
        for document in _documents(data):
            found += _object(document, path)
    except Unrenderable:
        if found or all(mark in data for mark in _LOOKS_LIKE_ONE):
            raise
    except yaml.YAMLError as error:
        if found or all(mark in data for mark in _LOOKS_LIKE_ONE):
            mark = getattr(error, "problem_mark", None)
            problem = str(getattr(error, "problem", None) or "is not YAML")[:200]
            raise Unrenderable(problem, file=path, line=mark.line + 1 if mark else None) from None
    return found


def reads_of_directory(
    tree: TreeReader, directory: str, target: Target
) -> Iterator[TraceEntry | Unrenderable]:
    """Everything that `rendered_directory`, or a plugin, reads or looks for, and why it must fail. Never raises."""
    try:
        if target.renderer is RendererKind.PLUGIN:
            yield from reads(tree, directory, is_whole=target.options["whole"])
            if why := target.options["refused"]:
                yield Unrenderable(why)
            return
        has_jsonnet = False
        for found in _scanned(tree, directory, target):
            if isinstance(found, TraceEntry):
                yield found
                continue
            noted = Noted(found.place.path)
            noted.place(found.place)
            yield from noted.entries
            has_jsonnet = has_jsonnet or found.path.endswith(_JSONNET)
        if has_jsonnet:
            yield from _read_by_jsonnet(tree, directory, target)
    except Unrenderable as error:
        if isinstance(error, Unread):
            yield whole_tree(tree)
        yield error


def _read_by_jsonnet(tree: TreeReader, directory: str, target: Target) -> Iterator[TraceEntry]:
    """Whatever it may import. Raises `Unrenderable` where nobody may evaluate it."""
    jsonnet = target.options["directory"].get("jsonnet")
    if jsonnet is None:
        yield whole_tree(tree)
        return
    yield from reads(tree, directory, *jsonnet["libs"], is_whole=jsonnet["whole"])
    if jsonnet["refused"] and (files := jsonnet_files(tree, target)):
        raise Unrenderable(jsonnet["refused"], file=files[0] if jsonnet["is_of_file"] else None)


def jsonnet_files(tree: TreeReader, target: Target) -> list[str]:
    """Those of a directory that are to be evaluated, by the names that they are found by. Raises `Unrenderable`."""
    directory = follow(tree, target.path).path
    return [
        found.path
        for found in _scanned(tree, directory, target)
        if isinstance(found, Candidate) and found.place.entry is not None and found.path.endswith(_JSONNET)
        if is_evaluated(found.path, _content(tree, found.place.path))
    ]


def rendered_directory(
    tree: TreeReader, target: Target, evaluated: Mapping[str, bytes] | None = None
) -> Rendering:
    """The objects as the files hold them, in their order: of equal ones the last. Raises `Unrenderable`.

    `evaluated` is what `jsonnet_files` make, None where nobody evaluates them.
    """
    directory = follow(tree, target.path).path
    candidates = [found for found in _scanned(tree, directory, target) if isinstance(found, Candidate)]
    tree.prefetch([found.place.path for found in candidates if found.place.entry is not None])
    objects: list[Manifest] = []
    left = MAX_TOTAL_BYTES
    for path, place in ((found.path, found.place.path) for found in candidates if found.place.entry):
        data = _content(tree, place)
        left -= len(data)
        if left < 0:
            raise Unrenderable("its files are too large together", file=place)
        try:
            made = (evaluated or {}).get(path)
            objects += identified(taken_apart(taken_from(data, path, place, made)))
        except Unrenderable as error:
            raise Unrenderable(error.message, file=error.file or path, line=error.line) from None
    # NB: what stands for the commit can come out of Jsonnet only: nothing is put into any other file.
    return applied(objects, target, tuple(STAND_INS.values()) if evaluated else ())


def _scanned(tree: TreeReader, directory: str, target: Target) -> Iterator[TraceEntry | Candidate]:
    """Nothing where the target is a directory without options, which is none."""
    options = target.options.get("directory")
    if options is not None:
        yield from scan(tree, directory, Selection.of(Fields("directory", options)))


def _walk(tree: TreeReader, directory: str, *, recurse: bool, depth: int) -> Iterator[TraceEntry | str]:
    if depth > _MAX_DEPTH:
        raise Unrenderable(f"directories below {directory} nest more than {_MAX_DEPTH} deep")
    listed = sorted(tree.listing(directory), key=lambda item: item[0].encode("utf-8", "surrogateescape"))
    kept = [(name, entry) for name, entry in listed if _matters(name, entry, recurse=recurse)]
    yield TraceEntry(directory, TraceKind.LISTING, "directory", _digest(kept))
    for name, entry in kept:
        path = f"{directory}/{name}" if directory else name
        if entry.kind is EntryKind.SUBMODULE:
            raise Unread(
                "is a Git submodule, which Argo CD would enter and Longshore does not have; leave it out of the "
                "directory, or turn recurse off",
                file=path,
            )
        if entry.kind is EntryKind.TREE:
            yield from _walk(tree, path, recurse=recurse, depth=depth + 1)
        else:
            yield path


def _matters(name: str, entry: TreeEntry, *, recurse: bool) -> bool:
    if entry.kind in {EntryKind.TREE, EntryKind.SUBMODULE}:
        return recurse
    return name.endswith(_SUFFIXES)


def _digest(kept: list[tuple[str, TreeEntry]]) -> str:
    lines = "\0".join(f"{entry.kind.value} {name}" for name, entry in kept)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _glob(pattern: str) -> Glob | None:
    try:
        return Glob.parse(pattern)
    except BadGlob:
        return None


def _content(tree: TreeReader, path: str) -> bytes:
    try:
        data = tree.read(path)
    except UnreadableFile as error:
        raise Unrenderable(error.message, file=path) from None
    if len(data) > MAX_INPUT_BYTES:
        raise Unrenderable(f"is larger than {MAX_INPUT_BYTES // 1024**2} MiB", file=path)
    if is_lfs_pointer(data):
        raise Unrenderable(LFS_REASON, file=path)
    return data


def _documents(data: bytes) -> Iterator[Document]:
    return (document for document in parsed(data, ValuesLoader) if document.value is not None)


def _single(data: bytes, path: str) -> Manifest:
    try:
        found = list(_documents(data))
    except yaml.YAMLError:
        raise Unrenderable("is no JSON", file=path) from None
    if len(found) != 1:
        raise Unrenderable("a JSON file holds exactly one object", file=path)
    return _object(found[0], path)[0]


def _object(document: Document, path: str) -> list[Manifest]:
    value = document.value
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str) or not value["kind"]:
        raise Unrenderable("not a Kubernetes object: kind is missing", file=path, line=document.line)
    return [value]
