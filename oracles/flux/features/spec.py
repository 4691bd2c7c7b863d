"""What a Flux Kustomization lays over its directory."""

from typing import Any

import yaml

from oracles.documents import documents_text
from oracles.flux.app import App

_COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}


def target_namespace(app: App) -> None:
    app.spec["targetNamespace"] = app.pick.choice([app.script.other, app.home])
    if app.overlay is not None and app.pick.random() < 0.5:
        app.overlay["namespace"] = app.home


def name_prefix(app: App) -> None:
    app.spec["namePrefix"] = app.pick.choice(["pre-", "a-b-"])
    if app.overlay is not None and app.pick.random() < 0.5:
        app.overlay["namePrefix"] = "own-"


def name_suffix(app: App) -> None:
    app.spec["nameSuffix"] = app.pick.choice(["-suf", "-2"])


def common_metadata(app: App) -> None:
    labels = {"team": "shop", "app": "overridden", "example.invalid/truth": "true"}
    app.spec["commonMetadata"] = app.pick.choice(
        [
            {"labels": labels},
            {"annotations": {"note": "1"}},
            {"labels": labels, "annotations": {"a/b": "x: y"}},
        ]
    )


def patches_strategic(app: App) -> None:
    """By name, by target, and one that deletes."""
    container = {
        "name": "main",
        "env": [{"name": "MODE", "value": "patched"}, {"name": "NEW", "value": "yes"}],
    }
    pods = {"spec": {"containers": [container], "initContainers": [{"name": "i", "image": "busybox"}]}}
    whole = _deployment_patch(app, {"replicas": 0, "template": pods})
    label = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "any", "labels": {"by": "target"}},
    }
    gone = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": app.name, "namespace": app.home},
            "$patch": "delete"}  # fmt: skip
    patches: list[dict[str, Any]] = [{"patch": yaml.safe_dump(whole)}]
    if app.pick.random() < 0.6:
        patches.append({"patch": yaml.safe_dump(label), "target": {"kind": "Deployment"}})
    if app.pick.random() < 0.4:
        patches.append({"patch": yaml.safe_dump(gone)})
    _add(app, "patches", patches)


def patches_json6902(app: App) -> None:
    operations = [
        {"op": "replace", "path": "/data/yes", "value": "no"},
        {"op": "add", "path": "/data/added", "value": "0x10"},
        {"op": "remove", "path": "/data/float"},
        {"op": "test", "path": "/data/number", "value": "0123"},
    ]
    if app.pick.random() < 0.5:
        operations.append(
            {"op": "add", "path": "/metadata/annotations/example.invalid~1slash", "value": "on"}
        )
    target = app.pick.choice(
        [
            {"kind": "ConfigMap", "name": app.name},
            {"version": "v1", "kind": "ConfigMap", "labelSelector": f"app={app.name}"},
            {"kind": "ConfigMap", "name": f"^{app.name[:2]}.*"},
        ]
    )
    _add(app, "patches", [{"patch": yaml.safe_dump(operations), "target": target}])


def images(app: App) -> None:
    name = "registry.example.invalid/shop/web"
    image = app.pick.choice(
        [
            {"name": name, "newTag": "2.0.0"},
            {"name": name, "newTag": "1e3"},
            {"name": name, "newName": "mirror.example.invalid/web", "newTag": "v3"},
            {"name": name, "digest": "sha256:" + "0" * 64},
        ]
    )
    if app.overlay is not None and app.pick.random() < 0.6:
        # Both name it: Flux merges field by field, tag and digest as one.
        own = [{"name": name, "newName": "own.example.invalid/web", "newTag": "own"}]
        app.overlay["images"] = [*app.overlay.get("images", ()), *own]
    _add(app, "images", [image])


def components(app: App) -> None:
    """One that patches, one that adds a ConfigMap; from the spec, and perhaps from the directory as well."""
    patch = yaml.safe_dump(_deployment_patch(app, {"paused": True}))
    extra = {"apiVersion": "v1", "kind": "ConfigMap",
             "metadata": {"name": f"{app.name}-part", "namespace": app.home}, "data": {"from": "component"}}  # fmt: skip
    app.files["/components/pause/kustomization.yaml"] = documents_text(
        [{**_COMPONENT, "patches": [{"patch": patch}]}]
    )
    app.files["/components/extra/kustomization.yaml"] = documents_text(
        [{**_COMPONENT, "resources": ["extra.yaml"]}]
    )
    app.files["/components/extra/extra.yaml"] = documents_text([extra])
    wanted = ["../../components/pause", "../../components/extra"]
    if app.overlay is not None and app.pick.random() < 0.5:
        app.overlay["components"] = [wanted.pop()]
    _add(app, "components", wanted)


def ignore_missing_components(app: App) -> None:
    app.spec["ignoreMissingComponents"] = True
    _add(app, "components", ["../../components/none"])
    if app.pick.random() < 0.5:
        components(app)


def build_metadata(app: App) -> None:
    app.spec["buildMetadata"] = app.pick.choice(
        [["originAnnotations"], ["transformerAnnotations"], ["originAnnotations", "transformerAnnotations"]]
    )


def _deployment_patch(app: App, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": app.name, "namespace": app.home}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _add(app: App, key: str, more: list[Any]) -> None:
    app.spec[key] = [*app.spec.get(key, ()), *more]


FEATURES = {
    "targetNamespace": target_namespace,
    "namePrefix": name_prefix,
    "nameSuffix": name_suffix,
    "commonMetadata": common_metadata,
    "patches: strategic merge": patches_strategic,
    "patches: JSON 6902": patches_json6902,
    "images": images,
    "components": components,
    "ignoreMissingComponents": ignore_missing_components,
    "buildMetadata": build_metadata,
}
