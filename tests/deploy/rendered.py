"""What `kustomize build` makes of the directories below deploy/."""

import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bot.model.objects import Manifest
from tools.locate import find

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DIRECTORIES = tuple(sorted(file.parent for file in DEPLOY.rglob("kustomization.yaml")))
_TIMEOUT_S = 30


@functools.cache
def build(directory: Path) -> str:
    program = find("kustomize")
    assert program is not None, "kustomize is not built yet; build it once with: make tools"
    argv = [str(program), "build", str(directory)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True).stdout


def manifests(directory: Path | str) -> list[Manifest]:
    """Fresh copies, in kustomize's order."""
    return list(yaml.safe_load_all(build(DEPLOY / directory)))


def workloads() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod template of the base, by the name of its workload."""
    for manifest in manifests("base"):
        if "template" in manifest.get("spec", {}):
            yield manifest["metadata"]["name"], manifest["spec"]["template"]
