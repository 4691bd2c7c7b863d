"""What is in the directories below deploy/, rendered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.model.objects import Manifest
from tests.sandbox.cluster.administer import rendered

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DIRECTORIES = tuple(sorted(file.parent for file in DEPLOY.rglob("kustomization.yaml")))


def manifests(directory: Path | str) -> list[Manifest]:
    return rendered(DEPLOY / directory)


def workloads() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod template of the base, by the name of its workload."""
    for manifest in manifests("base"):
        if "template" in manifest.get("spec", {}):
            yield manifest["metadata"]["name"], manifest["spec"]["template"]
