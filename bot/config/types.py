"""The small types that fields are made of: durations, sizes, secret references, repository names, path patterns."""

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from bot.errors import UserError

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d+)\s*(B|Ki|Mi|Gi)?")
_SIZE_UNITS_BYTES = {None: 1, "B": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
_REFERENCE = re.compile(r"\$\{(env|file):([^}]+)\}")
_MAX_SECRET_BYTES = 64 << 10


class Model(BaseModel):
    """Base of every section: camelCase in the file, unknown keys refused, immutable once read."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )


def _duration_s(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"a duration needs a unit, for example {value:g}s")  # noqa: TRY004 - pydantic reads ValueError
    text = str(value).strip()
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration like 30s, 10m or 1h30m")
    return sum(float(number) * _DURATION_UNITS_S[unit] for number, unit in parts)


def _size_bytes(value: object) -> int:
    match = _SIZE.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not a size like 512Ki, 25Mi or 1Gi")
    return int(match[1]) * _SIZE_UNITS_BYTES[match[2]]


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError("must be more than zero")
    return value


class _AsText:
    """Describe a parsed type as the string it is in the file, for editors."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(core_schema.str_schema()), "pattern": self.pattern}


DurationS = Annotated[
    float, BeforeValidator(_duration_s), AfterValidator(_positive), _AsText(r"^(\d+(\.\d+)?(ms|s|m|h|d))+$")
]
"""Seconds, written like Go and Kubernetes do: `30s`, `10m`, `1h30m`."""

SizeBytes = Annotated[
    int, BeforeValidator(_size_bytes), AfterValidator(_positive), _AsText(r"^\d+\s*(B|Ki|Mi|Gi)?$")
]
"""Bytes, written with a binary unit: `512Ki`, `25Mi`."""


class SecretUnreadable(UserError):
    """A secret reference points at nothing. The message names the reference, never a value."""


class SecretRef(str):
    """`${env:NAME}` or `${file:PATH}`. It stays a reference until the one process that needs the value reads it."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls._check, core_schema.str_schema(strict=True))

    @classmethod
    def _check(cls, value: str) -> "SecretRef":
        if not _REFERENCE.fullmatch(value):
            # NB: the value is not repeated; it may be the secret itself.
            raise ValueError(
                "write a reference, ${env:NAME} or ${file:PATH}; secrets do not belong in this file"
            )
        return cls(value)

    def read(self) -> str:
        """The secret, without surrounding white space. Raises SecretUnreadable."""
        match = _REFERENCE.fullmatch(self)
        assert match is not None
        kind, place = match.groups()
        if kind == "env":
            value = os.environ.get(place, "")
            if not value.strip():
                raise SecretUnreadable(
                    f"the environment variable {place} is not set", hint=f"it is named by {self}"
                )
            return value.strip()
        try:
            with Path(place).open(encoding="utf-8") as file:
                value = file.read(_MAX_SECRET_BYTES)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SecretUnreadable(f"cannot read {place}: {reason}", hint=f"it is named by {self}") from None
        if not value.strip():
            raise SecretUnreadable(f"{place} is empty", hint=f"it is named by {self}")
        return value.strip()


RepositoryPattern = Annotated[str, StringConstraints(pattern=r"^[^\s:]+/[^\s:]+$")]
"""`OWNER/NAME`, with `*` for any part of a name."""

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]


def _relative_path(value: str) -> str:
    parts = [part for part in value.split("/") if part not in ("", ".")]
    if value.startswith("/") or ".." in parts:
        raise ValueError("must be a path inside the repository, without a leading / and without ..")
    return "/".join(parts)


RepoPath = Annotated[str, AfterValidator(_relative_path)]
"""A directory relative to the repository's root; `.` is the root."""
