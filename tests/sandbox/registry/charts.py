"""Charts to publish: written, packed and indexed by Helm itself."""

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from tools.locate import find

DEADLINE_S = 60.0


@cache
def helm() -> Path:
    program = find("helm")
    if program is None:
        raise LookupError("helm is not there yet; run: make tools")
    return program


def run_helm(*arguments: str | Path, home: Path) -> str:
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        [str(helm()), *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def pack(into: Path, name: str, version: str, files: Mapping[str, str] | None = None) -> Path:
    """`NAME-VERSION.tgz` in `into`; its one template says the version."""
    source = into / "src" / f"{name}-{version}"
    written = {
        "Chart.yaml": yaml.safe_dump({"apiVersion": "v2", "name": name, "version": version}),
        "values.yaml": "greeting: hello\n",
        "templates/config.yaml": (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: said}\n"
            "data: {version: {{ .Chart.Version | quote }}, greeting: {{ .Values.greeting | quote }}}\n"
        ),
        **(files or {}),
    }
    for path, text in written.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text, encoding="utf-8")
    run_helm("package", source, "--destination", into, home=into)
    return into / f"{name}-{version}.tgz"


def write_index(directory: Path, url: str = "") -> Path:
    """`helm repo index` of the packed charts in the directory."""
    run_helm("repo", "index", directory, *(("--url", url) if url else ()), home=directory)
    return directory / "index.yaml"
