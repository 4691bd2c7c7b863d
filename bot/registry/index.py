"""The one chart's entries in a Helm repository's `index.yaml`, without reading the rest.

An index of 20 MB takes a YAML parser half a minute and a gigabyte. Indexes are written by programs, one key a line, so
that the chart's lines are found by their indentation, the fields that matter picked out of them, and only those are
parsed. What comes out is checked to be entries; an index that is laid out in another way is read whole when it is
small, as JSON when it is JSON, and else refused: never guessed at.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.model.manifests import ManifestError, documents
from bot.model.semver import BadVersion, parse_version

READ_WHOLE_BYTES = 4 << 20
MOST_NAMES = 20_000

_ENTRIES = re.compile(rb"^(?:entries|\"entries\"|'entries')[ \t]*:[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_API_VERSION = re.compile(rb"^apiVersion[ \t]*:[ \t]*[\"']?[^\s\"'#]", re.MULTILINE)
_TOP_LEVEL = re.compile(rb"^[^\s#]", re.MULTILINE)
_FIRST = re.compile(rb"^( *)[^\s#]", re.MULTILINE)
_KEY = rb"(\"[^\"\\\n]*\"|'[^'\n]*'|[^\s#\"'{}\[\]&*!|>%%@`,?:-][^:#\n]*?)[ \t]*:(?=[ \t\n]|\Z)"
_FIELD = re.compile(rb"([A-Za-z_][A-Za-z0-9_.-]*|\"[^\"\\]*\"|'[^']*')[ \t]*:(?=[ \t]|\Z)")
_FIELDS = {b"name", b"version", b"digest", b"urls", b"created"}


class BadIndex(ValueError):
    """The text is no index, or none that can be read; the message is a sentence without a subject."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a chart. `digest` is `sha256:...` or empty; `urls` may be relative; `created` orders equals."""

    name: str
    version: str
    digest: str
    urls: tuple[str, ...]
    created: str


@dataclass(frozen=True, slots=True)
class Found:
    """`entries` are None where the index has no such chart; `nearest` are then the names most like it."""

    entries: tuple[Entry, ...] | None
    nearest: tuple[str, ...] = ()


class _JsonEntry(msgspec.Struct):
    name: str = ""
    version: str = ""
    digest: str = ""
    urls: list[str] | None = None
    created: str = ""


class _JsonIndex(msgspec.Struct):
    api_version: str = msgspec.field(name="apiVersion", default="")
    entries: dict[str, msgspec.Raw] = {}


def find(data: bytes, chart: str) -> Found:
    """The chart's valid entries, in the order of the index. Raises `BadIndex`."""
    text = data.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise BadIndex("is empty")
    if text.lstrip()[:1] == b"{":
        found = _in_json(text, chart)
        if found is not None:
            return found
    else:
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        found = _in_lines(text, chart)
        if found is not None:
            return found
    if len(text) > READ_WHOLE_BYTES:
        raise BadIndex(f"is laid out in a way that is read up to {READ_WHOLE_BYTES >> 20} MiB only")
    return _in_whole(text, chart)


def _in_json(text: bytes, chart: str) -> Found | None:
    try:
        index = msgspec.json.decode(text, type=_JsonIndex)
    except msgspec.ValidationError:
        raise BadIndex("is no index of a Helm repository") from None
    except UnicodeError:
        raise BadIndex("is no UTF-8") from None
    except RecursionError:
        raise BadIndex("is nested too deep") from None
    except msgspec.DecodeError:
        return None  # YAML may begin with a brace too
    if not index.api_version:
        raise BadIndex("names no apiVersion")
    raw = index.entries.get(chart)
    if raw is None:
        return Found(None, _nearest(chart, list(index.entries)))
    try:
        listed = msgspec.json.decode(raw, type=list[_JsonEntry | None], strict=False)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadIndex(f"lists chart {chart} in a way that cannot be read") from None
    return Found(tuple(_checked([msgspec.structs.asdict(one) for one in listed if one is not None])))


