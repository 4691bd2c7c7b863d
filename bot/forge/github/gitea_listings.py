"""What Gitea lists of an organisation.

Of each list the first page only, as long as the server makes it: that is all that Argo CD asks for, and what people
compare with. What are topics elsewhere are the labels of a repository's issues here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from bot.aio import gather_bounded
from bot.forge.base import Located
from bot.forge.github.listings import Branch, OwnedRepository, OwnerListings, listed
from bot.forge.github.pages import Listing
from bot.forge.github.paths import owner_name
from bot.forge.listings import ListedBranch, ListedRepository, OwnedBy
from bot.model.repo import Sha

FIRST_PAGE: Final = "?page=1&limit=0"
LABELS_AT_ONCE: Final = 4


class Label(msgspec.Struct):
    name: str


@dataclass(frozen=True, slots=True)
class GiteaListings(OwnerListings):
    async def repositories(self, wanted: OwnedBy, *, limit: int) -> Sequence[ListedRepository]:
        first = Listing("/orgs/{org}/repos" + FIRST_PAGE, {"org": owner_name(wanted.owner)}, is_one_page=True)
        found = await self.calls.owned(wanted.owner, first, OwnedRepository, limit=limit)

        async def with_labels(each: OwnedRepository) -> ListedRepository:
            # Its pages are what is cloned here, and the owner is called as whoever asks calls it.
            plain = replace(listed(each), owner=wanted.owner, https_url=each.html_url)
            return replace(plain, labels=await self._labels(plain.at))

        return await gather_bounded(LABELS_AT_ONCE, with_labels, found)

    async def branches(self, repository: Located, *, limit: int) -> Sequence[ListedBranch]:
        first = Listing("/branches" + FIRST_PAGE, is_one_page=True)
        found = await self.calls.list(self.repo(repository), first, Branch, limit=limit)
        return [ListedBranch(each.name, Sha(each.commit.id)) for each in found]

    async def _labels(self, repository: Located) -> tuple[str, ...]:
        first = Listing("/labels" + FIRST_PAGE, is_one_page=True)
        found = await self.calls.list(self.repo(repository), first, Label, limit=1000)
        return tuple(each.name for each in found)
