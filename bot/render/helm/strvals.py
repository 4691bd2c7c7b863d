"""Puts one value at a path, in the grammar of `helm --set`, as Helm's `strvals` does.

`a.b[0].c=value`, `a={x,y}`, several by commas, a backslash before what is meant literally. The invariant is Helm's
own: what it refuses is refused, and a list's index and the depth of names are bounded. No error quotes a value.
"""

import re
from typing import Any

from bot.errors import UserError

MAX_INDEX = 65_536
MAX_NESTED_NAMES = 30
MAX_NESTED_LISTS = 100
_INTEGER = re.compile(r"[+-]?[0-9]+")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class BadPath(UserError):
    """The path cannot be set, or the value at it cannot be read."""


class SetInteger(int):
    """A whole number that came from a path. Go keeps it whole, where a number of a YAML file is a float to templates."""


def set_value(values: dict[str, Any], line: str, *, as_text: bool) -> None:
    """Change `values` in place by a line `path=value`; maps and lists in it that others share change for them too.

    Raises `BadPath`, and may then have set a part.
    """
    parser = _Parser(line, as_text=as_text)
    while parser.key(values, 0):
        pass


class _Parser:
    def __init__(self, line: str, *, as_text: bool) -> None:
        self._line = line
        self._at = 0
        self._lists = 0
        self._as_text = as_text

    def key(self, data: dict[str, Any], depth: int) -> bool:
        """Read one `path=value` into `data`; False where the line is over."""
        name, stop = self._until("=[,.")
        if not stop:
            if not name:
                return False
            raise BadPath("a key has no value")
        if stop == "[":
            index = self._index()
            if index is None:
                return False
            found = data.get(name, [])
            if not isinstance(found, list):
                raise BadPath(f"{name[:80]!r} holds no list")
            items, goes_on = self._item(found, index, depth)
            _put(data, name, items)
            return goes_on
        if stop == "=":
            value, goes_on = self._value()
            _put(data, name, value)
            return goes_on
        if stop == ",":
            raise BadPath("a key has no value (cannot end with ,)")
        return self._below(data, name, depth + 1)

    def _below(self, data: dict[str, Any], name: str, depth: int) -> bool:
        if depth > MAX_NESTED_NAMES:
            raise BadPath(f"names are nested more than {MAX_NESTED_NAMES} deep")
        inner = data.get(name, {})
        if not isinstance(inner, dict):
            raise BadPath(f"{name[:80]!r} holds no mapping")
        goes_on = self.key(inner, depth)
        if goes_on and not inner:
            raise BadPath(f"{name[:80]!r} has no value")
        if inner:
            _put(data, name, inner)
        return goes_on

    def _item(self, items: list[Any], index: int, depth: int) -> tuple[list[Any], bool]:
        """The list with the item set: the same list, or a longer one."""
        self._lists += 1
        if self._lists > MAX_NESTED_LISTS:
            raise BadPath(f"the path has more than {MAX_NESTED_LISTS} indexes")
        rest, stop = self._until("[.=")
        if rest:
            raise BadPath("there is something between an index and what follows it")
        if not stop:
            return items, False
        if stop == "=":
            value, _ = self._value()
            return _with_item(items, index, value), True
        present = items[index] if index < len(items) else None
        if stop == "[":
            inner_index = self._index()
            if inner_index is None:
                return items, False
            if present is not None and not isinstance(present, list):
                raise BadPath("an item with an index holds no list")
            inner, goes_on = self._item(present or [], inner_index, depth)
            return (_with_item(items, index, inner), True) if goes_on else (items, False)
        mapping = present if isinstance(present, dict) else {}
        if index < len(items):
            items[index] = mapping
        goes_on = self.key(mapping, depth)
        if not goes_on:
            return items, False
        return _with_item(items, index, mapping), True

    def _index(self) -> int | None:
        """None where the line is over before the bracket is closed, which Helm takes for its end and no mistake."""
        text, stop = self._until("]")
        if not stop:
            return None
        if not _INTEGER.fullmatch(text) or len(text) > 20:
            raise BadPath("an index is no number in [ ]")
        index = int(text)
        if not 0 <= index <= MAX_INDEX:
            raise BadPath(f"an index is not between 0 and {MAX_INDEX}")
        return index

    def _value(self) -> tuple[Any, bool]:
        if self._at >= len(self._line):
            return "", False
        if self._line[self._at] == "{":
            self._at += 1
            return self._list(), True
        text, _ = self._until(",")
        return self._typed(text), True

    def _list(self) -> list[Any]:
        items = []
        while True:
            text, stop = self._until(",}")
            if not stop:
                raise BadPath("a list does not end with }")
            items.append(self._typed(text))
            if stop == "}":
                if self._line[self._at : self._at + 1] == ",":
                    self._at += 1
                return items

    def _until(self, stops: str) -> tuple[str, str]:
        """The text up to one of `stops`, and which it was; empty where the line is over. A backslash quotes."""
        letters: list[str] = []
        while self._at < len(self._line):
            letter = self._line[self._at]
            self._at += 1
            if letter in stops:
                return "".join(letters), letter
            if letter == "\\":
                if self._at >= len(self._line):
                    return "".join(letters), ""
                letter = self._line[self._at]
                self._at += 1
            letters.append(letter)
        return "".join(letters), ""

    def _typed(self, text: str) -> Any:
        if self._as_text:
            return text
        if text.lower() in _WORDS:
            return _WORDS[text.lower()]
        if text == "0":
            return SetInteger(0)
        if _INTEGER.fullmatch(text) and not text.startswith("0") and len(text) <= 20:
            number = int(text)
            if -(2**63) <= number < 2**63:
                return SetInteger(number)
        return text


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    if name:
        data[name] = value


def _with_item(items: list[Any], index: int, value: Any) -> list[Any]:
    if index >= len(items):
        items = [*items, *([None] * (index + 1 - len(items)))]
    items[index] = value
    return items
