"""Single files of other hosts: as anybody gets them, asked for again only by what they were."""

import gzip
from pathlib import Path

import pytest

from bot.model.hosts import Credential, Hosts
from bot.model.release import Chart, ChartKind
from bot.registry import (
    BadSource,
    Corrupt,
    HostNotAllowed,
    NotFound,
    NotKnownOffline,
    Refused,
    ServerFailed,
    TooLarge,
    Unreachable,
)
from bot.registry.address import permit_redirect
from tests.registry.conftest import Opening
from tests.sandbox.registry.shop import Shop, saying, shop_in

LOOPBACK = "127.0.0.1:*"
CRDS = b"kind: CustomResourceDefinition\n"


@pytest.fixture
def url(shop: Shop) -> str:
    (shop.directory / "crds.yaml").write_bytes(CRDS)
    return f"{shop.url}/crds.yaml"


async def test_a_file_is_what_anybody_gets_and_no_credential_goes_along(
    shop: Shop, opened: Opening, url: str
) -> None:
    known = (Credential(shop.address, "robot", "hunter2"),)
    assert await opened(LOOPBACK, known=known).fetch_file(url) == CRDS
    assert "Authorization" not in shop.headers["/crds.yaml"]


async def test_a_file_is_asked_for_again_only_by_what_it_was(shop: Shop, opened: Opening, url: str) -> None:
    await opened(LOOPBACK).fetch_file(url)
    assert await opened(LOOPBACK).fetch_file(url) == CRDS
    assert "If-None-Match" in shop.headers["/crds.yaml"]
    (shop.directory / "crds.yaml").write_bytes(b"kind: Other\n")
    assert await opened(LOOPBACK).fetch_file(url) == b"kind: Other\n"


async def test_within_a_minute_a_file_is_not_asked_for_twice_by_any_process(
    shop: Shop, opened: Opening, url: str
) -> None:
    for _ in range(2):
        assert await opened(LOOPBACK, fresh_s=60.0).fetch_file(url) == CRDS
    assert shop.asked == ["GET /crds.yaml"]
    with pytest.raises(HostNotAllowed):
        await opened("charts.example.com", fresh_s=60.0).fetch_file(url)


async def test_offline_a_file_is_as_it_was_or_not_known(shop: Shop, opened: Opening, url: str) -> None:
    await opened(LOOPBACK).fetch_file(url)
    asked = len(shop.asked)
    assert await opened(offline=True).fetch_file(url) == CRDS
    with pytest.raises(NotKnownOffline):
        await opened(offline=True).fetch_file(f"{shop.url}/other.yaml")
    assert len(shop.asked) == asked


async def test_a_redirect_leads_only_to_hosts_that_are_allowed_and_the_error_names_them(
    shop: Shop, opened: Opening, tmp_path: Path
) -> None:
    (tmp_path / "asset").write_bytes(CRDS)
    async with shop_in(tmp_path) as assets:
        to = {"Location": f"{assets.url}/asset?signature=hunter2"}
        shop.instead["/releases/crds.yaml"] = saying(302, headers=to)
        asked = f"{shop.url}/releases/crds.yaml"
        with pytest.raises(HostNotAllowed) as caught:
            await opened(shop.address).fetch_file(asked)
        assert asked in str(caught.value)
        assert f"adding `{assets.address}` to `sources.hosts`" in str(caught.value)
        assert "hunter2" not in str(caught.value)
        assert assets.asked == []
        assert await opened(shop.address, assets.address).fetch_file(asked) == CRDS


def test_what_is_asked_for_over_tls_does_not_go_on_without() -> None:
    with pytest.raises(Refused, match="not encrypted"):
        permit_redirect(
            "http://a.example/x", "https://a.example/x", "https://a.example", Hosts(("a.example",))
        )
    permit_redirect("https://a.example/x", "http://a.example/x", "http://a.example", Hosts(("a.example",)))


async def test_a_file_is_taken_up_to_a_size_packed_or_not(shop: Shop, opened: Opening, url: str) -> None:
    shop.instead["/crds.yaml"] = saying(200, gzip.compress(CRDS), headers={"Content-Encoding": "gzip"})
    assert await opened(LOOPBACK).fetch_file(url) == CRDS
    bomb = gzip.compress(b"#" * (8 << 20))
    shop.instead["/crds.yaml"] = saying(200, bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(TooLarge, match="4 MiB"):
        await opened(LOOPBACK).fetch_file(url)
    shop.instead["/crds.yaml"] = saying(200, b"#" * (4 << 20) + b"#")
    with pytest.raises(TooLarge, match="4 MiB"):
        await opened(LOOPBACK).fetch_file(url)


@pytest.mark.parametrize(
    ("status", "error", "tries"),
    [(404, NotFound, 1), (401, NotFound, 1), (403, NotFound, 1), (410, Refused, 1), (503, ServerFailed, 3)],
)
async def test_what_is_not_given_is_told_apart(
    shop: Shop, opened: Opening, url: str, status: int, error: type[Exception], tries: int
) -> None:
    shop.instead["/crds.yaml"] = saying(status, b"hunter2")
    with pytest.raises(error) as caught:
        await opened(LOOPBACK).fetch_file(url)
    assert "hunter2" not in str(caught.value)
    assert len(shop.asked) == tries


async def test_what_a_host_no_longer_gives_is_not_what_it_once_gave(
    shop: Shop, opened: Opening, url: str
) -> None:
    await opened(LOOPBACK).fetch_file(url)
    for status, error in ((404, NotFound), (503, ServerFailed)):
        shop.instead["/crds.yaml"] = saying(status)
        with pytest.raises(error):
            await opened(LOOPBACK).fetch_file(url)


async def test_an_answer_that_says_nothing_is_no_file(shop: Shop, opened: Opening, url: str) -> None:
    shop.instead["/crds.yaml"] = saying(304)
    with pytest.raises(Corrupt, match="nobody asked"):
        await opened(LOOPBACK).fetch_file(url)


async def test_a_stamp_of_any_length_is_no_part_of_the_file(shop: Shop, opened: Opening, url: str) -> None:
    long = {"ETag": '"' + "x" * 4000 + '"', "Last-Modified": "y" * 3000}
    shop.instead["/crds.yaml"] = saying(200, CRDS, headers=long)
    for _ in range(2):
        assert await opened(LOOPBACK).fetch_file(url) == CRDS
    assert await opened(offline=True).fetch_file(url) == CRDS


@pytest.mark.parametrize(
    "url", ["https://robot:hunter2@127.0.0.1/x.yaml", "https:///x.yaml", "file:///x.yaml"]
)
async def test_an_address_that_is_none_is_refused(opened: Opening, url: str) -> None:
    with pytest.raises(BadSource) as caught:
        await opened(LOOPBACK).fetch_file(url)
    assert "hunter2" not in str(caught.value)


async def test_nobody_there_is_worth_another_try_later(opened: Opening, tmp_path: Path) -> None:
    async with shop_in(tmp_path) as gone:
        pass
    with pytest.raises(Unreachable):
        await opened(LOOPBACK).fetch_file(f"{gone.url}/x.yaml")


async def test_what_is_shown_to_us_is_not_what_anybody_gets(shop: Shop, opened: Opening) -> None:
    known = (Credential(shop.address, "robot", "hunter2"),)
    charts = opened(LOOPBACK, known=known, fresh_s=60.0)
    await charts.resolve(Chart(ChartKind.REPOSITORY, url=shop.url, name="web", version="1.0.0"))
    shop.instead["/index.yaml"] = saying(401)
    with pytest.raises(NotFound):
        await charts.fetch_file(f"{shop.url}/index.yaml")
