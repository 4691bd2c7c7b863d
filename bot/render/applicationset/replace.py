"""Templates in a mapping: which of its texts are some, and the mapping with what they make in their place.

The controller renders text by text, keys of mappings included, never a document as a whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.render.applicationset.errors import Ungenerated
from bot.render.applicationset.shapes import Fields, ListOf, MapOf, Raw, Shape, shown


def templates(value: Any, shape: Shape, at: str) -> Iterator[tuple[str, str]]:
    """Every text that may be a template, with its field. `at` is the field of the value."""
    match value, shape:
        case str(), _:
            if "{{" in value:
                yield value, at
        case dict(), Fields(fields):
            for name, each in value.items():
                yield from templates(each, fields[name], f"{at}.{name}")
        case dict(), _:
            below = shape.value if isinstance(shape, MapOf) else Raw()
            for name, each in value.items():
                if each is None:
                    continue
                field = f"{at}.{shown(name)}"
                if "{{" in name:
                    yield name, field
                yield from templates(each, below, field)
        case list(), _:
            item = shape.item if isinstance(shape, ListOf) else Raw()
            for index, each in enumerate(value):
                yield from templates(each, item, f"{at}[{index}]")
        case _:
            return


def replaced(value: Any, shape: Shape, made: Mapping[str, str], at: str) -> Any:
    """A copy with what `made` has of the texts. A null in a mapping of anything goes, as it does in the controller.

    Raises `Ungenerated` where two keys become one: which of them stays is another one each time.
    """
    match value, shape:
        case str(), _:
            return made.get(value, value)
        case dict(), Fields(fields):
            return {name: replaced(each, fields[name], made, f"{at}.{name}") for name, each in value.items()}
        case dict(), _:
            return _replaced_mapping(value, shape.value if isinstance(shape, MapOf) else Raw(), made, at)
        case list(), _:
            item = shape.item if isinstance(shape, ListOf) else Raw()
            return [replaced(each, item, made, f"{at}[{index}]") for index, each in enumerate(value)]
        case _:
            return value


def _replaced_mapping(
    value: dict[str, Any], shape: Shape, made: Mapping[str, str], at: str
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, each in value.items():
        if each is None:
            continue
        key = made.get(name, name)
        if key in found:
            raise Ungenerated(f"two keys become {shown(key)}", at)
        found[key] = replaced(each, shape, made, f"{at}.{shown(name)}")
    return found
