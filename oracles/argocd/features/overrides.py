"""Files beside the manifests that change what the Application says of its source."""

from typing import Any

import yaml

from oracles.argocd.app import App


def _general(app: App, **source: Any) -> None:
    app.files[".argocd-source.yaml"] = yaml.safe_dump(source, sort_keys=False)


def _named(app: App, **source: Any) -> None:
    app.files[f".argocd-source-{app.full_name}.yaml"] = yaml.safe_dump(source, sort_keys=False)


def directory(app: App) -> None:
    _general(
        app, directory={"exclude": "*.json"}, path="elsewhere", repoURL="https://example.invalid/x", unknown=1
    )
    app.files["gone.json"] = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "gone"}}'


def kustomize(app: App) -> None:
    _general(app, kustomize={"images": ["registry.example.invalid/shop/web:general"]})
    app.options.setdefault("images", ["registry.example.invalid/shop/side:3"])


def kustomize_named(app: App) -> None:
    """Lists are taken for one another, element by element."""
    kustomize(app)
    _named(app, kustomize={"images": ["registry.example.invalid/shop/web:named"], "nameSuffix": "-named"})


def kustomize_elements(app: App) -> None:
    app.options["replicas"] = [{"name": "nobody", "count": 4}]
    _general(app, kustomize={"replicas": [{"name": app.name}]})


def helm(app: App) -> None:
    _general(
        app,
        helm={
            "parameters": [{"name": "a", "value": "general"}, {"name": "b", "value": "general"}],
            "valuesObject": {"general": True},
        },
    )
    if app.pick.random() < 0.5:
        app.options.setdefault("parameters", [{"name": "b", "value": "5", "forceString": True}])


def helm_named(app: App) -> None:
    helm(app)
    _named(app, helm={"parameters": [{"name": "a", "value": "named"}]})


def helm_other(app: App) -> None:
    """For an Application of another name, and for one in another namespace: neither is read."""
    for name in ("other", f"argocd_{app.full_name}"):
        app.files[f".argocd-source-{name}.yaml"] = "helm: {releaseName: never}\n"


def helm_nulls(app: App) -> None:
    """They take nothing away."""
    app.options |= {"values": "a: kept\n", "releaseName": "kept"}
    app.files[".argocd-source.yaml"] = "helm:\n  values: null\n  releaseName: null\n  valueFiles: null\n"


DIRECTORY = {".argocd-source.yaml: directory": directory}
KUSTOMIZE = {
    ".argocd-source.yaml: kustomize": kustomize,
    ".argocd-source-NAME.yaml: kustomize": kustomize_named,
    ".argocd-source.yaml: elements of a list": kustomize_elements,
}
HELM = {
    ".argocd-source.yaml: helm": helm,
    ".argocd-source-NAME.yaml: helm": helm_named,
    ".argocd-source-NAME.yaml of others": helm_other,
    ".argocd-source.yaml: nulls": helm_nulls,
}
