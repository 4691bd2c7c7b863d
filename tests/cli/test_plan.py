"""`longshore plan` as scripts see it: what its exit status says, and what it never writes to a terminal."""

import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.cli.progress import Progress
from bot.proc.programs import find
from tests.git.repos import Work
from tests.planning.conftest import config_map, kustomization


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setenv("LONGSHORE_KUSTOMIZE", str(find("kustomize")))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    work = Work.init(tmp_path / "work")
    work.commit({"app/kustomization.yaml": kustomization("cm.yaml"), "app/cm.yaml": config_map("a")})
    return work


def status(work: Work, *options: str) -> int:
    return CliRunner().invoke(main, ["plan", "--repo", str(work.path), "--base", "HEAD", *options]).exit_code


def test_the_exit_status_tells_nothing_changes_and_unknown_apart(work: Work) -> None:
    assert (status(work), status(work, "--exit-code")) == (0, 0)
    work.write({"app/cm.yaml": config_map("a", "2")})
    assert (status(work), status(work, "--exit-code")) == (0, 2)
    work.write({"app/cm.yaml": "a: [\n"})
    assert (status(work), status(work, "--exit-code")) == (0, 3)


@pytest.mark.parametrize(
    "wrong", [["--formt", "json"], ["--format", "xml"], ["--discover", "argocd"], ["--head", "nowhere"]]
)
def test_a_command_that_is_wrong_is_never_taken_for_a_change(work: Work, wrong: list[str]) -> None:
    assert status(work, "--exit-code", *wrong) == 1


def test_verify_says_what_it_has_proven_beside_the_plan(work: Work) -> None:
    work.commit({"broken/kustomization.yaml": kustomization("gone.yaml")})
    work.write({"app/cm.yaml": config_map("a", "2")})
    arguments = ["plan", "--repo", str(work.path), "--base", "HEAD", "--format", "json"]
    plain = CliRunner().invoke(main, arguments)
    verified = CliRunner().invoke(main, [*arguments, "--verify"])
    assert (verified.exit_code, verified.stdout) == (0, plain.stdout)
    assert (
        "--verify agrees: 1 target rendered in full on both sides; 1 cannot be rendered and proves nothing"
        in verified.stderr
    )


def test_progress_repeats_nothing_that_a_terminal_obeys() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    with Progress(terminal) as progress:
        progress.say("rendering \x1b]0;owned\x07 \x1b[2J")
    assert terminal.getvalue() == "\r\x1b[2Krendering ?]0;owned? ?[2J\r\x1b[2K"
