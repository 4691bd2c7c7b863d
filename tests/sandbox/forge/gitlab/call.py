"""One request as an endpoint sees it: authenticated, its project found, its parameters read with care.

The invariant: an endpoint never looks at raw input; a parameter of the wrong kind is a 400 that names it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab import paging
from tests.sandbox.forge.gitlab.access import Principal
from tests.sandbox.forge.gitlab.errors import bad_parameters, not_found
from tests.sandbox.forge.gitlab.members import Group
from tests.sandbox.forge.gitlab.params import Params
from tests.sandbox.forge.gitlab.projects import Project
from tests.sandbox.forge.gitlab.requests import Request
from tests.sandbox.forge.gitlab.site import Site
from tests.sandbox.forge.gitlab.state import State

Json = Any
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is an answer that is no JSON."""

    body: Json = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: bytes | None = None


NOTHING = Answer(status=204)


@dataclass(frozen=True, slots=True)
class Call:
    state: State
    request: web.Request
    principal: Principal
    params: Params
    found: Repository | None = None
    found_group: Group | None = None

    # What is called

    @property
    def forge(self) -> Forge:
        return self.state.forge

    @property
    def site(self) -> Site:
        return self.state.site

    @property
    def repository(self) -> Repository:
        if self.found is None:
            raise not_found("Project")
        return self.found

    @property
    def project(self) -> Project:
        return self.state.projects.of(self.repository)

    @property
    def group(self) -> Group:
        if self.found_group is None:
            raise not_found("Group")
        return self.found_group

    def part(self, name: str) -> str:
        """A part of the path, decoded."""
        return self.request.match_info[name]

    def number(self, name: str) -> int:
        text = self.part(name)
        if not text.isdecimal():
            raise bad_parameters(f"{name} is invalid")
        return int(text)

    # Who calls

    @property
    def user(self) -> User:
        return self.principal.known

    # What they mean

    @property
    def pull(self) -> Pull:
        found = self.repository.pull(self.number("iid"))
        if found is None:
            raise not_found()
        return found

    @property
    def merge_request(self) -> Request:
        return self.state.requests.of(self.pull)

    async def commit(self, revision: str) -> str:
        sha = await self.repository.store.resolve(revision)
        if sha is None:
            raise not_found("Commit")
        return sha

    # What they get

    def page(self, items: Sequence[T], render: Callable[[T], Json]) -> Answer:
        cut = paging.by_offset(items, self.params, self._address)
        return Answer([render(item) for item in cut.items], headers=cut.headers)

    def keyset(self, items: Sequence[T], render: Callable[[T], Json], key: Callable[[T], int]) -> Answer:
        """As `page`, and by key where the caller asks for that; `items` are in the order that is asked for."""
        if self.params.text("pagination") != "keyset":
            return self.page(items, render)
        cut = paging.by_key(items, self.params, self._address, key)
        return Answer([render(item) for item in cut.items], headers=cut.headers)

    @property
    def _address(self) -> str:
        return f"{self.site.web}{self.request.rel_url.raw_path}"
