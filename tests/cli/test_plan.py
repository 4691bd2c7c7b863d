"""`longshore plan` as scripts see it: what its exit status says, and what it never writes to a terminal."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.cli.progress import Progress
from bot.proc.programs import find
from tests.git.repos import Work
from tests.planning.conftest import config_map, kustomization
from tests.stories.fluxfiles import bootstrap, flux_kustomization, own_chart, release


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    for program in ("kustomize", "helm"):
        monkeypatch.setenv(f"LONGSHORE_{program.upper()}", str(find(program)))
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
    "wrong",
    [
        *(["--formt", "json"], ["--format", "xml"], ["--discover", "helm"], ["--head", "nowhere"]),
        *(["--kube-version", "new"], ["--kube-version", "--debug"], ["--base", ""], ["--head", ""]),
        *(["--allow-host", host] for host in ("", "https://a.example", "a.example:http", "a.example/charts")),
    ],
)
def test_a_command_that_is_wrong_is_never_taken_for_a_change(work: Work, wrong: list[str]) -> None:
    assert status(work, "--exit-code", *wrong) == 1


@pytest.mark.parametrize(
    ("way", "missing"),
    [
        ("config", ".longshore.yaml"),
        ("flux", "HelmRelease"),
        ("argocd", "ApplicationSet"),
        ("auto", "Argo CD"),
    ],
)
def test_what_was_looked_for_in_vain_is_named(work: Work, way: str, missing: str) -> None:
    work.git("rm", "-q", "-r", "app")
    work.commit({"README.md": "nothing"})
    shown = CliRunner().invoke(main, ["plan", "--repo", str(work.path), "--base", "HEAD", "--discover", way])
    verdict, notice = shown.stdout.split("\n\n")
    assert verdict == "No targets were found, so nothing is delivered"
    assert notice.startswith("notice: ")
    assert missing in notice


def test_the_way_to_a_host_is_the_one_of_who_asks(work: Work) -> None:
    work.write({"app/kustomization.yaml": kustomization("https://10.0.0.1/crds.yaml")})
    shown = CliRunner().invoke(main, ["plan", "--repo", str(work.path), "--base", "HEAD"])
    assert "`--allow-host 10.0.0.1` would allow it" in " ".join(shown.stdout.split())
    assert "config.yaml" not in shown.stdout


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


def test_charts_are_rendered_for_the_version_that_is_asked_for(work: Work) -> None:
    own = bootstrap("staging", "https://example.com/acme/fleet.git")
    files = {
        **own,
        "clusters/staging/apps.yaml": flux_kustomization("apps", "apps"),
        "apps/web.yaml": release("web", "shop"),
        **own_chart("{kubernetes: '{{ .Capabilities.KubeVersion }}'}"),
    }
    work.git("remote", "add", "origin", "https://example.com/acme/fleet.git")
    work.write({path: str(text) for path, text in files.items()})
    arguments = ["plan", "--repo", str(work.path), "--base", "HEAD", "--discover", "flux"]
    told = CliRunner().invoke(main, [*arguments, "--kube-version", "v1.31.5+k3s1"])
    assert told.exit_code == 0, told.output
    assert "kubernetes: v1.31.5" in told.stdout


def test_a_variable_that_nothing_sets_is_empty_only_where_that_is_asked_for(work: Work) -> None:
    files = {
        **bootstrap("staging", "https://example.com/acme/fleet.git"),
        "clusters/staging/apps.yaml": flux_kustomization(
            "apps", "apps", postBuild={"substitute": {"a": "1"}}
        ),
        "apps/cm.yaml": config_map("settings", "${a}-${nowhere}", namespace="shop"),
    }
    work.git("remote", "add", "origin", "https://example.com/acme/fleet.git")
    work.write({path: str(text) for path, text in files.items()})
    arguments = ["plan", "--repo", str(work.path), "--base", "HEAD", "--discover", "flux"]
    strict = CliRunner().invoke(main, arguments).stdout
    assert "${nowhere}: the variable" in strict
    assert "is not set" in strict
    lenient = CliRunner().invoke(main, [*arguments, "--no-strict-substitution"]).stdout
    assert "key: 1-" in lenient
    assert "unknown" not in lenient


def test_a_plan_that_is_ended_leaves_nothing_lying_about(work: Work, tmp_path: Path) -> None:
    work.commit({f"a{n}/kustomization.yaml": kustomization("cm.yaml") for n in range(300)})
    work.write({f"a{n}/cm.yaml": config_map("a", str(n)) for n in range(300)})
    (left := tmp_path / "left").mkdir()
    arguments = [sys.executable, "-m", "bot.cli", "plan", "--repo", str(work.path), "--base", "HEAD"]
    started = subprocess.Popen(arguments, env={**os.environ, "TMPDIR": str(left)}, stdout=subprocess.DEVNULL)
    while started.poll() is None and not any(left.iterdir()):
        time.sleep(0.01)
    started.send_signal(signal.SIGTERM)
    assert started.wait(30) == 128 + signal.SIGTERM
    assert list(left.iterdir()) == []


@pytest.mark.parametrize(
    ("output", "said"),
    [("/dev/full", "Error: the plan cannot be written: No space left on device\n"), ("-", "")],
)
def test_a_plan_that_cannot_be_written_says_so_in_one_line(work: Work, output: str, said: str) -> None:
    redirection = f">{output}" if output != "-" else ">&-"
    command = f'exec "$0" -m bot.cli plan --repo "$1" --base HEAD {redirection}'
    shell = ["/bin/sh", "-c", command, sys.executable, str(work.path)]
    assert subprocess.run(shell, check=False, capture_output=True, text=True, timeout=60).stderr == said
