"""The chart that releases are made of: written to show in its objects whatever Helm was given."""

from oracles.documents import documents_text
from oracles.flux.app import App

CHART = "shop"

_HELPERS = """{{- define "shop.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
"""
_VALUES_SHOWN = """apiVersion: v1
kind: ConfigMap
metadata:
  name: shop-values
  labels:
    {{- include "shop.labels" . | nindent 4 }}
data:
  all: {{ .Values | toYaml | quote }}
  json: {{ .Values | toJson | quote }}
  text: {{ .Values.text | quote }}
  release: {{ printf "%s/%s %t %t %d" .Release.Namespace .Release.Name .Release.IsInstall .Release.IsUpgrade .Release.Revision | quote }}
  chart: {{ printf "%s %s %s" .Chart.Name .Chart.Version .Chart.Type | quote }}
  file: {{ .Files.Get "files/page.txt" | quote }}
  {{- (.Files.Glob "files/*.conf").AsConfig | nindent 2 }}
  template: {{ .Template.Name | quote }}
  tpl: {{ tpl "{{ .Values.text }}!" . | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  policy: {{ .Capabilities.APIVersions.Has "policy/v1" | quote }}
  none: {{ .Capabilities.APIVersions.Has "none.example.invalid/v1" | quote }}
"""
_WORKLOAD = """{{- if .Values.flag }}
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-front
spec:
  selector: {app: {{ .Release.Name }}}
  ports:
    - port: 80
{{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels:
    {{- include "shop.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
        - name: main
          image: registry.example.invalid/shop/chart:{{ .Chart.AppVersion }}
---
# Nothing but a comment.
"""
_VALUES = {"replicas": 0, "text": "default", "flag": False, "nested": {"kept": "default", "gone": "default"}}
_HOOKS = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-before
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "-5"
data:
  text: {{ .Values.text | quote }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-test
  annotations:
    helm.sh/hook: test
data: {}
"""
_PART = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}
data:
  text: {{ .Values.text | quote }}
  shared: {{ .Values.global.shared | default "none" | quote }}
"""


def put_chart(app: App, *, crds: bool = False, hooks: bool = False, dependencies: bool = False) -> None:
    """The chart, with what is asked for added to what it has."""
    place = f"/charts/{CHART}"
    chart: dict[str, object] = {
        "apiVersion": "v2",
        "name": CHART,
        "version": "1.2.3",
        "appVersion": "4.5",
        "type": "application",
    }
    if dependencies:
        chart["dependencies"] = [
            {"name": "part", "version": "0.1.0"},
            {"name": "part", "alias": "other", "version": ">=0.1", "condition": "other.enabled"},
        ]
        part = {"apiVersion": "v2", "name": "part", "version": "0.1.0"}
        app.files[f"{place}/charts/part/Chart.yaml"] = documents_text([part])
        app.files[f"{place}/charts/part/values.yaml"] = documents_text([{"text": "of the part"}])
        app.files[f"{place}/charts/part/templates/part.yaml"] = _PART
    known = app.files.get(f"{place}/Chart.yaml")
    if known is None or dependencies:
        app.files[f"{place}/Chart.yaml"] = documents_text([chart])
    app.files[f"{place}/values.yaml"] = documents_text([_VALUES])
    app.files[f"{place}/templates/_helpers.tpl"] = _HELPERS
    app.files[f"{place}/templates/values.yaml"] = _VALUES_SHOWN
    app.files[f"{place}/templates/workload.yaml"] = _WORKLOAD
    app.files[f"{place}/templates/NOTES.txt"] = "Installed {{ .Release.Name }}.\n"
    app.files[f"{place}/files/page.txt"] = "größe\n"
    app.files[f"{place}/files/one.conf"] = "a = 1\n"
    if crds:
        app.files[f"{place}/crds/gadgets.yaml"] = documents_text([_definition(app.home)])
    if hooks:
        app.files[f"{place}/templates/hooks.yaml"] = _HOOKS


def _definition(home: str) -> dict[str, object]:
    group = f"chart.{home}.example.invalid"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object"}},
    }
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"widgets.{group}"}, "spec": spec}  # fmt: skip
