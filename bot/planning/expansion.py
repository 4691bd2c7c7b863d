"""What a tree holds, told in targets: each with what it reads, and the key that says whether it can have changed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.discover.objects import DeclaredObject
from bot.discover.repository import RepositoryIdentity
from bot.model.argocd import ArgoCluster, ArgoSaid
from bot.model.rendering import ContentKey, Diagnostic, Trace, TraceEntry, TraceKind
from bot.model.repo import TreeId
from bot.model.target import RendererKind, Target, TargetId
from bot.planning.watched import may_touch
from bot.render.helm.inputs import ValuesSource
from bot.render.references import References
from bot.render.variables import Substitution


class Mode(StrEnum):
    """How targets are found. `auto` takes the first of the others that finds any, on either side of a change.

    `controllers` are Flux and Argo CD together.
    """

    AUTO = "auto"
    CONFIG = "config"
    CONTROLLERS = "controllers"
    FLUX = "flux"
    ARGOCD = "argocd"
    KUSTOMIZE = "kustomize"


@dataclass(frozen=True, slots=True)
class Finding:
    """What finding needs to know beside the tree; the same for both sides of a change.

    `declared` are the operator's own targets for the repository. `clusters` are the names a repository may use, None
    where nobody is there to say (`longshore plan` without a server). `branch` is the one that is merged into and
    `default_branch` the repository's, each empty where that is not known. `argocd_clusters` are those that the operator
    says Argo CD delivers to, `argocd` what else the operator says of it. With `is_strict` a variable of Flux that nothing
    sets stops its Kustomization.
    """

    mode: Mode = Mode.AUTO
    repository: RepositoryIdentity = field(default_factory=RepositoryIdentity)
    declared: tuple[Target, ...] = ()
    clusters: frozenset[str] | None = None
    branch: str = ""
    argocd_clusters: tuple[ArgoCluster, ...] = ()
    is_strict: bool = True
    argocd: ArgoSaid = field(default_factory=ArgoSaid)
    default_branch: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """`substitution` is what is known of the variables that Flux would put in, `values` of what a release's come from.

    `notices` are for whoever looks at the target because it changes. `found` is the object that declares it, `providers`
    are the targets that `substitution` and `values` were read from, None where somebody else has to do with them. `parts`
    are those of a target with several sources, traced each for itself. `concrete` is what the files make of a target that
    does not say how it is rendered, None of one that does. `is_asked_for` is set where somebody outside of
    Git was asked what it is. `against` stands for all beside the object that it was read from, empty where nobody can tell.
    """

    target: Target
    trace: Trace
    key: ContentKey
    substitution: Substitution | None = None
    values: tuple[ValuesSource, ...] = ()
    notices: tuple[Diagnostic, ...] = ()
    found: DeclaredObject | None = None
    providers: tuple[TargetId, ...] | None = ()
    parts: "tuple[Traced, ...]" = ()
    is_asked_for: bool = False
    concrete: Target | None = None
    against: str = ""

    @property
    def rendered(self) -> Target:
        """The target as renderers take it."""
        return self.concrete or self.target

    @property
    def asks_cluster(self) -> bool:
        """Whether it, or one of its sources, is what a chart or a plugin makes that is told of its cluster."""
        if self.rendered.release is not None or self.rendered.renderer is RendererKind.PLUGIN:
            return True
        if any(part.asks_cluster for part in self.parts):
            return True
        return self.target.argocd is not None and bool(self.trace.charts)

    @property
    def is_of_program(self) -> bool:
        """Whether it, or one of its sources, is what a program of the operator's makes: that may be anything."""
        return self.trace.is_of_program or any(part.is_of_program for part in self.parts)

    @property
    def parent(self) -> TargetId | None:
        """The target that declares it, None for what a search begins with."""
        return self.found.parent if self.found else None

    @property
    def is_open(self) -> bool:
        """Whether something took part that may be another one tomorrow: it is looked up again every time."""
        if self.is_asked_for or any(part.is_open for part in self.parts):
            return True
        source, artifact = self.target.source, self.target.oci_source
        if source is not None and (self.target.unknown_because or not source.is_lasting):
            return True
        includes = self.target.includes
        if includes and (self.target.unknown_because or not all(one.source.is_lasting for one in includes)):
            return True
        if artifact is not None and (self.target.unknown_because or not artifact.digest):
            return True
        made = self.target.artifact
        if made is not None and (self.target.unknown_because or not made.is_lasting):
            return True
        refs = self.target.refs.values()
        return not all(ref.is_lasting for ref in refs) or any(
            not use.place or not _COMMIT.fullmatch(use.ref.revision) for use in self.trace.remotes
        )

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether it reads files that no search of the repository's own tree finds."""
        target = self.target
        if any(part.is_from_elsewhere for part in self.parts):
            return True
        if target.artifact is not None and not target.artifact.is_of_here:
            return True
        if any(ref.url for ref in target.refs.values()):
            return True
        return bool(target.source or target.oci_source or target.includes or self.trace.remotes)

    @property
    def files(self) -> frozenset[str]:
        """The files of the repository at hand that it reads, as the repository names them.

        None for one whose own source is another repository or an artifact: what is called alike there is another file.
        """
        if self.parts:
            return frozenset[str]().union(*(part.files for part in self.parts))
        if self.target.source is not None or self.target.oci_source is not None:
            return frozenset()
        read = (entry.path for entry in self.trace.entries if entry.kind is TraceKind.FILE)
        if self.target.artifact is None:
            return frozenset(read)
        return frozenset(place for path in read for place in self.trace.places.get(path, ()))


