"""What files say of Argo CD itself: `argocd-cm`, whole or as a patch for it, and the namespace that its objects lie in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from bot.discover.argocd.clusters import is_cluster_secret, is_repository_secret
from bot.discover.argocd.global_projects import Lender
from bot.discover.argocd.objects import is_application, is_application_set, is_project
from bot.discover.fields import mapping, text
from bot.model.argocd import ArgoInstallation, ArgoSaid
from bot.model.manifests import KubeLoader, parsed
from bot.model.objects import Manifest

CONFIG = "argocd-cm"
BUILD_OPTIONS = "kustomize.buildOptions"
KUSTOMIZE_PATH = "kustomize.path"
GLOBAL_PROJECTS = "globalProjects"
_OLD_PATH = "kustomize.version"
_MOST_GLOBAL = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in files of one Argo CD: how it is set up, and its global projects.

    `lending` is a file that seems to name more of them, empty for none.
    """

    installation: ArgoInstallation = field(default_factory=ArgoInstallation)
    lenders: tuple[Lender, ...] = ()
    lending: str = ""

    @classmethod
    def of(cls, manifests: Sequence[Manifest], said: ArgoSaid | None = None, lending: str = "") -> "Standing":
        """`manifests` and `said` are those of `installation_of`."""
        lenders = tuple(map(Lender.of, global_projects(manifests)))
        return cls(installation_of(manifests, said), lenders, lending)


def is_installation(manifest: Manifest) -> bool:
    """Whether it is Argo CD's own configuration."""
    named = text(mapping(manifest.get("metadata")), "name")
    return manifest.get("apiVersion") == "v1" and manifest.get("kind") == "ConfigMap" and named == CONFIG


def without_others(manifest: Manifest) -> Manifest:
    """The configuration with nothing in it but what is read here: somebody may have written secrets there."""
    prefixes = (BUILD_OPTIONS, KUSTOMIZE_PATH, _OLD_PATH, GLOBAL_PROJECTS)
    kept = {key: value for key, value in _data(manifest).items() if key.startswith(prefixes)}
    metadata = mapping(manifest.get("metadata"))
    names = {name: metadata[name] for name in ("name", "namespace") if name in metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": names, "data": kept}


def installation_of(manifests: Iterable[Manifest], said: ArgoSaid | None = None) -> ArgoInstallation:
    """`manifests` are whatever of Argo CD stands in files for one control plane, `said` is what the operator says of it.

    What two files say differently nobody knows.
    """
    told = said or ArgoSaid()
    every = list(manifests)
    written = [_data(each) for each in every if is_installation(each)]
    options = {data[BUILD_OPTIONS] for data in written if BUILD_OPTIONS in data}
    in_files = next(iter(options)) if len(options) == 1 else None
    return ArgoInstallation(
        told.namespace or _home(every) or ArgoInstallation().namespace,
        in_files if told.build_options is None else told.build_options,
        _versions(written),
    )


def global_projects(manifests: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """The entries of `globalProjects`. Argo CD goes on without them where they cannot be read."""
    written = (_data(each).get(GLOBAL_PROJECTS, "") for each in manifests if is_installation(each))
    return tuple(entry for text in written for entry in _listed(text))[:_MOST_GLOBAL]


def _listed(written: str) -> list[Manifest]:
    try:
        first = next(parsed(written.encode("utf-8", "surrogateescape"), KubeLoader), None)
    except yaml.YAMLError:
        return []
    entries = first.value if first else None
    return [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []


def _home(manifests: Iterable[Manifest]) -> str:
    """Its configuration, its projects and the Secrets that it reads lie in its own namespace.

    Where none of them says which one that is, it is the one that all Applications name: empty where they name several.
    """
    own: set[str] = set()
    applications: set[str] = set()
    for each in manifests:
        namespace = text(mapping(each.get("metadata")), "namespace")
        if namespace and _is_at_home(each):
            own.add(namespace)
        elif namespace and (is_application(each) or is_application_set(each)):
            applications.add(namespace)
    named = own or applications
    return next(iter(named)) if len(named) == 1 else ""


def _is_at_home(manifest: Manifest) -> bool:
    return (
        is_installation(manifest)
        or is_project(manifest)
        or is_cluster_secret(manifest)
        or is_repository_secret(manifest)
    )


def _versions(written: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """By the name that an Application uses; what `kustomize.buildOptions.NAME` says of it."""
    found: dict[str, str] = {}
    for data in written:
        for key in data:
            for name in _registered(key):
                found[name] = data.get(f"{BUILD_OPTIONS}.{name}", found.get(name, ""))
    return found


def _registered(key: str) -> Iterator[str]:
    for prefix in (KUSTOMIZE_PATH, _OLD_PATH):
        if key.startswith(f"{prefix}."):
            yield key[len(prefix) + 1 :]


def _data(manifest: Manifest) -> dict[str, str]:
    data = mapping(manifest.get("data")).items()
    return {k: v for k, v in data if isinstance(k, str) and isinstance(v, str)}
