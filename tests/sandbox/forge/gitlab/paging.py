"""Pages, by offset and by key, with the headers that lead through them.

The invariant: a walk by key sees every record that was there when it began, whatever is added meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from tests.sandbox.forge.gitlab.errors import ApiError, bad_parameters
from tests.sandbox.forge.gitlab.params import Params

T = TypeVar("T")

DEFAULT_PER_PAGE = 20
MAX_PER_PAGE = 100
# Above this many records GitLab does not count them.
MAX_COUNTED = 10_000
MAX_OFFSET = 50_000


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    items: Sequence[T]
    headers: Mapping[str, str]


def _size(params: Params) -> int:
    size = params.number("per_page", DEFAULT_PER_PAGE) or 0
    if size < 1:
        raise bad_parameters("per_page has a value not allowed")
    return min(size, MAX_PER_PAGE)


def by_offset(items: Sequence[T], params: Params, address: str) -> Cut[T]:
    page, size = params.number("page", 1) or 0, _size(params)
    if page < 1:
        raise bad_parameters("page does not have a valid value")
    if (page - 1) * size > MAX_OFFSET:
        said = f"Offset pagination has a maximum allowed offset of {MAX_OFFSET} for requests that return objects."
        raise ApiError(405, {"error": f"{said} Remaining records can be retrieved using keyset pagination."})
    last = max(1, -(-len(items) // size))
    is_counted = len(items) <= MAX_COUNTED
    following = page + 1 if page < last else None
    headers = {
        "X-Next-Page": str(following or ""),
        "X-Page": str(page),
        "X-Per-Page": str(size),
        "X-Prev-Page": str(page - 1 if page > 1 else ""),
    }
    if is_counted:
        headers |= {"X-Total": str(len(items)), "X-Total-Pages": str(last)}
    pages = {"prev": page - 1 if page > 1 else None, "next": following, "first": 1}
    if is_counted:
        pages["last"] = last
    links = [
        f'<{_link(address, params, page=number, per_page=size)}>; rel="{name}"'
        for name, number in pages.items()
        if number is not None
    ]
    headers["Link"] = ", ".join(links)
    start = (page - 1) * size
    return Cut(items[start : start + size], headers)


def by_key(items: Sequence[T], params: Params, address: str, key: Callable[[T], int]) -> Cut[T]:
    """No totals, no way back: only where to go on."""
    size = _size(params)
    after = params.text("cursor")
    start = 0
    if after is not None:
        positions = (number for number, item in enumerate(items) if str(key(item)) == after)
        start = next(positions, len(items) - 1) + 1
    shown = items[start : start + size]
    headers = {"X-Per-Page": str(size)}
    if start + size < len(items):
        address = _link(address, params, cursor=key(shown[-1]), per_page=size)
        headers["Link"] = f'<{address}>; rel="next"'
    return Cut(shown, headers)


def _link(address: str, params: Params, **changed: int) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in {**params.fields, **changed}.items():
        if isinstance(value, list):
            pairs += [(f"{name}[]", str(part)) for part in value]
        elif not isinstance(value, dict):
            pairs.append((name, str(value)))
    return f"{address}?{urlencode(pairs)}"