_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class KnownReferences:
    """What a kustomization file refers to, with its blob, so that it is not read again at another revision."""

    blob: str
    references: References


@dataclass(frozen=True, slots=True)
class DeclaringFile:
    """What one file declares for controllers, masked, with the file's blob; `diagnostics` say why it may hold more.

    `mentions` are the controllers that are named in it. As the template of a chart, which it is by its place, it declares
    nothing.
    """

    blob: str
    mentions: frozenset[str]
    objects: tuple[DeclaredObject, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    is_template: bool = False


@dataclass(frozen=True, slots=True)
class DeclaringFiles:
    """Every file of a tree that mentions one of the controllers `dialects`."""

    by_path: Mapping[str, DeclaringFile] = field(default_factory=dict)
    dialects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expansion:
    """Every target of one tree. `mode` is the one that was used; `auto` where the tree holds nothing to find.

    `settled` is False where something could not be rendered while looking: another try may find more. `whole` is False
    where a file that may declare targets could not be read: one that is missing may be declared all the same. `held`
    are the controllers' objects that what was rendered holds, by the key it was rendered for, and `broken` the keys of what
    never will render. `files` is what the files say of controllers, None where nobody looked.
    """

    tree: TreeId
    mode: Mode
    targets: Mapping[TargetId, Traced]
    diagnostics: tuple[Diagnostic, ...] = ()
    kustomizations: Mapping[str, KnownReferences] = field(default_factory=dict)
    held: Mapping[ContentKey, tuple[DeclaredObject, ...]] = field(default_factory=dict)
    broken: frozenset[ContentKey] = frozenset()
    files: DeclaringFiles | None = None
    settled: bool = True
    whole: bool = True

    @property
    def may_be_kept(self) -> bool:
        """Whether it will be the same whenever somebody looks."""
        return self.settled and not any(traced.is_open for traced in self.targets.values())


class Previous:
    """An expansion of another tree of the same repository, and the paths in which the two trees differ.

    What a trace did not touch has not changed: such a target keeps its trace and key without being read again. `moved`
    are those of the paths at which something comes, goes or becomes something else.
    """

    def __init__(self, expansion: Expansion, changed: Iterable[str], moved: Iterable[str]) -> None:
        self.expansion = expansion
        self.changed = frozenset(changed)
        self._touched = _with_ancestors(self.changed)
        self._relisted = _with_ancestors(moved)

    def still_holds(
        self, target: Target, substitution: Substitution | None, values: tuple[ValuesSource, ...]
    ) -> Traced | None:
        found = self.expansion.targets.get(target.id)
        wanted = (target, substitution, values)
        for known in (found, *found.parts) if found is not None else ():
            if (known.target, known.substitution, known.values) == wanted:
                kept = replace(known, notices=(), found=None, providers=(), against="")
                return kept if self.is_untouched(known) else None
        return None

    def is_untouched(self, known: Traced) -> bool:
        if known.parts:
            return all(self.is_untouched(part) for part in known.parts)
        if known.target.artifact is not None:
            return not may_touch(self.changed, known.target.artifact)
        if known.target.is_patched_together:
            # What is laid into a tree may be in the way of a file that comes, and may be of this very repository; a
            # directory that is to be checked out has to exist, whether anything in it is read or not.
            return False
        if known.target.renderer is RendererKind.GIVEN:
            return not any(self._is_touched_for_names(entry) for entry in known.trace.entries)
        # Nobody knows of what is refused: its trace ends at a link or a directory that may have changed.
        return not known.trace.is_refused and self._touched.isdisjoint(_paths(known.trace))

    def _is_touched_for_names(self, entry: TraceEntry) -> bool:
        """To whoever generates, a directory is the names of what lies below, whatever that holds."""
        return entry.path in (self._relisted if entry.kind is TraceKind.LISTING else self._touched)


def _paths(trace: Trace) -> Iterable[str]:
    return (entry.path for entry in trace.entries)


def _with_ancestors(paths: Iterable[str]) -> frozenset[str]:
    """With every directory above: a listing changes with what lies below, and so does an absence."""
    found: set[str] = set()
    for path in paths:
        while path not in found:
            found.add(path)
            path = path.rpartition("/")[0]  # noqa: PLW2901 - upwards
    return frozenset(found)
