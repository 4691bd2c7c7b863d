"""Many questions at once: one host gets its share of them, one token and one index do for all, and who is away is let be."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.model.hosts import Credential
from bot.model.release import Chart, ChartKind
from bot.registry import ServerFailed, TooManyRequests, Unreachable
from bot.registry.oci import CHART_LAYERS
from tests.registry.conftest import Opening
from tests.registry.test_oci import LOOPBACK, chart
from tests.sandbox.registry.distribution import PASSWORD, ROBOT, distribution
from tests.sandbox.registry.shop import Answering, Shop, saying, shop_in
from tests.sandbox.registry.tokens import desk

RELEASES = 170


def busy(peers: set[object], most: list[int]) -> Answering:
    """Answers after a moment; notes who asks, and how many ask at once."""
    now = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal now
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        now += 1
        most.append(now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.Response(body=b"x")

    return answer


async def test_one_host_gets_its_share_of_connections(shop: Shop, opened: Opening) -> None:
    peers: set[object] = set()
    most: list[int] = []
    for number in range(RELEASES):
        shop.instead[f"/{number}.yaml"] = busy(peers, most)
    charts = opened(LOOPBACK)
    await asyncio.gather(*(charts.fetch_file(f"{shop.url}/{number}.yaml") for number in range(RELEASES)))
    assert len(peers) <= 6
    assert max(most) <= 6
    assert len(shop.asked) == RELEASES


async def test_charts_of_one_repository_take_one_index(shop: Shop, opened: Opening) -> None:
    charts = opened(LOOPBACK, fresh_s=60.0)
    wanted = (Chart(ChartKind.REPOSITORY, "web", shop.url, f">=0.{number}") for number in range(RELEASES))
    found = await asyncio.gather(*(charts.resolve(one) for one in wanted))
    await asyncio.gather(*(charts.fetch(one) for one in found))
    assert {one.version for one in found} == {"1.10.0"}
    assert shop.asked == ["GET /index.yaml", "GET /web-1.10.0.tgz"]


async def test_charts_of_one_registrys_repository_take_one_token(
    opened: Opening, tmp_path: Path, packed: Path
) -> None:
    async with desk() as issuing:
        home = tmp_path / "guarded"
        home.mkdir()
        with distribution(home, issuing.auth(home)) as guarded:
            pusher = replace(guarded, authorization=f"Bearer {issuing.token('repository:web:push,pull')}")
            archive = (packed / "web-1.0.0.tgz").read_bytes()
            await asyncio.to_thread(pusher.push_files, "web", "1.0.0", archive, kind=CHART_LAYERS[0])
            places = (guarded.address, f"127.0.0.1:{issuing.port}")
            known = tuple(Credential(place, ROBOT, PASSWORD) for place in places)
            charts = opened(LOOPBACK, known=known)
            wanted = (chart(guarded, f">=0.{number}", "web") for number in range(RELEASES))
            found = await asyncio.gather(*(charts.resolve(one) for one in wanted))
            await asyncio.gather(*(charts.fetch(one) for one in found))
            assert issuing.asked == [(ROBOT, "repository:web:pull")]


async def test_a_host_that_is_away_is_waited_for_once_and_holds_up_nobody_else(
    shop: Shop, opened: Opening, shelf: Path
) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    for number in range(RELEASES):
        shop.instead[f"/{number}.yaml"] = silent
    async with shop_in(shelf) as other:
        charts = opened(LOOPBACK, stall_s=2.0)
        began = time.monotonic()
        lost = asyncio.gather(
            *(charts.fetch_file(f"{shop.url}/{number}.yaml") for number in range(RELEASES)),
            return_exceptions=True,
        )
        await asyncio.sleep(0.1)
        assert await charts.fetch_file(f"{other.url}/index.yaml")
        assert time.monotonic() - began < 2
        errors = await lost
        assert all(isinstance(error, Unreachable) for error in errors)
        assert time.monotonic() - began < 15
        assert len(shop.asked) <= 6
        assert "169.yaml was not asked for, because of what its host did a moment ago" in str(errors[-1])


async def test_a_host_that_is_asked_too_often_is_let_be_for_a_while(shop: Shop, opened: Opening) -> None:
    (shop.directory / "b.yaml").write_bytes(b"b")
    shop.instead["/a.yaml"] = saying(429, headers={"Retry-After": "900"})
    charts = opened(LOOPBACK, away_s=0.5)
    for name in ("a", "b"):
        with pytest.raises(TooManyRequests) as caught:
            await charts.fetch_file(f"{shop.url}/{name}.yaml")
        assert caught.value.retry_after_s == 900
        assert caught.value.message == f"{shop.url}/{name}.yaml answers that it is asked too often"
    assert shop.asked == ["GET /a.yaml"]
    await asyncio.sleep(0.6)
    assert await charts.fetch_file(f"{shop.url}/b.yaml") == b"b"


async def test_a_failure_of_one_thing_is_none_of_its_host(shop: Shop, opened: Opening) -> None:
    shop.instead["/a.yaml"] = saying(500)
    charts = opened(LOOPBACK)
    with pytest.raises(ServerFailed):
        await charts.fetch_file(f"{shop.url}/a.yaml")
    assert await charts.fetch_file(f"{shop.url}/index.yaml")
