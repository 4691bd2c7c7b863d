"""Releases of charts that lie in the repository."""

from typing import Any

from bot.model.objects import Manifest
from oracles.documents import documents_text
from oracles.flux.app import App
from oracles.flux.features.charts import CHART, put_chart
from oracles.flux.scene import ROOT, flux

_RELEASE = "release.yaml"


def release(app: App) -> dict[str, Any]:
    """The app's release, made where there is none yet."""
    if _RELEASE not in app.objects:
        put_chart(app)
        source = {"kind": "GitRepository", "name": ROOT, "namespace": app.home}
        chart = {"spec": {"chart": f"./charts/{CHART}", "sourceRef": source, "interval": "1h"}}
        spec = {"interval": "1h", "timeout": "1m", "chart": chart, "install": {"remediation": {"retries": 0}}}
        app.objects[_RELEASE] = [flux("helm.toolkit.fluxcd.io/v2", "HelmRelease", app.home, "shop", spec)]
    spec_of: dict[str, Any] = app.objects[_RELEASE][0]["spec"]
    return spec_of


def values(app: App) -> None:
    spec = release(app)
    spec["values"] = {
        "replicas": 0,
        "text": app.pick.choice(["plain", "0123", "yes", "a: b"]),
        "nested": {"list": [1, "two", {"three": None}], "gone": None, "float": 1.0, "big": 12345678},
        "flag": app.pick.choice([True, False]),
    }


def values_from(app: App) -> None:
    """In order, each over the one before; `values` over all of them, a targetPath over those."""
    spec = release(app)
    first = {"text": "first", "nested": {"list": ["replaced"], "kept": "first"}}
    _config_map(app, "values-1", {"values.yaml": _yaml(first), "one": "12", "quoted": '"12"'})
    _config_map(app, "values-2", {"other.yaml": _yaml({"nested": {"kept": "second"}})})
    spec["values"] = {**spec.get("values", {}), "flag": True}
    spec["valuesFrom"] = [
        *spec.get("valuesFrom", ()),
        {"kind": "ConfigMap", "name": "values-1"},
        {"kind": "ConfigMap", "name": "values-2", "valuesKey": "other.yaml"},
        {"kind": "ConfigMap", "name": "values-1", "valuesKey": "one", "targetPath": "nested.number"},
        {"kind": "ConfigMap", "name": "values-1", "valuesKey": "quoted", "targetPath": "nested.quoted"},
        {"kind": "ConfigMap", "name": "values-1", "valuesKey": "one", "targetPath": "nested.items[1].name"},
    ]


def values_from_optional(app: App) -> None:
    spec = release(app)
    nowhere = {"kind": "ConfigMap", "name": "nowhere", "optional": True}
    spec["valuesFrom"] = [*spec.get("valuesFrom", ()), nowhere]


def values_from_secret(app: App) -> None:
    spec = release(app)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "values-3", "namespace": app.home},
              "stringData": {"values.yaml": _yaml({"text": "s3cret"})}}  # fmt: skip
    app.objects["values-3.yaml"] = [secret]
    spec["valuesFrom"] = [*spec.get("valuesFrom", ()), {"kind": "Secret", "name": "values-3"}]


def names(app: App) -> None:
    spec = release(app)
    spec["targetNamespace"] = app.script.other
    if app.pick.random() < 0.5:
        spec["releaseName"] = app.pick.choice(
            ["named", "a-very-long-name-of-a-release-that-helm-would-not-take-at-all"]
        )
    if app.pick.random() < 0.5:
        spec["storageNamespace"] = app.home


def post_renderers(app: App) -> None:
    spec = release(app)
    patch = _yaml({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop-values"},
                   "data": {"patched": "yes"}})  # fmt: skip
    operations = '[{"op": "add", "path": "/metadata/labels/patched", "value": "on"}]'
    kustomize = {
        "patches": [
            {"patch": patch, "target": {"kind": "ConfigMap", "name": ".*values"}},
            {"patch": operations, "target": {"kind": "Deployment"}},
        ],
        "images": [{"name": "registry.example.invalid/shop/chart", "newTag": "9.9"}],
    }
    spec["postRenderers"] = [{"kustomize": kustomize}]
    if app.pick.random() < 0.5:
        spec["postRenderStrategy"] = app.pick.choice(["combined", "nohooks", "separate"])


def common_metadata(app: App) -> None:
    release(app)["commonMetadata"] = {"labels": {"team": "shop"}, "annotations": {"note": "1"}}


def crds(app: App) -> None:
    spec = release(app)
    put_chart(app, crds=True)
    policy = app.pick.choice(["Create", "Skip", "CreateReplace", None])
    if policy:
        spec["install"]["crds"] = policy


def hooks(app: App) -> None:
    spec = release(app)
    put_chart(app, hooks=True)
    if app.pick.random() < 0.3:
        spec["install"]["disableHooks"] = True
        spec["upgrade"] = {"disableHooks": True}


def values_files(app: App) -> None:
    chart = release(app)["chart"]["spec"]
    app.files[f"/charts/{CHART}/values-more.yaml"] = _yaml({"text": "from a file", "nested": {"file": True}})
    chart["valuesFiles"] = [f"./charts/{CHART}/values.yaml", f"charts/{CHART}/values-more.yaml"]
    if app.pick.random() < 0.5:
        chart["valuesFiles"].append("charts/none.yaml")
        chart["ignoreMissingValuesFiles"] = True


def dependencies(app: App) -> None:
    spec = release(app)
    put_chart(app, dependencies=True)
    spec["values"] = {**spec.get("values", {}), "global": {"shared": "everywhere"}, "part": {"text": "for the part"},
                      "other": {"enabled": app.pick.choice([True, False])}}  # fmt: skip


def revision(app: App) -> None:
    release(app)["chart"]["spec"]["reconcileStrategy"] = "Revision"


def _config_map(app: App, name: str, data: dict[str, str]) -> None:
    metadata = {"name": name, "namespace": app.home}
    app.objects[f"{name}.yaml"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    ]


def _yaml(value: Manifest) -> str:
    return documents_text([value])


FEATURES = {
    "HelmRelease: values": values,
    "HelmRelease: valuesFrom, targetPath": values_from,
    "HelmRelease: valuesFrom, optional, nowhere": values_from_optional,
    "HelmRelease: valuesFrom a Secret in Git": values_from_secret,
    "HelmRelease: targetNamespace, releaseName": names,
    "HelmRelease: postRenderers": post_renderers,
    "HelmRelease: commonMetadata": common_metadata,
    "HelmRelease: crds": crds,
    "HelmRelease: hooks": hooks,
    "HelmRelease: valuesFiles": values_files,
    "HelmRelease: charts in charts/": dependencies,
    "HelmRelease: reconcileStrategy Revision": revision,
}
