"""Who is asked when a name leads somewhere else, and how an address is shown."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.model.hosts import Hosts
from bot.registry import HostNotAllowed, Limits, Unreachable
from bot.registry.address import permit, shown
from bot.registry.transport import Ask, Transport, _Resolver
from tests.sandbox.cluster.certificates import new_authority, server_pair


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://robot:hunter2@a.example/x?sig=hunter2#hunter2", "https://a.example/x"),
        ("oci://a.example:5000/x", "oci://a.example:5000/x"),
        ("https://[broken", "the address"),
        ("https://a.example/" + "x" * 999, "https://a.example/" + "x" * 282),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url: str, text: str) -> None:
    assert shown(url) == text


@pytest.mark.parametrize(
    ("url", "home", "hosts"),
    [
        ("https://cdn.quay.example/x", "oci://quay.example/x", ("quay.example",)),
        ("https://registry-1.docker.io/x", "oci://docker.io/x", ("docker.io",)),
        ("https://b.example/x", "oci://a.example/x", ("a.example", "b.example")),
    ],
)
def test_a_host_below_the_one_that_was_asked_needs_no_entry(
    url: str, home: str, hosts: tuple[str, ...]
) -> None:
    permit(url, home, Hosts(hosts))


@pytest.mark.parametrize(
    ("url", "home", "hosts"),
    [
        ("http://cdn.quay.example/x", "oci://quay.example/x", ("quay.example",)),
        ("https://evilquay.example/x", "oci://quay.example/x", ("quay.example",)),
        ("https://cdn.quay.example/x", "oci://quay.example/x", ("other.example",)),
        ("https://example/x", "oci://quay.example/x", ("quay.example",)),
    ],
)
def test_any_other_host_does(url: str, home: str, hosts: tuple[str, ...]) -> None:
    with pytest.raises(HostNotAllowed):
        permit(url, home, Hosts(hosts))


async def test_a_name_that_only_the_star_allows_may_not_lead_into_this_network() -> None:
    with pytest.raises(HostNotAllowed, match="private network"):
        await _Resolver(Hosts(("*",))).resolve("localhost", 443)
    assert await _Resolver(Hosts(("localhost",))).resolve("localhost", 443)


async def _why(url: str, host: str) -> str:
    transport = Transport(Hosts((host,)), Limits(tries=1))
    try:
        with pytest.raises(Unreachable) as caught:
            await transport.get(Ask(url, url, most_bytes=1))
    finally:
        await transport.close()
    return str(caught.value)


async def test_a_name_that_nobody_knows_is_told_in_our_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look_up(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    url = "https://charts.nowhere.invalid/index.yaml"
    because = "the name charts.nowhere.invalid cannot be looked up"
    assert await _why(url, "charts.nowhere.invalid") == f"{url} cannot be reached: {because}"


async def test_a_port_where_nobody_listens_or_nobody_speaks_tls_is_told_in_our_words() -> None:
    async with TestServer(web.Application()) as server:
        at = f"{server.host}:{server.port}"
        assert await _why(f"https://{at}/x", at) == f"https://{at}/x cannot be reached: no TLS with {at}"
    assert await _why(f"http://{at}/x", at) == f"http://{at}/x cannot be reached: no connection with {at}"


async def test_a_certificate_of_an_unknown_authority_is_told_in_our_words(tmp_path: Path) -> None:
    pair = server_pair(new_authority())
    (tmp_path / "both.pem").write_bytes(pair.certificate + pair.key)
    speaks_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    speaks_tls.load_cert_chain(tmp_path / "both.pem")
    server = TestServer(web.Application(), scheme="https")
    await server.start_server(ssl=speaks_tls)
    try:
        at = f"{server.host}:{server.port}"
        said = await _why(f"https://{at}/x", at)
    finally:
        await server.close()
    assert said.startswith(
        f"https://{at}/x cannot be reached: the certificate of {server.host} is not trusted ("
    )
