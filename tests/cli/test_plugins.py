"""Programs of the operator's at the command line: `longshore plan --plugins`, and what `config check` says of them."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from bot.cli import main
from bot.proc.programs import find
from tests.git.repos import Work
from tests.planning.argocd.declared import application
from tests.planning.conftest import config_map
from tests.render.plugin.programs import needs_confinement, shell

pytestmark = needs_confinement

PROGRAM = shell("cat *.tmpl")
MINE = {"command": list(PROGRAM.command), "read": list(PROGRAM.read), "env": dict(PROGRAM.env)}


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    for program in ("kustomize", "helm", "jsonnet"):
        monkeypatch.setenv(f"LONGSHORE_{program.upper()}", str(find(program)))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    work = Work.init(tmp_path / "work")
    work.commit(
        {
            "apps/made.yaml": application("made", "made", plugin={"name": "mine"}),
            "apps/json.yaml": application("json", "json"),
            "made/a.tmpl": config_map("a"),
            "json/a.jsonnet": '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "j"}, data: {v: "1"}}',
        }
    )
    work.write({"made/a.tmpl": config_map("a", "2")})
    work.write(
        {"json/a.jsonnet": '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "j"}, data: {v: "2"}}'}
    )
    return work


def plan(work: Work, *options: str) -> Result:
    return CliRunner().invoke(
        main, ["plan", "--repo", str(work.path), "--base", "HEAD", "--exit-code", *options]
    )


def config(tmp_path: Path, **told: Any) -> str:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump({"dataDir": str(tmp_path), **told}), encoding="utf-8")
    return str(file)


def test_without_a_file_that_names_them_it_is_unknown(work: Work) -> None:
    done = plan(work)
    assert done.exit_code == 3
    assert "is rendered by the plugin 'mine'" in done.stdout
    assert "`jsonnet.command` in config.yaml" in done.stdout


def test_with_one_it_is_planned_and_verified(work: Work, tmp_path: Path) -> None:
    file = config(tmp_path, plugins={"mine": MINE}, jsonnet={"command": [str(find("jsonnet"))]})
    done = plan(work, "--plugins", file, "--verify")
    assert done.exit_code == 2, done.output
    assert "--verify agrees: 2 targets" in done.stderr
    assert plan(work, "--plugins", file).exit_code == 2


def test_a_file_that_is_wrong_is_an_error_and_no_change(work: Work, tmp_path: Path) -> None:
    file = config(tmp_path, plugins={"mine": {"command": ["render"]}})
    done = plan(work, "--plugins", file)
    assert done.exit_code == 1
    assert "must be an absolute path" in done.output


def check(file: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(main, ["config", "check", "--config", file])
    return done.exit_code, [
        line
        for line in done.output.splitlines()
        if any(f" {name}" in line for name in ("plugin", "jsonnet", "kustomize"))
    ]


def test_a_program_that_is_there_is_named_with_whom_it_is_for(tmp_path: Path) -> None:
    found = config(tmp_path, plugins={"mine": {**MINE, "version": "v2"}, "open": {**MINE, "forks": True}})
    assert check(found) == (
        0,
        [
            "ok   plugin mine-v2: /bin/sh, for any pull request but those from forks",
            "ok   plugin open: /bin/sh, for any pull request",
        ],
    )


def test_a_program_that_is_missing_is_a_failure(tmp_path: Path) -> None:
    broken = {**MINE, "command": ["/nowhere/render"]}
    file = config(
        tmp_path,
        plugins={"mine": broken},
        jsonnet={"command": ["/nowhere/jsonnet"], "read": ["/gone"]},
        kustomize={**MINE, "read": ["/gone"]},
    )
    status, lines = check(file)
    assert status == 1
    assert lines == [
        "FAIL plugin mine: /nowhere/render is no program that can be executed on this machine",
        "FAIL jsonnet: /nowhere/jsonnet is no program that can be executed on this machine",
        "FAIL kustomize: /gone, which it is to read, does not exist on this machine",
    ]
