"""Writes an object as the text that Flux substitutes in, byte for byte what `sigs.k8s.io/yaml` writes.

Substitution works on text, so how a scalar is quoted decides whether `${replicas}` becomes a number, and where a long
line is folded decides whether an expression with a space in it is found. libyaml, which Go's library is a port of, does
the writing; what is decided here is what Go decides before: which texts must be quoted because they read as something
else. The invariant: what is written reads back as the same object.
"""

import calendar
import re
from collections.abc import Iterator
from typing import Any

import yaml

_WIDTH = 80
_WORDS = frozenset(
    ["", "~"]
    + [
        form
        for word in ("y", "yes", "true", "on", "n", "no", "false", "off", "null")
        for form in (word, word.capitalize(), word.upper())
    ]
)
_NO_NUMBER = re.compile(r"[+-]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_BASES = (("hex", 16), ("bin", 2), ("oct", 8), ("dec", 10))
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_JOINED = re.compile(r"(?<=[0-9])_(?=[0-9])")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIMESTAMP = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:(?:[Tt](?=.*(?:Z|[-+]\d\d:\d\d)\Z)| +(?!.*(?:Z|[-+]\d\d:\d\d)\Z))"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?:[.,]\d+)?"
    r"(?:Z|[-+](?P<zone_hour>\d\d):(?P<zone_minute>\d\d))?)?",
    re.ASCII,
)
_LEAP_YEAR = 4  # the year 0 is one too, and not in Python's calendar
_LIMITS = (("hour", 23), ("minute", 59), ("second", 59), ("zone_hour", 24), ("zone_minute", 60))


def yaml_text(value: Any) -> str:
    """One document of JSON-like data, mappings in the order of their keys."""
    events = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
    events += _events(value)
    events += [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]
    return str(yaml.emit(events, Dumper=yaml.CSafeDumper, width=_WIDTH, allow_unicode=True))


def reads_as_text(text: str) -> bool:
    """Whether Go reads the text, unquoted, as text. What looks like a date or base 60 is quoted to be kind to others."""
    if text in _WORDS:
        return False
    if text[0] == ".":
        return not (_NO_NUMBER.fullmatch(text) or _is_float(_JOINED.sub("", text)))
    if text[0] not in "+-0123456789":
        return True
    if _SEXAGESIMAL.fullmatch(text) or _NO_NUMBER.fullmatch(text) or _is_timestamp(text):
        return False
    plain = text.replace("_", "")
    return not (_is_integer(plain) or _is_float(plain))


def _events(value: Any) -> Iterator[yaml.Event]:
    if isinstance(value, dict):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=False)
        for key in sorted(value):
            yield _scalar(key)
            yield from _events(value[key])
        yield yaml.MappingEndEvent()
    elif isinstance(value, list):
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=False)
        for item in value:
            yield from _events(item)
        yield yaml.SequenceEndEvent()
    else:
        yield _scalar(value)


def _scalar(value: Any) -> yaml.Event:
    style = None
    if isinstance(value, str):
        text = value
        style = "|" if "\n" in text else None if reads_as_text(text) else '"'
    elif value is None:
        text = "null"
    else:
        text = str(value).lower() if isinstance(value, bool) else repr(value)
    return yaml.ScalarEvent(None, None, (True, True), text, style=style)


def _is_integer(text: str) -> bool:
    found = _INTEGER.fullmatch(text)
    if not found or len(text) > 100:
        return False
    number = next(int(found[name], base) for name, base in _BASES if found[name])
    return number < 2**64 if not found["sign"] else number < 2**63 + (found["sign"] == "-")


def _is_float(text: str) -> bool:
    return bool(_FLOAT.fullmatch(text)) and abs(float(text)) != float("inf")


def _is_timestamp(text: str) -> bool:
    found = _TIMESTAMP.fullmatch(text)
    if not found:
        return False
    year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(year or _LEAP_YEAR, month)[1]):
        return False
    return all(int(found[name] or 0) <= most for name, most in _LIMITS)
