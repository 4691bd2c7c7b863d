"""What the head of a change takes over from its base, and what it must not."""

from collections.abc import Mapping

import pytest

from bot.git.repository import Repository
from bot.planning.expand import expand_both
from tests.planning.conftest import Bench, config_map, kustomization
from tests.planning.test_flux import flux
from tests.planning.test_releases import CHART, release

SETTINGS = "  postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}\n"
VALUES = "  valuesFrom: [{kind: ConfigMap, name: web-values}]\n"


def values(greeting: str) -> str:
    return (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-values, namespace: shop}\n"
        f"data: {{values.yaml: 'greeting: {greeting}'}}\n"
    )


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.work.commit(
        {
            "clusters/staging/flux-system/gotk-sync.yaml": flux("flux-system", "clusters/staging"),
            "clusters/staging/flux-system/kustomization.yaml": kustomization("gotk-sync.yaml"),
            "clusters/staging/settings.yaml": flux("settings", "settings"),
            "clusters/staging/apps.yaml": flux("apps", "apps", SETTINGS),
            "clusters/staging/other.yaml": flux("other", "other"),
            "settings/settings.yaml": config_map("settings", namespace="flux-system"),
            "apps/web.yaml": release("web", VALUES),
            "apps/values.yaml": values("hello"),
            "other/api.yaml": release("api"),
            "other/x.yaml": config_map("x", namespace="shop"),
            **CHART,
        }
    )
    return bench


async def taken_over(shop: Bench, changed: Mapping[str, str]) -> set[str]:
    """The names of the targets that are the very same on both sides of this change."""
    shop.work.commit(changed)
    async with Repository.open(shop.work.path) as repository:
        base = await repository.tree((await shop.side(repository, "HEAD~1")).tree)
        head = await repository.tree((await shop.side(repository, "HEAD")).tree)
        before, after = await expand_both(repository, base, head, shop.finding, shop.renderings())
    return {
        name.name.rpartition("/")[2]
        for name, traced in after.targets.items()
        if traced is before.targets.get(name)
    }


ALL = {"flux-system", "settings", "apps", "other", "web:helm", "api:helm"}


async def test_a_change_of_one_file_leaves_every_other_target_as_it_was(shop: Bench) -> None:
    changed = {"other/x.yaml": config_map("x", "2", namespace="shop")}
    assert await taken_over(shop, changed) == ALL - {"other"}


async def test_a_file_that_nothing_reads_leaves_all_of_them(shop: Bench) -> None:
    assert await taken_over(shop, {"README.md": "hello"}) == ALL


async def test_whoever_takes_variables_from_a_changed_target_is_looked_at_again(shop: Bench) -> None:
    changed = {"settings/settings.yaml": config_map("settings", "2", namespace="flux-system")}
    assert await taken_over(shop, changed) == ALL - {"settings", "apps", "web:helm"}


async def test_a_release_is_looked_at_again_where_its_values_change(shop: Bench) -> None:
    assert await taken_over(shop, {"apps/values.yaml": values("bye")}) == ALL - {"apps", "web:helm"}


async def test_a_changed_target_may_declare_what_others_take_from_elsewhere(shop: Bench) -> None:
    changed = {"clusters/staging/flux-system/more.yaml": config_map("settings", "3", namespace="flux-system")}
    changed["clusters/staging/flux-system/kustomization.yaml"] = kustomization("gotk-sync.yaml", "more.yaml")
    assert "apps" not in await taken_over(shop, changed)


async def test_a_source_that_changes_makes_its_users_be_looked_at_again(shop: Bench) -> None:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: flux-system, namespace: flux-system}\nspec: {url: 'https://git.example.test/a/b', interval: 1m}\n"
    )
    assert await taken_over(shop, {"clusters/staging/flux-system/source.yaml": source}) == set()


async def test_a_changed_template_touches_the_releases_of_its_chart_only(shop: Bench) -> None:
    changed = {"charts/web/values.yaml": "greeting: other\n"}
    assert await taken_over(shop, changed) == ALL - {"web:helm", "api:helm"}


async def test_what_never_renders_is_not_tried_again_by_every_change(shop: Bench) -> None:
    broken = flux("broken", "broken", "  postBuild: {substitute: {a: b}}\n")
    shop.work.commit(
        {
            "clusters/staging/broken.yaml": broken,
            "broken/web.yaml": release("of-broken", "  values: {greeting: '${unset}'}\n"),
        }
    )
    shop.work.commit({"other/x.yaml": config_map("x", "2", namespace="shop")})
    await shop.plan()
    assert "staging/flux-system/broken" in shop.rendered
    shop.rendered.clear()
    shop.work.commit({"other/x.yaml": config_map("x", "3", namespace="shop")})
    await shop.plan("HEAD~2")
    assert "staging/flux-system/broken" not in shop.rendered
