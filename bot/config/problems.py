"""Mistakes in a configuration file, all of them at once, each with its line and the way out."""

import difflib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import UserError
from bot.log import redact

Location = tuple[str | int, ...]


_WRONG_KIND = {
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("tuple_type", "list_type", "frozen_set_type"), "must be a list"),
    **dict.fromkeys(
        ("dict_type", "model_type", "model_attributes_type"), "must be a mapping of keys to values"
    ),
    "string_type": "must be a text; put what YAML takes for something else in quotes",
    "path_type": "must be a path",
}
"""By pydantic's name of the mistake: a value of another kind than the field's."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: `field` reads like `repositories[0].forge`; `line` is 1-based where it is known."""

    file: str
    field: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class ConfigError(UserError):
    """A configuration file that cannot be used; `problems` holds every mistake found in it."""

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)


def problems_of(
    error: ValidationError, model: type[BaseModel], file: str, lines: Mapping[Location, int]
) -> list[Problem]:
    return [_problem(details, model, file, lines) for details in error.errors(include_url=False)]


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean X?)` for a close match, else the known ones, else nothing; ready to append to a message."""
    options = sorted(known)
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(options)}" if options else "; none is configured"


def show(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def line_of(location: Location, lines: Mapping[Location, int]) -> int | None:
    """The line of the field, or of the nearest enclosing one that is in the file."""
    for end in range(len(location), -1, -1):
        if location[:end] in lines:
            return lines[location[:end]]
    return None


def _problem(
    details: ErrorDetails, model: type[BaseModel], file: str, lines: Mapping[Location, int]
) -> Problem:
    location = tuple(part for part in details["loc"] if part != "[key]")
    message = _WRONG_KIND.get(details["type"]) or _plain(details["msg"])
    if details["type"] == "extra_forbidden":
        section = _section(model, location[:-1])
        message = "unknown key" + (nearest(str(location[-1]), _keys(section)) if section else "")
    elif details["type"] == "missing":
        message = "is required"
    elif details["type"] == "string_pattern_mismatch":
        # NB: a value at the wrong place may be a secret.
        message = f"{redact(str(details['input']))!r} does not fit; it must match {details['ctx']['pattern']}"
    return Problem(file, show(location), message, line_of(location, lines))


def _plain(message: str) -> str:
    """Pydantic's words as ours."""
    return message.removeprefix("Value error, ").replace("Input should be", "must be", 1)


def _keys(section: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _section(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """The model that describes the section at `location`, for naming its valid keys."""
    current: object = model
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = next((f for name, f in current.model_fields.items() if (f.alias or name) == part), None)
            current = field.annotation if field else None
        else:
            current = _item(current)
    while current is not None and not (isinstance(current, type) and issubclass(current, BaseModel)):
        current = _item(current)
    return current


def _item(annotation: object) -> object | None:
    """What a container or an optional holds; the last type argument that is not None or an ellipsis."""
    arguments = [a for a in typing.get_args(annotation) if a not in (type(None), Ellipsis)]
    return arguments[-1] if arguments else None
