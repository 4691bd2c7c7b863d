"""Single files that a kustomization builds on by their URL."""

from pathlib import Path

import pytest
from aiohttp import web

from bot.model.hosts import Hosts
from bot.model.remote import RemoteKind, RemoteRef
from bot.planning.elsewhere import MOST_FILES
from tests.planning.conftest import Bench, config_map, kustomization, target
from tests.planning.elsewhere.declared import elsewhere, errors, made_of, new_values
from tests.sandbox.registry.shop import Shop, saying

APPS = "flux-system/apps"


def building_on(*urls: str) -> dict[str, str]:
    return {"apps/kustomization.yaml": kustomization("own.yaml", *(f"'{url}'" for url in urls))}


async def test_a_file_is_rendered_as_its_url_gives_it(fleet: Bench, shop: Shop) -> None:
    for version in ("1", "2"):
        (shop.directory / f"v{version}").mkdir()
        (shop.directory / f"v{version}" / "cm.yaml").write_text(config_map("theirs", version))
    fleet.work.commit(building_on(f"{shop.url}/v1/cm.yaml"))
    fleet.work.commit(building_on(f"{shop.url}/v2/cm.yaml"))
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert new_values(plan, APPS) == ["2"]
    assert [name for name, _, _ in made_of(target(plan, APPS, "staging"))] == [
        f"file {shop.url}/v{version}/cm.yaml" for version in ("1", "2")
    ]


async def test_a_file_that_is_another_each_time_is_the_same_on_both_sides(fleet: Bench, shop: Shop) -> None:
    count = 0

    async def another(_: web.Request) -> web.StreamResponse:
        nonlocal count
        count += 1
        return web.Response(text=config_map("theirs", str(count)))

    shop.instead["/cm.yaml"] = another
    fleet.work.commit(building_on(f"{shop.url}/cm.yaml"))
    fleet.work.commit({"apps/own.yaml": config_map("own", "2", namespace="shop")})
    assert new_values(await fleet.plan(), APPS) == ["2"]
    assert count == 1


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (404, "", "does not exist, or is not shown to everybody"),
        (503, "", "fails on its side"),
        (200, "<html><body>Sign in</body></html>", ""),
        (200, "kind: [", ""),
    ],
)
async def test_a_file_that_cannot_be_had_makes_its_target_unknown_and_no_other(
    fleet: Bench, shop: Shop, status: int, body: str, word: str
) -> None:
    shop.instead["/cm.yaml"] = saying(status, body)
    fleet.work.commit(building_on())
    fleet.work.commit(building_on(f"{shop.url}/cm.yaml"))
    plan = await fleet.plan()
    apps = target(plan, APPS, "staging")
    assert apps.status == "unknown"
    assert any(word in reason for reason in errors(apps))
    assert target(plan, "flux-system/flux-system", "staging").status == "unchanged"


async def test_a_file_of_a_host_that_nobody_allowed_is_not_asked_for(
    fleet: Bench, shop: Shop, tmp_path: Path
) -> None:
    fleet.elsewhere = elsewhere(tmp_path / "nobody", Hosts(("*",)))
    fleet.work.commit(building_on())
    fleet.work.commit(building_on(f"{shop.url}/cm.yaml"))
    [reason] = errors(target(await fleet.plan(), APPS, "staging"))
    assert "sources.hosts" in reason
    assert shop.asked == []


async def test_no_more_files_are_fetched_than_any_repository_needs(fleet: Bench, shop: Shop) -> None:
    refs = [RemoteRef(RemoteKind.FILE, f"{shop.url}/{number}.yaml") for number in range(MOST_FILES + 30)]
    for ref in refs:
        shop.instead[ref.url.removeprefix(shop.url)] = saying(200, config_map("theirs"))
    async with fleet.elsewhere.visit() as errand:
        found = await errand.remotes(refs)
    assert len(shop.asked) <= MOST_FILES
    assert sum(one.tree is not None for one in found.values()) == len(shop.asked)
    assert {one.problem for one in found.values() if one.tree is None} == {
        "it is one of more than 200 files, or 128 MiB of them"
    }
