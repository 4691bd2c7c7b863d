"""What a walk takes over from the walk over another tree, so that its cost follows the change.

A target is taken over as it is, unread, where nothing that went into it differs: the object that declares it, every file
that it reads, the sources that it names, and those that its variables and values were read from.
"""

from collections import defaultdict

from bot.discover.flux import is_of_artifact
from bot.discover.objects import DeclaredObject
from bot.git.tree import Tree
from bot.model.target import TargetId
from bot.model.tree import UnreadableFile
from bot.planning.expansion import Finding, Previous, Traced
from bot.planning.files import place_of
from bot.planning.flux.declarations import stem
from bot.planning.flux.files import InFiles
from bot.planning.flux.sources import ClusterSources
from bot.planning.flux.values import wanted_names

_DECLARING = (".yaml", ".yml", ".json", ".env")


class Reuse:
    """Follows one walk: whoever is found is told of by `note`, in order."""

    def __init__(self, previous: Previous, finding: Finding, tree: Tree) -> None:
        known = previous.expansion
        assert known.files is not None
        self._previous = previous
        self._tree = tree
        self._sources = ClusterSources(finding.repository, InFiles.of(known.files).sources)
        self._by_place: dict[tuple[str, object], Traced] = {}
        for name, traced in known.targets.items():
            self._sources.add(name.cluster, known.held.get(traced.key, ()))
            if traced.found is not None:
                self._by_place[name.cluster, place_of(traced.found)] = traced
        for name, traced in known.targets.items():
            if traced.target.flux is not None and not traced.target.unknown_because:
                self._sources.take_for_this(traced.target.flux.source, name.cluster)
        self._noted: dict[TargetId, Traced] = {}
        self._changed: dict[str, list[Traced]] = defaultdict(list)

    def note(self, traced: Traced) -> None:
        name = traced.target.id
        self._noted[name] = traced
        before = self._previous.expansion.targets.get(name)
        if before is None or before.key != traced.key:
            self._changed[name.cluster].append(traced)

    def of(self, found: DeclaredObject, cluster: str, sources: ClusterSources) -> Traced | None:
        """The target as it was found in the other tree, where it is the same here. `sources` are this walk's."""
        known = self._by_place.get((cluster, place_of(found)))
        if known is None or known.found != found:
            return None
        if is_of_artifact(found) and known.target.artifact is None:
            return None  # whoever makes it may read any file
        is_same = (
            not known.is_open
            and known.key in self._previous.expansion.held
            and self._previous.is_untouched(known)
            and sources.are_alike(self._sources, found, cluster)
            and self._is_provided_alike(known)
        )
        return known if is_same else None

    def _is_provided_alike(self, known: Traced) -> bool:
        """Whether those that its variables and values were read from are the same, and nobody else may come before them."""
        if known.providers is None:
            return False
        before = self._previous.expansion.targets
        if any(name not in self._noted or self._noted[name] != before.get(name) for name in known.providers):
            return False
        names = [stem(name).encode() for name in wanted_names(known.target)]
        changed = self._changed[known.target.id.cluster] if names else ()
        return not any(self._may_declare(traced, name) for traced in changed for name in names)

    def _may_declare(self, traced: Traced, name: bytes) -> bool:
        if traced.is_from_elsewhere or traced.trace.is_refused:
            return True
        try:
            return any(name in self._tree.read(path) for path in traced.files if path.endswith(_DECLARING))
        except UnreadableFile:
            return True
