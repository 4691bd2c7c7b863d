"""The Flux objects that stand in a tree's files, sorted by what they are."""

from dataclasses import dataclass, field

from bot.discover.flux import (
    EXTENSIONS_GROUP,
    HELM_GROUP,
    KUSTOMIZE_GROUP,
    SOURCE_GROUP,
    is_helm_release,
    is_kustomization,
    is_source,
)
from bot.discover.objects import DeclaredObject
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic
from bot.planning.expansion import DeclaringFiles
from bot.planning.files import Dialect


def is_flux(manifest: Manifest) -> bool:
    return is_source(manifest) or is_kustomization(manifest) or is_helm_release(manifest)


# NB: the needles end in the version's `v`, so that an annotation of that group does not count.
_GROUPS = (KUSTOMIZE_GROUP, HELM_GROUP, SOURCE_GROUP, EXTENSIONS_GROUP)
FLUX = Dialect("flux", tuple(f"{group}/v" for group in _GROUPS), is_flux)


@dataclass(slots=True)
class InFiles:
    """The Flux objects of a tree's files, by what they are."""

    mentioning: frozenset[str]
    kustomizations: list[DeclaredObject] = field(default_factory=list)
    releases: list[DeclaredObject] = field(default_factory=list)
    sources: list[DeclaredObject] = field(default_factory=list)
    fragments: list[DeclaredObject] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @classmethod
    def of(cls, files: DeclaringFiles) -> "InFiles":
        ours = {path: file for path, file in sorted(files.by_path.items()) if FLUX.name in file.mentions}
        found = cls(frozenset(ours))
        for file in ours.values():
            found.diagnostics += file.diagnostics
            for held in file.objects:
                if is_flux(held.manifest):
                    found._sort_in(held)
        return found

    def _sort_in(self, held: DeclaredObject) -> None:
        spec = held.manifest.get("spec")
        fields = spec if isinstance(spec, dict) else {}
        if is_source(held.manifest):
            self.sources.append(held)
        elif is_kustomization(held.manifest) and "sourceRef" in fields:
            # One without a source is a fragment: a patch for others, or a mistake; nothing begins with it.
            self.kustomizations.append(held)
        elif is_helm_release(held.manifest) and ("chart" in fields or "chartRef" in fields):
            self.releases.append(held)
        else:
            self.fragments.append(held)

    def in_files(self, files: frozenset[str]) -> list[DeclaredObject]:
        """What would become a target, as it stands in these files."""
        return [found for found in (*self.kustomizations, *self.releases) if found.file in files]

    @property
    def everything(self) -> list[DeclaredObject]:
        return [*self.kustomizations, *self.releases, *self.sources, *self.fragments]
