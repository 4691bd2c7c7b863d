"""What one kustomization file says: the files it names, and what in it is refused.

A plain function of the bytes, and so remembered by the blob's id for the life of the process: both sides of a change,
and every later one, parse a kustomization once.
"""

import itertools
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.model.manifests import Document, KubeLoader, ManifestError, documents, flatten
from bot.render.fields import KUSTOMIZATION, PLUGINS, Anything, Each, Fields, Shape, Use
from bot.render.helm.output import KustomizeLoader
from bot.render.inflation.declared import KIND, BadField, Inflation, in_generator, in_kustomization

_REMEMBERED = 8192
LFS_REASON = "is a Git LFS pointer, not the file itself"
_LFS_MARK = b"version https://git-lfs.github.com/spec/"
_FUNCTION_KEYS = ("config.kubernetes.io/function", "config.k8s.io/function")
INLINE = re.compile(r"\n|^\s*[\[{]|:\s")


@dataclass(frozen=True, slots=True)
class Reference:
    """One text that names a file or directory, relative to the kustomization's directory."""

    field: str
    use: Use
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the file cannot be rendered from. `quote` is a text whose place in the file is the problem's.

    `reads_more`: somebody else could render it, from files that nobody here knows.
    """

    field: str
    reason: str
    line: int | None = None
    quote: str = ""
    reads_more: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    references: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()
    fields: frozenset[str] = frozenset()
    is_component: bool = False
    tells_origins: bool = False
    """Whether kustomize is to say in annotations where each object comes from."""
    charts: tuple[Inflation, ...] = ()
    """The charts that it inflates, in kustomize's order."""


Found = Reference | Problem | Inflation


def is_lfs_pointer(data: bytes) -> bool:
    return data.startswith(_LFS_MARK)


def read_kustomization(data: bytes) -> Contents:
    """Never raises: what cannot be read is a problem."""
    try:
        parsed = _documents(data)
    except ManifestError as error:
        return Contents(problems=(Problem("", error.problem, error.line),))
    # kustomize reads the first document and passes over the rest.
    value = parsed[0].value if parsed else {}
    if not isinstance(value, dict):
        return Contents(problems=(Problem("", "a kustomization is a mapping"),))
    return replace(
        _sorted(itertools.chain(_charts(value), _walk(KUSTOMIZATION, value, ""))),
        fields=frozenset(name for name, content in value.items() if content),
        is_component=value.get("kind") == "Component",
        tells_origins=tells_origins(value.get("buildMetadata")),
    )


def read_plugins(data: bytes) -> Contents:
    """A file of plugin configurations. Never raises."""
    return _sorted(_plugins(data, ""))


def read_fields(shape: Shape, value: Any) -> Contents:
    """Fields that come from somewhere else than a kustomization file."""
    return _sorted(_walk(shape, value, ""))


def tells_origins(metadata: Any) -> bool:
    """Whether `buildMetadata` says more than who built."""
    return isinstance(metadata, list) and any(option != "managedByLabel" for option in metadata)


def _sorted(found: Iterable[Found]) -> Contents:
    references: list[Reference] = []
    problems: list[Problem] = []
    charts: list[Inflation] = []
    for item in found:
        match item:
            case Reference():
                references.append(item)
            case Problem():
                problems.append(item)
            case Inflation():
                charts.append(item)
    return Contents(tuple(references), tuple(problems), charts=tuple(charts))


class Memo:
    """A bounded, thread-safe memory of contents by blob id."""

    def __init__(self, read: Callable[[bytes], Contents]) -> None:
        self._read = read
        self._known: OrderedDict[str, Contents] = OrderedDict()
        self._lock = threading.Lock()

    def contents(self, blob_id: str, load: Callable[[], bytes]) -> Contents:
        with self._lock:
            known = self._known.get(blob_id)
            if known is not None:
                self._known.move_to_end(blob_id)
                return known
        made = self._read(load())
        with self._lock:
            self._known[blob_id] = made
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return made


