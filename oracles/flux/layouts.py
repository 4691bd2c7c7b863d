"""Whole repositories, each with two clusters in it: the fleet that the tests have, and the layout of Flux's own guide."""

from pathlib import Path
from random import Random

from oracles.flux.app import KUSTOMIZE, small_app
from oracles.flux.scene import Scene, Script
from oracles.workload import without_namespace

SEED = Path(__file__).parents[2] / "tests" / "sandbox" / "seed"
CLUSTERS = ("staging", "production")


def seed_layout(name: str, url: str, cluster: str) -> Scene:
    """The fleet of the tests and the demo, with Flux instead of `.longshore.yaml`."""
    scripts = {each: _seed(name, url, each) for each in CLUSTERS}
    return _of(scripts, cluster, "the layout of the tests' fleet")


def _seed(name: str, url: str, cluster: str) -> Script:
    script = Script(name, url, cluster)
    for file in sorted(SEED.rglob("*")):
        path = file.relative_to(SEED)
        if file.is_file() and path.name != ".longshore.yaml":
            # NB: the fleet's own clusters/ are overlays; here that place belongs to the roots.
            place = f"platform/{path.relative_to('clusters')}" if path.parts[0] == "clusters" else str(path)
            script.files[place] = file.read_text(encoding="utf-8")
    script.kustomization("infrastructure", f"./platform/{cluster}", {"wait": True})
    script.kustomization("apps", f"./apps/overlays/{cluster}", {"dependsOn": [{"name": "infrastructure"}]})
    return script


def usual_layout(name: str, url: str, cluster: str) -> Scene:
    """clusters/, infrastructure/ and apps/{base,overlays}."""
    scripts = {each: _usual(name, url, each) for each in CLUSTERS}
    return _of(scripts, cluster, "clusters/, infrastructure/, apps/{base,overlays}")


def _usual(name: str, url: str, cluster: str) -> Script:
    script = Script(name, url, cluster)
    _usual_apps(script)
    limit = {"type": "Container", "default": {"cpu": "1"}}
    limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits", "namespace": name},
              "spec": {"limits": [limit]}}  # fmt: skip
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": name},
                "data": {"domain": "${cluster}.example.invalid"}}  # fmt: skip
    script.write("infrastructure/controllers/limits.yaml", limits)
    script.write("infrastructure/configs/settings.yaml", settings)
    script.kustomization("infra-controllers", "./infrastructure/controllers", {"wait": True})
    waits = {"dependsOn": [{"name": "infra-controllers"}], "postBuild": {"substitute": {"cluster": cluster}}}
    script.kustomization("infra-configs", "./infrastructure/configs", waits)
    spec = {
        "dependsOn": [{"name": "infra-configs"}],
        "targetNamespace": name,
        "postBuild": {"substituteFrom": [{"kind": "ConfigMap", "name": "settings"}]},
    }
    script.kustomization("apps", f"./apps/overlays/{cluster}", spec)
    return script


def _usual_apps(script: Script) -> None:
    app = small_app(script, Random("usual"))
    for file, objects in app.objects.items():
        script.write(f"apps/base/web/{file}", *map(without_namespace, objects))
    script.write("apps/base/web/kustomization.yaml", {**KUSTOMIZE, "resources": list(app.objects)})
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "front"},
               "spec": {"rules": [{"host": "web.${domain}"}]}}  # fmt: skip
    for name in CLUSTERS:
        replicas = int(name == "production")
        patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
                 "spec": {"replicas": replicas}}  # fmt: skip
        script.write(
            f"apps/overlays/{name}/kustomization.yaml",
            {
                **KUSTOMIZE,
                "resources": ["../../base/web", "front.yaml"],
                "patches": [{"path": "replicas.yaml"}],
            },
        )
        script.write(f"apps/overlays/{name}/replicas.yaml", patch)
        script.write(f"apps/overlays/{name}/front.yaml", ingress)


def _of(scripts: dict[str, Script], cluster: str, feature: str) -> Scene:
    """The repository as a whole, seen from one of its clusters."""
    scene = scripts[cluster].scene([feature])
    for script in scripts.values():
        scripts[cluster].files.update(script.scene([feature]).files)
    return scene
