"""What an Application lays over a kustomization."""

from typing import Any

import yaml

from oracles.argocd.app import App

_IMAGE = "registry.example.invalid/shop/web"


def name_affixes(app: App) -> None:
    app.options |= {"namePrefix": app.pick.choice(["pre-", "a-b-"]), "nameSuffix": "-suf"}
    if app.pick.random() < 0.5:
        app.overlay |= {"namePrefix": "own-"}


def images(app: App) -> None:
    image = app.pick.choice(
        [
            f"{_IMAGE}:2.0.0",
            f"{_IMAGE}=mirror.example.invalid/web:v3",
            f"{_IMAGE}@sha256:{'0' * 64}",
            f"{_IMAGE}=*:9",
            f"{_IMAGE}=mirror.example.invalid/web",
            f"{_IMAGE}:$ARGOCD_APP_NAME",
        ]
    )
    app.options["images"] = [*app.options.get("images", ()), image]
    if app.pick.random() < 0.5:
        app.overlay["images"] = [{"name": _IMAGE, "newName": "own.example.invalid/web", "newTag": "own"}]


def replicas(app: App) -> None:
    app.options["replicas"] = [{"name": app.name, "count": app.pick.choice([0, 3, "4"])}]
    if app.pick.random() < 0.5:
        app.overlay["replicas"] = [{"name": app.name, "count": 7}]


def common_labels(app: App) -> None:
    app.options |= {"commonLabels": {"team": "shop", "by": "${ARGOCD_APP_NAMESPACE}"}}
    match app.pick.randrange(4):
        case 0:
            app.options |= {"labelWithoutSelector": True}
        case 1:
            app.options |= {"labelWithoutSelector": True, "labelIncludeTemplates": True}
        case 2:
            app.options |= {"forceCommonLabels": True}
            app.overlay["commonLabels"] = {"team": "own", "kept": "own"}
        case _:
            app.overlay["labels"] = [{"pairs": {"other": "own"}}]


def common_annotations(app: App) -> None:
    app.options["commonAnnotations"] = {"note": "$ARGOCD_APP_NAME", "plain": "x: y"}
    match app.pick.randrange(3):
        case 0:
            app.options["commonAnnotationsEnvsubst"] = True
        case 1:
            app.options["forceCommonAnnotations"] = True
            app.overlay["commonAnnotations"] = {"note": "own", "kept": "own"}
        case _:
            pass


def namespace(app: App) -> None:
    app.options["namespace"] = app.pick.choice([f"{app.script.name}-other", app.script.name])
    if app.pick.random() < 0.5:
        app.overlay["namespace"] = app.script.name


def patches(app: App) -> None:
    config = [{"op": "replace", "path": "/data/yes", "value": "patched"}]
    scale: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "Deployment"}
    scale |= {"metadata": {"name": app.name, "namespace": app.script.name}, "spec": {"paused": True}}
    wanted = [
        {"target": {"kind": "ConfigMap", "name": app.name}, "patch": yaml.safe_dump(config)},
        {"patch": yaml.safe_dump(scale)},
    ]
    app.options["patches"] = wanted[: app.pick.choice([1, 2])]
    if app.pick.random() < 0.5:
        app.overlay["patches"] = [
            {"target": {"kind": "Service"}, "patch": "- {op: add, path: /spec/sessionAffinity, value: None}"}
        ]


def components(app: App) -> None:
    part = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    extra = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "extra"},
        "data": {"from": "component"},
    }
    app.script.write("components/named/kustomization.yaml", {**part, "nameSuffix": "-named"})
    app.script.write("components/extra/kustomization.yaml", {**part, "resources": ["extra.yaml"]})
    app.script.write("components/extra/extra.yaml", extra)
    app.options["components"] = app.pick.choice(
        [["../../components/extra"], ["../../components/named", "../../components/extra"]]
    )


def component_pattern(app: App) -> None:
    components(app)
    app.options["components"] = ["../../components/*"]


def missing_components(app: App) -> None:
    components(app)
    app.options |= {"components": ["../../components/none", "../../components/extra"]}
    app.options["ignoreMissingComponents"] = True


def base(app: App) -> None:
    """Whose options have to be laid over an overlay of something else."""
    app.script.write("base/kustomization.yaml", {"resources": ["service.yaml"], "namePrefix": "base-"})
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "based"},
        "spec": {"ports": [{"port": 1}]},
    }
    app.script.write("base/service.yaml", service)
    app.bases.append("../../base")
    app.options.setdefault("nameSuffix", "-over")


def generators(app: App) -> None:
    app.overlay["configMapGenerator"] = [
        {"name": "made", "literals": ["a=1", "b=two"], "files": ["file.txt"]}
    ]
    app.files["file.txt"] = "from a file\n"


FEATURES = {
    "kustomize: namePrefix, nameSuffix": name_affixes,
    "kustomize: images": images,
    "kustomize: replicas": replicas,
    "kustomize: commonLabels": common_labels,
    "kustomize: commonAnnotations": common_annotations,
    "kustomize: namespace": namespace,
    "kustomize: patches": patches,
    "kustomize: components": components,
    "kustomize: components by a pattern": component_pattern,
    "kustomize: ignoreMissingComponents": missing_components,
    "kustomize: configMapGenerator": generators,
    "kustomize: base and overlay": base,
}
