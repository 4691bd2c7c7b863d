"""What a registry holds: files that a Kustomization renders, and charts."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bot.model.plan import Plan
from bot.registry.oci import CHART_LAYERS
from tests.planning.conftest import Bench, config_map, kustomization, target
from tests.planning.elsewhere.declared import FILES, errors, from_chart, made_of, new_values, packed, source
from tests.planning.test_flux import flux
from tests.planning.test_releases import release, release_plan
from tests.sandbox.registry.charts import pack
from tests.sandbox.registry.distribution import MANIFEST, Distribution

LABELLED = {
    "templates/labelled.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: labelled\n"
        '  labels: {helm.sh/chart: \'{{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}\'}\n'
    )
}


async def pushed(registry: Distribution, tag: str, files: Mapping[str, str], path: str = "apps") -> str:
    return await asyncio.to_thread(registry.push_files, path, tag, packed(files), kind=FILES)


def apps(registry: Distribution, ref: str, more: str = "", path: str = "apps") -> dict[str, str]:
    where = f"url: '{registry.url(path)}', ref: {{{ref}}}{more}"
    theirs = flux("theirs", "deploy", "  targetNamespace: shop\n", source="theirs")
    return {
        "clusters/staging/k.yaml": theirs.replace("kind: GitRepository", "kind: OCIRepository"),
        "clusters/staging/s.yaml": source("OCIRepository", "theirs", where),
    }


def deployed(value: str, **more: str) -> dict[str, str]:
    return {
        "./deploy/kustomization.yaml": kustomization("cm.yaml"),
        "./deploy/cm.yaml": config_map("theirs", value),
        **more,
    }


async def test_files_of_a_registry_are_rendered_at_the_tag_that_is_named(
    fleet: Bench, registry: Distribution
) -> None:
    old = await pushed(registry, "1.0.0", deployed("1"))
    new = await pushed(registry, "1.1.0", deployed("2"))
    fleet.work.commit(apps(registry, "tag: 1.0.0"))
    fleet.work.commit(apps(registry, "semver: 1.x"))
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert new_values(plan, "flux-system/theirs") == ["2"]
    assert made_of(target(plan, "flux-system/theirs", "staging")) == [
        (f"artifact {registry.url('apps')}", ("1.0.0", old), ("1.1.0", new))
    ]


async def test_files_without_a_kustomization_are_all_applied_but_those_that_are_ignored(
    fleet: Bench, registry: Distribution
) -> None:
    loose = {
        "deploy/a.yaml": config_map("a"),
        "deploy/b.yaml": config_map("b"),
        "deploy/c.yaml": config_map("c"),
    }
    await pushed(registry, "1.0.0", {**loose, ".sourceignore": "/deploy/b.yaml\n"}, "loose")
    fleet.work.commit({})
    fleet.work.commit(apps(registry, "tag: 1.0.0", ", ignore: /deploy/c.yaml", "loose"))
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert names(plan) == ["a"]


async def test_a_tag_that_moves_is_the_same_on_both_sides(fleet: Bench, registry: Distribution) -> None:
    await pushed(registry, "latest", deployed("1"), "moving")
    fleet.work.commit(apps(registry, "", path="moving"))
    await fleet.plan()
    await pushed(registry, "latest", deployed("2"), "moving")
    fleet.work.commit({"apps/own.yaml": config_map("own", "2", namespace="shop")})
    assert target(await fleet.plan(), "flux-system/theirs", "staging").status == "unchanged"


async def test_a_tag_that_does_not_exist_makes_its_target_unknown_and_no_other(
    fleet: Bench, registry: Distribution
) -> None:
    await pushed(registry, "1.0.0", deployed("1"), "gone")
    fleet.work.commit(apps(registry, "tag: 1.0.0", path="gone"))
    both = {"apps/own.yaml": config_map("own", "2", namespace="shop")}
    fleet.work.commit({**apps(registry, "tag: 1.2.3", path="gone"), **both})
    plan = await fleet.plan()
    lost = target(plan, "flux-system/theirs", "staging")
    assert lost.status == "unknown"
    assert "/gone:1.2.3 does not exist" in errors(lost)[0]
    assert target(plan, "flux-system/apps", "staging").status == "changed"


async def test_an_archive_that_leads_out_of_itself_makes_its_target_unknown(
    fleet: Bench, registry: Distribution
) -> None:
    await pushed(registry, "1.0.0", deployed("1", **{"../../etc/cron.d/x": "x"}), "bad")
    fleet.work.commit({})
    fleet.work.commit(apps(registry, "tag: 1.0.0", path="bad"))
    [reason] = errors(target(await fleet.plan(), "flux-system/theirs", "staging"))
    assert "lies outside of it" in reason


async def test_a_chart_that_an_oci_repository_names_has_the_artifacts_digest_in_its_version(
    fleet: Bench, registry: Distribution, tmp_path: Path
) -> None:
    digests = {}
    for version in ("1.0.0", "1.1.0"):
        archive = pack(tmp_path / "packed", "labelled", version, LABELLED).read_bytes()
        digests[version] = await asyncio.to_thread(
            registry.push_files, "charts/labelled", version, archive, kind=CHART_LAYERS[0]
        )
    ref = release("far", chart="chartRef: {kind: OCIRepository, name: far}")

    def at(version: str) -> dict[str, str]:
        where = f"url: '{registry.url('charts/labelled')}', ref: {{tag: {version}}}"
        return {"apps/far.yaml": ref, "apps/source.yaml": source("OCIRepository", "far", where, "shop")}

    fleet.work.commit(at("1.0.0"))
    fleet.work.commit(at("1.1.0"))
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    short = digests["1.1.0"].removeprefix("sha256:")[:12]
    far = release_plan(plan, "far")
    assert f"labelled-1.1.0_{short}" in [f.new for c in far.changes for f in c.fields]
    assert [(m.name, m.version) for change in far.materials if (m := change.new)] == [
        ("chart labelled", "1.1.0")
    ]


async def test_a_tag_that_holds_another_version_of_the_chart_is_refused_as_flux_does(
    fleet: Bench, registry: Distribution, tmp_path: Path
) -> None:
    archive = pack(tmp_path / "packed", "web", "1.0.0")
    await asyncio.to_thread(registry.push_chart, archive, "mixed")
    manifest = {**registry.manifest("mixed/web", "1.0.0"), "mediaType": MANIFEST}
    await asyncio.to_thread(registry.push_manifest, "mixed/web", "2.0.0", manifest)
    where = f"url: '{registry.url('mixed/web')}', ref: {{tag: 2.0.0}}"
    fleet.work.commit({})
    fleet.work.commit(
        {
            "apps/far.yaml": release("far", chart="chartRef: {kind: OCIRepository, name: far}"),
            "apps/source.yaml": source("OCIRepository", "far", where, "shop"),
        }
    )
    [reason] = errors(release_plan(await fleet.plan(), "far"))
    assert "tag 2.0.0 holds the chart in version 1.0.0; Flux refuses that" in reason


async def test_a_chart_of_a_helm_repository_that_is_a_registry_has_its_own_version(
    fleet: Bench, registry: Distribution, tmp_path: Path
) -> None:
    for version in ("1.0.0", "1.1.0"):
        archive = pack(tmp_path / "packed", "web", version)
        await asyncio.to_thread(registry.push_chart, archive, "helm")
    repository = source("HelmRepository", "far", f"type: oci, url: '{registry.url('helm')}'", "shop")
    fleet.work.commit(
        {"apps/far.yaml": from_chart("HelmRepository", "1.0.x"), "apps/source.yaml": repository}
    )
    fleet.work.commit({"apps/far.yaml": from_chart("HelmRepository", "1.x")})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert [f.new for c in release_plan(plan, "far").changes for f in c.fields] == ["1.1.0"]


def names(plan: Plan) -> list[str]:
    return [change.id.name for change in target(plan, "flux-system/theirs", "staging").changes]
