"""Argo CD's repo-server and its two controllers as processes beside a control plane, with a Redis between them."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.model.objects import Manifest
from bot.store.embedded import server_program
from oracles.argocd.clusters import NAMESPACE, Declared, credentials, declared_clusters
from oracles.argocd.cmp import plugin_servers
from oracles.cluster import Cluster
from oracles.documents import namespace
from oracles.processes import component, running, taught_plane
from tests.sandbox.cluster import ControlPlane
from tests.sandbox.cluster.ports import LOOPBACK, Reservation
from tests.sandbox.cluster.process import Component
from tools.locate import link_dir
from tools.programs import ARGOCD

_SETTINGS = (
    "argocd-cm",
    "argocd-rbac-cm",
    "argocd-cmd-params-cm",
    "argocd-gpg-keys-cm",
    "argocd-tls-certs-cm",
)
_PORTS = (
    "redis",
    "repo-server",
    "repo-metrics",
    "metrics",
    "appset-metrics",
    "appset-probe",
    "appset-webhook",
)
_PART = {"app.kubernetes.io/part-of": "argocd"}


@dataclass(frozen=True, slots=True)
class ArgoCluster:
    """The control plane, the clusters that Argo CD has it for, and the URL of its cache."""

    cluster: Cluster
    declared: tuple[Declared, ...]
    redis: str


@asynccontextmanager
async def argo_cluster(directory: Path) -> AsyncIterator[ArgoCluster]:
    """A fresh control plane with Argo CD in it, and no Application yet."""
    with ExitStack() as stack:
        ports = {name: stack.enter_context(Reservation()).port for name in _PORTS}
    async with taught_plane([ARGOCD]) as (plane, session):
        declared = declared_clusters(int(plane.access.server.rpartition(":")[2]))
        async with running(_components(plane, directory, ports), session) as cluster:
            for manifest in _settings(plane, declared):
                await cluster.create(manifest)
            yield ArgoCluster(cluster, declared, f"redis://{LOOPBACK}:{ports['redis']}")


def _settings(plane: ControlPlane, declared: tuple[Declared, ...]) -> list[Manifest]:
    """What an installation of Argo CD brings along; its API server would make the project."""
    names = [{"name": name, "namespace": NAMESPACE, "labels": _PART} for name in _SETTINGS]
    secret = {"name": "argocd-secret", "namespace": NAMESPACE, "labels": _PART}
    anything = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    }
    return [
        namespace(NAMESPACE),
        *({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata} for metadata in names),
        {"apiVersion": "v1", "kind": "Secret", "metadata": secret, "stringData": {"server.secretkey": "none"}},
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
         "metadata": {"name": "default", "namespace": NAMESPACE}, "spec": anything},
        *(each.secret(credentials(plane.access)) for each in declared),
    ]  # fmt: skip


def _components(plane: ControlPlane, directory: Path, ports: Mapping[str, int]) -> list[Component]:
    at = {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}
    cache = ["--redis", at["redis"], "--redis-compress", "none"]
    repo_server = [
        *("--address", LOOPBACK, "--port", str(ports["repo-server"]), "--disable-tls", *cache),
        *("--metrics-address", LOOPBACK, "--metrics-port", str(ports["repo-metrics"])),
    ]
    applications = [
        *("--namespace", NAMESPACE, "--repo-server", at["repo-server"], "--repo-server-plaintext", *cache),
        # NB: an error would otherwise be kept back for three minutes, and everything looked at again after two.
        *("--repo-error-grace-period-seconds", "0", "--app-resync", "3600"),
        # NB: the one port that is open on every interface: only its number can be said.
        *("--metrics-port", str(ports["metrics"]), "--status-processors", "6", "--operation-processors", "4"),
    ]
    sets = [
        *("--namespace", NAMESPACE, "--argocd-repo-server", at["repo-server"], "--repo-server-plaintext"),
        *("--metrics-addr", at["appset-metrics"], "--probe-addr", at["appset-probe"]),
        *("--webhook-addr", at["appset-webhook"], "--concurrent-reconciliations", "4"),
    ]
    own = {
        "repo-server": repo_server,
        "application-controller": applications,
        "applicationset-controller": sets,
    }
    environment = _environment(plane, directory)
    return [
        _redis(directory, ports["redis"]),
        *plugin_servers(environment, directory),
        *(
            component(
                name,
                "argocd",
                [*flags, "--logformat", "text", "--loglevel", "warn"],
                {**environment, "ARGOCD_BINARY_NAME": f"argocd-{name}"},
                directory,
            )
            for name, flags in own.items()
        ),
    ]


def _redis(directory: Path, port: int) -> Component:
    where = ["--bind", LOOPBACK, "--port", str(port), "--dir", str(directory)]
    keeps_nothing = ["--save", "", "--appendonly", "no"]
    return Component("redis", [server_program(), *where, *keeps_nothing], directory / "redis.log")


def _environment(plane: ControlPlane, directory: Path) -> dict[str, str]:
    for name in ("tls", "ssh", "gpg", "plugins", "tmp"):
        (directory / name).mkdir()
    return {
        "KUBECONFIG": str(plane.access.admin_kubeconfig),
        # Our helm and kustomize: what differs between versions of theirs is not what is asked here.
        "PATH": f"{link_dir()}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(directory / "tmp"),
        "HOSTNAME": "oracle-0",
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_TLS_DATA_PATH": str(directory / "tls"),
        "ARGOCD_SSH_DATA_PATH": str(directory / "ssh"),
        "ARGOCD_GNUPGHOME": str(directory / "gpg"),
        "ARGOCD_PLUGINSOCKFILEPATH": str(directory / "plugins"),
        "ARGOCD_ASK_PASS_SOCK": str(directory / "ask.sock"),
    }
