"""A Flux repository as the bot meets it: found, rendered, planned, and left to Flux."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.render.sopsfiles import encrypt
from tests.sandbox.registry.charts import pack, write_index
from tests.sandbox.registry.shop import Shop, saying, shop_in
from tests.stories.fluxfiles import (
    FLEET_KEY,
    bootstrap,
    chart_of,
    flux_kustomization,
    helm_repository,
    own_chart,
    release,
)
from tests.stories.manifests import NS, Files, config_map, secret
from tests.stories.story import Story
from tests.stories.test_plan import kept
from tests.stories.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

APPS: Files = {
    "clusters/staging/apps.yaml": flux_kustomization("apps", "apps"),
    "apps/settings.yaml": config_map("settings", NS, level="1"),
}


async def fleet(town: Town, slug: str, files: Files) -> Story:
    story = await town.story(slug)
    await story.push({**bootstrap("staging", town.forge.clone_url(story.repo)), **APPS, **files})
    return story


@pytest_asyncio.fixture(loop_scope="session")
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A Helm repository with two versions of one chart."""
    for version in ("1.0.0", "1.1.0"):
        await asyncio.to_thread(pack, tmp_path, "far", version)
    await asyncio.to_thread(write_index, tmp_path)
    async with shop_in(tmp_path) as opened:
        yield opened


async def test_a_changed_chart_shows_on_every_release_and_is_left_to_flux(town: Town) -> None:
    releases = {f"apps/{name}.yaml": release(name, NS) for name in ("web", "api")}
    story = await fleet(town, "flux", {**releases, **own_chart("{greeting: '{{ .Values.greeting }}'}")})
    changed = own_chart("{greeting: '{{ .Values.greeting }}, world'}", "1.0.1")
    pull = await story.open({**changed, "apps/settings.yaml": config_map("settings", NS, level="2")})
    body = await story.planned(pull, "hello, world", "Flux applies this", conclusion="success")
    for name in (f"{story.name}/web", f"{story.name}/api", "flux-system/apps"):
        assert name in body
    assert "3 of 4 targets change" in body
    sha = await story.merge(pull)
    await story.delivered(sha, "neutral", f"HelmRelease {story.name}/web")
    told = await story.told_on(pull, f"HelmRelease {story.name}/api", "Kustomization flux-system/apps")
    assert ":helm)" not in told
    assert await story.data("web") is None


async def test_a_chart_that_cannot_be_had_leaves_its_release_alone_unknown_until_it_can(
    town: Town, shop: Shop
) -> None:
    def far(version: str) -> str:
        return release("far", NS, chart_of("shop", "far", version))

    files = {"apps/far.yaml": far("1.0.0"), "apps/shop.yaml": helm_repository("shop", NS, shop.url)}
    story = await fleet(town, "chart", files)
    shop.instead["/index.yaml"] = saying(503)
    pull = await story.open(
        {"apps/far.yaml": far("1.1.0"), "apps/settings.yaml": config_map("settings", NS, level="2")}
    )
    body = await story.planned(pull, "status 503", conclusion="failure")
    assert "1.1.0" in body, "the version that changes"
    assert "level" in body, "what can be planned"
    shop.instead.clear()
    body = await story.planned(pull, "2 of 3 targets change", conclusion="success")
    assert "status 503" not in body


async def test_what_is_encrypted_is_decrypted_for_what_is_merged_and_shown_nowhere(town: Town) -> None:
    decryption = {"provider": "sops", "secretRef": {"name": "sops-age"}}
    story = await fleet(
        town,
        "sops",
        {"clusters/staging/apps.yaml": flux_kustomization("apps", "apps", decryption=decryption)},
    )
    words = [f"{story.name}-alpha", f"{story.name}-bravo"]

    async def encrypted(word: str) -> bytes:
        plain = secret("credentials", story.name, password=word).encode()
        return await asyncio.to_thread(
            encrypt, FLEET_KEY, plain, "yaml", "--encrypted-regex", "^(data|stringData)$"
        )

    await story.push({"apps/credentials.yaml": await encrypted(words[0])})
    pull = await story.open({"apps/credentials.yaml": await encrypted(words[1])})
    body = await story.planned(pull, "credentials", "encrypted", conclusion="success")
    assert "password" in body
    sha = await story.merge(pull)
    await story.delivered(sha, "neutral", "delivered by Flux")
    places = {"GitHub": story.everything_said(), "log": town.bot.log.text}
    places |= {str(path): text for path, text in kept(town.bot.data_dir)}
    assert [(place, word) for place, text in places.items() for word in words if word in text] == []
