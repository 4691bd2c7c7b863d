"""Charts of a Helm repository: which version it is, and everything a host can do wrong."""

import asyncio
import gzip
from hashlib import sha256
from pathlib import Path

import pytest

from bot.model.release import Chart, ChartKind
from bot.registry import (
    ChartChanged,
    HostNotAllowed,
    NotKnownOffline,
)
from bot.registry.address import index_url
from bot.registry.cache import digest_of
from bot.registry.repository import archive_url
from tests.registry.conftest import Opening
from tests.sandbox.registry.charts import pack, run_helm, write_index
from tests.sandbox.registry.shop import Shop, saying, shop_in

LOOPBACK = "127.0.0.1:*"


def chart(shop: Shop, version: str = "", name: str = "web", path: str = "") -> Chart:
    return Chart(ChartKind.REPOSITORY, name, f"{shop.url}{path}", version)


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        *(("1.0.0", "1.0.0"), ("", "1.10.0"), ("*", "1.10.0"), ("1.x", "1.10.0"), ("~1.1", "1.1.0")),
        *((">=2.0.0-0", "2.0.0-rc.1"), ("2.0.0-rc.1", "2.0.0-rc.1"), ("v1.1.0", "1.1.0"), ("<1.5", "1.1.0")),
    ],
)
async def test_the_version_is_the_one_that_flux_would_take(
    shop: Shop, opened: Opening, wanted: str, version: str
) -> None:
    found = await opened(LOOPBACK).resolve(chart(shop, wanted))
    assert (found.name, found.version) == ("web", version)
    assert found.digest == digest_of(shop.directory / f"web-{version}.tgz")
    assert found.url == f"{shop.url}/web-{version}.tgz"
    assert found.version_in_cluster(version) == version


async def test_helm_itself_takes_the_same(shop: Shop, opened: Opening, tmp_path: Path) -> None:
    for wanted in ("1.x", ">=2.0.0-0", "<1.10.0", "v1.0.0"):
        into = tmp_path / sha256(wanted.encode()).hexdigest()
        into.mkdir()
        options = ("--repo", shop.url, "--version", wanted, "--destination", into)
        await asyncio.to_thread(run_helm, "pull", "web", *options, home=tmp_path)
        found = await opened(LOOPBACK).resolve(chart(shop, wanted))
        assert [digest_of(file) for file in into.iterdir()] == [found.digest]


async def test_build_metadata_is_part_of_an_exact_version(shop: Shop, opened: Opening) -> None:
    for wanted in ("0.3.0+build.7", "0.3.0", "^0.3"):
        found = await opened(LOOPBACK).resolve(chart(shop, wanted, "worker"))
        assert found.version == "0.3.0+build.7"


async def test_of_equal_versions_the_youngest_is_taken(shop: Shop, opened: Opening) -> None:
    entries = "".join(
        f"  - {{name: web, version: 1.0.0+{name}, urls: [{name}.tgz], digest: 'a{'0' * 62}{number}', created: '{created}'}}\n"
        for number, (name, created) in enumerate(
            [("a", "2024-01-01T00:00:00Z"), ("b", "2024-01-02T00:00:00+23:00"), ("c", "2024-01-01T12:00:00Z")]
        )
    )
    (shop.directory / "index.yaml").write_text(f"apiVersion: v1\nentries:\n  web:\n{entries}")
    assert (await opened(LOOPBACK).resolve(chart(shop, "1.x"))).version == "1.0.0+c"


async def test_an_archive_is_fetched_once_and_checked(shop: Shop, opened: Opening) -> None:
    charts = opened(LOOPBACK)
    found = await charts.resolve(chart(shop, "1.0.0"))
    files = await asyncio.gather(*(charts.fetch(found) for _ in range(5)))
    assert {digest_of(file) for file in files} == {found.digest}
    assert shop.asked == ["GET /index.yaml", "GET /web-1.0.0.tgz"]
    assert await opened(LOOPBACK).fetch(found) == files[0]
    assert len(shop.asked) == 2


async def test_an_exact_version_that_is_known_is_resolved_without_asking(shop: Shop, opened: Opening) -> None:
    found = await opened(LOOPBACK).resolve(chart(shop, "1.0.0"))
    asked = len(shop.asked)
    assert await opened(LOOPBACK).resolve(chart(shop, "1.0.0")) == found
    assert len(shop.asked) == asked
    assert (await opened(LOOPBACK).resolve(chart(shop, "1.x"))).version == "1.10.0"
    assert len(shop.asked) == asked + 1


async def test_a_known_version_of_a_host_that_is_allowed_no_more_is_refused(
    shop: Shop, opened: Opening
) -> None:
    await opened(LOOPBACK).resolve(chart(shop, "1.0.0"))
    with pytest.raises(HostNotAllowed):
        await opened("charts.example.com").resolve(chart(shop, "1.0.0"))


async def test_offline_everything_is_as_it_was_or_not_known(shop: Shop, opened: Opening) -> None:
    charts = opened(LOOPBACK)
    exact, newest = await charts.resolve(chart(shop, "1.0.0")), await charts.resolve(chart(shop))
    await charts.fetch(exact)
    offline, asked = opened(offline=True), len(shop.asked)
    assert await offline.resolve(chart(shop, "1.0.0")) == exact
    assert await offline.resolve(chart(shop)) == newest
    assert (await offline.fetch(exact)).is_file()
    for lost in (offline.fetch(newest), offline.resolve(chart(shop, "1.1.0"))):
        with pytest.raises(NotKnownOffline):
            await lost
    assert len(shop.asked) == asked


