"""Sources and generators that lie in other repositories."""

import json
from collections.abc import Callable
from random import Random

from oracles.argocd.features.directory import config, text
from oracles.argocd.scene import Script
from oracles.argocd.sets import small_set

Whole = Callable[[Script, Random], None]


def source(script: Script, pick: Random) -> None:
    other = script.other(
        {"web/config.yaml": text(config("elsewhere")), "web/inner/more.yaml": text(config("more"))}
    )
    where = {"repoURL": other, "path": "web", "targetRevision": pick.choice(["main", "HEAD"])}
    spec = {"source": {**where, "directory": {"recurse": True}}}
    script.root("bootstrap/web.yaml", script.application("web", spec))


def reference(script: Script, _pick: Random) -> None:
    """A chart of ours with values of others."""
    other = script.other({"values/web.yaml": json.dumps({"a": "elsewhere"})})
    script.write("chart/Chart.yaml", {"apiVersion": "v2", "name": "web", "version": "0.1.0"})
    script.files["chart/templates/config.yaml"] = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: {{ .Values.a }}}\n"
    )
    chart = script.source("chart", helm={"valueFiles": ["$theirs/values/web.yaml"]})
    sources = [chart, {"repoURL": other, "targetRevision": "main", "ref": "theirs"}]
    script.root("bootstrap/web.yaml", script.application("web", {"sources": sources}))


def parent(script: Script, _pick: Random) -> None:
    """An app of apps whose Applications lie in another repository."""
    child = script.application("child", {"source": script.source("apps/child")})
    script.write("apps/child/config.yaml", config("child"))
    root = script.parent("root", "children")
    root["spec"]["source"]["repoURL"] = script.other({"children/child.yaml": text(child)})
    script.root("bootstrap/root.yaml", root)


def generator(script: Script, pick: Random) -> None:
    other = script.other({"teams/red/x.yaml": text(config("red")), "teams/blue/x.yaml": text(config("blue"))})
    made = small_set(script, pick, is_go=False)
    git = {"repoURL": other, "revision": "main", "directories": [{"path": "teams/*"}]}
    made.generators = [{"git": git}]
    made.app_name = "{{path.basename}}"
    made.source = {"repoURL": other, "path": "{{path}}", "targetRevision": "main"}
    made.names = {"red", "blue"}
    made.put()


FEATURES: dict[str, Whole] = {
    "elsewhere: a source": source,
    "elsewhere: a reference": reference,
    "elsewhere: an app of apps": parent,
    "elsewhere: a generator": generator,
}
