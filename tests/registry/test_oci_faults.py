"""Everything that a registry can do wrong, and how it is known who asks."""

import asyncio
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import web

from bot.model.hosts import Credential, Credentials, Hosts
from bot.model.release import Chart, ChartKind
from bot.registry import (
    BadSource,
    Corrupt,
    HostNotAllowed,
    Limits,
    NotFound,
    Refused,
    TooLarge,
    Unauthorised,
    Unreachable,
    VersionNotFound,
)
from bot.registry.login import Login
from bot.registry.oci import CHART_LAYERS, place
from bot.registry.transport import Transport
from tests.registry.conftest import Opening
from tests.registry.test_oci import LOOPBACK, chart
from tests.sandbox.registry.distribution import (
    HTPASSWD,
    MANIFEST,
    PASSWORD,
    ROBOT,
    Distribution,
    distribution,
)
from tests.sandbox.registry.shop import Shop, saying
from tests.sandbox.registry.tokens import desk


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"tag": "a b"}, "no tag"),
        ({"tag": "../../etc"}, "no tag"),
        ({"digest": "sha512:00"}, "no digest"),
        ({"digest": "sha256:" + "0" * 63 + "/"}, "no digest"),
        ({"version": "newest please"}, "no range"),
        ({"url": "oci://127.0.0.1:1/Web"}, "oci://HOST/PATH"),
        ({"url": "oci://127.0.0.1:1/web?x=1"}, "oci://HOST/PATH"),
        ({"url": "oci://127.0.0.1:1/a/../b"}, "oci://HOST/PATH"),
        ({"url": "oci://127.0.0.1:1"}, "oci://HOST/PATH"),
        ({"url": "https://127.0.0.1:1/web"}, "oci://HOST/PATH"),
    ],
)
async def test_a_reference_that_is_none_is_refused(
    registry: Distribution, opened: Opening, more: dict[str, str], word: str
) -> None:
    asked = replace(chart(registry, is_artifact="tag" in more or "digest" in more), **more)  # type: ignore[arg-type]
    with pytest.raises(BadSource, match=word):
        await opened(LOOPBACK).resolve(asked)


def test_a_registry_is_asked_by_https_unless_it_is_this_machine_or_the_manifest_says_so() -> None:
    assert place("oci://a.example/x/y", is_insecure=False).root == "https://a.example"
    assert place("oci://a.example:5000/x", is_insecure=True).root == "http://a.example:5000"
    assert place("oci://localhost:5000/x", is_insecure=False).root == "http://localhost:5000"


async def test_a_registry_that_nobody_named_is_not_asked(opened: Opening, shop: Shop) -> None:
    asked = Chart(ChartKind.OCI, url=f"oci://{shop.address}/web", version="1.0.0")
    for hosts in ((), ("*",)):
        with pytest.raises(HostNotAllowed):
            await opened(*hosts).resolve(asked)
    assert shop.asked == []


async def test_a_password_opens_what_is_behind_one(opened: Opening, tmp_path: Path, packed: Path) -> None:
    home = tmp_path / "guarded"
    home.mkdir()
    (home / "htpasswd").write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "guarded", "path": str(home / "htpasswd")}}
    with distribution(home, auth) as guarded:
        pusher = replace(guarded, authorization="Basic cm9ib3Q6aHVudGVyMg==")
        pusher.push_files("web", "1.0.0", (packed / "web-1.0.0.tgz").read_bytes(), kind=CHART_LAYERS[0])
        asked = chart(guarded, "1.0.0", "web")
        with pytest.raises(Unauthorised, match=r"sources\.credentials"):
            await opened(LOOPBACK).resolve(asked)
        wrong = Credential(guarded.address, ROBOT, "hunter3")
        with pytest.raises(Unauthorised, match="still good") as caught:
            await opened(LOOPBACK, known=(wrong,)).resolve(asked)
        assert "hunter3" not in str(caught.value)
        charts = opened(LOOPBACK, known=(Credential(guarded.address, ROBOT, PASSWORD),))
        assert (await charts.fetch(await charts.resolve(asked))).is_file()


