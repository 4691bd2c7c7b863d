"""Applications that bring forth Applications."""

from collections.abc import Callable
from random import Random

from oracles.argocd.clusters import IN_CLUSTER_SERVER, NAMESPACE
from oracles.argocd.features.directory import config
from oracles.argocd.scene import PROJECT, SET, Script, argo
from oracles.argocd.sets import elements

Nested = Callable[[Script, Random], None]
_WAVE = {"argocd.argoproj.io/sync-wave": "-1"}


def _leaf(script: Script, name: str) -> str:
    """A directory to render, and its path."""
    script.write(f"apps/{name}/config.yaml", config("settings", of=name))
    return f"apps/{name}"


def in_a_directory(script: Script, pick: Random) -> None:
    """The usual app of apps, in one directory or below it."""
    script.root("bootstrap/root.yaml", script.parent("root", "children", directory={"recurse": True}))
    for name in ("one", "two"):
        place = f"children/{pick.choice(['', 'deeper/'])}{name}.yaml"
        script.write(place, script.application(name, {"source": script.source(_leaf(script, name))}))


def _chain(script: Script, depth: int) -> None:
    script.root("bootstrap/root.yaml", script.parent("root", "level-1"))
    for level in range(1, depth):
        script.write(f"level-{level}/next.yaml", script.parent(f"level-{level}", f"level-{level + 1}"))
    script.write(
        f"level-{depth}/leaf.yaml",
        script.application("leaf", {"source": script.source(_leaf(script, "leaf"))}),
    )


def depth_two(script: Script, _pick: Random) -> None:
    _chain(script, 2)


def depth_three(script: Script, _pick: Random) -> None:
    _chain(script, 3)


def by_chart(script: Script, pick: Random) -> None:
    """A chart whose templates are Applications, with the values that they are given."""
    children = script.source(
        "children", helm={"valuesObject": {"names": ["one", "two"], "tier": pick.choice("ab")}}
    )
    root = script.parent("root", "children")
    root["spec"]["source"] = children
    script.root("bootstrap/root.yaml", root)
    script.write("children/Chart.yaml", {"apiVersion": "v2", "name": "children", "version": "0.1.0"})
    script.files["children/templates/apps.yaml"] = _TEMPLATE.format(
        name=script.named("{{ . }}"), url=script.url, server=IN_CLUSTER_SERVER, home=script.name
    )
    for name in ("one", "two"):
        _leaf(script, name)
        script.applications.add(script.named(name))


_TEMPLATE = """\
{{{{- range .Values.names }}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}
  namespace: argocd
  labels: {{tier: {{{{ $.Values.tier }}}}}}
spec:
  project: default
  source: {{repoURL: "{url}", path: "apps/{{{{ . }}}}", targetRevision: main}}
  destination: {{server: {server}, namespace: {home}}}
{{{{- end }}}}
"""


def by_kustomize(script: Script, _pick: Random) -> None:
    """Applications of a base, which an overlay patches."""
    script.root("bootstrap/root.yaml", script.parent("root", "overlays/test"))
    source = script.source(_leaf(script, "one"))
    script.write("base/one.yaml", script.application("one", {"source": source}))
    script.write("base/kustomization.yaml", {"resources": ["one.yaml"]})
    patch = '[{"op": "replace", "path": "/spec/source/path", "value": "apps/two"}]'
    _leaf(script, "two")
    script.write(
        "overlays/test/kustomization.yaml",
        {"resources": ["../../base"], "patches": [{"target": {"kind": "Application"}, "patch": patch}]},
    )


def set_in_parent(script: Script, _pick: Random) -> None:
    script.root("bootstrap/root.yaml", script.parent("root", "sets"))
    script.write("sets/all.yaml", _set(script, "all", {"source": script.source("apps/{{path.basename}}")}))
    for name in ("one", "two"):
        _leaf(script, name)


def _set(script: Script, name: str, spec: dict[str, object]) -> dict[str, object]:
    template = {
        "metadata": {"name": f"{script.name}--{{{{path.basename}}}}"},
        "spec": {**script.spec(), **spec},
    }
    script.applications |= {script.named("one"), script.named("two")}
    git = {"repoURL": script.url, "revision": "HEAD", "directories": [{"path": "apps/*"}]}
    return argo(SET, script.named(name), {"generators": [{"git": git}], "template": template})


def parents_of_a_set(script: Script, _pick: Random) -> None:
    """An ApplicationSet whose Applications hold Applications."""
    spec = {
        **script.spec(),
        "destination": {"server": IN_CLUSTER_SERVER, "namespace": NAMESPACE},
        "source": script.source("teams/{{team}}"),
        "syncPolicy": {"automated": {}},
    }
    template = {"metadata": {"name": f"{script.name}--{{{{team}}}}"}, "spec": spec}
    generators = [elements({"team": "red"}, {"team": "blue"})]
    script.root(
        "bootstrap/teams.yaml",
        argo(SET, script.named("teams"), {"generators": generators, "template": template}),
    )
    for team in ("red", "blue"):
        source = script.source(_leaf(script, f"of-{team}"))
        script.write(f"teams/{team}/app.yaml", script.application(f"of-{team}", {"source": source}))
        script.applications.add(script.named(team))


def project_in_parent(script: Script, _pick: Random) -> None:
    script.root("bootstrap/root.yaml", script.parent("root", "children"))
    project = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": script.name}]}
    script.write("children/project.yaml", argo(PROJECT, script.named("team"), project, annotations=_WAVE))
    source = script.source(_leaf(script, "one"))
    script.write(
        "children/one.yaml", script.application("one", {"source": source, "project": script.named("team")})
    )


FEATURES: dict[str, Nested] = {
    "app of apps: a directory": in_a_directory,
    "app of apps: a chart": by_chart,
    "app of apps: kustomize": by_kustomize,
    "app of apps: two deep": depth_two,
    "app of apps: three deep": depth_three,
    "app of apps: an ApplicationSet": set_in_parent,
    "app of apps: a project": project_in_parent,
    "ApplicationSet of app of apps": parents_of_a_set,
}
