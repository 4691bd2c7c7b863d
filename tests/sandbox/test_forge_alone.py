"""The stand-in as the demo runs it: by itself, without the official description, for people with a browser."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp

from tests.sandbox.forge import StandInGitHub
from tests.sandbox.forge.acme import Acme


async def test_runs_as_a_program_says_where_it_is_and_stops_when_told(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.sandbox.forge",
        "--dir",
        str(tmp_path / "forge"),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert process.stdout is not None
    facts = json.loads(await process.stdout.readline())
    headers = {"Authorization": f"Bearer {facts['token']}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(facts["api_url"] + "/repos/octo/fleet") as answer,
    ):
        assert (await answer.json())["clone_url"] == facts["clone_url"]
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_needs_nothing_that_only_tests_need() -> None:
    """The demo runs it where neither the judge's packages nor pytest need to be installed."""
    listing = "import sys, tests.sandbox.forge.__main__; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", listing, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    output, _ = await process.communicate()
    loaded = set(output.decode().split())
    assert "tests.sandbox.forge.server" in loaded
    assert not loaded & {"pytest", "jsonschema", "openapi_schema_validator", "tests.sandbox.forge.contract"}


async def test_needs_no_description(tmp_path: Path) -> None:
    async with StandInGitHub.running(tmp_path / "github") as github:
        repository = await github.create_repo("acme/fleet", files={"a": "1"})
        await github.push(repository, "x", {"a": "2"})
        await github.open_pull(repository, "x")


async def test_page_of_a_pull_request_shows_what_was_said_and_runs_none_of_it(acme: Acme) -> None:
    pull = await acme.pull()
    await acme.github.comment(pull, "<script>alert(1)</script>")
    output = {"title": "Plan", "summary": "1 to add"}
    run = await acme.bot.post(
        "/repos/acme/fleet/check-runs",
        data={"name": "plan", "head_sha": pull.head_sha, "conclusion": "success", "output": output},
    )
    async with acme.session.get(acme.github.page_url(pull)) as answer:
        page = await answer.text()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "plan: success" in page
    async with acme.session.get(run["html_url"]) as answer:
        assert "1 to add" in await answer.text()
    for path in ("/", "/acme/fleet"):
        async with acme.session.get(acme.github.url + path) as answer:
            assert answer.status == 200