kustomizations = Memo(read_kustomization)
plugin_files = Memo(read_plugins)


def _documents(data: bytes, loader_of: type[KubeLoader] = KubeLoader) -> list[Document]:
    if is_lfs_pointer(data):
        raise ManifestError(LFS_REASON, file="")
    return documents(data, file="", loader_of=loader_of)


def _walk(shape: Shape, value: Any, field: str) -> Iterator[Found]:
    if value is None:
        return
    match shape:
        case Use():
            yield from _named(shape, value, field)
        case Each(item):
            if not isinstance(value, list):
                yield Problem(field, "must be a list")
                return
            for index, element in enumerate(value):
                yield from _walk(item, element, f"{field}[{index}]")
        case Fields(fields):
            yield from _walk_fields(fields, value, field)
        case Anything():
            return


def _walk_fields(fields: Mapping[str, Shape], value: Any, field: str) -> Iterator[Found]:
    if not isinstance(value, dict):
        yield Problem(field, "must be a mapping")
        return
    for name, content in value.items():
        below = f"{field}.{name}" if field else name
        if name not in fields:
            yield Problem(below[:120], "is not a field that Longshore lets kustomize read", quote=name)
        elif content != "":  # an empty text is a field left out
            yield from _walk(fields[name], content, below)


def _named(use: Use, value: Any, field: str) -> Iterator[Found]:
    if not isinstance(value, str):
        yield Problem(field, "must be text")
    elif use is Use.PLUGIN and INLINE.search(value):
        yield from _plugins(value.encode("utf-8", "surrogateescape"), field)
    elif use is Use.PATCH and INLINE.search(value):
        return
    elif use is Use.SOURCE:
        _, separator, path = value.rpartition("=")
        if value.count("=") > 1 or (separator and not path):
            yield Problem(field, "must be PATH or KEY=PATH", quote=value)
        else:
            yield Reference(field, use, path)
    else:
        yield Reference(field, use, value)


def _plugins(data: bytes, field: str) -> Iterator[Found]:
    """Configurations are read as kustomize reads objects, which is not how it reads a kustomization."""
    try:
        parsed = flatten(_documents(data, KustomizeLoader), file="")
    except ManifestError as error:
        yield Problem(field, error.problem, None if field else error.line)
        return
    for document in parsed:
        yield from _plugin(document.value, field)


def _plugin(config: dict[str, Any], field: str) -> Iterator[Found]:
    kind = str(config.get("kind", ""))[:80]
    metadata = config.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(annotations, dict) and any(key in annotations for key in _FUNCTION_KEYS):
        yield Problem(
            field,
            f"{kind or 'a plugin'} is a container or exec function, which Longshore does not run",
            reads_more=True,
        )
    elif config.get("apiVersion") != "builtin" or kind not in PLUGINS:
        yield Problem(
            field,
            f"{kind or 'a plugin without a kind'} is not a plugin built into kustomize",
            quote=kind,
            reads_more=True,
        )
    elif kind == KIND:
        yield _chart(config, field)
    else:
        for found in _walk(PLUGINS[kind], config, ""):
            if isinstance(found, Inflation):
                yield found
            else:
                yield replace(found, field=f"{field} {kind}.{found.field}".strip())


def _charts(kustomization: dict[str, Any]) -> Iterator[Found]:
    for found in in_kustomization(kustomization):
        yield _problem(found) if isinstance(found, BadField) else found


def _chart(config: dict[str, Any], field: str) -> Found:
    """`field` is empty for a file of configurations, which may stand for more than generators."""
    if field and not field.startswith("generators["):
        return Problem(field, f"{KIND} is a generator", quote=KIND)
    try:
        return in_generator(config, f"{field} {KIND}".strip())
    except BadField as error:
        return _problem(error)


def _problem(error: BadField) -> Problem:
    return Problem(error.field, error.reason, quote=re.sub(r"\[\d+\]$", "", error.field).rpartition(".")[2])
