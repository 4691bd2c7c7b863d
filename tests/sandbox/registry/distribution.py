"""A real registry (CNCF distribution) on loopback, open to all, or behind a password or a token."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from tests.sandbox.cluster.process import LAUNCHER
from tests.sandbox.registry.charts import run_helm
from tools.locate import find

START_S = 30.0
ROBOT, PASSWORD = "robot", "hunter2"
HTPASSWD = "robot:$2b$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.\n"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True)
class Distribution:
    """`address` is HOST:PORT."""

    address: str
    home: Path
    authorization: str = ""

    def url(self, path: str) -> str:
        return f"oci://{self.address}/{path}"

    def push_chart(self, archive: Path, path: str) -> None:
        """`helm push` to `path`/NAME, as people do it."""
        run_helm("push", archive, self.url(path), "--plain-http", home=self.home)

    def push_blob(self, path: str, data: bytes) -> str:
        digest = f"sha256:{sha256(data).hexdigest()}"
        _, headers = self._send("POST", f"/v2/{path}/blobs/uploads/", b"", "application/octet-stream")
        place = headers["location"]
        joined = f"{place}{'&' if '?' in place else '?'}digest={digest}"
        self._send("PUT", joined, data, "application/octet-stream")
        return digest

    def push_manifest(self, path: str, reference: str, manifest: Mapping[str, Any]) -> str:
        data = json.dumps(manifest).encode()
        self._send("PUT", f"/v2/{path}/manifests/{reference}", data, manifest["mediaType"])
        return f"sha256:{sha256(data).hexdigest()}"

    def manifest(self, path: str, reference: str) -> dict[str, Any]:
        url = f"http://{self.address}/v2/{path}/manifests/{reference}"
        request = urllib.request.Request(url, headers={"Accept": MANIFEST})
        with urllib.request.urlopen(request, timeout=START_S) as answer:
            read: dict[str, Any] = json.loads(answer.read())
            return read

    def push_files(self, path: str, tag: str, archive: bytes, *, kind: str) -> str:
        """An artifact of one layer; its manifest's digest."""
        layer, config = self.push_blob(path, archive), self.push_blob(path, b"{}")
        return self.push_manifest(
            path,
            tag,
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {
                    "mediaType": "application/vnd.oci.empty.v1+json",
                    "digest": config,
                    "size": 2,
                },
                "layers": [{"mediaType": kind, "digest": layer, "size": len(archive)}],
            },
        )

    def _send(self, method: str, path: str, data: bytes, kind: str) -> tuple[bytes, dict[str, str]]:
        url = path if "://" in path else f"http://{self.address}{path}"
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})
        if self.authorization:
            request.add_header("Authorization", self.authorization)
        with urllib.request.urlopen(request, timeout=START_S) as answer:
            return answer.read(), {name.lower(): value for name, value in answer.headers.items()}


@contextmanager
def distribution(home: Path, auth: Mapping[str, Any] | None = None) -> Iterator[Distribution]:
    """Run a registry below `home`; `auth` is the section of its configuration."""
    program = find("registry")
    if program is None:
        raise LookupError("the registry is not there yet; run: make tools")
    home.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{_free_port()}"
    config = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(home / "data")}},
        "http": {"addr": address, "secret": "of-a-test"},
        **({"auth": dict(auth)} if auth else {}),
    }
    (home / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "OTEL_TRACES_EXPORTER": "none"}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-S", "-I", LAUNCHER, str(os.getpid()), program, "serve", home / "config.yaml"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await(process, address, home / "log")
        yield Distribution(address, home)
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://{address}/v2/", timeout=1).close()
        except urllib.error.HTTPError as error:
            error.close()
            return  # it answers, if only that it wants to know who asks
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"the registry does not answer:\n{log.read_text(encoding='utf-8')[-2000:]}")
