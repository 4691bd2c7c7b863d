"""Everything that a Helm repository's host can do wrong, and who may be asked at all."""

import asyncio
import gzip
import time
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import Temporary, UserError
from bot.model.hosts import Credential
from bot.model.release import Chart, ChartKind
from bot.registry import (
    BadSource,
    Corrupt,
    HostNotAllowed,
    NotFound,
    Refused,
    ServerFailed,
    TooLarge,
    TooManyRequests,
    Unauthorised,
    Unreachable,
    VersionNotFound,
)
from tests.registry.conftest import Opening
from tests.registry.test_repository import LOOPBACK, chart
from tests.sandbox.registry.shop import Shop, saying, shop_in


async def test_redirects_lead_only_where_it_is_allowed_and_carry_no_password(
    shop: Shop, opened: Opening, shelf: Path
) -> None:
    known = (Credential(shop.address, "robot", "hunter2"),)
    async with shop_in(shelf) as other:
        to = {"Location": f"{other.url}/index.yaml"}
        shop.instead["/index.yaml"] = saying(302, headers=to)
        with pytest.raises(HostNotAllowed, match=other.address):
            await opened(shop.address, known=known).resolve(chart(shop))
        assert other.asked == []
        found = await opened(LOOPBACK, known=known).resolve(chart(shop))
        assert found.version == "1.10.0"
        assert "Authorization" in shop.headers["/index.yaml"]
        assert "Authorization" not in other.headers["/index.yaml"]


async def test_a_redirect_in_circles_ends(shop: Shop, opened: Opening) -> None:
    shop.instead["/index.yaml"] = saying(301, headers={"Location": "/index.yaml"})
    with pytest.raises(Refused, match="redirects"):
        await opened(LOOPBACK).resolve(chart(shop))
    assert len(shop.asked) == 6


async def test_a_redirect_to_what_is_no_web_address_is_refused(shop: Shop, opened: Opening) -> None:
    shop.instead["/index.yaml"] = saying(301, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(BadSource):
        await opened(LOOPBACK).resolve(chart(shop))


async def test_credentials_are_for_their_host(shop: Shop, opened: Opening) -> None:
    async def guarded(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") not in {"Basic cm9ib3Q6aHVudGVyMg==", "Bearer hunter2"}:
            return web.Response(status=401)
        return web.FileResponse(shop.directory / "index.yaml")

    shop.instead["/index.yaml"] = guarded
    for known in (
        Credential(shop.address, "robot", "hunter2"),
        Credential(shop.address, "", "hunter2"),
    ):
        assert (await opened(LOOPBACK, known=(known,)).resolve(chart(shop))).version == "1.10.0"
    with pytest.raises(Unauthorised, match=r"sources\.credentials"):
        await opened(LOOPBACK).resolve(chart(shop))
    wrong = (Credential(shop.address, "robot", "hunter3"),)
    with pytest.raises(Unauthorised) as caught:
        await opened(LOOPBACK, known=wrong).resolve(chart(shop))
    assert "hunter3" not in str(caught.value)
    elsewhere = (Credential("127.0.0.1:1", "robot", "hunter2"),)
    with pytest.raises(Unauthorised):
        await opened(LOOPBACK, known=elsewhere).resolve(chart(shop))


async def test_a_host_that_nobody_named_is_not_asked(shop: Shop, opened: Opening) -> None:
    for hosts in ((), ("*",), ("charts.example.com",)):
        with pytest.raises(HostNotAllowed, match=r"sources\.hosts"):
            await opened(*hosts).resolve(chart(shop))
    assert shop.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://robot:hunter2@127.0.0.1/x",
        "ftp://127.0.0.1/x",
        "127.0.0.1",
        "https://127.0.0.1\\x",
        "https:///x",
    ],
)
async def test_an_address_that_is_none_is_refused(opened: Opening, url: str) -> None:
    with pytest.raises(UserError) as caught:
        await opened("127.0.0.1:*").resolve(Chart(ChartKind.REPOSITORY, "web", url))
    assert "hunter2" not in str(caught.value)


async def test_a_chart_that_is_not_there_is_told_with_near_names(shop: Shop, opened: Opening) -> None:
    with pytest.raises(NotFound, match="is web meant"):
        await opened(LOOPBACK).resolve(chart(shop, name="wab"))


@pytest.mark.parametrize(
    ("wanted", "word"), [("9.9.9", "1.10.0"), (">3", "prereleases|1.10.0"), ("1.0.1", "1.1.0")]
)
async def test_a_version_that_is_not_there_is_told_with_the_newest(
    shop: Shop, opened: Opening, wanted: str, word: str
) -> None:
    with pytest.raises(VersionNotFound, match=word):
        await opened(LOOPBACK).resolve(chart(shop, wanted))


async def test_a_range_that_is_none_is_refused(shop: Shop, opened: Opening) -> None:
    with pytest.raises(BadSource, match="no range"):
        await opened(LOOPBACK).resolve(chart(shop, "newest please"))


async def test_a_place_without_an_index_is_no_repository(shop: Shop, opened: Opening) -> None:
    with pytest.raises(NotFound, match="no Helm repository"):
        await opened(LOOPBACK).resolve(chart(shop, path="/else"))


