"""What `longshore config check` says of a file that is valid as it is."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from bot.cli import main

STAGING = {"environment": "staging", "kubeVersion": "1.34.2"}


def check(tmp_path: Path, *options: str, **config: Any) -> tuple[int, list[str]]:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump({"dataDir": str(tmp_path), **config}), encoding="utf-8")
    done = CliRunner().invoke(main, ["config", "check", "--config", str(file), *options])
    return done.exit_code, done.output.splitlines()[1:]


def test_the_hosts_that_may_be_asked_are_named(tmp_path: Path) -> None:
    hosts = ["charts.example.com", "*.githubusercontent.com"]
    assert check(tmp_path, "--offline", sources={"hosts": hosts}) == (
        0,
        ["ok   sources: may be fetched from charts.example.com, *.githubusercontent.com"],
    )
    _, [line] = check(tmp_path, "--offline")
    assert line.startswith("ok   sources: nothing is fetched")


def test_credentials_for_a_host_that_may_not_be_asked_are_warned_of(tmp_path: Path) -> None:
    of = {"username": "robot", "password": "${env:REGISTRY_PASSWORD}"}
    credentials = [{"host": host, **of} for host in ("a.example.com", "b.example.com", "c.example.com:5000")]
    sources = {"hosts": ["a.example.com", "c.example.com"], "credentials": credentials}
    status, lines = check(tmp_path, "--offline", sources=sources)
    assert status == 0
    warned = [line for line in lines if line.startswith("warn")]
    assert [line.split("for ")[1].split()[0] for line in warned] == ["b.example.com", "c.example.com:5000"]
    assert all("`sources.hosts`" in line for line in warned)


def test_credentials_that_cannot_be_read_are_a_failure_without_their_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GONE", raising=False)
    sources = {
        "hosts": ["a.example.com"],
        "credentials": [{"host": "a.example.com", "token": "${env:GONE}"}],
    }
    status, lines = check(tmp_path, sources=sources)
    assert status == 1
    assert [line for line in lines if line.startswith("FAIL")] == [
        "FAIL sources, credentials: the environment variable GONE is not set (it is named by ${env:GONE})"
    ]


def test_a_cluster_that_is_only_described_is_not_asked(tmp_path: Path) -> None:
    told = {"staging": {**STAGING, "allow": [{"repository": "acme/fleet"}]}}
    status, lines = check(tmp_path, clusters=told)
    assert status == 0
    assert lines[-1].startswith("ok   cluster staging: taken for 1.34.2, and never asked")


def test_a_description_of_a_cluster_that_reaches_nobody_is_warned_of(tmp_path: Path) -> None:
    _, lines = check(tmp_path, "--offline", clusters={"staging": STAGING})
    assert lines[-1].startswith("warn cluster staging: no repository is told its version")


def test_a_teams_file_is_checked_as_a_plan_reads_it(tmp_path: Path) -> None:
    def team(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["config", "check", "--repo", str(tmp_path), *options])
        return done.exit_code, done.output

    file = tmp_path / ".longshore.yaml"
    file.write_text("targets: [{name: web, cluster: staging, path: apps}]\n", encoding="utf-8")
    assert team() == (0, f"{file}: 1 target\n")
    status, said = team("--config", str(tmp_path / "gone.yaml"))
    assert (status, "gone.yaml: cannot be read" in said) == (1, True)
    file.write_text("", encoding="utf-8")
    assert team() == (0, f"{file}: no target; all are discovered\n")
    file.rename(tmp_path / "elsewhere.yaml")
    file.symlink_to("elsewhere.yaml")
    assert team() == (1, f"Error: {file} must be a file, not a link or a directory\n")
