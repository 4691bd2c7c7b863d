"""Charts of a Helm repository: which version it is, and everything a host can do wrong."""

import asyncio
import gzip
import time
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import Temporary, UserError
from bot.model.hosts import Credential
from bot.model.release import Chart, ChartKind
from bot.registry import (
    BadSource,
    ChartChanged,
    Corrupt,
    HostNotAllowed,
    NotFound,
    NotKnownOffline,
    Refused,
    ServerFailed,
    TooLarge,
    TooManyRequests,
    Unauthorised,
    Unreachable,
    VersionNotFound,
)
from bot.registry.cache import digest_of
from bot.registry.repository import archive_url, index_url
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