async def test_a_token_is_had_where_the_registry_says(opened: Opening, tmp_path: Path, packed: Path) -> None:
    async with desk() as issuing:
        home = tmp_path / "guarded"
        home.mkdir()
        with distribution(home, issuing.auth(home)) as guarded:
            token = issuing.token("repository:team/web:push,pull")
            pusher = replace(guarded, authorization=f"Bearer {token}")
            archive = (packed / "web-1.0.0.tgz").read_bytes()
            await asyncio.to_thread(pusher.push_files, "team/web", "1.0.0", archive, kind=CHART_LAYERS[0])
            asked = chart(guarded, "1.0.0", "team/web")
            with pytest.raises(Unauthorised):
                await opened(LOOPBACK).resolve(asked)
            with pytest.raises(HostNotAllowed, match=str(issuing.port)):
                await opened(guarded.address).resolve(asked)
            assert issuing.asked == [("", "repository:team/web:pull")]
            robot = Credential(guarded.address, ROBOT, PASSWORD)
            with pytest.raises(Refused, match="not encrypted"):
                await opened(LOOPBACK, known=(robot,)).resolve(asked)
            assert len(issuing.asked) == 1
            charts = opened(LOOPBACK, known=(robot, replace(robot, host=f"127.0.0.1:{issuing.port}")))
            assert (await charts.fetch(await charts.resolve(asked))).is_file()
            assert issuing.asked[1:] == [(ROBOT, "repository:team/web:pull")]
            bare = Credential(guarded.address, "", token)
            assert (await opened(LOOPBACK, known=(bare,)).resolve(chart(guarded, "1.0.0", "team/web"))).digest
            issuing.open_to_all = True
            other = opened(LOOPBACK, home=tmp_path / "other")
            assert (await other.resolve(chart(guarded, "", "team/web"))).version == "1.0.0"


async def test_who_is_asked_in_clear_is_not_told_what_is_known_of_the_encrypted_host() -> None:
    known = Credentials((Credential("a.example", "", PASSWORD),))
    asked = {plain: place("oci://a.example/web", is_insecure=plain) for plain in (True, False)}
    assert [asked[plain].root for plain in (True, False)] == ["http://a.example", "https://a.example"]
    assert place("oci://a.example:443/web", is_insecure=True).root == "http://a.example:443"
    transport = Transport(Hosts(("a.example",)), Limits())
    await transport.close()
    login = Login(transport, known, Limits())
    assert login.known(asked[False]) == f"Bearer {PASSWORD}"
    assert login.known(asked[True]) == ""


@pytest.mark.parametrize(
    ("challenge", "error"),
    [
        ("", Unauthorised),
        ("Negotiate abc", Unauthorised),
        ("Basic realm=x", Unauthorised),
        ('Bearer realm="file:///etc/passwd"', BadSource),
        ('Bearer realm="https://169.254.169.254/token"', HostNotAllowed),
        ('Bearer realm="http://elsewhere.example/token"', HostNotAllowed),
        ('Bearer realm="HERE/none"', Unauthorised),
        ('Bearer realm="HERE/bad"', Corrupt),
        ('Bearer realm="HERE/empty"', Corrupt),
        ('Bearer realm="HERE/deep"', Corrupt),
        ('Bearer realm="http://[x/token"', BadSource),
        ("Bearer " + 'a="b",' * 900, Unauthorised),
    ],
)
async def test_a_challenge_that_cannot_be_met_is_told(
    shop: Shop, opened: Opening, challenge: str, error: type[Exception]
) -> None:
    header = {"WWW-Authenticate": challenge.replace("HERE", shop.url)}
    shop.instead["/v2/web/manifests/1.0.0"] = saying(401, headers=header)
    shop.instead["/bad"] = saying(200, "<html>")
    shop.instead["/deep"] = saying(200, '{"x": ' + "[" * 100_000 + "]" * 100_000 + "}")
    shop.instead["/empty"] = saying(200, '{"token": "a\\nb"}')
    with pytest.raises(error):
        await opened(shop.address).resolve(
            Chart(ChartKind.OCI, url=f"oci://{shop.address}/web", version="1.0.0")
        )


def manifest_of(layer: bytes) -> bytes:
    digest = f"sha256:{sha256(layer).hexdigest()}"
    layers = [{"mediaType": CHART_LAYERS[0], "digest": digest, "size": len(layer)}]
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers}).encode()


