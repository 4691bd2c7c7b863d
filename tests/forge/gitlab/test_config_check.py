"""`longshore config check` on a strict GitLab, from a configuration file on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.cli.findings import Finding, by_asking
from bot.config import Config
from tests.forge.gitlab.conftest import PATH, World
from tests.sandbox.forge import Level


async def findings(
    world: World, tmp_path: Path, token: str, *, entry: Mapping[str, Any] | None = None, **more: Any
) -> list[Finding]:
    """`entry` is what else is said of the repository, `more` of the forge."""
    file = tmp_path / "token"
    file.write_text(token)
    forge = {
        "kind": "gitlab",
        "gitUrl": world.gitlab.url,
        "token": f"${{file:{file}}}",
        "webhookSecrets": ["${env:HOOK_SECRET}"],
        **more,
    }
    repositories = [{"forge": "lab", "repository": path} for path in (PATH, "acme/none", "acme/*")]
    repositories[0] |= entry or {}
    config = Config.model_validate(
        {"dataDir": str(tmp_path / "data"), "forges": {"lab": forge}, "repositories": repositories}
    )
    return [
        finding async for finding in by_asking(config) if finding[1].startswith(("forge ", "repository "))
    ]


async def test_who_we_are_and_what_is_done_in_place_of_what_is_said(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a shared secret")
    told = await findings(world, tmp_path, world.token.bearer.text)
    (failed,) = [line for level, line in told if level != "ok"]
    assert failed.startswith("repository lab:acme/none: GitLab shows us no project acme/none")
    assert told[0][1] == f"forge lab: we are {world.us.login}"
    assert any("commit status" in line for _, line in told)


async def test_what_the_token_lacks_is_a_failure(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a shared secret")
    poor = world.gitlab.project_token(world.fleet, "poor", level=Level.DEVELOPER, scopes=("read_api",))
    assert ("FAIL", "forge lab: the token poor lacks the scope `api`") in await findings(
        world, tmp_path, poor.bearer.text
    )


async def test_a_role_that_does_not_suffice_and_a_rename_are_said(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a shared secret")
    poor = world.gitlab.project_token(world.fleet, "poor", level=Level.REPORTER)
    world.gitlab.rename(world.fleet, "acme/new/navy")
    told = await findings(world, tmp_path, poor.bearer.text)
    about = [(level, line) for level, line in told if PATH in line]
    assert [level for level, _ in about] == ["ok", "FAIL", "warn"]
    assert "role Developer" in about[1][1]
    assert "called acme/new/navy by now" in about[2][1]


async def test_the_number_of_each_repository_is_told_and_another_than_is_meant_is_a_failure(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a shared secret")

    async def told(**entry: int) -> tuple[str, str]:
        found = await findings(world, tmp_path, world.token.bearer.text, entry=entry)
        (line,) = [one for one in found if one[1].startswith(f"repository lab:{PATH}: ")]
        return line

    number = world.fleet.id
    level, line = await told()
    assert (level, f"number {number}; `id: {number}`" in line) == ("ok", True)
    assert await told(id=number) == ("ok", f"repository lab:{PATH}: number {number}, as config.yaml says")
    level, line = await told(id=number + 1)
    assert (level, f"config.yaml means number {number + 1}" in line) == ("FAIL", True)
    assert f"`id: {number}`" in line


async def test_a_hook_of_ours_that_gitlab_has_disabled_is_a_failure_with_the_way_to_mend_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a shared secret")
    ours = world.gitlab.add_hook(world.fleet, "https://longshore.example.com/below/hooks/lab")
    world.gitlab.add_hook(world.fleet, "https://longshore.example.com/hooks/lab")
    theirs = world.gitlab.add_hook(world.fleet, "https://ci.example.com/hooks/laboratory")
    for hook in (ours, theirs):
        world.gitlab.state.hooks.of(hook).failures = 41
    told = await findings(world, tmp_path, world.token.bearer.text)
    (line,) = [line for level, line in told if level == "FAIL" and PATH in line]
    assert f"disabled the webhook {ours.id}, since" in line
    assert "Settings, Webhooks" in line
    # Who is no maintainer sees none.
    poor = world.gitlab.project_token(world.fleet, "poor", level=Level.DEVELOPER)
    told = await findings(world, tmp_path, poor.bearer.text)
    assert not [line for level, line in told if level == "FAIL" and PATH in line]


async def test_a_hook_that_rests_is_said_to_rest_until_when(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a shared secret")
    hook = world.gitlab.add_hook(world.fleet, "https://longshore.example.com/hooks/lab")
    world.gitlab.state.hooks.of(hook).rests_until = datetime(2100, 1, 2, 3, 4, tzinfo=UTC)
    told = await findings(world, tmp_path, world.token.bearer.text)
    assert any("until 2100-01-02 03:04 UTC" in line for level, line in told if level == "FAIL")


async def test_a_token_that_is_none_and_a_secret_that_proves_nothing_are_failures(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "whsec_???")
    told = await findings(world, tmp_path, "glpat-wrong")
    assert {level for level, _ in told} == {"FAIL"}
    assert "no webhook secret" in told[0][1]
    assert "does not take the token" in told[1][1]
    assert "glpat-wrong" not in str(told)
