"""The image cannot be built in a test; what it is made of can be held to the rest of the project."""

import re
import shlex
import tomllib

import pytest
from packaging.specifiers import SpecifierSet

from tests.deploy.rendered import DEPLOY
from tools.programs import FAMILIES, Family, parse_version

ROOT = DEPLOY.parent
TEXT = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
_OURS = {"kustomize", "helm", "sops", "jsonnet", "argocd-template"}
RENDERERS = [family for family in FAMILIES if family.name in _OURS]


def images() -> dict[str, str]:
    return dict(re.findall(r"^FROM ([a-z]+):([\w.-]+)", TEXT, re.MULTILINE))


def built() -> dict[str, tuple[str, list[str]]]:
    """What is built where: the directory and the words of `go build`, by the name of the program."""
    found, directory = {}, ""
    for line in LINES:
        if line.startswith("WORKDIR "):
            directory = line.removeprefix("WORKDIR ")
        elif line.startswith("RUN go build"):
            words = shlex.split(line.removeprefix("RUN "))
            found[words[-2].removeprefix("/out/")] = (directory, words[2:])
    return found


@pytest.mark.parametrize("family", RENDERERS, ids=lambda family: family.name)
def test_renderers_are_built_as_everywhere_else(family: Family) -> None:
    asked = f"$(go list -m -f '{{{{.Version}}}}' {family.module})"
    for program, package in family.binaries.items():
        directory, words = built()[program]
        flags = [word.replace(asked, f"v{family.version}") for word in words]
        assert flags == [*family.flags, "-o", f"/out/{program}", package]
        assert f"COPY tools/go/{family.name} {directory}" in LINES
    assert parse_version(images()["golang"]) >= family.go_version[:2]


def test_every_program_that_is_built_is_in_the_image_and_no_other() -> None:
    assert built().keys() == {program for family in RENDERERS for program in family.binaries}
    assert "COPY --from=tools /out/ /usr/local/bin/" in LINES


def test_its_python_is_one_the_project_supports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = ".".join(map(str, parse_version(images()["python"])))
    assert version in SpecifierSet(project["requires-python"])


def test_everything_copied_exists_and_is_let_through() -> None:
    copied = [source for line in LINES if line.startswith("COPY ") for source in line.split()[1:-1]]
    sources = {source for source in copied if not source.startswith(("--", "/"))}
    assert all((ROOT / source).exists() for source in sources)
    ignore = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert sources == {line.removeprefix("!") for line in ignore if line.startswith("!")}


def test_it_runs_without_rights() -> None:
    last = TEXT[TEXT.rindex("FROM ") :]
    assert re.findall(r"^USER (.+)$", last, re.MULTILINE) == ["65532:65532"]
