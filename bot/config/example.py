"""`config.example.yaml` and `.longshore.yaml`'s documentation, written from the schema so that they cannot be stale.

A field's docstring is its comment, its example or else its default the value shown.
"""

import json
import textwrap
import types
import typing
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_WIDTH = 100


def example(model: type[BaseModel], title: str) -> str:
    """A whole file with every field, its explanation, and a value that is valid where it is not a comment."""
    head = [f"# {line}" for line in textwrap.wrap(title, _WIDTH)]
    return "\n".join([*head, "", *_section(model)]) + "\n"


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field of the file, depth first, as `forges.*.app.id` and `targets[].path`."""
    for name, info in model.model_fields.items():
        path = f"{prefix}{info.alias or name}"
        yield path, info
        inner, wrapper = _inner(info.annotation)
        if inner is not None:
            yield from fields(inner, f"{path}{wrapper}.")


def _section(model: type[BaseModel]) -> list[str]:
    lines: list[str] = []
    for name, info in model.model_fields.items():
        lines += _field(info.alias or name, info)
    return lines


def _field(key: str, info: FieldInfo) -> list[str]:
    comment = [f"# {line}" for line in textwrap.wrap(info.description or "", _WIDTH)]
    inner, wrapper = _inner(info.annotation)
    if inner is None:
        return [*comment, _value(key, info)]
    body = _section(inner)
    if wrapper == ".*":
        body = [f"{_entry_name(key)}:", *_indent(body)]
    elif wrapper == "[]":
        body = _as_item(body)
    return [*comment, f"{key}:", *_indent(body)]


def _value(key: str, info: FieldInfo) -> str:
    value = info.examples[0] if info.examples else info.default
    return f"{'# ' if key in _ALTERNATIVES else ''}{key}: {json.dumps(value, default=_plain)}"


_ALTERNATIVES = {
    *("token", "impersonate", "secretKey", "dependsOn"),
    *("kubeVersion", "apiVersions"),
}
"""Optional fields whose example would change how a first configuration behaves: shown as a comment."""


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else str(value)


def _entry_name(key: str) -> str:
    return {"forges": "hub", "clusters": "staging"}.get(key, "name")


def _as_item(lines: list[str]) -> list[str]:
    first = next(index for index, line in enumerate(lines) if not line.startswith("#"))
    comments, rest = lines[:first], lines[first:]
    return [*comments, f"- {rest[0]}", *_indent(rest[1:])]


def _indent(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _inner(annotation: object) -> tuple[type[BaseModel] | None, str]:
    """The section model inside an annotation and how it is wrapped: `.*` for a mapping, `[]` for a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _inner(arguments[0])
    if origin in (typing.Union, types.UnionType):
        found = [inner for inner in map(_inner, arguments) if inner[0] is not None]
        return found[0] if found else (None, "")
    if origin in (dict, tuple) and arguments:
        inner, _ = _inner(arguments[1] if origin is dict else arguments[0])
        return inner, (".*" if origin is dict else "[]") if inner is not None else ""
    return None, ""
