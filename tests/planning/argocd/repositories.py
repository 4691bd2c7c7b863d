"""Repositories of Argo CD as people make, mend and break them, drawn by Hypothesis: a first tree, then one change after another.

As with `tests.planning.repositories`, every history begins with a tree in which everything renders. Applications and
sets are kept as data, because most changes are made to their fields.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import PurePosixPath
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from tests.planning.argocd.declared import URL, application, application_set, cluster, listed, project
from tests.planning.repositories import (
    CHARTS,
    TEMPLATE,
    Content,
    Edit,
    Files,
    Link,
    config_map,
    deployment,
    secret,
)

Fields = Mapping[str, Any]


def app(name: str, path: str = "", **more: Any) -> Content:
    found: dict[str, Any] = json.loads(application(name, path, **more))
    return found


def made_by(name: str, *generators: Fields, template: Fields | None = None, **spec: Any) -> Content:
    generated = dict(template) if template is not None else None
    found: dict[str, Any] = json.loads(
        application_set(name, *map(dict, generators), template=generated, **spec)
    )
    return found


def hooked(name: str, mark: str, value: str) -> str:
    metadata = {"name": name, "annotations": {mark: value}}
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}) + "\n"


def source(path: str = "", **more: Any) -> dict[str, Any]:
    return {"repoURL": URL, "targetRevision": "HEAD", **({"path": path} if path else {}), **more}


def template(
    name: str, path: str, *, server: str = "https://kubernetes.default.svc", **more: Any
) -> dict[str, Any]:
    destination = {"server": server, "namespace": "shop"}
    return {
        "metadata": {"name": name},
        "spec": {"project": "default", "source": source(path, **more), "destination": destination},
    }


def directories(*patterns: str, **more: Any) -> dict[str, Any]:
    looked_for = [{"path": p.removeprefix("!"), "exclude": p.startswith("!")} for p in patterns]
    return {"git": {"repoURL": URL, "revision": "HEAD", "directories": looked_for, **more}}


def files_of(*patterns: str) -> dict[str, Any]:
    return {"git": {"repoURL": URL, "revision": "HEAD", "files": [{"path": path} for path in patterns]}}


def clusters(stage: str = "", **more: Any) -> dict[str, Any]:
    selector = {"selector": {"matchLabels": {"stage": stage}}} if stage else {}
    return {"clusters": {**selector, **more}}


def matrix(*generators: Fields) -> dict[str, Any]:
    return {"matrix": {"generators": list(generators)}}


APPLICATIONS_CHART: Mapping[str, Content] = {
    "charts/apps/Chart.yaml": "apiVersion: v2\nname: apps\nversion: 1.0.0\n",
    "charts/apps/values.yaml": "apps: [first, second]\n",
    "charts/apps/templates/apps.yaml": "{{ range .Values.apps }}\n---\n"
    + application("NAME", "docs").replace('"NAME"', '"of-{{ . }}"')
    + "\n{{ end }}\n",
}
PLACES: Mapping[str, Content] = {
    "base/kustomization.yaml": {"resources": ["x.yaml", "y.yaml"]},
    "base/x.yaml": config_map("x"),
    "base/y.yaml": deployment("y"),
    "overlay/kustomization.yaml": {"resources": ["../base"], "namePrefix": "eu-"},
    "component/kustomization.yaml": {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "commonAnnotations": {"from": "component"},
    },
    "docs/p.yaml": config_map("p"),
    "docs/deep/q.yaml": config_map("q") + "---\n" + secret("q"),
    "sites/north/cm.yaml": config_map("north"),
    "sites/south/cm.yaml": config_map("south"),
    "sites/south/deep/cm.yaml": config_map("deep"),
    "env/eu.yaml": "name: eu\ngreeting: moin\nweb: {replicas: 1}\n",
    "env/us.yaml": "name: us\ngreeting: howdy\nweb: {replicas: 2}\n",
    "README.md": "hello",
    **CHARTS,
    **APPLICATIONS_CHART,
}
ROOT: Mapping[str, Content] = {"bootstrap/root.yaml": app("root", "apps", namespace="argocd")}
APPLICATIONS: Mapping[str, Content] = {
    "apps/web.yaml": app("web", "overlay"),
    "apps/docs.yaml": app("docs", "docs", directory={"recurse": True}),
    "apps/chart.yaml": app("chart", "charts/web", helm={"valueFiles": ["../../env/eu.yaml"]}),
    "apps/both.yaml": app(
        "both",
        spec={
            "sources": [
                source("charts/web", helm={"valueFiles": ["$values/env/us.yaml"]}),
                source("docs"),
                source(ref="values"),
            ]
        },
    ),
    "apps/nested.yaml": app("nested", "nested", namespace="argocd"),
    "nested/leaf.yaml": app("leaf", "base"),
    "nested/charted.yaml": app("charted", "charts/apps", namespace="argocd"),
}
SETS: Mapping[str, Content] = {
    "apps/eu.yaml": cluster("eu", "https://eu.example.test", stage="live", region="eu"),
    "apps/us.yaml": cluster("us", "https://us.example.test", stage="live", region="us"),
    "apps/sites.yaml": made_by(
        "sites", directories("sites/*"), template=template("site-{{path.basename}}", "{{path}}")
    ),
    "apps/envs.yaml": made_by(
        "envs",
        files_of("env/*.yaml"),
        template=template(
            "env-{{name}}", "charts/web", helm={"parameters": [{"name": "greeting", "value": "{{greeting}}"}]}
        ),
    ),
    "apps/everywhere.yaml": made_by(
        "everywhere", clusters("live"), template=template("web-{{name}}", "overlay", server="{{server}}")
    ),
    "apps/some.yaml": made_by("some", listed({"name": "a", "path": "docs"}, {"name": "b", "path": "base"})),
    "apps/all.yaml": made_by(
        "all",
        matrix(clusters("live"), directories("sites/*")),
        template=template("{{path.basename}}-on-{{name}}", "{{path}}", server="{{server}}"),
    ),
}
PROJECT: Mapping[str, Content] = {"apps/project.yaml": json.loads(project("shop"))}


@st.composite
def histories(draw: st.DrawFn, *, changes: int = 2) -> list[Files]:
    """Trees, each made from the one before by one to three edits."""
    files: Files = {**PLACES, **draw(st.sampled_from([ROOT, ROOT, {}]))}
    for part in (APPLICATIONS, SETS):
        files |= {path: deepcopy(part[path]) for path in draw(_subset(sorted(part)))}
    assume(any(path.startswith(("apps/", "nested/")) and _is_declared(files[path]) for path in files))
    trees = [dict(files)]
    for _ in range(changes):
        for _ in range(draw(st.integers(1, 3))):
            draw(st.sampled_from(EDITS))(draw, files)
        trees.append(dict(files))
    return trees


@st.composite
def breaking_histories(draw: st.DrawFn) -> list[Files]:
    """Two trees: in the second, what generates or holds Applications is broken, and none of them taken away."""
    before = draw(histories(changes=0))[0]
    after = dict(before)
    for _ in range(draw(st.integers(1, 2))):
        draw(st.sampled_from(BREAKS))(draw, after)
    return [before, after]


def _subset(paths: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(paths), unique=True, min_size=1, max_size=6)


def _is_declared(content: Content, kind: str = "") -> bool:
    return isinstance(content, Mapping) and content.get("kind") in ({kind} if kind else _KINDS)


_KINDS = {"Application", "ApplicationSet"}


def _declared(files: Files, kind: str = "") -> list[str]:
    return [path for path, content in files.items() if _is_declared(content, kind)]


def _manifests(files: Files) -> list[str]:
    homes = ("base/", "docs/", "sites/", "nested/")
    return [p for p, c in files.items() if isinstance(c, str) and p.startswith(homes) and p.endswith("l")]


def _kustomizations(files: Files) -> list[str]:
    return [p for p, c in files.items() if p.endswith("/kustomization.yaml") and isinstance(c, Mapping)]


def _any(draw: st.DrawFn, paths: list[str]) -> str:
    assume(paths)
    return draw(st.sampled_from(paths))


def _spec(files: Files, path: str) -> dict[str, Any]:
    """Of what stands in the file, to be changed."""
    content = files[path] = deepcopy(files[path])
    assert isinstance(content, dict)
    spec: dict[str, Any] = content["spec"]
    return spec


def _edit(draw: st.DrawFn, files: Files) -> None:
    path = _any(draw, _manifests(files))
    kind = draw(st.sampled_from([config_map, secret, deployment]))
    files[path] = kind(PurePosixPath(path).stem, draw(st.sampled_from(["1", "2"])))


HALF = '{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {'


def _break(draw: st.DrawFn, files: Files) -> None:
    path = _any(draw, [p for p in files if p.endswith(".yaml")])
    files[path] = draw(
        st.sampled_from(
            ["a: [\n", "- 1\n", "", "kind: Application\n", HALF, "\udcff", config_map("x") * 2, "null\n"]
        )
    )


def _delete(draw: st.DrawFn, files: Files) -> None:
    del files[_any(draw, sorted(files))]


def _rename(draw: st.DrawFn, files: Files) -> None:
    path = _any(draw, [*_manifests(files), *_declared(files)])
    place = draw(st.sampled_from([path.rpartition("/")[0], "apps", "nested", "docs", "bootstrap"]))
    files[f"{place}/{PurePosixPath(path).stem}-new.yaml"] = files.pop(path)


def _move_directory(draw: st.DrawFn, files: Files) -> None:
    place = draw(st.sampled_from(["base", "docs", "sites/north", "nested", "charts/web", "apps", "env"]))
    for path in [path for path in files if path.startswith(f"{place}/")]:
        files[f"{place}-moved/{path[len(place) + 1 :]}"] = files.pop(path)


PATHS = ("overlay", "base", "docs", "charts/web", "charts/apps", "sites/north", "nested", "apps", "env")
NOWHERE = ("gone", "README.md", "../x", "/base", "")
OPTIONS: tuple[Fields, ...] = (
    {},
    {"directory": {"recurse": True}},
    {"directory": {"recurse": True, "exclude": "deep/*"}},
    {"directory": {"include": "{p,x}.yaml"}},
    {"directory": {"jsonnet": {"tlas": [{"name": "a", "value": "b"}]}}},
    {"kustomize": {"namePrefix": "k-"}},
    {"kustomize": {"images": ["nginx:9"], "commonLabels": {"team": "a"}}},
    {"kustomize": {"components": ["../component"]}},
    {
        "kustomize": {
            "patches": [{"patch": '[{"op": "remove", "path": "/data"}]', "target": {"kind": "None"}}]
        }
    },
    {"helm": {"values": "greeting: inline"}},
    {"helm": {"valuesObject": {"greeting": "object"}, "releaseName": "called"}},
    {"helm": {"parameters": [{"name": "greeting", "value": "set", "forceString": True}]}},
    {"helm": {"valueFiles": ["../../env/eu.yaml", "gone.yaml"], "ignoreMissingValueFiles": True}},
    {"helm": {"valueFiles": ["../../env/gone.yaml"]}},
    {"helm": {"fileParameters": [{"name": "greeting", "path": "../../README.md"}]}},
    {"plugin": {"name": "anything"}},
    {"helm": "text"},
    {"targetRevision": "main"},
    {"targetRevision": "v9.9.9"},
    {"repoURL": "https://git.example.test/other/repository"},
    {"chart": "web", "repoURL": "https://charts.example.test", "targetRevision": "1.0.0"},
)
NAMES = ("web", "docs", "chart", "both", "leaf", "fresh", "site-north")


def _source(draw: st.DrawFn) -> dict[str, Any]:
    return source(draw(st.sampled_from((*PATHS, *PATHS, *NOWHERE))), **draw(st.sampled_from(OPTIONS)))


def _application(draw: st.DrawFn, files: Files) -> None:
    """One more, or another in the place of one that is there: also one that holds itself, or its parent."""
    name = draw(st.sampled_from(NAMES))
    place = draw(st.sampled_from(["apps", "apps", "nested", "docs", "bootstrap"]))
    sources = [_source(draw) for _ in range(draw(st.integers(1, 3)))]
    if len(sources) == 1:
        spec: dict[str, Any] = {"sources": None, "source": sources[0]}
    else:
        spec = {"sources": [*sources, source(ref=draw(st.sampled_from(["values", "other", "values"])))]}
    server = draw(st.sampled_from(["https://kubernetes.default.svc", "https://eu.example.test"]))
    files[f"{place}/{name}.yaml"] = app(name, server=server, spec=spec)


SPECS: tuple[Fields, ...] = (
    {"project": "shop"},
    {"project": "gone"},
    {"destination": {"name": "eu", "namespace": "shop"}},
    {"destination": {"name": "nobody", "server": "https://eu.example.test"}},
    {"destination": {"server": "https://kubernetes.default.svc"}},
    {"destination": []},
    {"syncPolicy": {"syncOptions": ["CreateNamespace=true"]}},
    {"syncPolicy": "always"},
    {"source": None},
    {"sources": [source("docs"), source("base"), source("docs")]},
    {"sources": []},
    {"sourceHydrator": {"drySource": source("overlay"), "syncSource": {"targetBranch": "x", "path": "y"}}},
)


def _set_spec(draw: st.DrawFn, files: Files) -> None:
    _spec(files, _any(draw, _declared(files, "Application"))).update(draw(st.sampled_from(SPECS)))


def _set_source(draw: st.DrawFn, files: Files) -> None:
    spec = _spec(files, _any(draw, _declared(files, "Application")))
    each = draw(st.sampled_from([spec.get("source"), *(spec.get("sources") or ())]))
    assume(isinstance(each, dict))
    each.update(draw(st.sampled_from(OPTIONS)))


GENERATORS: tuple[Fields, ...] = (
    listed({"name": "a", "path": "docs"}),
    listed({"name": "a", "path": "docs"}, {"name": "c", "path": "overlay"}),
    listed({"name": "a", "path": "docs"}, {"name": "a", "path": "base"}),
    listed(),
    {"list": {"elements": [{"name": 1}]}},
    {"list": {"elementsYaml": "- {name: yaml, path: docs}"}},
    directories("sites/*"),
    directories("sites/*", "!sites/south"),
    directories("*"),
    directories("nothing/*"),
    directories("sites/*", pathParamPrefix="my"),
    files_of("env/*.yaml"),
    files_of("env/eu.yaml", "gone/*.json"),
    files_of("docs/*.yaml"),
    clusters(),
    clusters("live", values={"greeting": "from-{{name}}"}),
    clusters("none"),
    matrix(clusters("live"), directories("sites/*")),
    matrix(clusters("live"), files_of("env/{{name}}.yaml")),
    matrix(directories("sites/*"), listed({"name": "x"})),
    matrix(listed({"name": "x"})),
    {
        "merge": {
            "mergeKeys": ["name"],
            "generators": [clusters("live"), listed({"name": "eu", "path": "docs"})],
        }
    },
    {"pullRequest": {"github": {"owner": "acme", "repo": "fleet"}}},
    {"plugin": {"configMapRef": {"name": "p"}}},
    {"git": {"repoURL": "https://git.example.test/other/repository", "revision": "HEAD"}},
    {**directories("sites/*"), "selector": {"matchLabels": {"path.basename": "north"}}},
)
SET_SPECS: tuple[Fields, ...] = (
    {"goTemplate": True},
    {"goTemplate": True, "goTemplateOptions": ["missingkey=error"]},
    {"templatePatch": "metadata: {labels: {from: patch}}\n"},
    {"templatePatch": "spec: ["},
    {"template": template("go-{{.name}}", "{{.path.path}}")},
    {"template": template("{{path.basename}}", "{{path}}", directory={"recurse": True})},
    {"template": template("{{name}}", "overlay", kustomize={"namePrefix": "{{name}}-"})},
    {"template": template("fixed", "docs")},
    {"template": {}},
    {"syncPolicy": {"applicationsSync": "create-only"}},
    {"strategy": {"type": "RollingSync", "rollingSync": {"steps": []}}},
    {"generators": []},
    {"generators": None},
)


def _set_of(draw: st.DrawFn, files: Files) -> None:
    spec = _spec(files, _any(draw, _declared(files, "ApplicationSet")))
    if draw(st.booleans()):
        spec.update(draw(st.sampled_from(SET_SPECS)))
    else:
        spec["generators"] = draw(st.lists(st.sampled_from(GENERATORS), min_size=1, max_size=2))


def _new_set(draw: st.DrawFn, files: Files) -> None:
    name, place = draw(st.sampled_from(["sites", "new"])), draw(st.sampled_from(["apps", "nested", "docs"]))
    generators = draw(st.lists(st.sampled_from(GENERATORS), min_size=1, max_size=2))
    more = draw(st.sampled_from(SET_SPECS))
    made = made_by(name, *generators, template=template("{{name}}", "{{path}}"))
    assert isinstance(made, dict)
    files[f"{place}/{name}.yaml"] = {**made, "spec": {**made["spec"], **more}}


def _overrides(draw: st.DrawFn, files: Files) -> None:
    place = draw(st.sampled_from(["overlay", "charts/web", "docs", "sites/north"]))
    name = draw(
        st.sampled_from([".argocd-source.yaml", ".argocd-source-web.yaml", ".argocd-source-chart.yaml"])
    )
    files[f"{place}/{name}"] = draw(
        st.sampled_from(
            [
                "kustomize: {namePrefix: o-}\n",
                "helm: {parameters: [{name: greeting, value: overridden}]}\n",
                "directory: {recurse: true}\n",
                "{}\n",
                "- 1\n",
                "",
                "helm: [\n",
            ]
        )
    )


def _cluster(draw: st.DrawFn, files: Files) -> None:
    name = draw(st.sampled_from(["eu", "us", "ap"]))
    place = draw(st.sampled_from(["apps", "nested", "docs", "somewhere"]))
    stage = draw(st.sampled_from(["live", "none"]))
    files[f"{place}/{name}.yaml"] = cluster(name, f"https://{name}.example.test", stage=stage)


def _project(draw: st.DrawFn, files: Files) -> None:
    more: Fields = draw(
        st.sampled_from(
            [
                {},
                {"sourceRepos": ["https://git.example.test/other/*"]},
                {"destinations": []},
                {"namespaceResourceBlacklist": [{"group": "", "kind": "ConfigMap"}]},
                {"sourceRepos": 1},
            ]
        )
    )
    files["apps/project.yaml"] = json.loads(project(draw(st.sampled_from(["shop", "default"])), **more))


def _installation(draw: st.DrawFn, files: Files) -> None:
    """What Argo CD gives kustomize, and the rules that its projects lend one another."""
    data = draw(
        st.sampled_from(
            [
                {},
                {"kustomize.buildOptions": ""},
                {"kustomize.buildOptions": "--enable-helm"},
                {"kustomize.buildOptions": "--enable-helm --load-restrictor LoadRestrictionsNone"},
                {"globalProjects": "- {projectName: default, labelSelector: {}}\n"},
                {"globalProjects": "["},
            ]
        )
    )
    metadata = {"name": "argocd-cm", **draw(st.sampled_from([{}, {"namespace": "team-a"}]))}
    place = draw(st.sampled_from(["argo/cm.yaml", "apps/cm.yaml"]))
    files[place] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _chart(draw: st.DrawFn, files: Files) -> None:
    name, text = draw(
        st.sampled_from(
            [
                ("web/values.yaml", "greeting: other\n"),
                ("web/values.yaml", "{{"),
                ("web/templates/map.yaml", TEMPLATE.replace("data: {", "data: {more: '1', ")),
                ("web/templates/map.yaml", "{{ fail .Values.greeting }}"),
                ("web/Chart.yaml", "name: [\n"),
                ("apps/values.yaml", "apps: [second, third]\n"),
                ("apps/values.yaml", "apps: []\n"),
                ("apps/values.yaml", "apps: 1\n"),
                ("apps/templates/apps.yaml", "{{ fail `no` }}"),
            ]
        )
    )
    files[f"charts/{name}"] = text


def _env(draw: st.DrawFn, files: Files) -> None:
    name = draw(st.sampled_from(["eu", "us", "ap"]))
    files[f"env/{name}.yaml"] = draw(
        st.sampled_from(
            [
                f"name: {name}\ngreeting: hi\n",
                f"name: {name}\ngreeting: bye\nlist: [1]\n",
                "- {name: one, greeting: a}\n- {name: two, greeting: b}\n",
                "just text\n",
                "a: [",
            ]
        )
    )


def _site(draw: st.DrawFn, files: Files) -> None:
    name = draw(st.sampled_from(["west", "north", "North_X", ".hidden"]))
    files[f"sites/{name}/cm.yaml"] = config_map("cm", draw(st.sampled_from(["1", "2"])))


def _link(draw: st.DrawFn, files: Files) -> None:
    path, to = draw(
        st.sampled_from(
            [
                ("docs/link.yaml", "../base/x.yaml"),
                ("docs/link.yaml", "../../out"),
                ("sites/linked", "north"),
                ("overlay/gone", "nowhere"),
                ("apps/link.yaml", "../nested/leaf.yaml"),
                ("env/link.yaml", "eu.yaml"),
                ("overlay-link", "overlay"),
            ]
        )
    )
    files[path] = Link(to)


def _kustomize(draw: st.DrawFn, files: Files) -> None:
    path = _any(draw, _kustomizations(files))
    content = files[path]
    assert isinstance(content, Mapping)
    fields: Fields = draw(
        st.sampled_from(
            [
                {"namePrefix": "p-"},
                {"commonLabels": {"team": "b"}},
                {"resources": ["gone.yaml"]},
                {"resources": ["../docs/p.yaml"]},
                {"helmCharts": [{"name": "web"}]},
                {
                    "helmCharts": [{"name": "web", "valuesFile": "../env/eu.yaml"}],
                    "helmGlobals": {"chartHome": "../charts"},
                },
                {"configMapGenerator": [{"name": "made", "files": ["../README.md"]}]},
                {"unheardOf": 1},
            ]
        )
    )
    files[path] = {**content, **fields}


def _kustomized_apps(draw: st.DrawFn, files: Files) -> None:
    """The parent's directory becomes a kustomization, of all or of some."""
    place = draw(st.sampled_from(["apps", "nested"]))
    held = sorted(PurePosixPath(path).name for path in files if path.rpartition("/")[0] == place)
    listed_ones = [name for name in held if name != "kustomization.yaml"]
    left_out = draw(st.sampled_from(["", *listed_ones]))
    files[f"{place}/kustomization.yaml"] = {"resources": [name for name in listed_ones if name != left_out]}


