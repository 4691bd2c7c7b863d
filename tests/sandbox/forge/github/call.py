"""One request as an endpoint sees it: authenticated, its repository found, its body read with care.

The invariant: an endpoint never looks at raw input; a field of the wrong kind is a 422 that names it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from tests.sandbox.forge.core.conversations import Pull, Thread
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.access import Principal
from tests.sandbox.forge.github.apps import App
from tests.sandbox.forge.github.errors import ApiError, invalid, not_found, unprocessable
from tests.sandbox.forge.github.site import API_ROOT
from tests.sandbox.forge.github.state import State

Json = Any
T = TypeVar("T")
V = TypeVar("V", str, int, bool, list[Any], dict[str, Any])

MAX_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Answer:
    body: Json = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON object of a request."""

    fields: Mapping[str, Json]

    def maybe(self, name: str, kind: type[V]) -> V | None:
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise unprocessable(f"Invalid request.\n\nFor '{name}', {value!r} is not a {kind.__name__}.")
        return value

    def must(self, name: str, kind: type[V]) -> V:
        value = self.maybe(name, kind)
        if value is None:
            raise unprocessable(f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.maybe(name, str) or default
        if value not in allowed:
            raise invalid("Request", name)
        return value


@dataclass(frozen=True, slots=True)
class Call:
    state: State
    request: web.Request
    principal: Principal
    body: Body
    found: Repository | None

    # What is called

    @property
    def repository(self) -> Repository:
        if self.found is None:
            raise not_found()
        return self.found

    def param(self, name: str) -> str:
        return self.request.match_info[name]

    def number(self, name: str) -> int:
        text = self.param(name)
        if not text.isdigit():
            raise not_found()
        return int(text)

    def query(self, name: str, default: str = "") -> str:
        return self.request.query.get(name, default)

    # Who calls

    @property
    def user(self) -> User:
        return self.principal.user

    @property
    def app(self) -> App:
        if self.principal.app is None:
            raise ApiError(401, "A JSON web token could not be decoded")
        return self.principal.app

    @property
    def via(self) -> App | None:
        return self.principal.app

    # What they mean

    @property
    def pull(self) -> Pull:
        found = self.repository.pull(self.number("pull_number"))
        if found is None:
            raise not_found()
        return found

    @property
    def thread(self) -> Thread:
        found = self.repository.threads.get(self.number("issue_number"))
        if found is None:
            raise not_found()
        return found

    async def commit(self, revision: str) -> str:
        sha = await self.repository.store.resolve(revision)
        if sha is None:
            raise unprocessable(f"No commit found for SHA: {revision}")
        return sha

    async def branch(self, name: str) -> str:
        sha = await self.repository.store.resolve(f"refs/heads/{name}")
        if sha is None:
            raise ApiError(404, "Branch not found")
        return sha

    # What they get

    @property
    def page_bounds(self) -> tuple[int, int]:
        """(page, size): out-of-range sizes are cut to what GitHub gives, as it does without a word."""
        size, page = self.query("per_page", "30"), self.query("page", "1")
        if not (size.isdigit() and page.isdigit()):
            raise unprocessable("per_page and page must be positive integers")
        return max(1, int(page)), min(max(1, int(size)), MAX_PER_PAGE)

    def page(
        self,
        items: Sequence[T],
        render: Callable[[T], Json],
        wrap: Callable[[list[Json]], Json] | None = None,
    ) -> Answer:
        page, size = self.page_bounds
        start = (page - 1) * size
        shown = [render(item) for item in items[start : start + size]]
        headers = self.links(page, max(1, -(-len(items) // size)))
        return Answer(wrap(shown) if wrap else shown, headers=headers)

    def links(self, page: int, last: int) -> dict[str, str]:
        pages: dict[str, int] = {}
        if page > 1:
            pages |= {"prev": min(page - 1, last), "first": 1}
        if page < last:
            pages |= {"next": page + 1, "last": last}
        path = f"{self.state.site.api}{self.request.path.removeprefix(API_ROOT)}"
        shown = [
            f'<{path}?{urlencode({**self.request.query, "page": number})}>; rel="{name}"'
            for name, number in pages.items()
        ]
        return {"Link": ", ".join(shown)} if shown else {}
