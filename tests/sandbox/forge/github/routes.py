"""The table of endpoints: each is declared beside its function, with what its caller needs.

The invariant: a route exists here exactly as GitHub writes it, so that it can be found in the official description.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.github.access import Need
from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.paths import GREEDY

Endpoint = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    need: Need | None
    # Whether it makes content that notifies people: such calls have a limit of their own.
    is_content: bool
    endpoint: Endpoint

    @property
    def literal_length(self) -> int:
        return len(re.sub(r"\{[^}]+\}", "", self.template))

    @property
    def pattern(self) -> str:
        """For aiohttp; names that may hold slashes take all they can get."""
        return re.sub(r"\{(\w+)\}", lambda m: f"{{{m[1]}:.+}}" if m[1] in GREEDY else m[0], self.template)


class Routes:
    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self.all: list[Route] = []

    def __call__(
        self,
        method: str,
        template: str,
        need: str | None = None,
        *,
        role: Role | None = None,
        apps_only: bool = False,
        is_content: bool = False,
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare an endpoint. Without a need it is open to every authenticated caller and checks for itself."""

        def declare(endpoint: Endpoint) -> Endpoint:
            asked = Need.parse(need, role, apps_only=apps_only) if need else None
            self.all.append(Route(method, self._prefix + template, asked, is_content, endpoint))
            return endpoint

        return declare


def of_repository() -> Routes:
    return Routes("/repos/{owner}/{repo}")
