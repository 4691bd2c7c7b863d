"""What is left of a field that is null once somebody has applied it.

`kubectl apply` takes nulls away, and so does Argo CD where it applies a parent's children: a value of a chart that was to
be unset by `null` in `valuesObject` stays as the chart has it. Text, as in `values`, is not looked into.
"""

from collections.abc import Iterator
from typing import Any

from bot.discover.argocd.objects import texts
from bot.discover.fields import mapping
from bot.discover.schema import shown
from bot.model.objects import Manifest

_MOST_DEEP = 60
_OPTIONS = "argocd.argoproj.io/sync-options"
_KEEPING = frozenset({"ServerSideApply=true", "Replace=true"})
_VALUES = "valuesObject"


def keeps_nulls(manifest: Manifest) -> bool:
    """Whether the object itself asks to be applied in a way that leaves them."""
    asked = texts(manifest, "annotations").get(_OPTIONS, "").split(",")
    return not _KEEPING.isdisjoint(option.strip() for option in asked)


def as_applied(source: Manifest) -> Manifest:
    """A source of an Application as it comes to stand in the cluster."""
    helm = source.get("helm")
    if not isinstance(helm, dict) or not any(True for _ in nulls(source)):
        return source
    return {**source, "helm": {**helm, _VALUES: _without(helm[_VALUES], 0)}}


def nulls(source: Manifest) -> Iterator[str]:
    """The path of each null that goes."""
    values = mapping(source.get("helm")).get(_VALUES)
    if isinstance(values, dict):
        yield from _nulls(values, f"helm.{_VALUES}", 0)


def _nulls(value: Any, at: str, depth: int) -> Iterator[str]:
    if depth > _MOST_DEEP:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            place = f"{at}.{shown(str(name))[1:-1]}"
            if item is None:
                yield place
            else:
                yield from _nulls(item, place, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nulls(item, f"{at}[{index}]", depth + 1)


def _without(value: Any, depth: int) -> Any:
    """An element of a list that is null stays: no key names it."""
    if depth > _MOST_DEEP:
        return value
    if isinstance(value, dict):
        return {name: _without(item, depth + 1) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without(item, depth + 1) for item in value]
    return value