async def test_blobs_are_followed_only_where_it_is_allowed_and_without_a_password(
    shop: Shop, opened: Opening, registry: Distribution, tmp_path: Path
) -> None:
    layer = b"an archive"
    digest = f"sha256:{sha256(layer).hexdigest()}"
    registry.push_blob("blobs", layer)
    there = f"http://{registry.address}/v2/blobs/blobs/{digest}"
    shop.instead["/v2/web/manifests/1.0.0"] = saying(200, manifest_of(layer))
    shop.instead[f"/v2/web/blobs/{digest}"] = saying(307, headers={"Location": there})
    asked = Chart(ChartKind.OCI, url=f"oci://{shop.address}/web", version="1.0.0")
    known = (Credential(shop.address, "", PASSWORD),)
    charts = opened(shop.address, known=known)
    with pytest.raises(HostNotAllowed, match=registry.address):
        await charts.fetch(await charts.resolve(asked))
    assert shop.headers[f"/v2/web/blobs/{digest}"]["Authorization"] == f"Bearer {PASSWORD}"
    charts = opened(LOOPBACK, known=known)
    assert (await charts.fetch(await charts.resolve(asked))).read_bytes() == layer


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", Corrupt),
        (b"<html>", Corrupt),
        (b"[]", Corrupt),
        (b"{}", Corrupt),
        (b'{"layers": []}', NotFound),
        (b'{"layers": [{"digest": "sha256:short", "mediaType": "x"}]}', BadSource),
        (b'{"layers": [{"digest": "../../x", "mediaType": "x"}]}', BadSource),
        (b'{"manifests": []}', NotFound),
        (b'{"manifests": [{"digest": "sha256:../../"}]}', BadSource),
        (b'{"layers": "' + b"x" * (5 << 20) + b'"}', TooLarge),
        (b"[" * 100_000, Corrupt),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", Corrupt),
    ],
)
async def test_a_manifest_that_is_none_is_told(
    shop: Shop, opened: Opening, body: bytes, error: type[Exception]
) -> None:
    shop.instead["/v2/web/manifests/1.0.0"] = saying(200, body)
    with pytest.raises(error):
        await opened(LOOPBACK).resolve(Chart(ChartKind.OCI, url=f"oci://{shop.address}/web", version="1.0.0"))


async def test_other_bytes_than_the_digest_says_are_corrupt(shop: Shop, opened: Opening) -> None:
    asked = Chart(ChartKind.OCI, url=f"oci://{shop.address}/web", version="1.0.0")
    layer = b"an archive"
    place_of_layer = f"/v2/web/blobs/sha256:{sha256(layer).hexdigest()}"
    shop.instead["/v2/web/manifests/1.0.0"] = saying(
        200, manifest_of(layer), headers={"Docker-Content-Digest": f"sha256:{'0' * 64}"}
    )
    with pytest.raises(Corrupt, match="another digest"):
        await opened(LOOPBACK).resolve(asked)
    shop.instead["/v2/web/manifests/1.0.0"] = saying(200, manifest_of(layer))
    charts = opened(LOOPBACK)
    found = await charts.resolve(asked)
    for body, error in ((b"another", Corrupt), (layer + b"x", Corrupt)):
        shop.instead[place_of_layer] = saying(200, body)
        with pytest.raises(error):
            await charts.fetch(found)
    shop.instead[place_of_layer] = saying(200, b"x" * 2000)
    with pytest.raises(TooLarge):
        await opened(LOOPBACK, chart_bytes=1000).fetch(found)


async def test_a_list_of_tags_that_never_ends_ends(shop: Shop, opened: Opening) -> None:
    asked = Chart(ChartKind.OCI, url=f"oci://{shop.address}/web", version="1.x")
    count = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal count
        count += 1
        headers = {"Link": f'</v2/web/tags/list?last={count}>; rel="next"'}
        return web.json_response({"tags": [f"0.0.{count}"]}, headers=headers)

    shop.instead["/v2/web/tags/list"] = endless
    with pytest.raises(TooLarge, match="pages"):
        await opened(LOOPBACK).resolve(asked)
    same = {"Link": '</v2/web/tags/list>; rel="next"'}
    shop.instead["/v2/web/tags/list"] = saying(200, '{"tags": ["0.1.0"]}', headers=same)
    with pytest.raises(VersionNotFound):
        await opened(LOOPBACK).resolve(asked)
    away = {"Link": '<http://127.0.0.1:1/v2/web/tags/list>; rel="next"'}
    shop.instead["/v2/web/tags/list"] = saying(200, '{"tags": ["0.1.0"]}', headers=away)
    with pytest.raises(Corrupt, match="another host"):
        await opened(LOOPBACK).resolve(asked)


async def test_a_registry_that_went_away_is_worth_another_try(opened: Opening, tmp_path: Path) -> None:
    with distribution(tmp_path / "gone") as gone:
        pass
    with pytest.raises(Unreachable):
        await opened(LOOPBACK).resolve(chart(gone, "1.0.0"))
