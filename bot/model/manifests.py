"""Reads YAML the way kubectl does, from people who may mean harm.

PyYAML's own schema turns dates and `12:30:45` into things Kubernetes never sees, takes `1e3` for text, lets the last
of two equal keys win and follows any anchor bomb. The loader here resolves plain scalars as `sigs.k8s.io/yaml` does
and keeps one invariant: whatever the bytes are, the answer is JSON-like data of bounded size, or a `ManifestError`
that names file and line and quotes no value (a value may be a secret).
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
import yaml
from yaml.composer import ComposerError

from bot.errors import UserError
from bot.model.anchors import allows_repeated
from bot.model.objects import Digest, Manifest
from bot.model.scalars import plain

MAX_INPUT_BYTES = 16 * 1024 * 1024
MAX_NODES = 1_000_000
MAX_DEPTH = 200
MAX_DOCUMENTS = 20_000

_PLAIN = "plain"
_STR = "tag:yaml.org,2002:str"
_CORE_TAGS = {
    f"tag:yaml.org,2002:{name}": name for name in ("int", "float", "bool", "null", "str", "map", "seq")
}


class ManifestError(UserError):
    """`problem` is the bare sentence; `message` carries the place as well."""

    def __init__(self, problem: str, *, file: str, line: int | None = None, hint: str = "") -> None:
        place = f"{file}:{line}" if line else file
        super().__init__(f"{place}: {problem}", hint=hint)
        self.problem = problem
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document and the line it starts on, counted from 1. Anchored parts of `value` may be shared."""

    value: Any
    line: int


def documents(data: bytes, *, file: str, loader_of: "type[KubeLoader] | None" = None) -> list[Document]:
    """Parse every document of a YAML or JSON file; empty ones are left out. Raises `ManifestError`.

    `loader_of` reads plain scalars as another program does, where that program reads the file before kubectl.
    """
    if len(data) > MAX_INPUT_BYTES:
        raise ManifestError(f"is larger than {MAX_INPUT_BYTES // 1024**2} MiB", file=file)
    try:
        return [found for found in parsed(data, loader_of or KubeLoader) if found.value is not None]
    except yaml.YAMLError as error:
        raise _named(error, file) from None


def parsed(data: bytes, loader_of: "type[KubeLoader]") -> Iterator[Document]:
    """The documents one by one, empty ones too. Raises `yaml.YAMLError`."""
    done = 0
    try:
        for document in _loaded(data, loader_of):
            done += 1
            yield document
    except ComposerError as error:
        if error.problem != "second occurrence":
            raise
        # libyaml's composer takes no anchor twice in a document, which is YAML all the same.
        yield from islice(_loaded(data, allows_repeated(loader_of)), done, None)


def _loaded(data: bytes, loader_of: "type[KubeLoader]") -> Iterator[Document]:
    loader = loader_of(data)
    try:
        yield from loader.all_documents()
    finally:
        loader.dispose()


def flatten(parsed: Iterable[Document], *, file: str) -> list[Document]:
    """Every object of the documents, with `kind: List` (and any other list kind) replaced by its items.

    Raises `ManifestError` for what is no object. Items of a list carry the line of their list.
    """
    return [
        Document(manifest, document.line)
        for document in parsed
        for manifest in _objects(document.value, file, document.line)
    ]


def canonical_json(value: Any) -> bytes:
    """One spelling for equal data: sorted keys, no spaces, UTF-8."""
    return msgspec.json.encode(value, order="sorted")


def digest(value: Any) -> Digest:
    return Digest(f"sha256:{hashlib.sha256(canonical_json(value)).hexdigest()}")


def _objects(value: Any, file: str, line: int, depth: int = 0) -> Iterator[Manifest]:
    if not isinstance(value, dict):
        raise ManifestError(
            f"a Kubernetes object is a mapping; this is {_shape(value)}", file=file, line=line
        )
    items = value.get("items")
    if not (str(value.get("kind", "")).endswith("List") and isinstance(items, list)):
        yield value
        return
    if depth == 8:
        raise ManifestError("lists inside lists go too deep", file=file, line=line)
    for item in items:
        yield from _objects(item, file, line, depth + 1)


