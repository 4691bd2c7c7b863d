"""What is installed is what is pinned, all of it, and by name and version alone."""

import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


def pins() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in found}


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [
        *project["dependencies"],
        *(t for extra in project["optional-dependencies"].values() for t in extra),
    ]
    return [Requirement(text) for text in texts]


def needed(requirements: list[Requirement]) -> Iterator[str]:
    """The closure of what the requirements need on this machine, read from what is installed."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        yield name
        for text in metadata.requires(name) or []:
            further = Requirement(text)
            if further.marker is None or any(further.marker.evaluate({"extra": e}) for e in extras or {""}):
                waiting.append(further)


def test_pins_everything_that_is_needed_directly_or_not() -> None:
    assert set(needed(declared())) - pins().keys() == set()


def test_pins_one_version_each_that_the_project_allows() -> None:
    found = pins()
    for pin in found.values():
        (specifier,) = pin.specifier
        assert specifier.operator == "==", pin
        assert "*" not in specifier.version, pin
    for requirement in declared():
        (pinned,) = found[canonicalize_name(requirement.name)].specifier
        assert requirement.specifier.contains(pinned.version), requirement


def test_names_no_place_to_fetch_from() -> None:
    for file in ("constraints.txt", "pyproject.toml"):
        assert "://" not in (ROOT / file).read_text(encoding="utf-8"), file
    assert all(pin.url is None for pin in pins().values())


def test_pins_nothing_that_is_no_longer_needed() -> None:
    unconditional = {name for name, pin in pins().items() if pin.marker is None or pin.marker.evaluate()}
    assert unconditional - set(needed(declared())) == set()
