"""The two kinds of templates, behind one question: these texts, with each of these sets of parameters."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from bot.render.applicationset.errors import Ungenerated
from bot.render.applicationset.params import Params

_GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
MAX_TEXT_CHARS = 1024 * 1024
_MAX_ALL_CHARS = 12 * 1024 * 1024
_MAX_STEPS = 2_000_000
_CHARS_OF_A_STEP = 1024


@dataclass(frozen=True, slots=True)
class Faulty:
    """Why one text gives nothing with one set. `lacks_parameter` where that is all."""

    reason: str
    lacks_parameter: bool = False


Rendered = list[str | Faulty]
Asked = Mapping[str, str]
"""Texts, each with the field that it stands in."""


class Dialect(Protocol):
    @property
    def is_go(self) -> bool: ...

    async def rendered(
        self, texts: Sequence[str], params: Sequence[Params], options: Sequence[str] | None = None
    ) -> list[Rendered]:
        """For each set each of the texts, which hold `{{`. `options` other than those of the ApplicationSet, if any.

        Raises `Ungenerated` where nobody can tell.
        """


@dataclass(slots=True)
class Plain:
    """`{{ name }}`, where the parameter is known and text; anything else stays as it stands (`goTemplate: false`).

    For one ApplicationSet: what it may ask for is bounded as a whole.
    """

    is_go: ClassVar[bool] = False
    _steps: int = field(default=0, init=False)
    _chars: int = field(default=0, init=False)

    async def rendered(
        self, texts: Sequence[str], params: Sequence[Params], options: Sequence[str] | None = None
    ) -> list[Rendered]:
        del options
        return await asyncio.to_thread(self._rendered, texts, params)

    def _rendered(self, texts: Sequence[str], params: Sequence[Params]) -> list[Rendered]:
        self._count(steps=len(texts) + sum(map(len, texts)) // _CHARS_OF_A_STEP)
        parsed = [_parsed(text) for text in texts]
        self._count(steps=sum(len(each) for each in parsed if isinstance(each, list)) * len(params))
        found: list[Rendered] = []
        for given in params:
            found.append([_filled(each, given) for each in parsed])
            self._count(chars=sum(len(each) for each in found[-1] if isinstance(each, str)))
        return found

    def _count(self, *, steps: int = 0, chars: int = 0) -> None:
        self._steps += steps
        self._chars += chars
        if self._steps > _MAX_STEPS or self._chars > _MAX_ALL_CHARS:
            raise Ungenerated("its templates make more text than Longshore takes", "spec.template")


def _parsed(text: str) -> list[str] | Faulty:
    """Texts and tags by turns, beginning and ending with a text."""
    if not _has_tag(text):
        return [text]
    parts: list[str] = []
    at = 0
    while True:
        opening = text.find("{{", at)
        if opening < 0:
            return [*parts, text[at:]]
        closing = text.find("}}", opening + 2)
        if closing < 0:
            return Faulty("a {{ has no }} behind it")
        parts += [text[at:opening], text[opening + 2 : closing]]
        at = closing + 2


def _has_tag(text: str) -> bool:
    """The controller looks for one on a single line before it reads a text as a template at all."""
    return any(0 <= line.find("{{") < line.rfind("}}") for line in text.split("\n"))


def _filled(parts: list[str] | Faulty, params: Params) -> str | Faulty:
    if isinstance(parts, Faulty):
        return parts
    made = [_value(part, params) if index % 2 else part for index, part in enumerate(parts)]
    if sum(map(len, made)) > MAX_TEXT_CHARS:
        return Faulty("the text that it makes is longer than Longshore takes")
    return "".join(made)


def _value(tag: str, params: Params) -> str:
    name = tag.strip(_GO_SPACE)
    value = params.get(name) if name else None
    return value if isinstance(value, str) else f"{{{{{tag}}}}}"


async def render_all(dialect: Dialect, asked: Asked, params: Sequence[Params]) -> list[Mapping[str, str]]:
    """What becomes of each of the texts, for each set. Raises `Ungenerated` for the first that gives nothing."""
    texts = list(asked)
    if not texts or not params:
        return [{} for _ in params]
    found: list[Mapping[str, str]] = []
    for row in await dialect.rendered(texts, params):
        made: dict[str, str] = {}
        for text, result in zip(texts, row, strict=True):
            if isinstance(result, Faulty):
                raise Ungenerated(f"its template does not render: {result.reason}", asked[text])
            made[text] = result
        found.append(made)
    return found
