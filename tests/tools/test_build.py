from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.build import main
from tools.programs import FAMILIES, FLUX, GROUPS, ORACLES, family_of

PROJECT = Path(__file__).resolve().parents[2]


def test_the_list_names_every_program_with_its_version(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for family in FAMILIES:
        for program in family.binaries:
            assert any(line.split()[:2] == [program, family.version] for line in lines)


def test_the_directory_of_what_is_not_there_is_an_error_with_the_way_out(
    cache: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--print-dir", "github-description"]) == 1
    assert "run: python tools/build.py github-description" in capsys.readouterr().err


def test_an_unknown_name_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["kustomise"])
    assert "'kustomise' is none of kustomize, etcd" in capsys.readouterr().err


def test_what_others_run_is_built_by_name_only() -> None:
    assert not {family.name for family in ORACLES} & {family.name for family in GROUPS["all"]}
    assert GROUPS["flux"] == FLUX
    assert GROUPS["oracles"] == (*FLUX, family_of("argocd"), family_of("gitea"))


def test_it_runs_as_a_plain_script_without_the_projects_environment(cache: Path) -> None:
    command = [sys.executable, "-S", "-E", "-s", str(PROJECT / "tools" / "build.py"), "--list"]
    said = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")
