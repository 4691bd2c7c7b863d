"""A small application as a Flux Kustomization, to which features are added one by one."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.model.objects import Manifest
from oracles.documents import Content, documents_text
from oracles.flux.scene import Script
from oracles.workload import workload

KUSTOMIZATION = "kustomization.yaml"
KUSTOMIZE = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


@dataclass(slots=True)
class App:
    """What features change: the Kustomization's `spec`, the directory's own `overlay`, its objects and files.

    `overlay` None leaves the directory without a kustomization.yaml, so that Flux generates one. `objects` are by
    file; `files` are others, by path below the directory, or from the repository's root with a leading slash.
    """

    script: Script
    name: str
    pick: Random
    spec: dict[str, Any] = field(default_factory=dict)
    overlay: dict[str, Any] | None = field(default_factory=dict)
    objects: dict[str, list[Manifest]] = field(default_factory=dict)
    files: dict[str, Content] = field(default_factory=dict)
    directory: str = "apps/web"
    base: str = ""
    """Where the objects lie instead, with a kustomization of their own: from the repository's root."""
    raw: list[str] = field(default_factory=list)
    """Files of objects beside `objects`."""
    bare: set[str] = field(default_factory=set)
    """Values that stand in the objects' files without quotes."""

    @property
    def home(self) -> str:
        return self.script.name

    def object(self, kind: str) -> Manifest:
        """The first object of the kind."""
        return next(o for objects in self.objects.values() for o in objects if o["kind"] == kind)

    def need_overlay(self) -> dict[str, Any]:
        """The directory's own kustomization, which there has to be."""
        if self.overlay is None:
            self.overlay = {}
        return self.overlay

    def resources(self, file: str, content: bytes) -> None:
        """A file of objects that is written as it is."""
        self.files[file] = content
        self.raw.append(file)

    def put(self) -> None:
        """Write it all down."""
        for file, objects in self.objects.items():
            self.script.files[f"{self.base or self.directory}/{file}"] = self._text(objects)
        for path, content in self.files.items():
            place = path[1:] if path.startswith("/") else f"{self.directory}/{path}"
            self.script.files[place] = content
        if self.base:
            self._put_kustomization(self.base, {"resources": list(self.objects)})
        if self.overlay is not None:
            own = [f"../../{self.base}"] if self.base else list(self.objects)
            own += self.raw
            self._put_kustomization(self.directory, {**self.overlay, "resources": own})
        self.script.kustomization(self.name, f"./{self.directory}", self.spec)

    def _put_kustomization(self, directory: str, fields: dict[str, Any]) -> None:
        self.script.write(f"{directory}/{KUSTOMIZATION}", {**KUSTOMIZE, **fields})

    def _text(self, objects: list[Manifest]) -> str:
        text = documents_text(objects)
        for value in self.bare:
            text = text.replace(f"'{value}'", value)
        return text


def small_app(script: Script, pick: Random, name: str = "web") -> App:
    """A workload with what usually surrounds it; which of it is a matter of chance."""
    app = App(script, name, pick, directory=f"apps/{name}")
    app.objects = workload(name, script.name, pick)
    return app
