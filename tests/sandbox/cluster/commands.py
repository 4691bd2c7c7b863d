"""The command lines of the control plane's programs.

Invariant: they listen on loopback only, elect nobody and do nothing while nothing happens.
"""

from __future__ import annotations

from pathlib import Path

from tests.sandbox.cluster.access import ClusterAccess
from tests.sandbox.cluster.certificates import server_pair, signer_key
from tests.sandbox.cluster.ports import LOOPBACK
from tools.locate import find

STAGES = Path(__file__).with_name("stages.yaml")
ABSENT_CONTROLLERS = (
    "cloud-node-lifecycle-controller",
    "node-ipam-controller",
    "node-lifecycle-controller",
    "node-route-controller",
    "service-lb-controller",
)
"""They need a cloud, or nodes that report: ours are only rows in a table."""


class ProgramMissing(Exception):
    """The machine has no such program yet."""

    def __init__(self, program: str) -> None:
        super().__init__(f"{program} is not built yet; build it once with: python tools/build.py plane")


def located(program: str) -> Path:
    found = find(program)
    if found is None:
        raise ProgramMissing(program)
    return found


def etcd(directory: Path, port: int) -> list[str | Path]:
    url = f"http://{LOOPBACK}:{port}"
    return [
        located("etcd"),
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls=http://{LOOPBACK}:0",
        "--socket-reuse-port=true",
        "--unsafe-no-fsync=true",
        "--logger=zap",
        "--log-level=warn",
    ]


def write_server_secrets(access: ClusterAccess) -> None:
    """What the API server and the controller manager need besides the authority."""
    server = server_pair(access.authority)
    private, public = signer_key()
    files = {"server.crt": server.certificate, "server.key": server.key, "sa.key": private, "sa.pub": public}
    for name, content in files.items():
        path = access.directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)


def apiserver(access: ClusterAccess, ports: tuple[int, int], *, with_controllers: bool) -> list[str | Path]:
    """Ports are etcd's and the server's own."""
    etcd_port, port = ports
    directory = access.directory
    # NB: without a controller manager nobody makes the ServiceAccounts that this admission plugin asks for.
    absent = [] if with_controllers else ["--disable-admission-plugins=ServiceAccount"]
    return [
        located("kube-apiserver"),
        f"--etcd-servers=http://{LOOPBACK}:{etcd_port}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={port}",
        "--permit-port-sharing=true",
        f"--cert-dir={directory}",
        f"--tls-cert-file={directory / 'server.crt'}",
        f"--tls-private-key-file={directory / 'server.key'}",
        f"--client-ca-file={access.authority_file}",
        f"--service-account-issuer={access.server}",
        f"--service-account-key-file={directory / 'sa.pub'}",
        f"--service-account-signing-key-file={directory / 'sa.key'}",
        "--service-cluster-ip-range=10.0.0.0/16",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--endpoint-reconciler-type=none",
        "--profiling=false",
        *absent,
    ]


def controller_manager(access: ClusterAccess) -> list[str | Path]:
    return [
        located("kube-controller-manager"),
        f"--kubeconfig={access.admin_kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        f"--controllers=*,{','.join(f'-{name}' for name in ABSENT_CONTROLLERS)}",
        f"--service-account-private-key-file={access.directory / 'sa.key'}",
        f"--root-ca-file={access.authority_file}",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    ]


def scheduler(access: ClusterAccess) -> list[str | Path]:
    return [
        located("kube-scheduler"),
        f"--kubeconfig={access.admin_kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        "--profiling=false",
    ]


def kwok(access: ClusterAccess) -> list[str | Path]:
    return [
        located("kwok"),
        f"--kubeconfig={access.admin_kubeconfig}",
        f"--config={STAGES}",
        "--manage-all-nodes=true",
        "--cidr=10.244.0.0/16",
        "--node-lease-duration-seconds=0",
    ]
