"""Tells what a chart makes anew at each rendering (passwords, certificates, dates) by rendering twice.

What differs is replaced by a stand-in that is the same each time, and is a hole: nobody knows the value that will be.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from bot.model.manifests import canonical_json
from bot.model.objects import Object, ObjectId
from bot.model.rendering import Hole
from bot.render.helm.unknown import field_below

NAME = "volatile"
STAND_IN = f"${{{NAME}}}"
_Places = list[str]


def settled(
    once: Sequence[Object], again: Sequence[Object], reason: str
) -> tuple[tuple[Object, ...], tuple[Hole, ...]]:
    """The objects of the first rendering with stand-ins for what the second one has otherwise, and the holes."""
    other = {found.id: found for found in again}
    renamed = _renamed(once, again)
    objects: list[Object] = []
    holes: list[Hole] = []
    for found in once:
        partner = other.get(found.id) or renamed.get(found.id)
        if partner is None:
            objects.append(found)
            continue
        places: _Places = []
        manifest = _settled(found.manifest, partner.manifest, "", places)
        changed = Object.of(manifest) if places else found
        objects.append(changed)
        holes += [Hole(changed.id, place, NAME, reason) for place in places]
    return tuple(objects), tuple(holes)


def _renamed(once: Sequence[Object], again: Sequence[Object]) -> dict[ObjectId, Object]:
    """Objects whose very name is made anew, each with the one that came in its place: by kind and order."""
    first = _by_kind(once, {found.id for found in again})
    second = _by_kind(again, {found.id for found in once})
    return {
        old.id: new
        for key, olds in first.items()
        if len(olds) == len(second[key])
        for old, new in zip(olds, second[key], strict=True)
    }


def _by_kind(objects: Sequence[Object], known: set[ObjectId]) -> dict[tuple[str, str, str], list[Object]]:
    found: dict[tuple[str, str, str], list[Object]] = defaultdict(list)
    for item in objects:
        if item.id not in known:
            found[item.id.group, item.id.kind, item.id.namespace].append(item)
    return found


def _settled(one: Any, other: Any, place: str, places: _Places) -> Any:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {
            key: _settled(value, other[key], field_below(place, key), places) for key, value in one.items()
        }
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_settled(value, other[at], f"{place}[{at}]", places) for at, value in enumerate(one)]
    if type(one) is type(other) and one == other:
        return one
    places.append(place)
    return f"{_shared(str(one), str(other))}{STAND_IN}" if place == "metadata.name" else _stand_in(one, other)


def _stand_in(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return _same_keys(one, other)
    if isinstance(one, str) and isinstance(other, str):
        return _lines(one, other)
    return STAND_IN


def _same_keys(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Maps with keys that are made anew: what both have alike stays."""
    both = {
        key: value
        for key, value in one.items()
        if key in other and canonical_json(value) == canonical_json(other[key])
    }
    return {**both, STAND_IN: STAND_IN}


def _lines(one: str, other: str) -> str:
    """A text, line by line where both have as many, so that what else is in a file can still be compared."""
    ones, others = one.split("\n"), other.split("\n")
    if len(ones) != len(others) or len(ones) == 1:
        return STAND_IN
    return "\n".join(_merged(ones, others))


def _merged(ones: list[str], others: list[str]) -> Iterator[str]:
    for alike, lines in itertools.groupby(zip(ones, others, strict=True), lambda pair: pair[0] == pair[1]):
        if alike:
            yield from (line for line, _ in lines)
        else:
            yield STAND_IN


def _shared(one: str, other: str) -> str:
    """What names have in common at their start, up to a whole word: single letters may be alike by chance."""
    common = "".join(
        a for a, b in itertools.takewhile(lambda ab: ab[0] == ab[1], zip(one, other, strict=False))
    )
    return common[: common.rfind("-") + 1]
