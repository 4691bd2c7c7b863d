"""What Flux refuses: ours has to be unknown for a reason that says the same."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oracles.flux.app import App
from oracles.flux.features.helm import release
from oracles.flux.features.sops import encrypted_secret
from oracles.flux.scene import ROOT
from oracles.trials import Refusal


@dataclass(frozen=True, slots=True)
class Refused:
    """How an app is spoilt, and what has to be said of it, or of its release.

    `feature` is the row that it counts for.
    """

    feature: str
    spoil: Callable[[App], None]
    theirs: str
    ours: str
    of_release: bool = False

    @property
    def refusal(self) -> Refusal:
        return Refusal(self.theirs, self.ours)


def _spec(**fields: Any) -> Callable[[App], None]:
    def spoil(app: App) -> None:
        app.spec |= fields

    return spoil


def _overlay(**fields: Any) -> Callable[[App], None]:
    def spoil(app: App) -> None:
        app.need_overlay().update(fields)

    return spoil


def _without_overlay(path: str, content: str) -> Callable[[App], None]:
    def spoil(app: App) -> None:
        app.overlay = None
        app.files[path] = content

    return spoil


def _variable(expression: str, **build: Any) -> Callable[[App], None]:
    def spoil(app: App) -> None:
        app.object("ConfigMap")["data"]["spoilt"] = expression
        app.spec["postBuild"] = build or {"substitute": {"name": "shop"}}

    return spoil


def _without_namespace(app: App) -> None:
    del app.object("ConfigMap")["metadata"]["namespace"]


def _unknown_kind(app: App) -> None:
    app.objects["odd.yaml"] = [
        {
            "apiVersion": "odd.example.invalid/v1",
            "kind": "Odd",
            "metadata": {"name": "odd", "namespace": app.home},
        }
    ]


def _wrong_type(app: App) -> None:
    app.object("Deployment")["spec"]["replicas"] = "many"


def _twice(app: App) -> None:
    app.objects["again.yaml"] = [app.object("ConfigMap")]


def _sourceless(app: App) -> None:
    """The root's source, looked for in a namespace that has none of that name."""
    app.spec["sourceRef"] = {"kind": "GitRepository", "name": ROOT, "namespace": app.script.other}


def _keyless(app: App) -> None:
    encrypted_secret(app)
    app.spec["decryption"] = {"provider": "sops", "secretRef": {"name": "nowhere"}}


def _failing_chart(app: App) -> None:
    release(app)
    app.files["/charts/shop/templates/failing.yaml"] = (
        '{{ required "text.nowhere is needed" .Values.nowhere }}\n'
    )


def _against_schema(app: App) -> None:
    release(app)["values"] = {"replicas": "many"}
    schema = {"properties": {"replicas": {"type": "integer"}}}
    app.files["/charts/shop/values.schema.json"] = json.dumps(schema)


def _chartless(app: App) -> None:
    release(app)["chart"]["spec"]["chart"] = "./charts/none"


_MISSING_FROM = {"substituteFrom": [{"kind": "ConfigMap", "name": "nowhere"}]}

REFUSED: dict[str, Refused] = {
    "path-missing": Refused("path", _spec(path="./apps/none"), "path not found", "apps/none"),
    "resource-missing": Refused(
        "base and overlay", _overlay(components=["../../components/none"]), "no such file", "components/none"
    ),
    "component-missing": Refused(
        "components", _spec(components=["../../components/none"]), "no such file", "components/none"
    ),
    "component-absolute": Refused(
        "components", _spec(components=["/components/none"]), "must be local and relative", "component"
    ),
    "yaml-broken": Refused(
        "generated kustomization.yaml", _without_overlay("broken.yaml", "a: [b\n"), "broken.yaml", "broken.yaml"
    ),
    "yaml-no-object": Refused(
        "generated kustomization.yaml", _without_overlay("values.yaml", "some: value\n"), "values.yaml", "values.yaml"
    ),
    "patch-no-target": Refused(
        "patches: strategic merge",
        _spec(patches=[{"patch": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nobody\n"}]),
        "no matches for Id", "nobody",
    ),
    "patch-test-fails": Refused(
        "patches: JSON 6902",
        _spec(patches=[{"patch": '[{"op": "test", "path": "/data/yes", "value": "no"}]',
                        "target": {"kind": "ConfigMap"}}]),
        "test", "kustomize failed",
    ),
    "variable-missing": Refused(
        "postBuild.substitute", _variable("${nowhere}"), "variable not set (strict mode)", "nowhere"
    ),
    "variable-operator": Refused("postBuild.substitute", _variable("${name-x}"), "missing closing brace", "the operator - is unknown to Flux"),
    "variable-length": Refused("postBuild.substitute", _variable("${#nowhere}"), "variable not set", "nowhere"),
    "variable-name": Refused(
        "postBuild.substitute", _variable("${name}", substitute={"a-b": "1"}), "a-b", "a-b"
    ),
    "source-missing": Refused(
        "postBuild.substituteFrom: only in the cluster", _variable("${name}", **_MISSING_FROM), "nowhere", "nowhere"
    ),
    "namespace-missing": Refused("objects", _without_namespace, "namespace not specified", "namespace not specified"),
    "kind-unknown": Refused("objects", _unknown_kind, "no matches for kind", "no kind Odd"),
    "type-wrong": Refused("objects", _wrong_type, "replicas", "replicas"),
    "sops-keyless": Refused("decryption: no such key in the cluster", _keyless, "nowhere", "nowhere"),
    "source-elsewhere": Refused("a source that its namespace does not have", _sourceless, "not found", "not declared"),
    "chart-failing": Refused(
        "HelmRelease: values", _failing_chart, "text.nowhere is needed", "failing.yaml", of_release=True
    ),
    "chart-schema": Refused("HelmRelease: values", _against_schema, "replicas", "replicas", of_release=True),
    "chart-missing": Refused("HelmRelease: values", _chartless, "HelmChart", "charts/none", of_release=True),
    "two-the-same": Refused("objects", _twice, "already registered id", "already registered id"),
}  # fmt: skip
