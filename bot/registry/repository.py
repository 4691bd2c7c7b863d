"""A Helm repository: its index, fetched only when it has changed, and the archives that it names."""

import asyncio
from collections import OrderedDict
from urllib.parse import urljoin, urlsplit

from bot.model.hosts import Credentials, Hosts
from bot.registry.address import index_url, permit, shown
from bot.registry.cache import Incoming
from bot.registry.documents import Documents
from bot.registry.errors import BadSource, Corrupt, NotFound, Unauthorised
from bot.registry.index import BadIndex, Found, find
from bot.registry.limits import Limits
from bot.registry.login import authorization
from bot.registry.transport import Ask, Transport

MOST_REMEMBERED = 512


class Repositories:
    """Every Helm repository there is, through one transport."""

    def __init__(
        self,
        transport: Transport,
        documents: Documents,
        credentials: Credentials,
        hosts: Hosts,
        limits: Limits,
    ) -> None:
        self._transport = transport
        self._documents = documents
        self._credentials = credentials
        self._hosts = hosts
        self._limits = limits
        self._found: OrderedDict[tuple[str, str], tuple[float, Found]] = OrderedDict()

    async def chart(self, url: str, name: str) -> Found:
        """The chart's entries as of now, or of less than `fresh_s` ago. Raises `Corrupt` and what asking raises."""
        permit(url, url, self._hosts)
        now = asyncio.get_running_loop().time()
        known = self._found.get((url, name))
        if known is not None and now - known[0] < self._limits.fresh_s:
            return known[1]
        try:
            found = await asyncio.to_thread(find, await self._index(url), name)
        except BadIndex as error:
            raise Corrupt(f"the index of {shown(url)} {error}") from None
        self._found[(url, name)] = (now, found)
        while len(self._found) > MOST_REMEMBERED:
            self._found.popitem(last=False)
        return found

    async def archive(self, url: str, home: str, incoming: Incoming) -> None:
        """Fetch an archive that the index of `home` names; whoever takes it checks its digest."""
        answer = await self._transport.get(
            Ask(
                url,
                home,
                self._limits.chart_bytes,
                authorization=self._authorization(url),
                take=incoming.take,
                restart=incoming.restart,
            )
        )
        self._require_shown(answer.status, url)
        if answer.status == 404:
            raise NotFound(f"{shown(url)} does not exist, although the index of {shown(home)} names it")

    async def _index(self, url: str) -> bytes:
        ask = Ask(
            index_url(url),
            url,
            self._limits.index_bytes,
            authorization=self._authorization(url),
            is_packed=True,
        )
        status, body = await self._documents.get(ask)
        self._require_shown(status, ask.url)
        if status == 404:
            raise NotFound(f"{shown(url)} is no Helm repository: it has no index.yaml")
        return body

    def _require_shown(self, status: int, url: str) -> None:
        if status in {401, 403}:
            known = self._credentials.of(url) is not None
            raise Unauthorised(
                f"{shown(url)} is not shown to {'who we are there' if known else 'everybody'}",
                hint="`sources.credentials` in config.yaml says who to be at a host",
            )

    def _authorization(self, url: str) -> str:
        credential = self._credentials.of(url)
        return authorization(credential) if credential is not None else ""


def archive_url(home: str, named: str) -> str:
    """The address of an archive as an index names it; a relative one is below the repository. Raises `BadSource`."""
    try:
        if urlsplit(named).scheme:
            return named
        parts = urlsplit(home)
        base = parts._replace(path=f"{parts.path.rstrip('/')}/", query="", fragment="").geturl()
        # A query of the repository's (a signature, a token) is for its archives too, as Helm has it.
        return urlsplit(urljoin(base, named))._replace(query=parts.query).geturl()
    except ValueError:
        raise BadSource(f"the index of {shown(home)} names an archive by no address") from None
