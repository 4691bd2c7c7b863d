"""Charts that kustomizations inflate: those of a repository are fetched, shown, and told of where that fails."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.planning.conftest import Bench, config_map, kustomization, statuses, target
from tests.planning.elsewhere.declared import elsewhere, errors
from tests.render.helm.releases import chart, config
from tests.sandbox.registry.shop import Shop, saying


@pytest_asyncio.fixture
async def asking(bench: Bench, tmp_path: Path) -> AsyncIterator[Bench]:
    """It finds the roots of kustomize, and may fetch."""
    bench.elsewhere = elsewhere(tmp_path)
    bench.work.commit({"own/kustomization.yaml": kustomization("cm.yaml"), "own/cm.yaml": config_map("own")})
    yield bench
    await bench.elsewhere.close()


def inflating(shop: Shop, version: str, more: str = "") -> dict[str, str]:
    entry = f"{{name: web, repo: '{shop.url}', version: '{version}', releaseName: web{more}}}"
    return {"app/kustomization.yaml": f"namespace: shop\nhelmCharts: [{entry}]\n"}


async def test_a_new_version_of_a_chart_is_fetched_inflated_and_shown(asking: Bench, shop: Shop) -> None:
    asking.work.commit(inflating(shop, "1.0.0"))
    asking.work.commit(inflating(shop, "1.1.0"))
    plan, verified = await asking.verified()
    assert verified.disagreements == ()
    app = target(plan, "app")
    assert app.status == "changed"
    [material] = app.materials
    assert material.old
    assert material.new
    assert (material.old.name, material.old.version, material.new.version) == ("chart web", "1.0.0", "1.1.0")
    assert app.changes
    assert statuses(plan)["own"] == "unchanged"


async def test_nothing_is_asked_for_a_chart_of_a_target_that_does_not_change(
    asking: Bench, shop: Shop
) -> None:
    asking.work.commit(inflating(shop, "1.0.0"))
    asking.work.commit({"own/cm.yaml": config_map("own", "2")})
    assert statuses(await asking.plan()) == {"app": "unchanged", "own": "changed"}
    assert shop.asked == []


async def test_a_repository_that_does_not_answer_makes_its_target_unknown_and_no_other(
    asking: Bench, shop: Shop
) -> None:
    shop.instead["/index.yaml"] = saying(503)
    asking.work.commit(inflating(shop, "1.0.0"))
    asking.work.commit({**inflating(shop, "1.1.0"), "own/cm.yaml": config_map("own", "2")})
    plan = await asking.plan()
    assert statuses(plan) == {"app": "unknown", "own": "changed"}
    assert shop.address in errors(target(plan, "app"))[0]


async def test_a_chart_of_the_tree_changes_those_who_inflate_it(asking: Bench) -> None:
    files = chart({"a.yaml": config(greet="{{ .Values.greet }}")}, values_DOT_yaml="greet: hi\n")
    entry = "helmGlobals: {chartHome: ../charts}\nhelmCharts: [{name: web, releaseName: web}]\n"
    asking.work.commit({**{path: str(text) for path, text in files.items()}, "app/kustomization.yaml": entry})
    asking.work.commit({"charts/web/values.yaml": "greet: hello\n"})
    plan, verified = await asking.verified()
    assert verified.disagreements == ()
    (change,) = target(plan, "app").changes
    assert [(f.path, f.old, f.new) for f in change.fields] == [("data.greet", "hi", "hello")]
