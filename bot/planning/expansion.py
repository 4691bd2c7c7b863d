"""What a tree holds, told in targets: each with what it reads, and the key that says whether it can have changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.discover.flux import RepositoryIdentity
from bot.model.rendering import ContentKey, Diagnostic, Trace
from bot.model.repo import TreeId
from bot.model.target import Target, TargetId
from bot.render.references import References
from bot.render.variables import Substitution


class Mode(StrEnum):
    """How targets are found. `auto` takes the first of the others that finds any, on either side of a change."""

    AUTO = "auto"
    CONFIG = "config"
    FLUX = "flux"
    KUSTOMIZE = "kustomize"


@dataclass(frozen=True, slots=True)
class Finding:
    """What finding needs to know beside the tree; the same for both sides of a change.

    `declared` are the operator's own targets for the repository. `clusters` are the names a repository may use, None
    where nobody is there to say (`longshore plan` without a server).
    """

    mode: Mode = Mode.AUTO
    repository: RepositoryIdentity = field(default_factory=RepositoryIdentity)
    declared: tuple[Target, ...] = ()
    clusters: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """`substitution` is what is known of the variables that Flux would put in."""

    target: Target
    trace: Trace
    key: ContentKey
    substitution: Substitution | None = None


@dataclass(frozen=True, slots=True)
class KnownReferences:
    """What a kustomization file refers to, with its blob, so that it is not read again at another revision."""

    blob: str
    references: References


@dataclass(frozen=True, slots=True)
class Expansion:
    """Every target of one tree. `mode` is the one that was used; `auto` where the tree holds nothing to find.

    `settled` is False where something could not be rendered while looking: another try may find more. `whole` is False
    where something that declares targets could not be read: one that is missing may be declared all the same.
    """

    tree: TreeId
    mode: Mode
    targets: Mapping[TargetId, Traced]
    diagnostics: tuple[Diagnostic, ...] = ()
    kustomizations: Mapping[str, KnownReferences] = field(default_factory=dict)
    settled: bool = True
    whole: bool = True


class Previous:
    """An expansion of another tree of the same repository, and the paths in which the two trees differ.

    What a trace did not touch has not changed: such a target keeps its trace and key without being read again.
    """

    def __init__(self, expansion: Expansion, changed: Iterable[str]) -> None:
        self.expansion = expansion
        self.changed = frozenset(changed)
        self._touched = frozenset(ancestor for path in self.changed for ancestor in _ancestors(path))

    def still_holds(self, target: Target, substitution: Substitution | None) -> Traced | None:
        known = self.expansion.targets.get(target.id)
        if known is None or (known.target, known.substitution) != (target, substitution):
            return None
        return known if self._touched.isdisjoint(_paths(known.trace)) else None


def _paths(trace: Trace) -> Iterable[str]:
    return (entry.path for entry in trace.entries)


def _ancestors(path: str) -> list[str]:
    """The path and every directory above it: a listing changes with what lies below, and so does an absence."""
    found = [path]
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found
