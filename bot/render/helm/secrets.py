"""Which texts among a release's values are secret, so that they are masked wherever a chart puts them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.render.errors import Unrenderable
from bot.render.helm.inputs import ValuesSource
from bot.render.helm.values import first_document

_SHORTEST = 6
_MOST = 10_000


def secret_texts(declared: Mapping[str, Any], sources: Iterable[ValuesSource]) -> frozenset[str]:
    """Every text that a Secret gives, unless it is said in clear as well. Never raises."""
    secret: set[str] = set()
    public = set(_texts(dict(declared)))
    for source in sources:
        texts = set(_of(source)) if source.text is not None else set()
        if source.entry.kind == "Secret":
            secret |= texts
        else:
            public |= texts
    return frozenset(sorted(text for text in secret - public if len(text) >= _SHORTEST)[:_MOST])


def _of(source: ValuesSource) -> Iterator[str]:
    assert source.text is not None
    if source.entry.target_path:
        yield source.text
        return
    try:
        yield from _texts(first_document(source.text.encode("utf-8", "surrogateescape")))
    except Unrenderable:
        yield source.text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for below in value.values():
            yield from _texts(below)
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
