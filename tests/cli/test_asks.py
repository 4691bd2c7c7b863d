"""What `longshore config check` says of the places that generators may ask about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.cli.findings import Finding, by_asking, in_the_file
from bot.config import Config
from tests.sandbox.forge import StandInGitHub, StandInGitLab
from tests.sandbox.forge.core.people import Role

Hands = StandInGitHub | StandInGitLab


def config(forge: Mapping[str, Any], *asks: str, **entry: Any) -> Config:
    repository = {"forge": "hub", "repository": "acme/fleet", "argocd": {"asks": list(asks)}, **entry}
    return Config.model_validate(
        {"dataDir": "/nowhere", "forges": {"hub": forge}, "repositories": [repository]}
    )


async def told(hands: Hands, tmp_path: Path, *asks: str) -> list[Finding]:
    """About what the repository asks, of a forge that shows us `acme/fleet` and `acme/shop`."""
    for name in ("acme/fleet", "acme/shop"):
        known = await hands.create_repo(name, files={"a.yaml": b""})
        hands.give_role(known, "delivery-bot", Role.WRITE)
    file = tmp_path / "token"
    file.write_text(hands.token("delivery-bot"))
    kind = "github" if isinstance(hands, StandInGitHub) else "gitlab"
    if isinstance(hands, StandInGitHub):
        hands.create_org("acme")
    forge = {
        "kind": kind,
        "gitUrl": hands.url,
        "token": f"${{file:{file}}}",
        "webhookSecrets": ["${env:HOOK_SECRET}"],
    }
    return [found async for found in by_asking(config(forge, *asks)) if "argocd.asks" in found[1]]


@pytest.fixture(params=["github", "gitlab"])
def hands(
    request: pytest.FixtureRequest,
    github: StandInGitHub,
    gitlab: StandInGitLab,
    monkeypatch: pytest.MonkeyPatch,
) -> Hands:
    monkeypatch.setenv("HOOK_SECRET", "a shared secret")
    return github if request.param == "github" else gitlab


async def test_what_can_be_asked_about_is_said(hands: Hands, tmp_path: Path) -> None:
    at = "repository hub:acme/fleet: `argocd.asks`"
    assert await told(hands, tmp_path, "Acme/Shop", "acme/*", "acme/web-*", "*/*") == [
        ("ok", f"{at}: acme/shop can be asked about"),
        ("ok", f"{at}: what acme has can be listed"),
    ]


async def test_what_is_not_shown_to_us_is_a_failure_and_an_owner_that_cannot_be_listed_a_warning(
    hands: Hands, tmp_path: Path
) -> None:
    found = await told(hands, tmp_path, "acme/none", "nobody/*")
    assert [(level, line.split(": ")[1].split("names ")[1]) for level, line in found] == [
        ("FAIL", "acme/none"),
        ("warn", "nobody/*"),
    ]


async def test_a_rename_is_said(
    github: StandInGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a shared secret")
    old = await github.create_repo("acme/old")
    github.give_role(old, "delivery-bot", Role.WRITE)
    github.forge.rename(old, "new")
    ((level, line),) = await told(github, tmp_path, "acme/old")
    assert (level, "called acme/new by now" in line) == ("warn", True)


@pytest.mark.parametrize(("discover", "is_of_use"), [("auto", True), ("argocd", True), ("flux", False)])
def test_where_no_generator_is_looked_for_the_file_alone_tells_it(discover: str, is_of_use: bool) -> None:
    forge = {"token": "${env:TOKEN}", "webhookSecrets": ["${env:HOOK_SECRET}"]}
    found = [line for _, line in in_the_file(config(forge, "acme/shop", discover=discover))]
    said = f"repository hub:acme/fleet: `argocd.asks` is of no use with `discover: {discover}`"
    assert (said not in found) is is_of_use
