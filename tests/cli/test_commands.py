"""The program as people type it: help that teaches and loads nothing, errors that say the way out."""

import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot.cli import COMMANDS, main
from bot.errors import UserError


def loaded_by(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_helps_with_examples(name: str) -> None:
    command = import_module(f"bot.cli.{name}").command
    assert command.short_help == COMMANDS[name]
    result = CliRunner().invoke(main, [name, "--help"], prog_name="longshore")
    assert result.exit_code == 0
    assert f"longshore {name}" in result.output
    assert "Examples:" in result.output or isinstance(command, click.Group)
    assert max(len(line) for line in result.output.splitlines()) <= 80


def test_help_lists_the_commands_without_loading_one() -> None:
    result = CliRunner().invoke(main, ["--help"], prog_name="longshore")
    assert result.exit_code == 0
    assert all(name in result.output and line in result.output for name, line in COMMANDS.items())
    assert max(len(line) for line in result.output.splitlines()) <= 80
    modules = loaded_by("from bot.cli import main\nmain(['--help'], standalone_mode=False)")
    assert not {f"bot.cli.{name}" for name in COMMANDS} & modules


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.output.startswith("longshore 0.")


def test_what_only_a_difference_needs_is_not_loaded_before_there_is_one() -> None:
    modules = loaded_by("import bot.cli, bot.cli.plan, bot.cli.planned")
    late = {
        *("bot.render.render", "bot.render.walker", "bot.render.sops.decrypt", "bot.render.copies"),
        *("bot.planning.argocd.controller", "bot.planning.flux.controller", "bot.planning.exhaustive"),
        *("bot.registry", "bot.git.foreign", "bot.config", "re2"),
    }
    assert not late & modules


def test_git_is_asked_before_what_plans_is_loaded() -> None:
    modules = loaded_by("import bot.cli, bot.cli.plan, bot.cli.sides, bot.proc.sandbox")
    assert not {"bot.planning", "bot.render", "bot.discover", "bot.model.plan", "yaml", "msgspec"} & modules


def test_planning_loads_neither_web_nor_worker_nor_forge_nor_cluster_code() -> None:
    modules = loaded_by("import bot.cli, bot.cli.plan, bot.cli.planned, bot.report.plan_json")
    roots = {name.partition(".")[0] for name in modules}
    assert (
        not {"aiohttp", "arq", "redis", "structlog", "gidgethub", "kubernetes_asyncio", "prometheus_client"}
        & roots
    )
    assert not {"pydantic", "jinja2"} & roots
    rooms = {".".join(name.split(".")[:2]) for name in modules if name.startswith("bot.")}
    assert (
        not {"bot.web", "bot.worker", "bot.store", "bot.forge", "bot.kube", "bot.loops", "bot.engines"}
        & rooms
    )


def test_an_unknown_command_is_answered_with_those_there_are() -> None:
    result = CliRunner().invoke(main, ["deply"])
    assert result.exit_code == 2
    assert "no command 'deply'" in result.output
    assert "worker" in result.output


@pytest.mark.parametrize("name", ["web", "worker", "run"])
def test_a_missing_configuration_is_said_in_one_line(name: str, tmp_path: Path) -> None:
    result = _run(name, "--config", str(tmp_path / "none.yaml"))
    assert result.returncode == 1
    assert "none.yaml" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_lone_process_says_that_it_needs_a_store(name: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("{}")
    result = _run(name, "--config", str(tmp_path / "config.yaml"))
    assert result.returncode == 1
    assert "longshore run" in result.stderr


def test_an_error_of_ours_ends_with_its_message_and_its_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def failing() -> None:
        raise UserError("it is broken", hint="mend it")

    monkeypatch.setattr("bot.cli.plan.command", failing)
    result = CliRunner().invoke(main, ["plan"])
    assert (result.exit_code, result.output) == (1, "Error: it is broken\n  mend it\n")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "bot.cli", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file = tmp_path / "config.yaml"
        file.write_text(f"dataDir: {tmp_path}\nweb: {{port: {port}}}\n", encoding="utf-8")
        store = ["--store-url", "redis://127.0.0.1:1/0"]
        done = CliRunner().invoke(main, ["web", "--config", str(file), *store])
    assert done.exit_code == 1
    assert f"('127.0.0.1', {port}): address already in use" in done.output
    assert "web.port" in done.output


def test_a_directory_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    file = tmp_path / "config.yaml"
    file.write_text(f"dataDir: {tmp_path}/data\nstore: {{url: embedded}}\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["run", "--config", str(file)])
    assert done.exit_code == 1
    assert f"Error: {tmp_path}/data" in done.output
    assert "dataDir" in done.output