def _noise(draw: st.DrawFn, files: Files) -> None:
    name, text = draw(
        st.sampled_from(
            [
                ("README.md", "bye"),
                ("base/unused.yaml", config_map("unused")),
                ("docs/skipped.yaml", "# +argocd:skip-file-rendering\n" + config_map("skipped")),
                (
                    "docs/new.json",
                    json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "j"}}),
                ),
                ("docs/p.jsonnet", "{}"),
                ("docs/hook.yaml", hooked("hook", "argocd.argoproj.io/hook", "Never")),
                ("base/x.yaml", hooked("x", "helm.sh/hook", "pre-rollback")),
                ("charts/web/templates/hook.yaml", hooked("hook", "helm.sh/hook", "post-rollback")),
                ("docs/caf\udce9.yaml", config_map("cafe")),
                ("sites/top.yaml", config_map("top")),
                ("docs/kustomization.yaml", "resources: [p.yaml]\n"),
            ]
        )
    )
    files[name] = text


EDITS: tuple[Edit, ...] = (
    *(_edit, _edit, _break, _delete, _rename, _move_directory, _application, _application, _set_spec),
    *(_set_source, _set_of, _set_of, _set_of, _new_set, _overrides, _cluster, _project, _chart, _env, _site),
    *(_link, _kustomize, _kustomized_apps, _installation, _noise),
)


