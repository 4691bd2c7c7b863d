"""Applications of Argo CD, and how to read them."""

from collections.abc import Iterable
from typing import Any

from bot.discover.argocd import ArgoContext, application_target, notices
from bot.discover.objects import DeclaredObject
from bot.discover.repository import RepositoryIdentity
from bot.model.objects import Manifest
from bot.model.rendering import Severity
from bot.model.target import Target, TargetId

Json = dict[str, Any]

FLEET = "https://github.com/acme/fleet"
HERE = RepositoryIdentity.of([FLEET])
AUTOMATED: Json = {"automated": {}}
PLACE: Json = {"server": "https://kubernetes.default.svc", "namespace": "shop"}


def application(spec: Any, name: str = "web", namespace: str | None = "argocd", **metadata: Any) -> Json:
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, **place, **metadata},
        "spec": spec,
    }


def source(**fields: Any) -> Json:
    """The directory `apps/web` of the repository at hand, with these fields; one set to None is left out."""
    written = {"repoURL": FLEET, "path": "apps/web", "targetRevision": "HEAD", **fields}
    return {name: value for name, value in written.items() if value is not None}


def spec(**fields: Any) -> Json:
    """A whole spec, with these fields; one set to None is left out."""
    written = {
        "project": "default",
        "destination": PLACE,
        "source": source(),
        "syncPolicy": AUTOMATED,
        **fields,
    }
    return {name: value for name, value in written.items() if value is not None}


def found(manifest: Manifest, parent: TargetId | None = None) -> DeclaredObject:
    return DeclaredObject(manifest, "apps/web.yaml", 1, parent)


def context(*manifests: Json, branch: str = "", **others: Any) -> ArgoContext:
    return ArgoContext.of(manifests, HERE, branch=branch, **others)


def read(manifest: Manifest, others: Iterable[Json] = (), branch: str = "") -> Target:
    return application_target(found(manifest), context(*others, branch=branch), "hub")


def target(others: Iterable[Json] = (), /, *, branch: str = "", **fields: Any) -> Target:
    """An Application with these fields of its spec."""
    return read(application(spec(**fields)), others, branch)


def of_source(branch: str = "", /, **fields: Any) -> Target:
    """An Application with these fields of its one source."""
    return target(branch=branch, source=source(**fields))


def cluster_secret(name: str, server: str, **fields: Any) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"cluster-{name}",
            "namespace": "argocd",
            "labels": {"argocd.argoproj.io/secret-type": "cluster", "env": name},
        },
        "stringData": {"name": name, "server": server, **fields},
    }


def said(manifest: Json, *others: Json, branch: str = "") -> list[tuple[Severity, str]]:
    """The remarks on an object, without its name."""
    ref = f"{manifest['kind']} argocd/{manifest['metadata']['name']} "
    found_ones = notices(found(manifest), context(*others, branch=branch))
    assert all(each.message.startswith(ref) for each in found_ones)
    return [(each.severity, each.message.removeprefix(ref)) for each in found_ones]
