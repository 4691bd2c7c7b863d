"""What a program printed, taken for objects: YAML as Argo CD takes it of a plugin, JSON as it takes it of Jsonnet."""

import json
from typing import Any

import yaml

from bot.model.manifests import MAX_INPUT_BYTES, MAX_NODES, parsed
from bot.model.objects import Manifest
from bot.render.errors import Unrenderable
from bot.render.helm.values import ValuesLoader, without_quotes


def of_plugin(data: bytes, what: str) -> list[Manifest]:
    """Every document of the output. Raises `Unrenderable` for what is no YAML, or no object."""
    if len(data) > MAX_INPUT_BYTES:
        raise Unrenderable(f"{what} printed more than {MAX_INPUT_BYTES >> 20} MiB")
    try:
        return [
            _object(document.value, f"{what} printed", f" (line {document.line})")
            for document in parsed(data, ValuesLoader)
            if document.value is not None
        ]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = without_quotes(str(getattr(error, "problem", None) or "it cannot be parsed"))
        raise Unrenderable(
            f"{what} printed what is no YAML{line}: {problem}; its standard output must hold Kubernetes objects only, and "
            "its messages go to standard error"
        ) from None


def of_jsonnet(data: bytes, file: str) -> list[Manifest]:
    """One object, or each of a list of them. Raises `Unrenderable`."""
    if len(data) > MAX_INPUT_BYTES:
        raise Unrenderable(f"evaluates to more than {MAX_INPUT_BYTES >> 20} MiB", file=file)
    try:
        value = json.loads(data, parse_constant=_refused)
        _count(value)
    except (ValueError, RecursionError):
        raise Unrenderable("evaluates to what is no JSON, or to too much of it", file=file) from None
    if not isinstance(value, list):
        return [_object(value, "evaluates to", "", file)]
    return [
        _object(item, "evaluates to", f" (item {index} of its list)", file)
        for index, item in enumerate(value)
        if item is not None
    ]


def _object(value: Any, does: str, place: str, file: str | None = None) -> Manifest:
    """The field that is missing otherwise is told with everything else that makes an object."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str) or not value["kind"]:
        raise Unrenderable(f"{does} what is no Kubernetes object{place}: kind is missing", file=file)
    return value


def _count(value: Any) -> None:
    """Raises ValueError where there are more values than in a manifest."""
    pending, count = [value], 0
    while pending:
        item = pending.pop()
        count += 1
        if count > MAX_NODES:
            raise ValueError("too many values")
        if isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, list):
            pending += item


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
