from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.conftest import GO_MOD, MakeFamily
from tools.builder import ensure
from tools.locate import build_dir, link_dir
from tools.programs import EVERY, Family, parse_version
from tools.steps import Progress, ToolFailure
from tools.toolchain import GO_PACKAGE

PROJECT = Path(__file__).resolve().parents[2]
RACER = """
import sys
from pathlib import Path
from tools.builder import ensure
from tools.programs import Family
from tools.steps import Progress
family = Family(
    "greeter", "example.invalid/greeter", {"greeter": "example.invalid/greeter"}, go_modules=Path(sys.argv[1])
)
ensure(family, Progress(sys.stdout))
"""


def test_the_key_changes_with_the_module_files_and_with_nothing_else(make_family: MakeFamily) -> None:
    first = make_family().key
    assert make_family(program="package main\n").key == first
    other_pins = make_family(go_mod=GO_MOD.replace("v1.2.3", "v1.2.4")).key
    other_sums = make_family(go_sum="example.invalid/greeter v1.2.3 h1:x=\n").key
    assert len({first, other_pins, other_sums}) == 3


def test_the_version_is_read_from_the_module_file(make_family: MakeFamily) -> None:
    family = make_family()
    assert (family.version, family.go_version) == ("1.2.3", (1, 21))


@pytest.mark.parametrize("family", EVERY, ids=lambda family: family.name)
def test_every_pinned_module_names_its_version_and_needs_a_go_that_can_be_had(family: Family) -> None:
    assert family.version.count(".") == 2
    assert family.go_version <= parse_version(GO_PACKAGE.partition("==")[2])


def test_a_build_runs_and_its_link_leads_to_it(cache: Path, make_family: MakeFamily) -> None:
    family = make_family()
    directory = ensure(family, Progress(io.StringIO()))
    said = subprocess.run([link_dir() / "greeter"], capture_output=True, text=True, check=True)
    assert said.stderr == "hello\n"
    assert directory == build_dir(family) / "bin"
    assert directory.is_relative_to(cache)


def test_two_runs_at_once_build_once(cache: Path, make_family: MakeFamily) -> None:
    modules = make_family().go_modules
    command = [sys.executable, "-c", RACER, str(modules)]
    racers = [
        subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    said = [racer.communicate(timeout=50)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0], said
    assert sorted("built in" in text for text in said) == [False, True]
    assert len(list(cache.glob("greeter-*"))) == 1


def test_a_failed_build_says_what_and_the_way_out_and_leaves_nothing(
    cache: Path,
    make_family: MakeFamily,
) -> None:
    family = make_family(program="package main\n\nfunc main() { missing() }\n")
    with pytest.raises(ToolFailure) as caught:
        ensure(family, Progress(io.StringIO()))
    assert "undefined: missing" in caught.value.said
    assert "building greeter 1.2.3" in caught.value.what
    assert caught.value.way_out
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_what_an_interrupted_build_left_is_removed_by_the_next(cache: Path, make_family: MakeFamily) -> None:
    family = make_family()
    leftover = cache / f".{build_dir(family).name}.abandoned"
    leftover.mkdir(parents=True)
    ensure(family, Progress(io.StringIO()))
    assert not leftover.exists()


def test_a_link_moves_to_the_new_build_when_the_pin_changes(cache: Path, make_family: MakeFamily) -> None:
    old = ensure(make_family(), Progress(io.StringIO()))
    new = ensure(make_family(go_mod=GO_MOD.replace("v1.2.3", "v1.2.4")), Progress(io.StringIO()))
    assert old != new
    assert (link_dir() / "greeter").readlink() == new / "greeter"


def test_a_program_is_told_the_version_that_is_pinned(cache: Path, make_family: MakeFamily) -> None:
    program = 'package main\n\nvar version = "unknown"\n\nfunc main() { println(version) }\n'
    family = replace(make_family(program), stamps={"main.version": "v{version}"})
    said = subprocess.run(
        [ensure(family, Progress(io.StringIO())) / "greeter"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stderr == "v1.2.3\n"


def test_files_of_the_module_are_kept_with_its_programs(cache: Path, make_family: MakeFamily) -> None:
    family = make_family()
    kinds = family.directory / "greeter" / "kinds"
    (kinds / "old").mkdir(parents=True)
    (kinds / "greeting.yaml").write_text("kind: Greeting\n")
    (kinds / "old" / "hail.yaml").write_text("kind: Hail\n")
    built = ensure(replace(family, files={"crds": "kinds"}), Progress(io.StringIO())).parent
    assert (built / "crds" / "greeting.yaml").read_text() == "kind: Greeting\n"
    assert (built / "crds" / "old" / "hail.yaml").read_text() == "kind: Hail\n"
