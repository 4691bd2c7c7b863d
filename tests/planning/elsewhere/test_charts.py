"""Charts of a Helm repository: resolved, fetched once, shown, and told of where that fails."""

from pathlib import Path

from bot.registry import Limits
from bot.registry.cache import digest_of
from tests.planning.conftest import Bench, config_map, target
from tests.planning.elsewhere.declared import elsewhere, errors, from_chart, source, warnings
from tests.planning.test_releases import CHART, release, release_plan
from tests.sandbox.registry.charts import pack, write_index
from tests.sandbox.registry.shop import Shop, saying


def in_shop(shop: Shop, version: str, more: str = "") -> dict[str, str]:
    return {
        "apps/far.yaml": from_chart("HelmRepository", version, more),
        "apps/source.yaml": source("HelmRepository", "far", f"url: '{shop.url}'", "shop"),
    }


async def test_a_chart_of_a_repository_is_resolved_fetched_and_shown(fleet: Bench, shop: Shop) -> None:
    fleet.work.commit(in_shop(shop, "1.0.x"))
    fleet.work.commit(in_shop(shop, "1.x"))
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    far = release_plan(plan, "far")
    assert far.status == "changed"
    [material] = far.materials
    assert material.old
    assert material.new
    assert (material.old.name, material.old.version, material.new.version) == ("chart web", "1.0.0", "1.1.0")
    assert material.new.digest.startswith("sha256:")
    assert far.changes


async def test_nothing_is_asked_for_a_release_that_does_not_change(fleet: Bench, shop: Shop) -> None:
    fleet.work.commit(in_shop(shop, "1.0.x"))
    fleet.work.commit({"apps/own.yaml": config_map("own", "2", namespace="shop")})
    plan = await fleet.plan()
    assert release_plan(plan, "far").status == "unchanged"
    assert shop.asked == []


async def test_a_repository_that_does_not_answer_makes_its_release_unknown_and_no_other(
    fleet: Bench, shop: Shop
) -> None:
    shop.instead["/index.yaml"] = saying(503)
    fleet.work.commit(in_shop(shop, "1.0.0"))
    fleet.work.commit({**in_shop(shop, "1.1.0"), "apps/own.yaml": config_map("own", "2", namespace="shop")})
    plan = await fleet.plan()
    far = release_plan(plan, "far")
    assert far.status == "unknown"
    assert [(f.path, f.old, f.new) for f in far.declared] == [("spec.chart.spec.version", "1.0.0", "1.1.0")]
    [reason] = errors(far)
    assert reason.startswith("its source, HelmRepository shop/far (apps/source.yaml): ")
    assert shop.address in reason
    assert target(plan, "flux-system/apps", "staging").status == "changed"


async def test_what_changes_beside_the_release_is_told_by_the_object_and_its_field(
    fleet: Bench, shop: Shop
) -> None:
    shop.instead["/index.yaml"] = saying(503)
    more = "  valuesFrom: [{kind: ConfigMap, name: lent}]\n"
    lent = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lent, namespace: shop}\ndata: {values.yaml: 'a: %s'}\n"
    fleet.work.commit({**in_shop(shop, "1.0.0", more), "apps/lent.yaml": lent % 1})
    moved = source("HelmRepository", "far", f"url: '{shop.url}/elsewhere'", "shop")
    fleet.work.commit({"apps/source.yaml": moved, "apps/lent.yaml": lent % 2})
    far = release_plan(await fleet.plan(), "far")
    assert [(f.path, f.old, f.new) for f in far.declared] == [
        ('ConfigMap lent: ["values.yaml"]', "a: 1", "a: 2"),
        ("HelmRepository shop/far: spec.url", shop.url, f"{shop.url}/elsewhere"),
    ]


async def test_a_version_that_does_not_exist_is_named_with_those_that_do(fleet: Bench, shop: Shop) -> None:
    fleet.work.commit(in_shop(shop, "1.0.0"))
    fleet.work.commit(in_shop(shop, "1.7.0"))
    [reason] = errors(release_plan(await fleet.plan(), "far"))
    assert "1.7.0" in reason
    assert "1.1.0" in reason


async def test_a_version_that_was_published_again_is_told_until_it_is_looked_at_once_more(
    fleet: Bench, shop: Shop, tmp_path: Path
) -> None:
    fleet.work.commit(in_shop(shop, "1.0.0"))
    fleet.work.commit(in_shop(shop, "1.0.0", "  values: {greeting: hi}\n"))
    assert warnings(release_plan(await fleet.plan(), "far")) == []
    before = digest_of(shop.directory / "web-1.0.0.tgz")
    pack(shop.directory, "web", "1.0.0", {"values.yaml": "greeting: other\n"})
    write_index(shop.directory)
    after = digest_of(shop.directory / "web-1.0.0.tgz")
    for limits in (Limits(recheck_s=0.0, fresh_s=0.0), Limits()):
        await fleet.elsewhere.close()
        fleet.elsewhere = elsewhere(tmp_path, limits=limits)
        [said] = warnings(release_plan(await fleet.plan(), "far"))
        assert f"chart web 1.0.0 was {before} when it was last looked at, and is {after} now" in said
    await fleet.elsewhere.close()
    fleet.elsewhere = elsewhere(tmp_path, limits=Limits(recheck_s=0.0))
    assert warnings(release_plan(await fleet.plan(), "far")) == []


async def test_many_releases_of_one_chart_take_one_index_and_one_archive(fleet: Bench, shop: Shop) -> None:
    fleet.work.commit({"apps/source.yaml": in_shop(shop, "1.0.0")["apps/source.yaml"]})
    fleet.work.commit(
        {f"apps/r{n}.yaml": from_chart("HelmRepository", "1.x", name=f"r{n}") for n in range(12)}
    )
    plan = await fleet.plan()
    assert all(release_plan(plan, f"r{n}").status == "added" for n in range(12))
    assert shop.asked == ["GET /index.yaml", "GET /web-1.1.0.tgz"]


async def test_a_dependency_that_flux_cannot_fetch_is_told(fleet: Bench) -> None:
    needs = "dependencies: [{name: web, version: 1.0.0, repository: '@stable'}]\n"
    fleet.work.commit({**CHART, "apps/web.yaml": release("web")})
    fleet.work.commit({"charts/web/Chart.yaml": CHART["charts/web/Chart.yaml"] + needs})
    [reason] = errors(release_plan(await fleet.plan(), "web"))
    assert "'@stable' is no address that Flux takes for a repository" in reason


async def test_dependencies_of_a_chart_in_the_tree_are_fetched(fleet: Bench, shop: Shop) -> None:
    needs = "dependencies: [{{name: web, alias: {0}, version: 1.x, repository: '{1}'}}]\n"
    fleet.work.commit({**CHART, "apps/web.yaml": release("web")})
    chart = CHART["charts/web/Chart.yaml"].replace("name: web", "name: shell") + needs.format("x", shop.url)
    fleet.work.commit({"charts/web/Chart.yaml": chart})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    changed = release_plan(plan, "web")
    assert [m.new.version for m in changed.materials if m.new] == ["1.1.0"]
    assert [str(c.id) for c in changed.changes]
