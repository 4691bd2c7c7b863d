"""What the people who run a cluster do to it: apply what is rendered, grant, look after it."""

import functools
import subprocess
from pathlib import Path

import yaml

from bot.kube.client import ApplyOptions, KubeClient
from bot.model.objects import Manifest
from tests.sandbox.cluster.commands import located

_TIMEOUT_S = 30


def rendered(directory: Path) -> list[Manifest]:
    """What `kustomize build` makes of a directory: fresh copies, in its order."""
    return list(yaml.safe_load_all(_built(directory)))


async def apply(client: KubeClient, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
    """Server-side, over whoever else holds a field; unknown and doubled fields are errors."""
    resource = await client.discovery.resource(manifest["apiVersion"], manifest["kind"])
    return await client.apply(resource, manifest, ApplyOptions("operator", force=True, dry_run=dry_run))


@functools.cache
def _built(directory: Path) -> str:
    argv = [str(located("kustomize")), "build", str(directory)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True).stdout
