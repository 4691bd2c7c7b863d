"""Targets that somebody wrote down: the team in `.longshore.yaml`, the operator in `config.yaml`."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.model.rendering import Diagnostic, Severity
from bot.model.target import Target
from bot.model.tree import EntryKind, TreeReader, UnreadableFile
from bot.planning.expansion import Finding

TEAM_FILE = ".longshore.yaml"


@dataclass(frozen=True, slots=True)
class Declared:
    """`broken` means that the team's file cannot be used: what it would have declared is not known."""

    targets: tuple[Target, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    broken: bool = False


def declared(tree: TreeReader, finding: Finding) -> Declared:
    """The team's targets and the operator's, which win where both name one."""
    entry = tree.entry(TEAM_FILE)
    if entry is None:
        return Declared(_on_known_clusters(finding.declared, finding))
    if entry.kind is not EntryKind.BLOB:
        return _broken(finding, "must be a file, not a link or a directory")
    # NB: pydantic takes 0.1 s to import; a repository without the file does not pay for it.
    from bot.config import ConfigError, parse_team  # noqa: PLC0415
    from bot.config.load import target_lines  # noqa: PLC0415

    try:
        data = tree.read(TEAM_FILE)
        team = parse_team(data, TEAM_FILE)
    except UnreadableFile as error:
        return _broken(finding, error.message)
    except ConfigError as error:
        problems = tuple(
            Diagnostic(Severity.ERROR, f"{p.field}: {p.message}" if p.field else p.message, p.file, p.line)
            for p in error.problems
        )
        return Declared(_on_known_clusters(finding.declared, finding), problems, broken=True)
    operators = {target.id for target in finding.declared}
    teams = (
        entry.target(TEAM_FILE, line) for entry, line in zip(team.targets, target_lines(data), strict=True)
    )
    targets = (*finding.declared, *(target for target in teams if target.id not in operators))
    return Declared(_on_known_clusters(targets, finding))


def _broken(finding: Finding, message: str) -> Declared:
    problem = Diagnostic(Severity.ERROR, message, TEAM_FILE)
    return Declared(_on_known_clusters(finding.declared, finding), (problem,), broken=True)


def _on_known_clusters(targets: Iterable[Target], finding: Finding) -> tuple[Target, ...]:
    """A target for a cluster that nobody gave is unknown: it is planned, says why, and goes nowhere."""
    return tuple(
        target
        if finding.clusters is None or target.id.cluster in finding.clusters
        else replace(target, unknown_because=_not_given(target.id.cluster, finding.clusters))
        for target in targets
    )


def _not_given(cluster: str, known: frozenset[str]) -> str:
    names = ", ".join(sorted(known)) or "none"
    return (
        f"no cluster called {cluster!r} is given to this repository (given: {names}); "
        "the operator gives one by clusters.NAME.allow"
    )
