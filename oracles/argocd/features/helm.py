"""What an Application gives a chart."""

from typing import Any

from oracles.argocd.app import App

_CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.%s.example.invalid}
spec:
  group: %s.example.invalid
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions: []
"""
_HOOKED = """\
apiVersion: v1
kind: %s
metadata:
  name: %s
  annotations: {helm.sh/hook: "%s", helm.sh/hook-weight: "3"}
"""


def values(app: App) -> None:
    app.options["values"] = "a: values\nnested:\n  first: values\n  third: [x]\nplain: $ARGOCD_APP_NAME\n"


def values_object(app: App) -> None:
    app.options["valuesObject"] = {"a": "object", "nested": {"second": None, "deep": {"x": 1.5}}, "list": []}


def parameters(app: App) -> None:
    every: list[dict[str, Any]] = [
        {"name": "a", "value": "parameter"},
        {"name": "nested.first", "value": "2"},
        {"name": "nested.text", "value": "2", "forceString": True},
        {"name": "list", "value": "{x,y}"},
        {"name": "list[0]", "value": "7"},
        {"name": "commas", "value": "one,two"},
        {"name": "truth", "value": "true"},
        {"name": "gone", "value": "null"},
        {"name": "environment", "value": "$ARGOCD_APP_NAME ${ARGOCD_APP_NAMESPACE} $NOWHERE $$kept"},
        {"name": "equals", "value": "a=b"},
        {"name": "number", "value": "0123"},
        {"name": "dotted\\.key", "value": "x"},
    ]
    chosen = app.pick.sample(every, k=5)
    if {"list", "list[0]"} <= {each["name"] for each in chosen}:
        # Which one comes first is up to a map of Go's.
        chosen = [each for each in chosen if each["name"] != "list[0]"]
    app.options["parameters"] = [*app.options.get("parameters", ()), *chosen]


def parameter_twice(app: App) -> None:
    twice: list[dict[str, Any]] = [{"name": "b", "value": "first"}, {"name": "b", "value": "last"}]
    forced: list[dict[str, Any]] = [
        {"name": "b", "value": "1", "forceString": True},
        {"name": "b", "value": "2"},
    ]
    app.options["parameters"] = [*app.options.get("parameters", ()), *app.pick.choice([twice, forced])]


def file_parameters(app: App) -> None:
    app.files |= {"text.txt": "from, a file\nand more\n", "/shared/text.txt": "from the root"}
    app.options["fileParameters"] = [
        {"name": "file", "path": app.pick.choice(["text.txt", "/shared/text.txt", "../../shared/text.txt"])}
    ]


def release_name(app: App) -> None:
    app.options["releaseName"] = "released"


def namespace(app: App) -> None:
    app.options["namespace"] = "of-the-release"
    app.files["templates/placed.yaml"] = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: placed, namespace: {{ .Release.Namespace }}}\n"
    )


def definitions(app: App) -> None:
    home = app.script.name
    app.files["crds/widgets.yaml"] = _CRD % (home, home)
    if app.pick.random() < 0.5:
        app.options["skipCrds"] = True


def hooks(app: App) -> None:
    app.files |= {
        "templates/before.yaml": _HOOKED % ("ConfigMap", "before", "pre-install,pre-upgrade"),
        "templates/test.yaml": _HOOKED % ("Pod", "test", "test"),
        "templates/NOTES.txt": "{{ .Release.Name }} is there\n",
    }
    if app.pick.random() < 0.5:
        app.options["skipTests"] = True


def capabilities(app: App) -> None:
    app.options["kubeVersion"] = app.pick.choice(["1.25.3", "v1.30", "1.31.0"])
    if app.pick.random() < 0.5:
        app.options["apiVersions"] = ["x/v1", "y/v1/Z"]


def subchart(app: App) -> None:
    app.files |= {
        "charts/inner/Chart.yaml": "apiVersion: v2\nname: inner\nversion: 1.0.0\n",
        "charts/inner/values.yaml": "own: default\n",
        "charts/inner/templates/a.yaml": (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inner}\ndata: {own: {{ .Values.own | quote }}}\n"
        ),
    }
    app.options["valuesObject"] = {**app.options.get("valuesObject", {}), "inner": {"own": "given"}}


def lists_and_loops(app: App) -> None:
    app.files["templates/loop.yaml"] = (
        "{{- range $i := until 3 }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: n{{ $i }}}\n{{- end }}\n"
        "---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: listed}}\n"
        "---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: n0}\ndata: {last: wins}\n"
    )


def revision(app: App) -> None:
    """Which commit it is."""
    name = app.pick.choice(["REVISION", "REVISION_SHORT", "REVISION_SHORT_8"])
    app.options["parameters"] = [
        *app.options.get("parameters", ()),
        {"name": "commit", "value": f"$ARGOCD_APP_{name}", "forceString": True},
    ]


def of_the_source(app: App) -> None:
    names = ("SOURCE_REPO_URL", "SOURCE_PATH", "SOURCE_TARGET_REVISION", "PROJECT_NAME")
    app.options["parameters"] = [
        *app.options.get("parameters", ()),
        *({"name": name.lower(), "value": f"$ARGOCD_APP_{name}"} for name in names),
    ]


FEATURES = {
    "helm: values": values,
    "helm: valuesObject": values_object,
    "helm: parameters": parameters,
    "helm: a parameter twice": parameter_twice,
    "helm: fileParameters": file_parameters,
    "helm: releaseName": release_name,
    "helm: namespace": namespace,
    "helm: crds, skipCrds": definitions,
    "helm: hooks, skipTests": hooks,
    "helm: kubeVersion, apiVersions": capabilities,
    "helm: charts in charts/": subchart,
    "helm: lists and loops": lists_and_loops,
    "helm: environment of the revision": revision,
    "helm: environment of the source": of_the_source,
}
