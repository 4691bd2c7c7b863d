"""A Helm repository: its index, fetched only when it has changed, and the archives that it names."""

import asyncio
from collections import OrderedDict
from urllib.parse import urljoin, urlsplit

import msgspec

from bot.model.hosts import Credentials, Hosts
from bot.registry.address import permit, shown
from bot.registry.cache import INDEXES, Cache, Incoming
from bot.registry.errors import BadSource, Corrupt, NotFound, Unauthorised
from bot.registry.index import BadIndex, Found, find
from bot.registry.limits import Limits
from bot.registry.login import authorization
from bot.registry.transport import Answer, Ask, Transport

MOST_REMEMBERED = 512


class _Stamp(msgspec.Struct):
    """What the server said about the index we have; the record's age is that of the last look."""

    etag: str = ""
    modified: str = ""


class Repositories:
    """Every Helm repository there is, through one transport."""

    def __init__(
        self, transport: Transport, credentials: Credentials, hosts: Hosts, cache: Cache, limits: Limits
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._hosts = hosts
        self._cache = cache
        self._limits = limits
        self._locks: dict[str, asyncio.Lock] = {}
        self._found: OrderedDict[tuple[str, str], tuple[float, Found]] = OrderedDict()

    async def chart(self, url: str, name: str) -> Found:
        """The chart's entries as of now, or of less than `fresh_s` ago. Raises `Corrupt` and what asking raises."""
        permit(url, url, self._hosts)
        now = asyncio.get_running_loop().time()
        known = self._found.get((url, name))
        if known is not None and now - known[0] < self._limits.fresh_s:
            return known[1]
        async with self._locks.setdefault(url, asyncio.Lock()):
            data = await self._index(url)
        try:
            found = await asyncio.to_thread(find, data, name)
        except BadIndex as error:
            raise Corrupt(f"the index of {shown(url)} {error}") from None
        self._found[(url, name)] = (now, found)
        while len(self._found) > MOST_REMEMBERED:
            self._found.popitem(last=False)
        return found

    async def archive(self, url: str, home: str, incoming: Incoming) -> None:
        """Fetch an archive that the index of `home` names; whoever takes it checks its digest."""
        answer = await self._get(
            Ask(
                url,
                home,
                self._limits.chart_bytes,
                authorization=self._authorization(url),
                take=incoming.take,
                restart=incoming.restart,
            )
        )
        if answer.status == 404:
            raise NotFound(f"{shown(url)} does not exist, although the index of {shown(home)} names it")

    async def _index(self, url: str) -> bytes:
        stamp = await asyncio.to_thread(self._cache.record, INDEXES, url, _Stamp)
        data = await asyncio.to_thread(self._cache.index, url) if stamp is not None else None
        if stamp is not None and data is not None and stamp[1] < self._limits.fresh_s:
            return data
        headers = _conditions(stamp[0]) if stamp is not None and data is not None else {}
        answer = await self._get(
            Ask(
                index_url(url),
                url,
                self._limits.index_bytes,
                authorization=self._authorization(url),
                headers=headers,
                is_packed=True,
            )
        )
        if answer.status == 404:
            raise NotFound(f"{shown(url)} is no Helm repository: it has no index.yaml")
        if answer.status == 304 and stamp is not None and data is not None:
            await asyncio.to_thread(self._cache.put_record, INDEXES, url, stamp[0])
            return data
        new = _Stamp(answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))
        await asyncio.to_thread(self._cache.put_index, url, answer.body)
        await asyncio.to_thread(self._cache.put_record, INDEXES, url, new)
        return answer.body

    async def _get(self, ask: Ask) -> Answer:
        answer = await self._transport.get(ask)
        if answer.status in {401, 403}:
            known = self._credentials.of(ask.url) is not None
            raise Unauthorised(
                f"{shown(ask.url)} is not shown to {'who we are there' if known else 'everybody'}",
                hint="`sources.credentials` in config.yaml says who to be at a host",
            )
        return answer

    def _authorization(self, url: str) -> str:
        credential = self._credentials.of(url)
        return authorization(credential) if credential is not None else ""


def index_url(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/index.yaml", fragment="").geturl()


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


def _conditions(stamp: _Stamp) -> dict[str, str]:
    if stamp.etag:
        return {"If-None-Match": stamp.etag}
    return {"If-Modified-Since": stamp.modified} if stamp.modified else {}
