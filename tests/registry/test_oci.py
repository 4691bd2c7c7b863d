"""Charts and artifacts of a real registry, and what a registry can do wrong."""

import asyncio
import gzip
import io
import json
import tarfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from bot.model.release import Chart, ChartKind
from bot.model.target import OciSource
from bot.registry import (
    ARTIFACT,
    BadSource,
    Corrupt,
    NotFound,
    NotKnownOffline,
    ResolvedChart,
    TooLarge,
    VersionNotFound,
    unpack,
)
from bot.registry.cache import digest_of
from bot.registry.oci import CHART_LAYERS
from tests.registry.conftest import Opening
from tests.sandbox.registry.charts import pack, run_helm
from tests.sandbox.registry.distribution import (
    INDEX,
    MANIFEST,
    Distribution,
)

LOOPBACK = "127.0.0.1:*"
FILES = "application/vnd.cncf.flux.content.v1.tar+gzip"


def chart(at: Distribution, version: str = "", path: str = "charts/web", **more: object) -> Chart:
    return replace(Chart(ChartKind.OCI, url=at.url(path), version=version), **more)  # type: ignore[arg-type]


def files(**content: str) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, text in content.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue(), mtime=0)


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        *(("1.0.0", "1.0.0"), ("", "1.10.0"), ("*", "1.10.0"), ("1.x", "1.10.0"), ("~1.1", "1.1.0")),
        *((">=2.0.0-0", "2.0.0-rc.1"), ("2.0.0-rc.1", "2.0.0-rc.1")),
    ],
)
async def test_the_version_is_the_one_that_flux_would_take(
    registry: Distribution, opened: Opening, packed: Path, wanted: str, version: str
) -> None:
    charts = opened(LOOPBACK)
    found = await charts.resolve(chart(registry, wanted))
    assert (found.name, found.version) == ("web", version)
    assert found.digest == digest_of(packed / f"web-{version}.tgz")
    assert found.revision.startswith(f"{version}@sha256:")
    assert digest_of(await charts.fetch(found)) == found.digest
    assert found.version_in_cluster(version) == version


async def test_helm_itself_takes_the_same(registry: Distribution, opened: Opening, tmp_path: Path) -> None:
    for wanted in ("1.x", ">=2.0.0-0", "<1.10.0", "1.0.0"):
        into = tmp_path / sha256(wanted.encode()).hexdigest()
        into.mkdir()
        options = ("--version", wanted, "--destination", into, "--plain-http")
        await asyncio.to_thread(run_helm, "pull", registry.url("charts/web"), *options, home=tmp_path)
        found = await opened(LOOPBACK).resolve(chart(registry, wanted))
        assert [digest_of(file) for file in into.iterdir()] == [found.digest]


async def test_a_plus_is_an_underscore_in_tags(registry: Distribution, opened: Opening) -> None:
    for wanted in ("0.3.0+build.7", "^0.3"):
        found = await opened(LOOPBACK).resolve(chart(registry, wanted, "charts/worker"))
        assert found.version == "0.3.0+build.7"
        assert found.revision.startswith("0.3.0_build.7@")


async def test_an_artifact_is_digest_before_range_before_tag_before_latest(
    registry: Distribution, opened: Opening
) -> None:
    charts = opened(LOOPBACK)
    tagged = await charts.resolve(chart(registry, tag="1.0.0", is_artifact=True))
    assert tagged.version == "1.0.0"
    ranged = await charts.resolve(chart(registry, "1.1.x", tag="1.0.0", is_artifact=True))
    assert ranged.version == "1.1.0"
    digest = tagged.revision.partition("@")[2]
    pinned = await charts.resolve(chart(registry, "1.1.x", digest=digest, is_artifact=True))
    assert (pinned.version, pinned.revision) == ("1.0.0", digest)
    with pytest.raises(NotFound, match="latest"):
        await charts.resolve(chart(registry, is_artifact=True))


