"""What a search takes over from the search over another tree, so that its cost follows the change.

What is read of an Application follows from the object, who declares it and what it is read against (`Traced.against`). What
a set generates follows from these and from what it looked at in the tree.
"""

from bot.discover.argocd import is_application_set
from bot.discover.objects import DeclaredObject
from bot.model.manifests import canonical_json, digest
from bot.planning.argocd.clusters import ControlPlane, home_of
from bot.planning.expansion import Finding, Previous, Traced
from bot.planning.files import place_of


def read_against(plane: ControlPlane) -> str:
    """Equal for two control planes against which every object of Argo CD reads alike; empty where nobody can tell."""
    try:
        return digest([canonical_json(plane.context).decode(), plane.hiding])
    except UnicodeEncodeError:  # of a file whose name is no text
        return ""


class Reuse:
    """Targets of the other tree, by the control plane and the object that they were read from."""

    def __init__(self, previous: Previous, finding: Finding) -> None:
        self._previous = previous
        self._by_place: dict[tuple[str, tuple[str, str, str]], Traced] = {}
        for traced in previous.expansion.targets.values():
            if traced.against and traced.found is not None:
                parent = traced.found.parent
                home = parent.cluster if parent else home_of(traced.found.file, finding)
                self._by_place[home, place_of(traced.found)] = traced

    def read_alike(self, found: DeclaredObject, cluster: str, against: str) -> Traced | None:
        """The target as it was read from the same object; what its files hold may differ, and where the object stands."""
        known = self._by_place.get((cluster, place_of(found)))
        if known is None or known.found is None or known.against != against:
            return None
        is_same = known.found.parent == found.parent and known.found.manifest == found.manifest
        return known if is_same else None

    def generated_alike(self, found: DeclaredObject, cluster: str, against: str) -> Traced | None:
        """The ApplicationSet that generates the very same; what it was told of elsewhere it is told again."""
        known = self._by_place.get((cluster, place_of(found)))
        if known is None or known.found is None or known.against != against or not self.is_untouched(known):
            return None
        place = found.file, found.line, found.manifest.get("spec")
        is_same = (known.found.file, known.found.line, known.found.manifest.get("spec")) == place
        return known if is_same and not known.target.unknown_because else None

    def of(self, found: DeclaredObject, cluster: str, against: str) -> Traced | None:
        """The target as it was found in the other tree, where all of it is the same here."""
        known = self.read_alike(found, cluster, against)
        if known is None or known.found != found or known.key not in self._previous.expansion.held:
            return None
        if is_application_set(found.manifest) and known.target.unknown_because:
            return None  # its key says that any file may count
        return known if self.is_untouched(known) else None

    def is_untouched(self, known: Traced) -> bool:
        """Whether tracing it once more comes to the same, and the same key."""
        return not known.is_open and self._previous.is_untouched(known)
