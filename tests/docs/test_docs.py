"""Documentation that is missing or stale fails here."""

import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
import yaml

from bot.cli import COMMANDS
from bot.cli.config import TEAM_EXAMPLE_TITLE
from bot.config import TeamConfig, parse_operator, parse_team
from bot.config.example import example
from bot.web.metrics import Metrics as WebMetrics
from bot.worker.metrics import Metrics as WorkerMetrics

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *DOCS.glob("*.md")]
ANCHOR = re.compile(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")
YAML_BLOCK = re.compile(r"^ *```yaml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def commands() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        command = import_module(f"bot.cli.{name}").command
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())


def test_every_command_and_option_is_documented() -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    missing = [
        f"{name} {option}"
        for name, command in commands()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if f"`{option}" not in page and f" {option}" not in page
    ]
    missing += [
        name
        for name, _ in commands()
        if f"`{name.rpartition(' ')[2]}" not in page and f"longshore {name}" not in page
    ]
    assert missing == []


def test_every_metric_is_documented_and_nothing_else() -> None:
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(longshore_\w+)`", page, re.MULTILINE))
    defined = {
        family.name for metrics in (WebMetrics(), WorkerMetrics()) for family in metrics.registry.collect()
    }
    assert documented == defined


def test_the_teams_file_is_documented_as_the_schema_has_it() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert f"```yaml\n{example(TeamConfig, TEAM_EXAMPLE_TITLE)}```" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_heading_that_is_linked_to_is_there(page: Path) -> None:
    links = ANCHOR.findall(page.read_text(encoding="utf-8"))
    assert [
        (file, heading)
        for file, heading in links
        if heading not in headings((page.parent / file) if file else page)
    ] == []


def headings(page: Path) -> set[str]:
    """As forges name them in links."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_table_is_whole(page: Path) -> None:
    lines = ["", *page.read_text(encoding="utf-8").splitlines(), ""]
    rows = [number for number, line in enumerate(lines) if line.startswith("|")]
    first = [number for number in rows if not lines[number - 1].startswith("|")]
    assert [lines[number] for number in first if not re.fullmatch(r"[|: -]+", lines[number + 1])] == []
    assert [
        lines[number]
        for number in rows
        if number not in first and columns(lines[number]) != columns(lines[number - 1])
    ] == []


def columns(row: str) -> int:
    return row.replace("\\|", "").count("|")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_configuration_that_is_shown_is_valid(page: Path) -> None:
    for text in YAML_BLOCK.findall(page.read_text(encoding="utf-8")):
        shown = yaml.safe_load(textwrap.dedent(text))
        if "targets" in shown:
            parse_team(text.encode(), page.name)
            continue
        # What a page leaves out for brevity: a part of the file is shown, without what it refers to.
        forge = {"token": "${env:A}", "webhookSecrets": ["${env:B}"]}
        forges = {entry["forge"]: forge for entry in shown.get("repositories", ())}
        parse_operator(
            yaml.safe_dump({**shown, "forges": {**forges, **shown.get("forges", {})}}).encode(), page.name
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_has_the_options_it_is_shown_with(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name, command in commands():
        if isinstance(command, click.Group):
            continue
        known = {option for parameter in command.params for option in parameter.opts}
        for rest in re.findall(rf"longshore {name}\b([^\n`#]*)", text):
            assert set(re.findall(r"--[\w-]+", rest)) <= known


def test_the_files_the_architecture_names_exist() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:bot|tests|docs)/[\w./]+)`", page)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
