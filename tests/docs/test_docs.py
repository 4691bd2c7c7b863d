"""Documentation that is missing or stale fails here."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from bot.cli import COMMANDS
from bot.cli.config import TEAM_EXAMPLE_TITLE
from bot.config import TeamConfig
from bot.config.example import example
from bot.web.metrics import Metrics as WebMetrics
from bot.worker.metrics import Metrics as WorkerMetrics

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *DOCS.glob("*.md")]
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


def test_the_files_the_architecture_names_exist() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:bot|tests|docs)/[\w./]+)`", page)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
