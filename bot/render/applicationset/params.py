"""What a generator gives a template: the controller's maps and lists, with the types that they have there.

Go tells a map of text from a map of anything, and so do templates (`hasKey` takes only the latter) and the merging of
two sets of parameters. Maps are shared between sets where the controller shares them.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from bot.render.applicationset.errors import NotKnown

Params = dict[str, Any]
"""One set. The values are JSON, `Texts`, `TextList`, `MapList` and `Int64`."""


class Texts(dict[str, Any]):
    """A `map[string]string`. The values are text."""


class TextList(list[Any]):
    """A `[]string`."""


class MapList(list[Any]):
    """A `[]map[string]any`."""


class Int64(int):
    """An `int64`, where JSON's numbers are `float64`."""


def copied(value: Any) -> Any:
    """A copy that shares nothing with the value, nor within itself as YAML's anchors do: sets are merged in place."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def typed_paths(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where values lie that are of no type that JSON gives."""
    if isinstance(value, Texts | TextList | MapList | Int64) and at:
        yield at
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(each, dict | list | Int64):
                yield from typed_paths(each, (*at, key))


def overlaid(base: Params, over: Params) -> None:
    """Merge in place as the controller does for Go templates: maps by their keys, anything else is replaced.

    Raises `NotKnown` where the controller gives up.
    """
    for key, value in over.items():
        known = base.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            if isinstance(known, Texts) and value and not isinstance(value, Texts):
                raise NotKnown(
                    f"the parameter {key[:60]} is a map of text in one generator, and of more in the other"
                )
            if known is not value:
                overlaid(known, value)
        else:
            base[key] = value


def joined(one: Params, other: Params) -> Params:
    """Both as text, as the controller does for its own templates. Raises `NotKnown` where they contradict each other."""
    found: Params = {key: go_text(value) for key, value in one.items()}
    for key, value in other.items():
        text = go_text(value)
        if found.setdefault(key, text) != text:
            raise NotKnown(f"both generators give the parameter {key[:60]}, each another value")
    return found


def flat(value: Any) -> dict[str, Any]:
    """Every leaf by its dotted path. Empty maps and lists are no leaves; maps of text are one as a whole."""
    found: dict[str, Any] = {}
    _flatten(value, "", found)
    return found


def flat_texts(params: Params) -> dict[str, str]:
    """What a selector sees of a set."""
    return {key: go_text(each) for key, each in flat(_plain_maps(params)).items()}


def _flatten(value: Any, prefix: str, found: dict[str, Any]) -> None:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in pairs:
        name = f"{prefix}{key}"
        if isinstance(each, dict | list) and not isinstance(each, Texts | TextList | MapList):
            _flatten(each, f"{name}.", found)
        else:
            found[name] = each


def _plain_maps(value: Mapping[str, Any]) -> dict[str, Any]:
    """Maps of text as any other, but for those in lists: so far the controller looks."""
    return {
        key: (dict(each) if isinstance(each, Texts) else _plain_maps(each))
        if isinstance(each, dict)
        else each
        for key, each in value.items()
    }


def go_text(value: Any) -> str:
    """What Go's `%v` prints."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_text(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_text, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "<nil>", True: "true", False: "false"}[value]
    return str(int(value)) if isinstance(value, Int64) else go_number(float(value))


def go_number(value: float) -> str:
    """A float as Go prints it: the shortest digits that mean it, with an exponent below 1e-04 and from 1e+06 on."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    magnitude = len(text) + exponent - 1
    if value == 0:
        shown = "0"
    elif not -4 <= magnitude < 6:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        shown = f"{text[0]}{fraction}e{magnitude:+03d}"
    elif magnitude < 0:
        shown = f"0.{'0' * (-magnitude - 1)}{text}"
    else:
        whole = text[: magnitude + 1].ljust(magnitude + 1, "0")
        shown = whole + (f".{text[magnitude + 1 :]}" if len(text) > magnitude + 1 else "")
    return f"-{shown}" if sign else shown
