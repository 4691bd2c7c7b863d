"""Which version it is: the choice among what an index or a registry has, as source-controller makes it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from bot.model.release import Chart
from bot.model.semver import (
    BadRange,
    BadVersion,
    Range,
    Version,
    newest,
    parse_full_version,
    parse_range,
    parse_strict_version,
)
from bot.model.target import OciSource
from bot.registry.errors import BadSource, VersionNotFound
from bot.registry.index import Entry

T = TypeVar("T")
_LATEST = "latest"
_SHOWN = 5
_MOST_FILTER_CHARS = 2000


def is_lasting(chart: Chart) -> bool:
    """Whether it can never be anything else: its content is its name."""
    return bool(chart.digest)


def is_exact(chart: Chart) -> bool:
    """Whether it names one version, which by custom is published once."""
    if is_lasting(chart):
        return True
    if chart.tag and not (chart.is_artifact and chart.version):
        return is_version(chart.tag)
    return not chart.is_artifact and is_version(chart.version)


def is_version(text: str) -> bool:
    try:
        parse_full_version(text)
    except BadVersion:
        return False
    return True


def key_of(source: Chart | OciSource) -> str:
    """What a resolution is remembered under: all that it follows from."""
    if isinstance(source, Chart):
        parts = [source.kind.value, source.url, source.name, source.version, source.tag, source.digest]
        flags = f"{source.is_artifact:d}{source.is_insecure:d}"
    else:
        parts = ["files", source.url, source.tag, source.semver, source.semver_filter, source.digest]
        parts.append(source.media_type)
        flags = f"{source.is_insecure:d}"
    return "\0".join([*parts, flags])


def choose(entries: Sequence[Entry], chart: Chart, shown_url: str) -> Entry:
    """The entry of a Helm repository: the very version, else the newest in the range, the youngest of equals.

    Raises `BadSource` and `VersionNotFound`.
    """
    exact = next((entry for entry in entries if chart.version and entry.version == chart.version), None)
    if exact is not None:
        return exact
    within = range_of(chart.version)
    youngest = sorted(entries, key=lambda entry: _time(entry.created), reverse=True)
    found = newest(youngest, lambda entry: entry.version, within, read=parse_full_version)
    if found is None:
        versions = [entry.version for entry in entries]
        raise _no_version(f"chart {chart.name} of {shown_url}", chart.version, versions)
    return found


def tag_of_chart(chart: Chart, tags: Iterable[str], shown_url: str) -> str:
    """The tag for a range, `+` being `_` in tags. Raises `BadSource` and `VersionNotFound`."""
    read = parse_full_version if chart.is_artifact else parse_strict_version
    return _tag(list(tags), chart.version, shown_url, read=read, is_chart=True)


def tag_of_files(source: OciSource, tags: Iterable[str], shown_url: str, *, is_chart: bool) -> str:
    """The tag for a range among those that the filter matches. Raises `BadSource` and `VersionNotFound`."""
    matches = _filter(source.semver_filter)
    kept = [tag for tag in tags if matches(tag)]
    return _tag(kept, source.semver, shown_url, read=parse_full_version, is_chart=is_chart)


def named_tag(source: Chart | OciSource) -> str:
    """The tag that needs no list of tags, empty where one is needed; a version is its own tag, with `_` for `+`."""
    if isinstance(source, OciSource):
        return "" if source.semver else source.tag or _LATEST
    if source.is_artifact:
        return "" if source.version else source.tag or _LATEST
    if source.tag:
        return source.tag
    return source.version.replace("+", "_") if is_version(source.version) else ""


def range_of(text: str) -> Range:
    """Raises `BadSource`."""
    try:
        return parse_range(text or "*")
    except BadRange as error:
        raise BadSource(str(error)) from None


def _tag(
    tags: list[str], wanted: str, shown_url: str, *, read: Callable[[str], Version], is_chart: bool
) -> str:
    within = range_of(wanted)
    found = newest(tags, _as_version if is_chart else str, within, read=read)
    if found is None:
        versions = [_as_version(tag) for tag in tags]
        raise _no_version(shown_url, wanted, versions)
    return found


def _as_version(tag: str) -> str:
    return tag.replace("_", "+")


def _no_version(what: str, wanted: str, versions: list[str]) -> VersionNotFound:
    known = []
    for text in versions:
        try:
            known.append((parse_full_version(text).key, text))
        except BadVersion:
            continue
    newest_first = [text for _, text in sorted(known, reverse=True)[:_SHOWN]]
    if not newest_first:
        return VersionNotFound(f"{what} has no version at all")
    only_early = " (prereleases are for ranges that name one)" if all("-" in v for _, v in known) else ""
    return VersionNotFound(
        f"{what} has no version {wanted or '*'}",
        hint=f"its newest are {', '.join(newest_first)}{only_early}",
    )


def _filter(pattern: str) -> Callable[[str], bool]:
    if not pattern:
        return lambda _: True
    import re2  # noqa: PLC0415 - as Go reads it, in linear time; seldom needed

    options = re2.Options()
    options.log_errors = False
    try:
        if len(pattern) > _MOST_FILTER_CHARS:
            raise BadSource(f"a filter of tags has at most {_MOST_FILTER_CHARS} characters")
        compiled = re2.compile(pattern, options=options)
    except re2.error:
        raise BadSource(
            f"the filter of tags is no regular expression that Go understands: {pattern[:80]!r}"
        ) from None
    return lambda tag: compiled.search(tag) is not None


def _time(created: str) -> float:
    try:
        return datetime.fromisoformat(created).timestamp()
    except (ValueError, OverflowError):
        return 0.0
