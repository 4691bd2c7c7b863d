"""An OCI registry, read only: tags, manifests and blobs, by the distribution API."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from bot.model.hosts import Endpoint, Hosts
from bot.registry.address import Place, endpoint_of, permit, shown
from bot.registry.errors import BadSource, Corrupt, NotFound, TooLarge
from bot.registry.limits import Limits
from bot.registry.login import Login
from bot.registry.transport import Answer, Ask, Transport

CHART_LAYERS = (
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
)
CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_PAGE = 1000
_MOST_PAGES = 200
_DOCKER_HUB = ("docker.io", "index.docker.io")
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NEXT = re.compile(r"<([^>]*)>\s*;[^,]*\brel=\"?next\"?", re.IGNORECASE)


class Platform(msgspec.Struct):
    os: str = ""
    architecture: str = ""


class Descriptor(msgspec.Struct, rename="camel"):
    digest: str
    size: int = 0
    media_type: str = ""
    platform: Platform | None = None


class _Document(msgspec.Struct, rename="camel"):
    media_type: str = ""
    config: Descriptor | None = None
    layers: list[Descriptor] | None = None
    manifests: list[Descriptor] | None = None


class _Tags(msgspec.Struct):
    tags: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """`digest` is of what the tag names, which may be an index; `layers` and `config` are of the manifest in it."""

    digest: str
    config: Descriptor | None
    layers: tuple[Descriptor, ...]


def place(url: str, *, is_insecure: bool) -> Place:
    """Read `oci://HOST/PATH`. Raises `BadSource`."""
    asked = endpoint_of(url)
    parts = urlsplit(url)
    path = parts.path.strip("/")
    if asked.scheme != "oci" or parts.query or parts.fragment or _PATH.fullmatch(path) is None:
        raise BadSource(f"{shown(url)} names no repository of a registry; it is written oci://HOST/PATH")
    is_plain = is_insecure or asked.host in {"localhost", "127.0.0.1", "::1"}
    scheme = "http" if is_plain else "https"
    # NB: without a port `oci://` is 443, but who is asked in clear is asked at 80.
    host = Endpoint("http", asked.host, parts.port or 80).name if is_plain else asked.name
    root = f"{scheme}://{'registry-1.docker.io' if asked.host in _DOCKER_HUB else host}"
    return Place(f"oci://{parts.netloc.lower()}/{path}", root, path, f"{scheme}://{host}")


def check_tag(tag: str) -> str:
    if _TAG.fullmatch(tag) is None:
        raise BadSource(f"{tag[:80]!r} is no tag")
    return tag


def check_digest(digest: str) -> str:
    if _DIGEST.fullmatch(digest) is None:
        raise BadSource(f"{digest[:80]!r} is no digest of the kind `sha256:` and 64 digits")
    return digest


class Registry:
    """Every registry there is, through one transport."""

    def __init__(self, transport: Transport, login: Login, hosts: Hosts, limits: Limits) -> None:
        self._transport = transport
        self._login = login
        self._hosts = hosts
        self._limits = limits

    async def tags(self, where: Place) -> list[str]:
        """Every tag, page by page. Raises `NotFound`, `TooLarge` and what asking raises."""
        url = f"{where.root}/v2/{where.path}/tags/list?n={_PAGE}"
        found: dict[str, None] = {}
        for _ in range(_MOST_PAGES):
            answer = await self._get(where, url, "application/json")
            page = _decoded(answer, _Tags, where).tags or []
            before = len(found)
            found.update(dict.fromkeys(page))
            if len(found) > self._limits.tags:
                raise TooLarge(f"{shown(where.home)} has more than {self._limits.tags} tags")
            link = _NEXT.search(answer.headers.get("link", ""))
            # A page that brings nothing new would go on for ever.
            if link is None or len(found) == before:
                return list(found)
            url = _following(answer, link[1], where)
        raise TooLarge(f"{shown(where.home)} lists its tags on more than {_MOST_PAGES} pages")

    async def manifest(self, where: Place, reference: str) -> Manifest:
        """The manifest of a tag or digest; of an index, the one for linux/amd64, as Flux takes it."""
        digest, document = await self._document(where, reference)
        if document.manifests is not None and document.layers is None:
            for one in document.manifests:
                fits = one.platform or Platform("linux", "amd64")
                if (fits.os, fits.architecture) == ("linux", "amd64"):
                    _, document = await self._document(where, check_digest(one.digest))
                    break
            else:
                raise NotFound(f"{_named(where, reference)} holds nothing for linux/amd64")
        if document.layers is None:
            raise Corrupt(f"{_named(where, reference)} is no manifest that can be read")
        for layer in document.layers:
            check_digest(layer.digest)
        return Manifest(digest, document.config, tuple(document.layers))

    async def document(self, where: Place, digest: str) -> bytes:
        """A small blob, checked."""
        parts: list[bytes] = []
        await self.blob(
            where,
            check_digest(digest),
            self._limits.document_bytes,
            take=parts.append,
            restart=parts.clear,
        )
        body = b"".join(parts)
        _check(body, digest, where)
        return body

    async def blob(
        self,
        where: Place,
        digest: str,
        most_bytes: int,
        *,
        take: Callable[[bytes], object],
        restart: Callable[[], object],
    ) -> None:
        """Hand a blob over piece by piece; whoever takes it checks its digest."""
        url = f"{where.root}/v2/{where.path}/blobs/{digest}"
        await self._get(where, url, "*/*", most_bytes=most_bytes, take=take, restart=restart)

    async def _document(self, where: Place, reference: str) -> tuple[str, _Document]:
        url = f"{where.root}/v2/{where.path}/manifests/{reference}"
        answer = await self._get(where, url, ", ".join((*_MANIFESTS, *_INDEXES)))
        digest = f"sha256:{sha256(answer.body).hexdigest()}"
        claimed = answer.headers.get("docker-content-digest", "")
        wanted = reference if reference.startswith("sha256:") else claimed
        if wanted.startswith("sha256:"):
            _check(answer.body, wanted, where)
        return digest, _decoded(answer, _Document, where)

    async def _get(
        self,
        where: Place,
        url: str,
        accept: str,
        *,
        most_bytes: int = 0,
        take: Callable[[bytes], object] | None = None,
        restart: Callable[[], object] | None = None,
    ) -> Answer:
        permit(where.home, where.home, self._hosts)

        def ask(authorization: str) -> Ask:
            return Ask(
                url,
                where.home,
                most_bytes or self._limits.document_bytes,
                accept=accept,
                authorization=authorization,
                take=take,
                restart=restart,
            )

        known = self._login.known(where)
        answer = await self._transport.get(ask(known))
        if answer.status == 401:
            challenge = answer.headers.get("www-authenticate", "")
            header = await self._login.answer(challenge, where, tried=known)
            answer = await self._transport.get(ask(header))
        if answer.status in {401, 403}:
            raise self._login.refused(where)
        if answer.status != 200:
            raise NotFound(f"{_named(where, url.rpartition('/')[2].partition('?')[0])} does not exist")
        return answer


def _following(answer: Answer, link: str, where: Place) -> str:
    """The next page, of the same host."""
    try:
        url = urljoin(answer.url, link)
    except ValueError:
        raise Corrupt(f"{shown(where.home)} continues its list of tags at no address") from None
    if endpoint_of(url) != endpoint_of(answer.url):
        raise Corrupt(f"{shown(where.home)} continues its list of tags at another host")
    return url


def _named(where: Place, reference: str) -> str:
    if reference == "list":
        return shown(where.home)
    return f"{shown(where.home)}{'@' if reference.startswith('sha256:') else ':'}{reference}"


def _check(body: bytes, digest: str, where: Place) -> None:
    if f"sha256:{sha256(body).hexdigest()}" != digest:
        raise Corrupt(f"{shown(where.home)}: what came as {digest} has another digest")


def _decoded(answer: Answer, kind: type[Any], where: Place) -> Any:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Corrupt(f"{shown(where.home)} answers in a way that cannot be read") from None
