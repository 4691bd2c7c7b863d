"""Reading a forge's answers into the few fields that are used.

The invariant: an answer that lacks a field declared in its shape is a `ForgeMisbehaved`, never an AttributeError
further on.
"""

from typing import Any, TypeVar

import msgspec

from bot.forge.errors import ForgeMisbehaved

T = TypeVar("T")


def shaped(answer: Any, shape: type[T]) -> T:
    try:
        return msgspec.convert(answer, shape)
    except msgspec.ValidationError as error:
        name = getattr(shape, "__name__", str(shape))
        raise ForgeMisbehaved(f"the forge's answer is no {name}: {error}") from error
