"""What one kustomization file says: the files it names, and what in it is refused.

A plain function of the bytes, and so remembered by the blob's id for the life of the process: both sides of a change,
and every later one, parse a kustomization once.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.model.manifests import Document, ManifestError, documents, flatten
from bot.render.fields import KUSTOMIZATION, PLUGINS, Anything, Each, Fields, Refused, Shape, Use

_REMEMBERED = 8192
LFS_REASON = "is a Git LFS pointer, not the file itself"
_LFS_MARK = b"version https://git-lfs.github.com/spec/"
_FUNCTION_KEYS = ("config.kubernetes.io/function", "config.k8s.io/function")
_INLINE = re.compile(r"\n|^\s*[\[{]|:\s")


@dataclass(frozen=True, slots=True)
class Reference:
    """One text that names a file or directory, relative to the kustomization's directory."""

    field: str
    use: Use
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the file cannot be rendered from. `quote` is a text whose place in the file is the problem's."""

    field: str
    reason: str
    line: int | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    references: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()
    fields: frozenset[str] = frozenset()
    is_component: bool = False
    tells_origins: bool = False
    """Whether kustomize is to say in annotations where each object comes from."""


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
        _sorted(_walk(KUSTOMIZATION, value, "")),
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


def _sorted(found: Iterator[Reference | Problem]) -> Contents:
    references: list[Reference] = []
    problems: list[Problem] = []
    for item in found:
        if isinstance(item, Reference):
            references.append(item)
        else:
            problems.append(item)
    return Contents(tuple(references), tuple(problems))


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


def _documents(data: bytes) -> list[Document]:
    if is_lfs_pointer(data):
        raise ManifestError(LFS_REASON, file="")
    return documents(data, file="")


def _walk(shape: Shape, value: Any, field: str) -> Iterator[Reference | Problem]:
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
        case Refused(reason):
            if value:
                yield Problem(field, reason, quote=field)
        case Anything():
            return


def _walk_fields(fields: Mapping[str, Shape], value: Any, field: str) -> Iterator[Reference | Problem]:
    if not isinstance(value, dict):
        yield Problem(field, "must be a mapping")
        return
    for name, content in value.items():
        below = f"{field}.{name}" if field else name
        if name not in fields:
            yield Problem(below[:120], "is not a field that Longshore lets kustomize read", quote=name)
        elif content != "":  # an empty text is a field left out
            yield from _walk(fields[name], content, below)


def _named(use: Use, value: Any, field: str) -> Iterator[Reference | Problem]:
    if not isinstance(value, str):
        yield Problem(field, "must be text")
    elif use is Use.PLUGIN and _INLINE.search(value):
        yield from _plugins(value.encode("utf-8", "surrogateescape"), field)
    elif use is Use.PATCH and _INLINE.search(value):
        return
    elif use is Use.SOURCE:
        _, separator, path = value.rpartition("=")
        if value.count("=") > 1 or (separator and not path):
            yield Problem(field, "must be PATH or KEY=PATH", quote=value)
        else:
            yield Reference(field, use, path)
    else:
        yield Reference(field, use, value)


def _plugins(data: bytes, field: str) -> Iterator[Reference | Problem]:
    try:
        parsed = flatten(_documents(data), file="")
    except ManifestError as error:
        yield Problem(field, error.problem, None if field else error.line)
        return
    for document in parsed:
        yield from _plugin(document.value, field)


def _plugin(config: dict[str, Any], field: str) -> Iterator[Reference | Problem]:
    kind = str(config.get("kind", ""))[:80]
    metadata = config.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(annotations, dict) and any(key in annotations for key in _FUNCTION_KEYS):
        yield Problem(
            field, f"{kind or 'a plugin'} is a container or exec function, which Longshore never runs"
        )
    elif config.get("apiVersion") != "builtin" or kind not in PLUGINS:
        yield Problem(
            field, f"{kind or 'a plugin without a kind'} is not a plugin built into kustomize", quote=kind
        )
    else:
        for found in _walk(PLUGINS[kind], config, ""):
            below = f"{field} {kind}.{found.field}".strip()
            if isinstance(found, Reference):
                yield Reference(below, found.use, found.text)
            else:
                yield Problem(below, found.reason, quote=found.quote)
