"""Clusters and repositories that Argo CD knows, as far as the repository declares the Secrets that make them known."""

from dataclasses import dataclass

from bot.discover.argocd.objects import texts
from bot.discover.argocd.secret_values import SecretInGit
from bot.discover.schema import shown
from bot.model.argocd import ArgoCluster
from bot.model.objects import Manifest

IN_CLUSTER = "in-cluster"
IN_CLUSTER_SERVER = "https://kubernetes.default.svc"
"""The cluster that Argo CD itself runs in."""

_CLUSTER, _REPOSITORY = "cluster", "repository"
_FIELDS = ("name", "server", "project")


@dataclass(frozen=True, slots=True)
class ProjectRepository:
    """A repository that is declared for one project. `url` and `project` are None where they cannot be told."""

    url: str | None
    project: str | None


def is_cluster_secret(manifest: Manifest) -> bool:
    """Also what a Secret of a cluster is made from."""
    return SecretInGit.of(manifest, _CLUSTER) is not None


def is_repository_secret(manifest: Manifest) -> bool:
    """Also what a Secret of a repository is made from."""
    return SecretInGit.of(manifest, _REPOSITORY) is not None


def declared_cluster(manifest: Manifest) -> ArgoCluster | None:
    """None for anything else."""
    secret = SecretInGit.of(manifest, _CLUSTER)
    if secret is None:
        return None
    values = {name: secret.value(name) for name in _FIELDS}
    unread = next((name for name in ("name", "server") if values[name] is None), "")
    name, server, project = (values[each] or "" for each in _FIELDS)
    return ArgoCluster(
        name,
        server.rstrip("/"),
        dict(texts(secret.shape, "labels")),
        dict(texts(secret.shape, "annotations")),
        project,
        secret.place,
        _why_unread(secret, unread) if unread else _why_unusable(secret, name, server),
    )


def project_repository(manifest: Manifest) -> ProjectRepository | None:
    """None for anything else, and for a repository that is for every project."""
    secret = SecretInGit.of(manifest, _REPOSITORY)
    if secret is None or secret.value("project") == "":
        return None
    return ProjectRepository(secret.value("url"), secret.value("project"))


def _why_unread(secret: SecretInGit, field: str) -> str:
    why = "because that is encrypted or kept elsewhere"
    return f"{secret.manifest.get('kind')} {shown(secret.place)} does not show its {field}, {why}"


def _why_unusable(secret: SecretInGit, name: str, server: str) -> str:
    empty = "name" if not name else "server" if not server else ""
    return f"Secret {shown(secret.place)} has no {empty}" if empty else ""