async def test_only_an_artifact_reads_tags_that_begin_with_v(
    registry: Distribution, opened: Opening, tmp_path: Path
) -> None:
    archive = pack(tmp_path, "loose", "1.2.3").read_bytes()
    registry.push_files("loose", "v1.2.3", archive, kind=CHART_LAYERS[0])
    found = await opened(LOOPBACK).resolve(chart(registry, "1.x", "loose", is_artifact=True))
    assert found.revision.startswith("v1.2.3@")
    with pytest.raises(VersionNotFound):
        await opened(LOOPBACK).resolve(chart(registry, "1.x", "loose"))


async def test_an_artifacts_chart_gets_the_manifests_digest_in_its_version(
    registry: Distribution, opened: Opening
) -> None:
    found = await opened(LOOPBACK).resolve(chart(registry, tag="1.0.0", is_artifact=True))
    short = found.revision.partition("@sha256:")[2][:12]
    assert found.version_in_cluster("1.0.0") == f"1.0.0+{short}"
    assert found.version_in_cluster("v1.0.0+old") == f"1.0.0+{short}"
    with pytest.raises(Corrupt, match="Flux refuses"):
        found.version_in_cluster("1.0.1")
    with pytest.raises(Corrupt, match="no version"):
        found.version_in_cluster("one")


def test_a_tag_that_is_no_version_promises_none() -> None:
    asked = Chart(ChartKind.OCI, url="oci://a.example/web", tag="main", is_artifact=True)
    found = ResolvedChart(asked, "web", "main", "sha256:x", asked.url, f"main@sha256:{'ab' * 32}")
    assert found.version_in_cluster("1.2") == "1.2.0+abababababab"
    pinned = replace(found, revision=f"sha256:{'cd' * 32}")
    assert pinned.version_in_cluster("1.2.3-rc.1") == "1.2.3-rc.1+cdcdcdcdcdcd"


async def test_what_cannot_change_is_not_asked_twice(registry: Distribution, opened: Opening) -> None:
    first = await opened(LOOPBACK).resolve(chart(registry, "1.0.0"))
    digest = first.revision.partition("@")[2]
    pinned = await opened(LOOPBACK).resolve(chart(registry, digest=digest, is_artifact=True))
    await opened(LOOPBACK).fetch(first)
    offline = opened(offline=True)
    assert await offline.resolve(chart(registry, "1.0.0")) == first
    assert await offline.resolve(chart(registry, digest=digest, is_artifact=True)) == pinned
    assert (await offline.fetch(pinned)).is_file()
    with pytest.raises(NotKnownOffline):
        await offline.resolve(chart(registry, "1.1.0"))


async def test_a_tag_that_moved_is_told(registry: Distribution, opened: Opening, tmp_path: Path) -> None:
    moving = chart(registry, tag="1.0.0", path="moving/web", is_artifact=True)
    registry.push_chart(pack(tmp_path / "a", "web", "1.0.0"), "moving")
    before = await opened(LOOPBACK).resolve(moving)
    registry.push_chart(pack(tmp_path / "b", "web", "1.0.0", {"values.yaml": "x: 1\n"}), "moving")
    assert await opened(LOOPBACK).resolve(moving) == before
    after = await opened(LOOPBACK, recheck_s=0.0).resolve(moving)
    assert after.replaced == before.digest != after.digest


async def test_an_index_leads_to_the_manifest_for_linux(
    registry: Distribution, opened: Opening, tmp_path: Path
) -> None:
    archive = pack(tmp_path, "many", "1.0.0").read_bytes()
    inner = registry.push_files("many", "inner", archive, kind=CHART_LAYERS[0])
    size = len(json.dumps({}))
    listed = {"mediaType": MANIFEST, "size": size}
    outer = registry.push_manifest(
        "many",
        "1.0.0",
        {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [
                {**listed, "digest": inner, "platform": {"os": "windows", "architecture": "amd64"}},
                {**listed, "digest": inner, "platform": {"os": "linux", "architecture": "amd64"}},
            ],
        },
    )
    found = await opened(LOOPBACK).resolve(chart(registry, "1.0.0", "many"))
    assert found.revision == f"1.0.0@{outer}"
    assert found.digest == f"sha256:{sha256(archive).hexdigest()}"


