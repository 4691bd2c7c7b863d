"""Parameters, wherever they stand: GitLab reads query, JSON and forms alike, and coerces what can be coerced."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from tests.sandbox.forge.gitlab.errors import bad_parameters

# As Grape reads them, in any case of the letters.
TRUE = frozenset({"true", "1", "on", "t", "yes", "y"})
FALSE = frozenset({"false", "0", "off", "f", "no", "n"})


@dataclass(frozen=True, slots=True)
class Params:
    fields: Mapping[str, Any]

    @classmethod
    def merged(cls, query: Sequence[tuple[str, str]], body: Mapping[str, Any]) -> "Params":
        """`name[]` makes a list, `name[key]` an object."""
        found: dict[str, Any] = {}
        for name, value in query:
            match = re.fullmatch(r"(\w+)\[(\w*)\]", name)
            if match is None:
                found[name] = value
            elif match[2]:
                found.setdefault(match[1], {})[match[2]] = value
            else:
                found.setdefault(match[1], []).append(value)
        return cls({**found, **body})

    def has(self, name: str) -> bool:
        return name in self.fields

    def require(self, *names: str) -> None:
        """All that is missing is said at once."""
        missing = [f"{name} is missing" for name in names if self.fields.get(name) is None]
        if missing:
            raise bad_parameters(*missing)

    def text(self, name: str, default: str | None = None) -> str | None:
        value = self.fields.get(name)
        if value is None:
            return default
        if isinstance(value, (dict, list)):
            raise bad_parameters(f"{name} is invalid")
        return str(value)

    def must(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise bad_parameters(f"{name} is missing")
        if not value:
            raise bad_parameters(f"{name} is empty")
        return value

    def number(self, name: str, default: int | None = None) -> int | None:
        value = self.fields.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
            raise bad_parameters(f"{name} is invalid")
        return int(value)

    def flag(self, name: str, default: bool | None = None) -> bool | None:
        value = self.fields.get(name)
        if value is None or value == "":
            return default
        word = str(value).lower()
        if word not in TRUE | FALSE:
            raise bad_parameters(f"{name} is invalid")
        return word in TRUE

    def is_on(self, name: str) -> bool:
        return self.flag(name) or False

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str | None:
        value = self.text(name, default)
        if value is not None and value not in allowed:
            raise bad_parameters(f"{name} does not have a valid value")
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list, or one text with commas."""
        value = self.fields.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            raise bad_parameters(f"{name} is invalid")
        return [str(part) for part in value]

    def numbers(self, name: str) -> list[int] | None:
        found = self.texts(name)
        if found is None:
            return None
        if not all(re.fullmatch(r"\d+", part) for part in found):
            raise bad_parameters(f"{name} is invalid")
        return [int(part) for part in found]

    def object(self, name: str) -> dict[str, Any] | None:
        value = self.fields.get(name)
        if value is not None and not isinstance(value, dict):
            raise bad_parameters(f"{name} is invalid")
        return value

    def objects(self, name: str) -> list[dict[str, Any]] | None:
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise bad_parameters(f"{name} is invalid")
        return value

    def day(self, name: str) -> date | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise bad_parameters(f"{name} is invalid") from error

    def moment(self, name: str) -> datetime | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value)
        except ValueError as error:
            raise bad_parameters(f"{name} is invalid") from error
        return found if found.tzinfo else found.replace(tzinfo=UTC)
