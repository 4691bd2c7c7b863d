"""Lists that GitHub gives a page at a time.

The invariant: the number of items and the number of requests are both bounded, whatever the links say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from bot.forge.github.client import GitHubClient
from bot.forge.shaped import shaped

T = TypeVar("T")

FULL_PAGE: Final = 25
"""What a page that another one follows has at least: Gitea makes them of 30, whatever is asked for."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Where a list is: a URI template with its variables, and the key GitHub wraps it in, if any.

    With `is_one_page` what follows the first page is left out.
    """

    url: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    is_one_page: bool = False


async def items(
    client: GitHubClient, listing: Listing, shape: type[T], *, limit: int, token: str | None = None
) -> Sequence[T]:
    """The first `limit` items."""
    found: list[T] = []
    page: str | None = listing.url
    # Pages may come short, but a list of empty ones has to end as well.
    for _ in range(limit // FULL_PAGE + 2):
        if page is None or len(found) >= limit or (listing.is_one_page and page != listing.url):
            break
        answer, page = await client.call("GET", page, listing.variables, token=token)
        listed = answer.get(listing.key) if listing.key and isinstance(answer, dict) else answer
        found += shaped(listed, list[shape])  # type: ignore[valid-type]
    return found[:limit]