def _in_lines(text: bytes, chart: str) -> Found | None:
    """None where the layout is not the one that programs write."""
    begin = _ENTRIES.search(text)
    if begin is None or _API_VERSION.search(text) is None:
        return None
    after = _TOP_LEVEL.search(text, begin.end())
    end = after.start() if after is not None else len(text)
    first = _FIRST.search(text, begin.end() + 1, end)
    if first is None or not first[1]:
        return None
    keys = re.compile(rb"^ {%d}%s" % (len(first[1]), _KEY), re.MULTILINE)
    wanted = chart.encode("utf-8", "replace")
    names: list[str] = []
    matches = keys.finditer(text, first.start(), end)
    for match in matches:
        name = match[1].strip(b"\"'")
        if name == wanted:
            following = next(matches, None)
            block = text[match.end() : following.start() if following is not None else end]
            return _in_block(block)
        if len(names) < MOST_NAMES:
            names.append(name.decode("utf-8", "replace"))
    return Found(None, _nearest(chart, names))


def _in_block(block: bytes) -> Found | None:
    try:
        (document,) = documents(b"\n".join(_thinned(block)), file="index.yaml")
        return Found(tuple(_checked(document.value)))
    except (ManifestError, ValueError):
        return None


def _thinned(block: bytes) -> Iterator[bytes]:
    """The lines of the fields that matter. Raises ValueError where the items are not mappings, one key a line."""
    lines = block.split(b"\n")
    dash = next((line for line in lines if line.strip()), b"")
    indent = len(dash) - len(dash.lstrip(b" "))
    head = re.match(rb"-( +)\S", dash.lstrip(b" "))
    if head is None:
        raise ValueError("no list of mappings")
    inner = indent + 1 + len(head[1])
    is_kept = False
    for line in lines:
        depth = len(line) - len(line.lstrip(b" "))
        if not line.strip():
            continue
        begins_item = depth == indent and line[indent : indent + 1] == b"-"
        if begins_item or (depth == inner and line[inner : inner + 1] != b"-"):
            key = _FIELD.match(line, inner)
            if key is None:
                raise ValueError("not one key a line")
            is_kept = key[1].strip(b"\"'") in _FIELDS
            if begins_item and not is_kept:
                yield line[:inner] + b"_: 0"  # the item begins with a field nobody wants
                continue
        elif depth < inner and not line.lstrip().startswith(b"#"):
            raise ValueError("less indented than its item")
        if is_kept:
            yield line


def _in_whole(text: bytes, chart: str) -> Found:
    try:
        parsed = documents(text, file="index.yaml")
    except ManifestError as error:
        raise BadIndex(f"is no YAML: {error.problem}") from None
    index = parsed[0].value if len(parsed) == 1 else None
    if not isinstance(index, dict) or not isinstance(index.get("entries") or {}, dict):
        raise BadIndex("is no index of a Helm repository")
    if not index.get("apiVersion"):
        raise BadIndex("names no apiVersion")
    entries = index.get("entries") or {}
    if chart not in entries:
        return Found(None, _nearest(chart, [str(name) for name in entries]))
    try:
        return Found(tuple(_checked(entries[chart])))
    except ValueError:
        raise BadIndex(f"lists chart {chart} in a way that cannot be read") from None


def _checked(listed: Any) -> Iterator[Entry]:
    """Entries that Helm would not skip. Raises ValueError for what is no list of mappings."""
    if not isinstance(listed, list) or not all(item is None or _is_entry(item) for item in listed):
        raise ValueError("no list of mappings")
    for item in listed:
        name, version = (str((item or {}).get(key) or "") for key in ("name", "version"))
        try:
            parse_version(version)
        except BadVersion:
            continue
        if not name or "/" in name:
            continue
        urls = tuple(url for url in item.get("urls") or () if isinstance(url, str))
        digest = str(item.get("digest") or "").removeprefix("sha256:").lower()
        is_digest = re.fullmatch(r"[0-9a-f]{64}", digest) is not None
        created = str(item.get("created") or "")
        yield Entry(name, version, f"sha256:{digest}" if is_digest else "", urls, created)


def _is_entry(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("urls") or [], list)


def _nearest(chart: str, names: list[str]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(chart[:100], [name[:100] for name in names[:MOST_NAMES]], n=3))
