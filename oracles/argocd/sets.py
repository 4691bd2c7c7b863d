"""An ApplicationSet, to whose generators and template features are added."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.model.objects import Manifest
from oracles.argocd.features.directory import config
from oracles.argocd.scene import SET, Script, argo

DIRECTORIES = ("alpha", "beta", "Gamma_X")
"""Below `sets/`; what is made of the last one's name is another one."""


@dataclass(slots=True)
class Set:
    """What features change. `names` are those of the Applications that there have to be, without the scene's."""

    script: Script
    pick: Random
    is_go: bool
    name: str = "set"
    generators: list[dict[str, Any]] = field(default_factory=list)
    app_name: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    template: dict[str, Any] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def at(self, *path: str) -> str:
        """A parameter, in the set's dialect."""
        return f"{{{{{'.' if self.is_go else ''}{'.'.join(path)}}}}}"

    def git(self, **what: Any) -> dict[str, Any]:
        return {"git": {"repoURL": self.script.url, "revision": "HEAD", **what}}

    def manifest(self) -> Manifest:
        metadata: dict[str, Any] = {"name": f"{self.script.name}--{self.app_name}"}
        if self.notes:
            metadata["annotations"] = self.notes
        template = {
            "metadata": {**metadata, **self.template.get("metadata", {})},
            "spec": {
                **self.script.spec(),
                **({"source": self.source} if self.source else {}),
                **self.template.get("spec", {}),
            },
        }
        dialect = {"goTemplate": True} if self.is_go else {}
        return argo(
            SET,
            self.script.named(self.name),
            {**dialect, "generators": self.generators, "template": template, **self.spec},
        )

    def put(self) -> None:
        """Apply it by hand."""
        self.script.root(f"bootstrap/{self.name}.yaml", self.manifest())
        self.script.applications |= {self.script.named(name) for name in self.names}


def small_set(script: Script, pick: Random, *, is_go: bool) -> Set:
    """With directories to render, and nothing that generates."""
    for name in DIRECTORIES:
        script.write(f"sets/{name}/config.yaml", config("settings", of=name))
    script.write("sets/alpha/deeper/config.yaml", config("deeper"))
    script.write("sets/.hidden/config.yaml", config("hidden"))
    return Set(script, pick, is_go, source=script.source("sets/alpha"))


def elements(*every: Mapping[str, Any]) -> dict[str, Any]:
    return {"list": {"elements": [dict(each) for each in every]}}