BROKEN_SETS: tuple[Fields, ...] = (
    {"generators": [listed()]},
    {"generators": []},
    {"generators": None},
    {"generators": "text"},
    {"generators": [directories("nothing/*")]},
    {"generators": [{"list": {"elements": [{"name": 1}]}}]},
    {"generators": [matrix(listed({"name": "x"}))]},
    {"generators": [clusters("none")]},
    {"generators": [files_of("gone/*.json")]},
    {"generators": [{"pullRequest": {"github": {"owner": "acme", "repo": "fleet"}}}]},
    {"generators": [{"unheardOf": {}}]},
    {"goTemplate": True, "template": template("{{ .name", "docs")},
    {"goTemplate": True, "goTemplateOptions": ["missingkey=error"], "template": template("{{.gone}}", "x")},
    {"templatePatch": "spec: ["},
    {"template": None},
    {"template": []},
)


def _break_set(draw: st.DrawFn, files: Files) -> None:
    _spec(files, _any(draw, _declared(files, "ApplicationSet"))).update(draw(st.sampled_from(BROKEN_SETS)))


def _break_parent(draw: st.DrawFn, files: Files) -> None:
    """What is beside its other children, so that none of them goes."""
    place = draw(st.sampled_from(["apps", "nested"]))
    assume(any(path.startswith(f"{place}/") for path in files))
    name, text = draw(
        st.sampled_from(
            [
                ("half.yaml", HALF),
                ("half.yaml", config_map("x") + "---\na: [\n"),
                ("kustomization.yaml", "resources: [gone.yaml]\n"),
                ("kustomization.yaml", "a: ["),
                ("Chart.yaml", "name: ["),
                (".argocd-source.yaml", "- 1\n"),
                ("array.json", "[1]"),
            ]
        )
    )
    files[f"{place}/{name}"] = text


