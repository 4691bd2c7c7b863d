"""Flux's post-build substitution, applied to what kustomize rendered.

Every object is written as YAML, its text is substituted in, and the text is read again: a bare `${replicas}` becomes a
number, a quoted one stays text. The invariant: an expression whose value is not known stays in the object as it was
written and is reported as a hole, with the field that holds it; no error and no hole quotes a value.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.model.manifests import ManifestError, canonical_json, documents
from bot.model.objects import Manifest, Object, ObjectId
from bot.model.rendering import Diagnostic, Hole, Severity
from bot.render.envsubst import Budget, Left, Unknown, expand
from bot.render.expressions import BadSubstitution
from bot.render.variables import Substitution
from bot.render.yaml_text import yaml_text

OPT_OUT = "kustomize.toolkit.fluxcd.io/substitute"
MAX_PROBLEMS = 30
MAX_HOLES = 100_000
_BYTE_ORDER_MARK = "\ufeff"
_PRIVATE_USE = range(0xF8FF, 0xDFFF, -1)
_QUOTED = re.compile(r"(?<=^the (?:key|tag) ).*(?= (?:occurs|is not))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Substituted:
    """`objects` is empty where `problems` is not: Flux applies nothing then.

    `assumed` holds the variables that were used although a source that could not be read may override them.
    """

    objects: tuple[Object, ...]
    holes: tuple[Hole, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    assumed: tuple[tuple[str, Unknown], ...] = ()


def substitute(objects: Iterable[Object], substitution: Substitution) -> Substituted:
    """All objects in their order, or every reason why not."""
    objects = tuple(objects)
    if not substitution.runs:
        return Substituted(objects)
    work = _Work(substitution)
    for found in objects:
        if _opts_out(found.manifest):
            work.keep(found)
        elif substitution.problems:
            return Substituted((), problems=_errors(substitution.problems))
        else:
            work.add(found)
    if work.problems:
        return Substituted((), problems=_errors(_gathered(work.problems)))
    assumed = sorted((name, why) for name, why in substitution.assumed.items() if name in work.used)
    return Substituted(tuple(work.objects.values()), tuple(work.holes), assumed=tuple(assumed))


@dataclass(slots=True)
class _Work:
    substitution: Substitution
    objects: dict[ObjectId, Object] = field(default_factory=dict)
    holes: list[Hole] = field(default_factory=list)
    problems: dict[str, list[str]] = field(default_factory=dict)
    """What is wrong, each with the places where it is."""
    used: set[str] = field(default_factory=set)
    budget: Budget = field(default_factory=Budget)

    def add(self, found: Object) -> None:
        data = canonical_json(found.manifest)
        if not (b"${" in data or b"$$" in data):
            self.keep(found)
            return
        try:
            self.keep(self._substituted(found))
        except BadSubstitution as error:
            place = _field_with(found.manifest, error.expression)
            self._fail(found.id, str(error), place)
        except ManifestError as error:
            problem = _QUOTED.sub("that was made", error.problem)
            self._fail(found.id, f"is not YAML any more after substitution: {problem}")
        except ValueError as error:
            self._fail(found.id, f"is not a Kubernetes object any more after substitution: {error}")

    def keep(self, found: Object) -> None:
        if found.id in self.objects:
            self._fail(found.id, "is declared twice after substitution")
        self.objects[found.id] = found

    def _fail(self, found: ObjectId, problem: str, place: str = "") -> None:
        self.problems.setdefault(problem, []).append(f"{found}: {place}" if place else str(found))

    def _substituted(self, found: Object) -> Object:
        hides = _BYTE_ORDER_MARK.encode() in canonical_json(found.manifest)
        text = yaml_text(_without_hidden_expressions(found.manifest) if hides else found.manifest)
        parts = expand(text, self._lookup, strict=self.substitution.is_strict, budget=self.budget)
        lefts = [part for part in parts if isinstance(part, Left)]
        mark = _unused_char(parts) if lefts else ""
        numbers = iter(range(len(lefts)))
        filled = "".join(
            f"{mark}{next(numbers)}{mark}{part.source}" if isinstance(part, Left) else part for part in parts
        )
        parsed = documents(filled.encode(), file="")
        if len(parsed) != 1 or not isinstance(parsed[0].value, dict):
            raise ValueError("it is not one mapping")
        marked = _Marked(mark)
        result = Object.of(marked.cleaned(parsed[0].value) if lefts else parsed[0].value)
        for place, number in marked.places:
            self.holes += self._holes(result.id, place, lefts[number])
            if len(self.holes) > MAX_HOLES:
                raise ValueError(f"more than {MAX_HOLES} values in all are not known")
        return result

    def _lookup(self, name: str) -> str | Unknown | None:
        self.used.add(name)
        return self.substitution.lookup(name)

    def _holes(self, found: ObjectId, place: str, left: Left) -> Iterator[Hole]:
        for name in left.names:
            why = self.substitution.lookup(name)
            if isinstance(why, Unknown):
                yield Hole(found, place, name, why.reason, why.version)


class _Marked:
    """Finds the numbered marks in front of what was left, and takes them out again."""

    def __init__(self, mark: str) -> None:
        self._pattern = re.compile(f"{mark}([0-9]+){mark}")
        self._mark = mark
        self.places: list[tuple[str, int]] = []

    def cleaned(self, value: Any, place: str = "") -> Any:
        if isinstance(value, str):
            return self._text(value, place)
        if isinstance(value, list):
            return [self.cleaned(item, f"{place}[{at}]") for at, item in enumerate(value)]
        if isinstance(value, dict):
            return self._mapping(value, place)
        return value

    def _mapping(self, value: Manifest, place: str) -> Manifest:
        result: Manifest = {}
        for marked_key, item in value.items():
            key = self._text(marked_key, place)
            if key in result:
                raise ValueError("the key that was made occurs twice in one mapping")
            result[key] = self.cleaned(item, _below(place, key))
        return result

    def _text(self, text: str, place: str) -> str:
        if self._mark not in text:
            return text
        self.places += [(place, int(found[1])) for found in self._pattern.finditer(text)]
        return self._pattern.sub("", text)


def _gathered(problems: Mapping[str, Sequence[str]]) -> list[str]:
    """One sentence for what is wrong in the same way in several objects."""
    return [
        f"{places[0]}{f' and {len(places) - 1} more' if places[1:] else ''}: {problem}"
        for problem, places in problems.items()
    ]


def _errors(problems: Sequence[str]) -> tuple[Diagnostic, ...]:
    return tuple(Diagnostic(Severity.ERROR, problem) for problem in problems[:MAX_PROBLEMS])


def _opts_out(manifest: Manifest) -> bool:
    """Flux compares this one value exactly, upper and lower case included."""
    marks = (manifest["metadata"].get(part) for part in ("labels", "annotations"))
    return any(isinstance(mark, dict) and mark.get(OPT_OUT) == "disabled" for mark in marks)


def _without_hidden_expressions(value: Any) -> Any:
    """Go escapes every character of a text that begins with a byte order mark, so that Flux finds nothing in it."""
    if isinstance(value, str):
        return value.replace("$", "$$") if value.startswith(_BYTE_ORDER_MARK) else value
    if isinstance(value, list):
        return [_without_hidden_expressions(item) for item in value]
    if isinstance(value, dict):
        return {
            _without_hidden_expressions(key): _without_hidden_expressions(item) for key, item in value.items()
        }
    return value


def _unused_char(parts: list[str | Left]) -> str:
    used = {char for part in parts for char in (part.source if isinstance(part, Left) else part)}
    return next(char for char in map(chr, _PRIVATE_USE) if char not in used)


def _field_with(value: Any, expression: str, place: str = "") -> str:
    """The first field with the expression, as far as an error shows one; empty where none is found."""
    if isinstance(value, str):
        return place if expression.rstrip("…}").removesuffix("…") in value else ""
    if isinstance(value, list):
        below = (_field_with(item, expression, f"{place}[{at}]") for at, item in enumerate(value))
    elif isinstance(value, dict):
        below = (
            _field_with(item, expression, _below(place, key)) or _field_with(key, expression, place)
            for key, item in sorted(value.items())
        )
    else:
        return ""
    return next(filter(None, below), "")


def _below(place: str, key: str) -> str:
    step = key if "." not in key and "/" not in key else f"[{key}]"
    return f"{place}.{step}" if place and not step.startswith("[") else place + step
