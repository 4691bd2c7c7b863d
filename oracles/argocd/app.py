"""A small application as an Application of Argo CD, to which features are added one by one."""

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

from bot.model.objects import Manifest
from oracles.argocd.scene import Script
from oracles.documents import Content, documents_text
from oracles.workload import workload

KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


class Kind(StrEnum):
    """How the directory is rendered."""

    DIRECTORY = "directory"
    KUSTOMIZE = "kustomize"
    HELM = "helm"


@dataclass(slots=True)
class App:
    """What features change: the source's block of its kind, the Application's `spec`, the directory and its files.

    `more` are sources beside the first. `files` are by path below the directory, or from the repository's root with a
    leading slash. `overlay` are the kustomization's own fields, `bases` what it reads elsewhere, `values` the chart's.
    """

    script: Script
    pick: Random
    kind: Kind
    name: str = "web"
    options: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    more: list[dict[str, Any]] = field(default_factory=list)
    spec: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, list[Manifest]] = field(default_factory=dict)
    files: dict[str, Content] = field(default_factory=dict)
    overlay: dict[str, Any] = field(default_factory=dict)
    kustomization: str = "kustomization.yaml"
    bases: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def directory(self) -> str:
        return f"apps/{self.name}"

    @property
    def full_name(self) -> str:
        return self.script.named(self.name)

    def object(self, kind: str) -> Manifest:
        """The first object of the kind."""
        return next(o for objects in self.objects.values() for o in objects if o["kind"] == kind)

    def put_files(self) -> None:
        """Write down what the source leads to."""
        for path, content in self.files.items():
            self.script.files[path[1:] if path.startswith("/") else f"{self.directory}/{path}"] = content
        if self.kind is Kind.HELM:
            self._put_chart()
            return
        for file, objects in self.objects.items():
            self.script.files[f"{self.directory}/{file}"] = documents_text(objects)
        if self.kind is Kind.KUSTOMIZE:
            own = {**KUSTOMIZATION, **self.overlay, "resources": [*self.objects, *self.bases]}
            self.script.write(f"{self.directory}/{self.kustomization}", own)

    def _put_chart(self) -> None:
        self.script.write(
            f"{self.directory}/Chart.yaml", {"apiVersion": "v2", "name": "web", "version": "0.1.0"}
        )
        self.script.write(f"{self.directory}/values.yaml", self.values)
        for file, objects in self.objects.items():
            self.script.files[f"{self.directory}/templates/{file}"] = documents_text(objects)

    def written_spec(self) -> dict[str, Any]:
        """The Application's `spec`, which may go into a template as well."""
        block = {self.kind.value: self.options} if self.options else {}
        first = {**self.script.source(self.directory), **block, **self.source}
        sources = {"sources": [first, *self.more]} if self.more else {"source": first}
        return {**self.script.spec(), **sources, **self.spec}

    def application(self) -> Manifest:
        return self.script.application(self.name, self.written_spec(), **self.metadata)


_CHART_CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  values: {{ .Values | toJson | quote }}
  release: "{{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.Service }} {{ .Release.Revision }}"
  first: "{{ .Release.IsInstall }} {{ .Release.IsUpgrade }}"
  chart: "{{ .Chart.Name }} {{ .Chart.Version }} {{ .Template.BasePath }}"
  kubernetes: "{{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.KubeVersion.Minor }}"
  kinds: "{{ .Capabilities.APIVersions.Has "argoproj.io/v1alpha1/Application" }} {{ .Capabilities.APIVersions.Has "x/v1" }}"
"""


def small_app(script: Script, pick: Random, kind: Kind, name: str = "web") -> App:
    """A workload with what usually surrounds it; a chart has it in its templates."""
    app = App(script, pick, kind, name, objects=workload(name, script.name, pick))
    if kind is Kind.HELM:
        app.files["templates/values.yaml"] = _CHART_CONFIG
        app.values = {
            "a": "default",
            "b": "default",
            "nested": {"first": 1, "second": True},
            "list": [1, "two"],
        }
    return app