async def test_an_index_is_asked_for_again_only_by_what_it_was(shop: Shop, opened: Opening) -> None:
    for wanted in ("1.x", "<1.5"):
        await opened(LOOPBACK).resolve(chart(shop, wanted))
    assert "If-None-Match" in shop.headers["/index.yaml"]
    pack(shop.directory, "web", "1.11.0")
    write_index(shop.directory)
    assert (await opened(LOOPBACK).resolve(chart(shop, "1.x"))).version == "1.11.0"


async def test_within_a_minute_an_index_is_not_asked_for_twice(shop: Shop, opened: Opening) -> None:
    charts = opened(LOOPBACK, fresh_s=60.0)
    await asyncio.gather(*(charts.resolve(chart(shop, wanted)) for wanted in ("", "1.x", "~1.1", "<1.5")))
    await opened(LOOPBACK, fresh_s=60.0).resolve(chart(shop, ">=1"))
    assert shop.asked == ["GET /index.yaml"]


async def test_a_packed_index_is_unpacked(shop: Shop, opened: Opening) -> None:
    index = gzip.compress((shop.directory / "index.yaml").read_bytes())
    shop.instead["/index.yaml"] = saying(200, index, headers={"Content-Encoding": "gzip"})
    assert (await opened(LOOPBACK).resolve(chart(shop))).version == "1.10.0"


async def test_a_version_published_again_is_said_once_and_then_taken(shop: Shop, opened: Opening) -> None:
    before = await opened(LOOPBACK).resolve(chart(shop, "1.0.0"))
    pack(shop.directory, "web", "1.0.0", {"values.yaml": "greeting: other\n"})
    write_index(shop.directory)
    with pytest.raises(ChartChanged, match=before.digest):
        await opened(LOOPBACK).fetch(before)
    after = await opened(LOOPBACK).resolve(chart(shop, "1.0.0"))
    assert after.digest == digest_of(shop.directory / "web-1.0.0.tgz")
    assert (await opened(LOOPBACK).fetch(after)).is_file()


async def test_a_day_later_an_exact_version_is_looked_at_again_and_a_change_is_told(
    shop: Shop, opened: Opening
) -> None:
    before = await opened(LOOPBACK).resolve(chart(shop, "1.0.0"))
    assert (await opened(LOOPBACK, recheck_s=0.0).resolve(chart(shop, "1.0.0"))).replaced == ""
    pack(shop.directory, "web", "1.0.0", {"values.yaml": "greeting: other\n"})
    write_index(shop.directory)
    after = await opened(LOOPBACK, recheck_s=0.0).resolve(chart(shop, "1.0.0"))
    assert after.digest != before.digest
    assert after.replaced == before.digest
    shop.instead["/index.yaml"] = saying(503)
    assert (await opened(LOOPBACK, recheck_s=0.0).resolve(chart(shop, "1.0.0"))).digest == after.digest


async def test_an_index_without_digests_is_believed_once_the_archive_is_here(
    shop: Shop, opened: Opening
) -> None:
    index = shop.directory / "index.yaml"
    kept = [line for line in index.read_text().splitlines() if "digest:" not in line]
    index.write_text("\n".join(kept))
    found = await opened(LOOPBACK).resolve(chart(shop, "1.0.0"))
    assert found.digest == digest_of(shop.directory / "web-1.0.0.tgz")
    assert shop.asked.count("GET /web-1.0.0.tgz") == 1
    await opened(LOOPBACK).fetch(found)
    assert shop.asked.count("GET /web-1.0.0.tgz") == 1


async def test_archives_may_lie_on_another_host_if_that_is_allowed(
    shop: Shop, opened: Opening, shelf: Path
) -> None:
    async with shop_in(shelf) as other:
        write_index(shelf, other.url)
        found = await opened(shop.address).resolve(chart(shop, "1.0.0"))
        assert found.url == f"{other.url}/web-1.0.0.tgz"
        with pytest.raises(HostNotAllowed, match=other.address):
            await opened(shop.address).fetch(found)
        assert other.asked == []
        assert (await opened(shop.address, other.address).fetch(found)).is_file()


@pytest.mark.parametrize(
    ("home", "named", "meant"),
    [
        ("https://a.example/charts", "web.tgz", "https://a.example/charts/web.tgz"),
        ("https://a.example/charts/", "x/web.tgz", "https://a.example/charts/x/web.tgz"),
        ("https://a.example/charts", "/web.tgz", "https://a.example/web.tgz"),
        ("https://a.example/charts", "../web.tgz", "https://a.example/web.tgz"),
        ("https://a.example/charts?key=1", "web.tgz", "https://a.example/charts/web.tgz?key=1"),
        ("https://a.example/charts", "https://b.example/web.tgz?x=1", "https://b.example/web.tgz?x=1"),
        ("https://a.example", "web-1.0.0+b.tgz", "https://a.example/web-1.0.0+b.tgz"),
    ],
)
def test_an_archives_address_may_be_relative(home: str, named: str, meant: str) -> None:
    assert archive_url(home, named) == meant


def test_an_index_lies_below_its_repository() -> None:
    assert index_url("https://a.example") == "https://a.example/index.yaml"
    assert index_url("https://a.example/charts/?key=1#x") == "https://a.example/charts/index.yaml?key=1"


async def test_the_size_of_an_index_is_known_once_it_was_looked_at(shop: Shop, opened: Opening) -> None:
    downloads = opened(LOOPBACK)
    assert downloads.index_bytes(shop.url) == 0
    await downloads.resolve(chart(shop, "1.x"))
    assert downloads.index_bytes(shop.url) >= (shop.directory / "index.yaml").stat().st_size
