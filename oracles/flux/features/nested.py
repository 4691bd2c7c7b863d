"""Kustomizations that bring forth Kustomizations, and those that wait for others."""

from oracles.flux.app import App
from oracles.flux.scene import RETRY_S, ROOT, flux


def nested(app: App) -> None:
    """The app's own directory holds another Kustomization, which the app's patches and variables reach too."""
    inner = "inner"
    spec = {
        "interval": "1h",
        "retryInterval": f"{RETRY_S}s",
        "prune": True,
        "path": "./apps/inner",
        "sourceRef": {"kind": "GitRepository", "name": ROOT, "namespace": app.home},
        "commonMetadata": {"labels": {"nested": "yes"}},
    }
    child = flux("kustomize.toolkit.fluxcd.io/v1", "Kustomization", app.home, inner, spec)
    app.objects["inner.yaml"] = [child]
    metadata = {"name": "inner", "namespace": app.home}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"from": "inside"}}
    app.script.write("apps/inner/config.yaml", config)


def depends_on(app: App) -> None:
    """On one that comes later by name; the app may be waited for itself."""
    metadata = {"name": "first", "namespace": app.home}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"order": "first"}}
    app.script.write("apps/zz-first/config.yaml", config)
    app.script.kustomization("zz-first", "./apps/zz-first", {})
    app.spec["dependsOn"] = [{"name": "zz-first"}]
    app.spec["wait"] = app.pick.choice([True, False])


FEATURES = {"nested Kustomizations": nested, "dependsOn": depends_on}
