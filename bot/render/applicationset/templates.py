"""Asks the program that renders Go templates, which is Go's own engine with the controller's functions.

It is confined as the builders are, and replaced when a template takes too long, too much memory or writes too much:
that ApplicationSet is unknown then, and no other.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from bot.proc.confine import Layers
from bot.proc.errors import ProgramMissing
from bot.proc.programs import find
from bot.render.applicationset.dialect import Faulty, Rendered
from bot.render.applicationset.errors import Ungenerated
from bot.render.applicationset.params import Params, typed_paths
from bot.render.builder import Builder

PROGRAM = "argocd-template"
TIMEOUT_S = 10.0
ALL_S = 20.0
"""For all that one ApplicationSet asks: a matrix asks again for each set of its first generator."""
_MAX_ASKED_BYTES = 32 * 1024 * 1024
_MAX_REASON_CHARS = 300
_LACKING = ("map has no entry for key", "can't evaluate field")
_FIELD = "spec.template"


class _Error(msgspec.Struct, frozen=True):
    error: str


class _Answer(msgspec.Struct, frozen=True):
    results: list[list[str | _Error]] | None = None
    slugs: list[str] | None = None
    volatile: list[str] | None = None
    error: str = ""


@dataclass(slots=True)
class _Spent:
    seconds: float = 0.0


_decoder = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class Templates:
    """For input of one trust. Without a builder nobody renders Go templates here."""

    builder: Builder | None = None
    _spent: _Spent = field(default_factory=_Spent)

    def for_one_set(self) -> "Templates":
        """The same, which gives one ApplicationSet no more than `ALL_S` in all."""
        return replace(self, _spent=_Spent())

    @classmethod
    def here(cls, layers: Layers, *, timeout_s: float = TIMEOUT_S) -> "Templates":
        """With the program where it is installed."""
        try:
            program: Path = find(PROGRAM)
        except ProgramMissing:
            return cls()
        return cls(Builder(program, layers, timeout_s=timeout_s))

    def close(self) -> None:
        if self.builder is not None:
            self.builder.close()

    async def ask(
        self,
        options: Sequence[str],
        texts: Sequence[str],
        params: Sequence[Params],
        slugs: Sequence[str] = (),
    ) -> _Answer:
        """Raises `Ungenerated`."""
        if self.builder is None:
            raise Ungenerated(
                f"{PROGRAM}, which renders its Go templates, is not installed",
                "spec.goTemplate",
                hint="run `make tools`",
            )
        if self._spent.seconds > ALL_S:
            raise Ungenerated(f"rendering all its templates takes more than {ALL_S:g} s", _FIELD)
        begun = time.monotonic()

        def question() -> bytes:
            nonlocal begun
            begun = time.monotonic()  # whoever waited for the program has not used it
            return _encoded(options, texts, params, slugs)

        answer = await self.builder.answer(question)
        self._spent.seconds += time.monotonic() - begun
        if answer is None:
            raise Ungenerated(
                f"rendering its templates takes more than {TIMEOUT_S:g} s, or more memory than it gets",
                _FIELD,
            )
        try:
            found = _decoder.decode(answer)
        except msgspec.MsgspecError:
            raise Ungenerated(
                f"{PROGRAM} of another version is installed", _FIELD, hint="run `make tools`"
            ) from None
        if found.error:
            raise Ungenerated(f"its templates cannot be rendered: {found.error[:_MAX_REASON_CHARS]}", _FIELD)
        if found.volatile:
            names = ", ".join(found.volatile)
            raise Ungenerated(f"its templates use {names}, which gives something else each time", _FIELD)
        return found


@dataclass(slots=True)
class GoTemplates:
    """The dialect of `goTemplate: true`, with the options of one ApplicationSet."""

    templates: Templates
    options: tuple[str, ...]
    is_go: ClassVar[bool] = True

    async def rendered(
        self, texts: Sequence[str], params: Sequence[Params], options: Sequence[str] | None = None
    ) -> list[Rendered]:
        wanted = self.options if options is None else options
        found = await self.templates.ask(wanted, texts, params)
        return [[_result(each) for each in row] for row in found.results or ()]


def _result(found: str | _Error) -> str | Faulty:
    if isinstance(found, str):
        return found
    lacks = any(words in found.error for words in _LACKING)
    return Faulty(found.error.removeprefix("template: ")[:_MAX_REASON_CHARS], lacks)


def _encoded(
    options: Sequence[str], texts: Sequence[str], params: Sequence[Params], slugs: Sequence[str]
) -> bytes:
    request: dict[str, Any] = {
        "options": list(options),
        "texts": list(texts),
        "params": [{"value": each, "typed": list(typed_paths(each))} for each in params],
        "slugs": list(slugs),
    }
    try:
        encoded = msgspec.json.encode(request, enc_hook=int)  # of an `Int64`
    except (UnicodeEncodeError, OverflowError, RecursionError):
        raise Ungenerated("a parameter is no Unicode text, and Argo CD cannot hand it on", _FIELD) from None
    if len(encoded) > _MAX_ASKED_BYTES:
        raise Ungenerated("its generators give more parameters than Longshore renders", _FIELD)
    return b"%d\n%s" % (len(encoded), encoded)