async def test_a_list_of_tags_is_read_page_by_page(registry: Distribution, opened: Opening) -> None:
    layer, config = registry.push_blob("paged", b"layer"), registry.push_blob("paged", b"{}")
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2},
        "layers": [{"mediaType": CHART_LAYERS[0], "digest": layer, "size": 5}],
    }

    def push(first: int) -> None:
        for number in range(first, first + 260):
            registry.push_manifest("paged", f"1.0.{number}", manifest)

    await asyncio.gather(*(asyncio.to_thread(push, first) for first in range(0, 1040, 260)))
    found = await opened(LOOPBACK).resolve(chart(registry, "<1.0.1039", "paged"))
    assert found.version == "1.0.1038"
    with pytest.raises(TooLarge, match="1000 tags"):
        await opened(LOOPBACK, tags=1000).resolve(chart(registry, "*", "paged"))


async def test_files_are_fetched_as_flux_finds_them(
    registry: Distribution, opened: Opening, tmp_path: Path
) -> None:
    older, newer = files(a="1"), files(a="2", b="3")
    digests = {
        tag: registry.push_files("files", tag, data, kind=FILES)
        for tag, data in {"1.0.0": older, "1.1.0": newer, "1.2.0-rc.1": older, "latest": older}.items()
    }
    charts, at = opened(LOOPBACK), registry.url("files")
    for source, tag in (
        (OciSource(at), "latest"),
        (OciSource(at, tag="1.1.0"), "1.1.0"),
        (OciSource(at, tag="latest", semver="1.x"), "1.1.0"),
        (OciSource(at, semver=">=1.0.0-0", semver_filter=".*-rc.*"), "1.2.0-rc.1"),
        (OciSource(at, semver="1.x", media_type=FILES), "1.1.0"),
    ):
        artifact, file = await charts.fetch_archive(source)
        assert artifact.revision == f"{tag}@{digests[tag]}"
        assert digest_of(file) == artifact.digest
    pinned, file = await charts.fetch_archive(OciSource(at, tag="latest", digest=digests["1.1.0"]))
    assert pinned.revision == digests["1.1.0"]
    into = tmp_path / "into"
    into.mkdir()
    assert unpack(file, into, strip=0, skips_links=True, limits=ARTIFACT) == ("a", "b")
    again, _ = await opened(offline=True).fetch_archive(OciSource(at, tag="1.1.0"))
    assert again.revision == f"1.1.0@{digests['1.1.0']}"
    with pytest.raises(NotFound, match="no layer of type"):
        await charts.fetch_archive(OciSource(at, media_type="text/plain"))
    with pytest.raises(VersionNotFound):
        await charts.fetch_archive(OciSource(at, semver=">5"))
    with pytest.raises(BadSource, match="regular expression"):
        await charts.fetch_archive(OciSource(at, semver="*", semver_filter="(?=x)"))


async def test_what_is_not_there_is_told(registry: Distribution, opened: Opening) -> None:
    charts = opened(LOOPBACK)
    with pytest.raises(NotFound, match=r"charts/web:9\.9\.9"):
        await charts.resolve(chart(registry, "9.9.9"))
    with pytest.raises(VersionNotFound, match=r"1\.10\.0"):
        await charts.resolve(chart(registry, ">9"))
    with pytest.raises(NotFound, match="charts/none"):
        await charts.resolve(chart(registry, path="charts/none"))
    with pytest.raises(NotFound):
        await charts.resolve(chart(registry, digest=f"sha256:{'0' * 64}", is_artifact=True))
    registry.push_files("no-chart", "1.0.0", b"x", kind="text/plain")
    with pytest.raises(NotFound, match="no chart"):
        await charts.resolve(chart(registry, "1.0.0", "no-chart"))
