"""The table of endpoints: each is declared beside its function, with what its caller needs.

The invariant: a route exists here exactly as GitLab's documentation writes it, so that its shapes can be found.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.sandbox.forge.gitlab.access import Need
from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.members import Level

Endpoint = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    need: Need
    # Whether somebody without a token is heard at all.
    is_open: bool
    endpoint: Endpoint

    @property
    def literal_length(self) -> int:
        return len(re.sub(r"\{[^}]+\}", "", self.template))


class Routes:
    def __init__(self, prefix: str = "", level: Level = Level.GUEST) -> None:
        self._prefix = prefix
        self._level = level
        self.all: list[Route] = []

    def __call__(
        self,
        method: str,
        template: str,
        level: Level | None = None,
        *,
        scopes: tuple[str, ...] = (),
        is_open: bool = False,
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare an endpoint. Reading is also what `read_api` is for; all else needs `api` or the scopes named."""

        def declare(endpoint: Endpoint) -> Endpoint:
            enough = (*(("read_api",) if method == "GET" else ()), *scopes)
            asked = Need(self._level if level is None else level, enough)
            self.all.append(Route(method, self._prefix + template, asked, is_open, endpoint))
            return endpoint

        return declare


def of_project(level: Level = Level.REPORTER) -> Routes:
    return Routes("/projects/{id}", level)


def of_request(level: Level = Level.REPORTER) -> Routes:
    return Routes("/projects/{id}/merge_requests/{iid}", level)
