"""The objects of Argo CD that stand in a tree's files, sorted by what they are."""

from dataclasses import dataclass, field

from bot.discover.argocd import (
    is_application,
    is_application_set,
    is_cluster_secret,
    is_project,
    is_repository_secret,
)
from bot.discover.argocd.installation import (
    BUILD_OPTIONS,
    GLOBAL_PROJECTS,
    KUSTOMIZE_PATH,
    is_installation,
    without_others,
)
from bot.discover.fields import mapping
from bot.discover.objects import DeclaredObject
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic
from bot.planning.expansion import DeclaringFiles
from bot.planning.files import Dialect

_SHOWN = ("name", "server", "url", "project")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def is_argocd(manifest: Manifest) -> bool:
    return (
        is_application(manifest)
        or is_application_set(manifest)
        or is_project(manifest)
        or is_cluster_secret(manifest)
        or is_repository_secret(manifest)
    )


def declares_applications(manifest: Manifest) -> bool:
    return is_application(manifest) or is_application_set(manifest)


def _plain(manifest: Manifest) -> Manifest | None:
    """The Secret of a cluster or repository without what opens it: how it is called and where it is are no secrets."""
    if manifest.get("kind") != "Secret" or not (
        is_cluster_secret(manifest) or is_repository_secret(manifest)
    ):
        return None
    metadata = dict(mapping(manifest.get("metadata")))
    annotations = mapping(metadata.get("annotations"))
    metadata["annotations"] = {name: value for name, value in annotations.items() if name != _LAST_APPLIED}
    kept = {
        name: {key: value for key, value in mapping(manifest.get(name)).items() if key in _SHOWN}
        for name in ("data", "stringData")
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **kept}


_KIND_LABEL = "argocd.argoproj.io/secret-type"
ARGOCD = Dialect("argocd", ("argoproj.io/v1alpha1", _KIND_LABEL), is_argocd, plain=_plain)
CLUSTERS = Dialect("argocd-clusters", (_KIND_LABEL,), lambda _: False)
"""Has no objects of its own: it tells which of the files that cannot be read may declare a cluster."""
INSTALLATION = Dialect(
    "argocd-cm",
    (BUILD_OPTIONS, KUSTOMIZE_PATH, GLOBAL_PROJECTS),
    is_installation,
    plain=without_others,
    optional=True,
)
"""Of Argo CD's own configuration. Whoever reads such a file brings forth no Application, and most that name its fields
are values of a chart.
"""

LENDING = Dialect("argocd-global-projects", (GLOBAL_PROJECTS,), lambda _: False, optional=True)
"""Has no objects of its own: it tells which files may make global projects in a way that nobody reads here."""


@dataclass(slots=True)
class InFiles:
    """The objects of Argo CD of a tree's files: those that declare targets, and what those name.

    `installation` is Argo CD's own configuration, `lending` are the files that seem to name global projects and are none.
    `hiding` are the files that may declare clusters and cannot be read.
    """

    mentioning: frozenset[str]
    declaring: list[DeclaredObject] = field(default_factory=list)
    named: list[DeclaredObject] = field(default_factory=list)
    installation: list[DeclaredObject] = field(default_factory=list)
    lending: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    hiding: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, files: DeclaringFiles) -> "InFiles":
        ours = {path: file for path, file in sorted(files.by_path.items()) if ARGOCD.name in file.mentions}
        found = cls(frozenset(ours))
        for path, file in sorted(files.by_path.items()):
            own = [held for held in file.objects if is_installation(held.manifest)]
            found.installation += own
            if LENDING.name in file.mentions and not own:
                found.lending.append(path)
        for path, file in ours.items():
            found.diagnostics += file.diagnostics
            if file.diagnostics and CLUSTERS.name in file.mentions:
                found.hiding.append(path)
            for held in file.objects:
                if is_argocd(held.manifest):
                    (found.declaring if _is_whole(held.manifest) else found.named).append(held)
        return found


def _is_whole(manifest: Manifest) -> bool:
    """One without a source or a generator is a fragment: a patch for others; nothing begins with it."""
    spec = mapping(manifest.get("spec"))
    if is_application(manifest):
        return any(name in spec for name in ("source", "sources", "sourceHydrator"))
    return is_application_set(manifest) and "generators" in spec
