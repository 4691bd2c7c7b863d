"""What a tree's files say of controllers, unrendered: where a search begins, and what is left where nothing can be rendered.

Every file's objects are remembered by its blob, masked, so that a tree that is much the same is not read again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.discover.objects import DeclaredObject
from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.manifests import Document, ManifestError, documents, flatten
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Severity
from bot.model.tree import EntryKind, UnreadableFile
from bot.planning.expansion import DeclaringFile, DeclaringFiles, Previous
from bot.planning.renderings import Renderings

_SUFFIXES = (".yaml", ".yml", ".json")
_READ_AT_MOST = 200
"""Files that are read one by one; searching the whole tree takes no longer for more."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the objects of one controller are known.

    A file `mentions` it where one of the `needles` stands in it. `plain` is what of an object nobody has to hide, None
    where it is masked like any other. Of one that is `optional` a file that cannot be read is no loss.
    """

    name: str
    needles: tuple[str, ...]
    is_ours: Callable[[Manifest], bool]
    plain: Callable[[Manifest], Manifest | None] = lambda _: None
    optional: bool = False


async def declaring_files(
    repository: Repository,
    tree: Tree,
    renderings: Renderings,
    dialects: Sequence[Dialect],
    previous: Previous | None,
) -> DeclaringFiles:
    """Every file that mentions one of the controllers, and what it holds."""
    names = tuple(dialect.name for dialect in dialects)
    known = previous.expansion.files if previous is not None else None
    known = known if known is not None and known.dialects == names else None
    needles = tuple(needle for dialect in dialects for needle in dialect.needles)
    paths = None
    if previous is not None and known is not None and len(previous.changed) <= _READ_AT_MOST:
        paths = await asyncio.to_thread(_amended, known, tree, previous.changed, needles)
    if paths is None:
        paths = await repository.grep(tree.id, needles, [f"*{suffix}" for suffix in _SUFFIXES])
    by_path = await asyncio.to_thread(_read, tree, paths, known, renderings, dialects)
    return DeclaringFiles(by_path, names)


def _amended(
    known: DeclaringFiles, tree: Tree, changed: frozenset[str], needles: Sequence[str]
) -> frozenset[str] | None:
    """What mentions them where only these paths differ from a tree in which that is known; None where one is unreadable."""
    present = [path for path in changed if path.endswith(_SUFFIXES) and _is_file(tree, path)]
    tree.prefetch(present)
    try:
        mentioning = {p for p in present if any(n.encode() in tree.read(p) for n in needles)}
    except UnreadableFile:
        return None
    return frozenset((known.by_path.keys() - changed) | mentioning)


def _is_file(tree: Tree, path: str) -> bool:
    entry = tree.entry(path)
    return entry is not None and entry.kind is EntryKind.BLOB


def _read(
    tree: Tree,
    paths: frozenset[str],
    known: DeclaringFiles | None,
    renderings: Renderings,
    dialects: Sequence[Dialect],
) -> dict[str, DeclaringFile]:
    files: dict[str, DeclaringFile] = {}
    # A link is read where it leads to.
    blobs = {path: entry.id for path in sorted(paths) if (entry := tree.entry(path)) and _is_file(tree, path)}
    before: Mapping[str, DeclaringFile] = known.by_path if known is not None else {}
    same = {
        path: before[path] for path, blob in blobs.items() if _is_same(before.get(path), tree, path, blob)
    }
    tree.prefetch([path for path in blobs if path not in same])
    for path, blob in blobs.items():
        files[path] = same[path] if path in same else _parsed(tree, path, blob, renderings, dialects)
    return files


def _is_same(known: DeclaringFile | None, tree: Tree, path: str, blob: str) -> bool:
    """What makes a template of a file is another file."""
    return known is not None and known.blob == blob and known.is_template is _is_template(tree, path)


def _parsed(
    tree: Tree, path: str, blob: str, renderings: Renderings, dialects: Sequence[Dialect]
) -> DeclaringFile:
    """A file that does not parse is reported and passed over. A chart's template declares nothing by itself."""
    try:
        data = tree.read(path)
    except UnreadableFile as error:
        everybody = frozenset(dialect.name for dialect in dialects)
        why = Diagnostic(Severity.WARNING, error.message, path)
        return DeclaringFile(blob, everybody, (), (why,), is_template=_is_template(tree, path))
    mentions = frozenset(d.name for d in dialects if any(needle.encode() in data for needle in d.needles))
    if _is_template(tree, path):
        return DeclaringFile(blob, mentions, (), is_template=True)
    try:
        found = flatten(documents(data, file=path), file=path)
    except ManifestError as error:
        is_lost = any(dialect.name in mentions for dialect in dialects if not dialect.optional)
        why = Diagnostic(Severity.WARNING, error.problem, path, error.line)
        return DeclaringFile(blob, mentions, (), (why,) if is_lost else ())
    objects = (_object(document, path, renderings, dialects) for document in found)
    return DeclaringFile(blob, mentions, tuple(each for each in objects if each is not None))


def _is_template(tree: Tree, path: str) -> bool:
    parts = path.split("/")
    homes = ("/".join(parts[:at]) for at, part in enumerate(parts) if part == "templates" and at)
    return any(tree.entry(f"{home}/Chart.yaml") is not None for home in homes)


def _object(
    document: Document, path: str, renderings: Renderings, dialects: Sequence[Dialect]
) -> DeclaredObject | None:
    dialect = next((each for each in dialects if each.is_ours(document.value)), None)
    if dialect is None:
        return None
    manifest = dialect.plain(document.value) or renderings.masked_manifest(document.value)
    return DeclaredObject(manifest, path, document.line)


def place_of(found: DeclaredObject) -> tuple[str, str, str]:
    """Kind, namespace and name, as far as it has them."""
    metadata = found.manifest.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    return str(found.manifest.get("kind")), str(names.get("namespace") or ""), str(names.get("name"))


def names_a_place(found: DeclaredObject | None) -> bool:
    """A path that is no text is nowhere, and not the whole repository, as none at all would be."""
    spec = found.manifest.get("spec") if found else None
    return not isinstance(spec, dict) or isinstance(spec.get("path"), str | None)
