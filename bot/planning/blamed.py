"""Errors of what lies elsewhere, with the object that says where: the place at which a person can mend it."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import LongshoreError, Temporary
from bot.git.errors import MissingObject
from bot.model.target import Target


class OfSource(LongshoreError):
    """Something is wrong with the source that a target names."""


class TemporaryOfSource(OfSource, Temporary):
    """It may be had later."""


@contextmanager
def naming(about: str) -> Iterator[None]:
    """Whatever goes wrong inside is said of this; nothing is added where it is empty."""
    try:
        yield
    except MissingObject:
        raise
    except LongshoreError as error:
        if not about:
            raise
        kind = TemporaryOfSource if isinstance(error, Temporary) else OfSource
        raise kind(f"{about}: {error.message}", hint=error.hint) from error


def source_of(target: Target) -> str:
    """The source that the target names, with the file that declares it; empty where it names none."""
    settings = target.flux
    if settings is None or settings.source is None:
        return ""
    where = f" ({settings.source_at})" if settings.source_at else ""
    return f"its source, {settings.source}{where}"