def _shape(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return "text" if isinstance(value, str) else "a single value"


def _named(error: yaml.YAMLError, file: str) -> ManifestError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "is not YAML"
    return ManifestError(str(problem)[:200], file=file, line=mark.line + 1 if mark else None)


class KubeLoader(yaml.CSafeLoader):
    """libyaml parses; the nodes are counted while it does, and turned into data by one plain recursion."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._nodes = 0
        self._depth = 0
        self._expanded = 0
        self._built: dict[int, tuple[Any, int]] = {}

    def all_documents(self) -> Iterator[Document]:
        count = 0
        while self.check_node():
            node: Any = self.get_node()
            count += 1
            if count > MAX_DOCUMENTS:
                raise _refusal(node, f"the file holds more than {MAX_DOCUMENTS} documents")
            self._built.clear()
            yield Document(self._build(node), node.start_mark.line + 1)

    # The composer calls these three for every node it makes, which is what lets a bomb be stopped while it is read.

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:  # noqa: ARG002 - PyYAML's signature
        self._nodes += 1
        self._depth += 1
        if self._nodes > MAX_NODES:
            raise _refusal(current_node, f"the file holds more than {MAX_NODES} values")
        if self._depth > MAX_DEPTH:
            raise _refusal(current_node, f"values are nested more than {MAX_DEPTH} deep")

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:  # noqa: ARG002 - PyYAML's signature
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _STR
        return "tag:yaml.org,2002:seq" if kind is yaml.SequenceNode else "tag:yaml.org,2002:map"

    def _build(self, node: Any) -> Any:
        self._expanded += 1
        if self._expanded > MAX_NODES:
            raise _refusal(node, f"aliases expand to more than {MAX_NODES} values")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        known = self._built.get(id(node))
        if known is not None:
            if known[1] == 0:
                raise _refusal(node, "an anchor contains itself")
            self._expanded += known[1]
            return known[0]
        before = self._expanded
        self._built[id(node)] = (None, 0)
        value = self._sequence(node) if isinstance(node, yaml.SequenceNode) else self._mapping(node)
        self._built[id(node)] = (value, self._expanded - before + 1)
        return value

    def _sequence(self, node: Any) -> list[Any]:
        _expect_tag(node, "seq")
        return [self._build(child) for child in node.value]

    def _mapping(self, node: Any) -> dict[str, Any]:
        _expect_tag(node, "map")
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _PLAIN and key_node.value == "<<":
                for source in self._merge_sources(value_node):
                    merged = source | merged
                continue
            key = _key(key_node)
            if key in result:
                raise _refusal(key_node, f"the key {key[:80]!r} occurs twice in one mapping")
            result[key] = self._build(value_node)
        return merged | result if merged else result

    def _merge_sources(self, node: Any) -> list[dict[str, Any]]:
        value = self._build(node)
        sources = value if isinstance(value, list) else [value]
        for source in sources:
            if not isinstance(source, dict):
                raise _refusal(node, "a merge key (<<) needs a mapping or a list of mappings")
        return sources


def _refusal(node: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=getattr(node, "start_mark", None))


def _expect_tag(node: Any, name: str) -> None:
    if _CORE_TAGS.get(node.tag) != name:
        raise _refusal(node, f"the tag {node.tag[:80]!r} is not one that Kubernetes reads")


def _key(node: Any) -> str:
    """JSON has text keys only; kubectl spells `1:` and `true:` out, and refuses anything without one spelling."""
    if not isinstance(node, yaml.ScalarNode):
        raise _refusal(node, "the key of a mapping must be text")
    value = _scalar(node)
    if isinstance(value, str):
        return value
    if value is None:
        raise _refusal(node, "the key of a mapping is empty")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(node: Any) -> Any:
    if node.tag == _STR:
        return node.value
    try:
        if node.tag == _PLAIN:
            return plain(node.value)
        return _tagged(node)
    except ValueError as error:
        raise _refusal(node, str(error)) from None


def _tagged(node: Any) -> Any:
    """An explicit tag must agree with what the text would mean without it. Raises ValueError."""
    name = _CORE_TAGS.get(node.tag)
    if name is None:
        raise ValueError(f"the tag {node.tag[:80]!r} is not one that Kubernetes reads")
    value = plain(node.value)
    if (
        (name == "null" and value is None)
        or (name == "bool" and isinstance(value, bool))
        or (name in {"int", "float"} and isinstance(value, int | float) and not isinstance(value, bool))
    ):
        return value
    raise ValueError(f"the value is not of its tag !!{name}")
