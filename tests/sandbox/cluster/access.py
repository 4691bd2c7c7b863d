"""How to reach a control plane, as its administrator or as anybody else.

Invariant: everything here follows from the plane's directory, so that another process can use a plane it did not
start.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import yaml

from tests.sandbox.cluster.certificates import Pair, client_pair, new_authority

ADMIN = "sandbox-admin"
ADMIN_GROUP = "system:masters"
REQUEST_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """The address of an API server and the authority whose certificates it believes."""

    server: str
    directory: Path

    @classmethod
    def create(cls, server: str, directory: Path) -> ClusterAccess:
        """Make the authority, and write down where the server will be."""
        authority = new_authority()
        _write(directory / "ca.crt", authority.certificate)
        _write(directory / "ca.key", authority.key)
        _write(directory / "server", server.encode())
        return cls(server, directory)

    @classmethod
    def read(cls, directory: Path) -> ClusterAccess:
        return cls((directory / "server").read_text(encoding="utf-8"), directory)

    @property
    def authority(self) -> Pair:
        return Pair(self.authority_file.read_bytes(), (self.directory / "ca.key").read_bytes())

    @property
    def authority_file(self) -> Path:
        return self.directory / "ca.crt"

    @property
    def admin_kubeconfig(self) -> Path:
        return self.kubeconfig(ADMIN, (ADMIN_GROUP,))

    def kubeconfig(self, user: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig with a client certificate for the user; what it may do is up to RBAC."""
        name = hashlib.sha256(repr((user, tuple(groups))).encode()).hexdigest()[:16]
        path = self.directory / "kubeconfigs" / f"{name}.yaml"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            _write(path, self._render(user, client_pair(self.authority, user, groups)))
        return path

    def session(self, user: str = ADMIN, groups: Sequence[str] = (ADMIN_GROUP,)) -> aiohttp.ClientSession:
        """An HTTP session as the user, for tests that look at the cluster with eyes other than the bot's."""
        trust = ssl.create_default_context(cafile=str(self.authority_file))
        pair = client_pair(self.authority, user, groups)
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            both = Path(scratch) / "client.pem"
            _write(both, pair.certificate + pair.key)
            trust.load_cert_chain(both)
        return aiohttp.ClientSession(
            self.server,
            connector=aiohttp.TCPConnector(ssl=trust),
            timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S),
        )

    def _render(self, user: str, pair: Pair) -> bytes:
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "sandbox",
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": user}}],
            "clusters": [
                {
                    "name": "sandbox",
                    "cluster": {
                        "server": self.server,
                        "certificate-authority-data": _base64(self.authority_file.read_bytes()),
                    },
                },
            ],
            "users": [
                {
                    "name": user,
                    "user": {
                        "client-certificate-data": _base64(pair.certificate),
                        "client-key-data": _base64(pair.key),
                    },
                },
            ],
        }
        return yaml.safe_dump(document, sort_keys=False).encode()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _write(path: Path, content: bytes) -> None:
    """Write a private file in one step: test workers ask for the same kubeconfig at the same time."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as fresh:
        fresh.write(content)
    Path(fresh.name).replace(path)
