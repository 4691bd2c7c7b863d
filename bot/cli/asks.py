"""What `longshore config check` finds of `argocd.asks`: whether what generators may ask about is there to be asked about."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Literal

from bot.config import Config, RepositoryConfig
from bot.errors import LongshoreError
from bot.forge.base import Forge
from bot.forge.listings import OwnedBy
from bot.model.repo import RepoId

MAX_ASKED = 100

Finding = tuple[Literal["ok", "warn", "FAIL"], str]


def in_the_file(config: Config) -> Iterator[Finding]:
    """What can be said without asking anybody."""
    for entry in config.repositories:
        if entry.argocd.asks and entry.discover not in {"auto", "argocd"}:
            at = f"repository {entry.forge}:{entry.repository}"
            yield "warn", f"{at}: `argocd.asks` is of no use with `discover: {entry.discover}`"


async def of_forge(name: str, forge: Forge, entries: Sequence[RepositoryConfig]) -> AsyncIterator[Finding]:
    """Each that is named in full, and each owner that is; a pattern of names may fit none."""
    places = {
        place: entry for entry in reversed(entries) for place in entry.argocd.asks if entry.forge == name
    }
    named = sorted(place for place in places if not set(place.removesuffix("/*")) & set("*?["))
    for place in named[:MAX_ASKED]:
        at = f"repository {name}:{places[place].repository}: `argocd.asks`"
        try:
            yield await _of_place(forge, RepoId(name, place), at)
        except LongshoreError as error:
            yield ("warn" if place.endswith("/*") else "FAIL"), f"{at} names {place}: {error}"
    if len(named) > MAX_ASKED:
        yield (
            "warn",
            f"forge {name}: only the first {MAX_ASKED} places that `argocd.asks` names were looked for",
        )


async def _of_place(forge: Forge, place: RepoId, at: str) -> Finding:
    owner = place.path.removesuffix("/*")
    if owner != place.path:
        await forge.listings.repositories(OwnedBy(owner), limit=1)
        return "ok", f"{at}: what {owner} has can be listed"
    path = (await forge.locate(place)).path
    if path.lower() != place.path:
        return "warn", f"{at} names {place.path}, which is called {path} by now; name it so"
    return "ok", f"{at}: {path} can be asked about"
