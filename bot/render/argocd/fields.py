"""The fields of an Application's source by their types: `Unrenderable` names the one that is something else.

Fields that Argo CD does not know are passed over: its API server drops them before anybody reads them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.render.errors import Unrenderable

_MAX_ENTRIES = 2_000


class Fields:
    """One mapping. `at` is where it stands, `spec.source.helm`."""

    def __init__(self, at: str, value: Any) -> None:
        if value is not None and not isinstance(value, Mapping):
            raise Unrenderable(f"{at} must be a mapping")
        self.at = at
        self._value: Mapping[str, Any] = value or {}

    @property
    def everything(self) -> Mapping[str, Any]:
        return self._value

    def text(self, name: str) -> str:
        value = self._value.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.bad(name, "must be text; put it in quotes")
        return value

    def flag(self, name: str) -> bool:
        value = self._value.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.bad(name, "must be true or false")
        return bool(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._list(name)
        if not all(isinstance(item, str) for item in value):
            raise self.bad(name, "must be a list of texts")
        return tuple(value)

    def each(self, name: str) -> Iterator["Fields"]:
        for index, item in enumerate(self._list(name)):
            yield Fields(f"{self.at}.{name}[{index}]", {} if item is None else item)

    def below(self, name: str) -> "Fields":
        return Fields(f"{self.at}.{name}", self._value.get(name))

    def pairs(self, name: str) -> dict[str, str]:
        value = self.mapping(name)
        if len(value) > _MAX_ENTRIES:
            raise self.bad(name, f"has more than {_MAX_ENTRIES} entries")
        wrong = next((key for key, item in value.items() if not isinstance(item, str)), None)
        if wrong is not None:
            raise self.bad(f"{name}.{str(wrong)[:80]}", "must be text; put it in quotes")
        return dict(value)

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self._value.get(name)
        if value is not None and not isinstance(value, Mapping):
            raise self.bad(name, "must be a mapping")
        return value or {}

    def anything(self, name: str) -> Any:
        return self._value.get(name)

    def bad(self, name: str, reason: str) -> Unrenderable:
        return Unrenderable(f"{self.at}.{name} {reason}")

    def _list(self, name: str) -> list[Any]:
        value = self._value.get(name)
        if value is not None and not isinstance(value, list | tuple):
            raise self.bad(name, "must be a list")
        if value is not None and len(value) > _MAX_ENTRIES:
            raise self.bad(name, f"has more than {_MAX_ENTRIES} entries")
        return list(value or [])
