"""Reading the two files: YAML to model, with every mistake collected before anything is refused."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from bot.config.operator import Config
from bot.config.problems import ConfigError, Location, Problem, line_of, nearest, problems_of, show
from bot.config.team import TargetConfig, TeamConfig
from bot.config.types import Model
from bot.model.manifests import Document, ManifestError, documents

_MAX_FILE_BYTES = 1 << 20
M = TypeVar("M", bound=Model)


def load(path: Path) -> Config:
    """Read the operator's file. Raises ConfigError with every mistake in it."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        problem = Problem(str(path), "", f"cannot be read: {error.strerror}")
        hint = "name it by --config; `longshore config example` writes one with every field"
        raise ConfigError([problem], hint=hint) from None
    return parse_operator(data, str(path))


def parse_operator(data: bytes, file: str) -> Config:
    config, lines = _parse(Config, data, file)
    problems = [
        Problem(file, show(location), message, line_of(location, lines))
        for location, message in _dangling(config)
    ]
    if problems:
        raise ConfigError(problems)
    return config


def parse_team(data: bytes, file: str, clusters: Mapping[str, object] | None = None) -> TeamConfig:
    """Read a team's file; with `clusters`, a target for any other cluster is a mistake."""
    team, lines = _parse(TeamConfig, data, file)
    found = [*_repeated(team.targets, ("targets",)), *_unordered(team.targets, ("targets",))]
    if clusters is not None:
        found += list(_unknown_clusters(team.targets, ("targets",), clusters))
    if found:
        raise ConfigError(
            Problem(file, show(location), message, line_of(location, lines)) for location, message in found
        )
    return team


def target_lines(data: bytes) -> list[int | None]:
    """The line of each entry under `targets`, for pointing at one."""
    lines = _lines(data)
    return [lines.get(("targets", index)) for index in range(len(lines)) if ("targets", index) in lines]


def _parse(model: type[M], data: bytes, file: str) -> tuple[M, Mapping[Location, int]]:
    if len(data) > _MAX_FILE_BYTES:
        raise ConfigError([Problem(file, "", f"is larger than {_MAX_FILE_BYTES >> 20} MiB")])
    try:
        found: list[Document] = [d for d in documents(data, file=file) if d.value is not None]
    except ManifestError as error:
        raise ConfigError([Problem(file, "", error.problem, error.line)]) from None
    if len(found) > 1:
        raise ConfigError([Problem(file, "", "holds more than one document; keep one", found[1].line)])
    value = found[0].value if found else {}
    if not isinstance(value, dict):
        raise ConfigError([Problem(file, "", "must be a mapping of keys to values", 1)])
    lines = _lines(data)
    try:
        return model.model_validate(value), lines
    except ValidationError as error:
        raise ConfigError(problems_of(error, model, file, lines)) from None


def _lines(data: bytes) -> dict[Location, int]:
    """Where each field stands. The data has been parsed before, so it is small and well-formed."""
    lines: dict[Location, int] = {}

    def walk(node: yaml.Node, location: Location) -> None:
        lines.setdefault(location, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                here = (*location, str(key.value))
                lines[here] = key.start_mark.line + 1
                walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                walk(item, (*location, index))

    root = yaml.compose(data, Loader=yaml.CSafeLoader)
    if root is not None:
        walk(root, ())
    return lines


Mistake = tuple[Location, str]


def _dangling(config: Config) -> Iterator[Mistake]:
    for index, entry in enumerate(config.repositories):
        here: Location = ("repositories", index)
        if entry.forge not in config.forges:
            yield (*here, "forge"), f"no forge is called {entry.forge!r}{nearest(entry.forge, config.forges)}"
        places = (*here, "targets")
        yield from _repeated(entry.targets, places)
        yield from _unordered(entry.targets, places)
        yield from _unknown_clusters(entry.targets, places, config.clusters)


def _repeated(targets: tuple[TargetConfig, ...], place: Location) -> Iterator[Mistake]:
    seen: dict[tuple[str, str], int] = {}
    for index, target in enumerate(targets):
        first = seen.setdefault((target.cluster, target.name), index)
        if first != index:
            where = show((*place, first))
            yield (
                (*place, index, "name"),
                f"{target.name!r} on {target.cluster!r} is declared at {where} already",
            )


def _unknown_clusters(
    targets: tuple[TargetConfig, ...], place: Location, clusters: Mapping[str, object]
) -> Iterator[Mistake]:
    for index, target in enumerate(targets):
        if target.cluster not in clusters:
            message = f"no cluster is called {target.cluster!r}{nearest(target.cluster, clusters)}"
            yield (*place, index, "cluster"), message


def _unordered(targets: tuple[TargetConfig, ...], place: Location) -> Iterator[Mistake]:
    """Dependencies that name nothing, or that go round in a circle."""
    known = {(t.cluster, t.name): t for t in targets}
    for index, target in enumerate(targets):
        here = (*place, index, "dependsOn")
        for wanted in target.depends_on:
            if (target.cluster, wanted) not in known:
                names = [name for cluster, name in known if cluster == target.cluster]
                yield here, f"no target of {target.cluster!r} is called {wanted!r}{nearest(wanted, names)}"
        if _reaches(known, target, target.name):
            yield here, f"{target.name!r} depends on itself"


def _reaches(known: Mapping[tuple[str, str], TargetConfig], start: TargetConfig, goal: str) -> bool:
    stack, seen = list(start.depends_on), set[str]()
    while stack:
        name = stack.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            following = known.get((start.cluster, name))
            stack.extend(following.depends_on if following else ())
    return False