@pytest.mark.parametrize(
    ("status", "error", "tries"),
    [
        (500, ServerFailed, 3),
        (503, ServerFailed, 3),
        (429, TooManyRequests, 3),
        (400, Refused, 1),
        (418, Refused, 1),
    ],
)
async def test_a_bad_answer_is_tried_again_where_that_may_help(
    shop: Shop, opened: Opening, status: int, error: type[Exception], tries: int
) -> None:
    shop.instead["/index.yaml"] = saying(status, b"hunter2")
    with pytest.raises(error) as caught:
        await opened(LOOPBACK).resolve(chart(shop))
    assert len(shop.asked) == tries
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value, Temporary) == (tries > 1)


async def test_a_host_that_recovers_is_not_told(shop: Shop, opened: Opening) -> None:
    body = (shop.directory / "index.yaml").read_bytes()
    shop.instead["/index.yaml"] = saying(503, body, headers={"Retry-After": "1"}, times=1)
    assert (await opened(LOOPBACK).resolve(chart(shop))).version == "1.10.0"


async def test_a_host_that_wants_more_patience_than_a_step_has_is_left_alone(
    shop: Shop, opened: Opening
) -> None:
    shop.instead["/index.yaml"] = saying(429, headers={"Retry-After": "900"})
    with pytest.raises(TooManyRequests) as caught:
        await opened(LOOPBACK).resolve(chart(shop))
    assert caught.value.retry_after_s == 900
    assert len(shop.asked) == 1


async def test_nobody_there_is_worth_another_try_later(opened: Opening, tmp_path: Path) -> None:
    async with shop_in(tmp_path) as gone:
        pass
    with pytest.raises(Unreachable):
        await opened(LOOPBACK).resolve(chart(gone))


async def test_silence_ends(shop: Shop, opened: Opening) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    shop.instead["/index.yaml"] = silent
    began = time.monotonic()
    with pytest.raises(Unreachable, match="silent"):
        await opened(LOOPBACK, stall_s=0.3).resolve(chart(shop))
    assert time.monotonic() - began < 5


async def test_an_answer_that_trickles_for_ever_ends(shop: Shop, opened: Opening) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.1)
        return response

    shop.instead["/index.yaml"] = trickle
    began = time.monotonic()
    with pytest.raises(Unreachable, match="within"):
        await opened(LOOPBACK, request_s=0.6).resolve(chart(shop))
    assert time.monotonic() - began < 5


async def test_an_answer_that_never_ends_is_cut_off(shop: Shop, opened: Opening) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    shop.instead["/index.yaml"] = endless
    shop.instead["/web-1.0.0.tgz"] = endless
    with pytest.raises(TooLarge, match="1 MiB"):
        await opened(LOOPBACK, index_bytes=1 << 20).resolve(chart(shop))
    del shop.instead["/index.yaml"]
    charts = opened(LOOPBACK, chart_bytes=1 << 20)
    with pytest.raises(TooLarge, match="1 MiB"):
        await charts.fetch(await charts.resolve(chart(shop, "1.0.0")))


async def test_an_index_that_unpacks_to_too_much_is_cut_off(shop: Shop, opened: Opening) -> None:
    bomb = gzip.compress(b"#" * (20 << 20))
    shop.instead["/index.yaml"] = saying(200, bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(TooLarge):
        await opened(LOOPBACK, index_bytes=1 << 20).resolve(chart(shop))


async def test_half_an_answer_is_no_answer(shop: Shop, opened: Opening) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "5000"})
        await response.prepare(request)
        await response.write(b"x" * 100)
        assert request.transport is not None
        request.transport.close()
        return response

    charts = opened(LOOPBACK)
    found = await charts.resolve(chart(shop, "1.0.0"))
    shop.instead["/web-1.0.0.tgz"] = half
    with pytest.raises(Unreachable):
        await charts.fetch(found)
    assert shop.asked.count("GET /web-1.0.0.tgz") == 3
    del shop.instead["/web-1.0.0.tgz"]
    assert (await charts.fetch(found)).is_file()


async def test_half_a_packed_index_is_no_index(shop: Shop, opened: Opening) -> None:
    packed = gzip.compress((shop.directory / "index.yaml").read_bytes())[:-20]
    shop.instead["/index.yaml"] = saying(200, packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(Unreachable, match="broke off"):
        await opened(LOOPBACK).resolve(chart(shop))


async def test_another_content_than_the_index_says_is_corrupt(shop: Shop, opened: Opening) -> None:
    charts = opened(LOOPBACK)
    found = await charts.resolve(chart(shop, "1.0.0"))
    shop.instead["/web-1.0.0.tgz"] = saying(200, b"something else")
    with pytest.raises(Corrupt, match=found.digest):
        await charts.fetch(found)


async def test_an_archive_that_is_gone_is_told(shop: Shop, opened: Opening) -> None:
    charts = opened(LOOPBACK)
    found = await charts.resolve(chart(shop, "1.0.0"))
    (shop.directory / "web-1.0.0.tgz").unlink()
    with pytest.raises(NotFound, match="although"):
        await charts.fetch(found)


@pytest.mark.parametrize("index", ["", "<html/>", "apiVersion: v1\nentries: [", '{"entries": {}}'])
async def test_what_is_no_index_is_corrupt(shop: Shop, opened: Opening, index: str) -> None:
    shop.instead["/index.yaml"] = saying(200, index)
    with pytest.raises(Corrupt, match="the index of"):
        await opened(LOOPBACK).resolve(chart(shop))