def _break_generated_from(draw: st.DrawFn, files: Files) -> None:
    """Files that generators read."""
    files[draw(st.sampled_from(["env/eu.yaml", "env/ap.yaml"]))] = draw(st.sampled_from(["a: [", "text"]))


def _break_chart(draw: st.DrawFn, files: Files) -> None:
    name, text = draw(
        st.sampled_from(
            [
                ("values.yaml", "apps: {{"),
                ("templates/apps.yaml", "{{ fail `no` }}"),
                ("Chart.yaml", "name: [\n"),
                ("templates/more.yaml", "a: [\n"),
            ]
        )
    )
    files[f"charts/apps/{name}"] = text


HALF_A_CLUSTER = """{"apiVersion": "v1", "kind": "Secret", "metadata": {"labels":
  {"argocd.argoproj.io/secret-type": "cluster"}, "name": """


def _break_cluster(draw: st.DrawFn, files: Files) -> None:
    path = draw(st.sampled_from(["apps/eu.yaml", "apps/us.yaml"]))
    assume(path in files)
    files[path] = HALF_A_CLUSTER


BREAKS: tuple[Edit, ...] = (
    _break_set,
    _break_set,
    _break_parent,
    _break_parent,
    _break_generated_from,
    _break_chart,
    _break_cluster,
)
