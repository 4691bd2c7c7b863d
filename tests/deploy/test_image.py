"""The image cannot be built in a test; what it is made of can be held to the rest of the project."""

import re
import shlex
import tomllib

from packaging.specifiers import SpecifierSet

from tests.deploy.rendered import DEPLOY
from tools.programs import FAMILIES, parse_version

ROOT = DEPLOY.parent
TEXT = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
KUSTOMIZE = next(family for family in FAMILIES if family.name == "kustomize")


def images() -> dict[str, str]:
    return dict(re.findall(r"^FROM ([a-z]+):([\w.-]+)", TEXT, re.MULTILINE))


def test_kustomize_is_built_as_everywhere_else() -> None:
    (line,) = (line for line in LINES if line.startswith("RUN go build"))
    words = shlex.split(line)
    assert words[3:-3] == list(KUSTOMIZE.flags)
    assert words[-1] == KUSTOMIZE.binaries["kustomize"]
    assert parse_version(images()["golang"]) >= KUSTOMIZE.go_version[:2]


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
