"""Repositories as people make, mend and break them, drawn by Hypothesis: a first tree, then one change after another.

The invariant: every tree can be one of Git's, and every history begins with a tree that renders, so that what is
shown about it is not shown about nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from tests.git.repos import Work

URL = "https://git.example.test/acme/fleet"
TEAM_FILE = ".longshore.yaml"


@dataclass(frozen=True)
class Link:
    target: str


Kustomization = Mapping[str, Any]
Content = str | Link | Kustomization
"""A kustomization is kept as data, because most changes are made to its fields. Every other file is text."""

Files = dict[str, Content]
Edit = Callable[[st.DrawFn, Files], None]


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{key: '{value}'}}\n"


def secret(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{password: hidden-{value}}}\n"


def deployment(name: str, value: str = "1") -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - {{name: web, image: 'nginx:{value}', env: [{{name: DB_PASSWORD, value: 'hidden-{value}'}}], args: [a, b, '{value}']}}
"""


def flux(name: str, path: str, more: Mapping[str, Any] | None = None, source: str = "flux-system") -> str:
    return _yaml(
        {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": name, "namespace": "flux-system"},
            "spec": {
                "path": f"./{path}",
                "prune": True,
                "sourceRef": {"kind": "GitRepository", "name": source},
                **(more or {}),
            },
        }
    )


def git_source(more: Mapping[str, Any] | None = None) -> str:
    return _yaml(
        {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": "flux-system", "namespace": "flux-system"},
            "spec": {"url": URL, **(more or {})},
        }
    )


def release(name: str, more: Mapping[str, Any] | None = None, chart: str = "charts/web") -> str:
    source = {"kind": "GitRepository", "name": "flux-system", "namespace": "flux-system"}
    return _yaml(
        {
            "apiVersion": "helm.toolkit.fluxcd.io/v2",
            "kind": "HelmRelease",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {
                "interval": "1h",
                "chart": {"spec": {"chart": f"./{chart}", "sourceRef": source}},
                **(more or {}),
            },
        }
    )


def _yaml(value: Mapping[str, Any]) -> str:
    return json.dumps(value) + "\n"


def chart_values(name: str, value: str) -> str:
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\n"
        f"data: {{values.yaml: 'greeting: from-{value}'}}\n"
    )


FROM_VARS = {"kind": "ConfigMap", "name": "vars"}


def variables(value: str) -> str:
    return (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system}\n"
        f"data: {{a: 'given-{value}'}}\n"
    )


PLAIN: Mapping[str, Content] = {
    "base/a/kustomization.yaml": {"resources": ["x.yaml", "y.yaml"]},
    "base/a/x.yaml": config_map("x"),
    "base/a/y.yaml": deployment("y"),
    "base/b/kustomization.yaml": {"resources": ["z.yaml"]},
    "base/b/z.yaml": secret("z"),
    "component/kustomization.yaml": {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "commonAnnotations": {"from": "component"},
    },
    "overlays/one/kustomization.yaml": {"resources": ["../../base/a", "own.yaml"], "namespace": "one"},
    "overlays/one/own.yaml": config_map("own"),
    "overlays/two/kustomization.yaml": {"resources": ["../../base/a", "../../base/b"], "namePrefix": "two-"},
    "loose/p.yaml": config_map("p", "${a}"),
    "loose/deep/q.yaml": config_map("q") + "---\n" + secret("q"),
    "README.md": "hello",
}
TEMPLATE = """apiVersion: v1
kind: ConfigMap
metadata: {name: '{{ .Release.Name }}'}
data: {greeting: '{{ .Values.greeting }}', version: '{{ .Chart.Version }}'}
"""
CHARTS: Mapping[str, Content] = {
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "charts/web/values.yaml": "greeting: hello\n",
    "charts/web/templates/map.yaml": TEMPLATE,
    "charts/web/templates/secret.yaml": secret("of-{{ .Release.Name }}", "{{ .Values.greeting }}"),
    "charts/other/Chart.yaml": "apiVersion: v2\nname: other\nversion: 1.0.0\n",
    "charts/other/templates/map.yaml": config_map("{{ .Release.Name }}-other"),
}
SHOP: Mapping[str, Content] = {
    "clusters/live/shop.yaml": flux("shop", "shop"),
    "shop/kustomization.yaml": {"resources": ["web.yaml", "api.yaml", "own.yaml"]},
    "shop/web.yaml": release("web", {"valuesFrom": [{"kind": "ConfigMap", "name": "own"}]}),
    "shop/api.yaml": release("api", {"values": {"greeting": "hi"}}),
    "shop/own.yaml": chart_values("own", "1"),
    **CHARTS,
}
CLUSTER: Mapping[str, Content] = {
    "clusters/live/flux-system/kustomization.yaml": {"resources": ["gotk-sync.yaml"]},
    "clusters/live/flux-system/gotk-sync.yaml": git_source() + "---\n" + flux("flux-system", "clusters/live"),
    "clusters/live/vars.yaml": variables("1"),
    "clusters/live/one.yaml": flux("one", "overlays/one"),
    "clusters/live/loose.yaml": flux("loose", "loose", {"postBuild": {"substituteFrom": [FROM_VARS]}}),
    "clusters/live/tree.yaml": flux("tree", "tree"),
    "tree/kustomization.yaml": {"resources": ["leaf.yaml"], "namePrefix": "t-"},
    "tree/leaf.yaml": flux("leaf", "overlays/two"),
}
TEAM = """targets:
- {name: one, cluster: live, path: overlays/one}
- {name: two, cluster: live, path: overlays/two}
- {name: loose, cluster: live, path: loose, renderer: plain}
"""


@st.composite
def histories(draw: st.DrawFn, *, changes: int = 2) -> list[Files]:
    """Trees, each made from the one before by one to three edits."""
    files: Files = {**PLAIN, **draw(st.sampled_from([{}, CLUSTER, {**CLUSTER, **SHOP}, {TEAM_FILE: TEAM}]))}
    trees = [dict(files)]
    for _ in range(changes):
        for _ in range(draw(st.integers(1, 3))):
            draw(st.sampled_from(EDITS))(draw, files)
        trees.append(dict(files))
    return trees


def write(path: Path, trees: list[Files]) -> Work:
    """A repository with one commit for each tree, the last of them HEAD."""
    work = Work.init(path)
    work.git("fast-import", "--quiet", stdin=b"".join(map(_commit, trees)))
    return work


def _commit(files: Files) -> bytes:
    head = b"commit refs/heads/main\ncommitter Ada <ada@example.test> 1700000000 +0000\ndata 0\ndeleteall\n"
    return head + b"".join(_written(path, content) for path, content in files.items()) + b"\n"


def _written(path: str, content: Content) -> bytes:
    match content:
        case Link(target):
            mode, data = b"120000", target.encode()
        case str():
            mode, data = b"100644", content.encode("utf-8", "surrogateescape")
        case _:
            mode, data = b"100644", _yaml(content).encode()
    return b"M %s inline %s\ndata %d\n%s\n" % (mode, path.encode("utf-8", "surrogateescape"), len(data), data)


def _kustomizations(files: Files) -> list[str]:
    return [path for path, content in files.items() if isinstance(content, Mapping)]


def _manifests(files: Files) -> list[str]:
    return [
        path
        for path, content in files.items()
        if isinstance(content, str)
        and path.endswith(".yaml")
        and path != TEAM_FILE
        and "clusters/" not in path
    ]


def _any(draw: st.DrawFn, paths: list[str]) -> str:
    assume(paths)
    return draw(st.sampled_from(paths))


def _stem(path: str) -> str:
    return PurePosixPath(path).stem.partition(".")[0]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _edit(draw: st.DrawFn, files: Files) -> None:
    """Mends what was broken, too."""
    path = _any(draw, _manifests(files))
    kind = draw(st.sampled_from([config_map, secret, deployment]))
    files[path] = kind(_stem(path), draw(st.sampled_from(["1", "2", "${a}", "${b:=3}"])))


def _break(draw: st.DrawFn, files: Files) -> None:
    path = _any(draw, [*_manifests(files), *_kustomizations(files)])
    files[path] = draw(
        st.sampled_from(
            ["a: [\n", "- 1\n", "kind: ConfigMap\n", "\udcff", "a: 1\na: 2\n", config_map("x") * 2]
        )
    )


def _delete(draw: st.DrawFn, files: Files) -> None:
    del files[_any(draw, sorted(files))]


def _rename(draw: st.DrawFn, files: Files) -> None:
    """With the one place that names the file, or without."""
    path = _any(draw, _manifests(files))
    _put_elsewhere(files, path, f"{path.removesuffix('.yaml')}.new.yaml", told=draw(st.booleans()))


def _move(draw: st.DrawFn, files: Files) -> None:
    path = _any(draw, _manifests(files))
    place = _parent(_any(draw, _kustomizations(files)))
    _put_elsewhere(files, path, f"{place}/{PurePosixPath(path).name}", told=True)


def _put_elsewhere(files: Files, old: str, new: str, *, told: bool) -> None:
    if new in files:
        return
    files[new] = files.pop(old)
    if told:
        _list(files, _parent(old), drop=PurePosixPath(old).name)
        _list(files, _parent(new), add=PurePosixPath(new).name)


def _list(files: Files, place: str, *, drop: str = "", add: str = "") -> None:
    file = f"{place}/kustomization.yaml"
    content = files.get(file)
    if isinstance(content, Mapping):
        listed = [name for name in content.get("resources", ()) if name != drop]
        files[file] = {**content, "resources": [*listed, add] if add else listed}


def _move_directory(draw: st.DrawFn, files: Files) -> None:
    place = _parent(_any(draw, _kustomizations(files)))
    for path in [path for path in files if path.startswith(f"{place}/")]:
        files[f"{place}-moved/{path[len(place) + 1 :]}"] = files.pop(path)


def _add_overlay(draw: st.DrawFn, files: Files) -> None:
    name = draw(st.sampled_from(["three", "four"]))
    bases = draw(
        st.lists(st.sampled_from(["../../base/a", "../../base/b", "../one"]), min_size=1, unique=True)
    )
    files[f"overlays/{name}/kustomization.yaml"] = {"resources": bases, "nameSuffix": f"-{name}"}


OWN_CHART: Mapping[str, str] = {
    f"charts/web/{name}": text
    for name, text in {
        "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "values.yaml": "greeting: hello\n",
        "templates/map.yaml": TEMPLATE,
    }.items()
}
INFLATE = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: web\nreleaseName: made\n"
GENERATE = "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\nliterals: [a=b]\n"
FIELDS: tuple[tuple[Kustomization, Mapping[str, str]], ...] = (
    ({"namePrefix": "p-"}, {}),
    ({"namespace": "other"}, {}),
    ({"labels": [{"pairs": {"team": "a"}, "includeSelectors": True}]}, {}),
    ({"images": [{"name": "nginx", "newTag": "9"}]}, {}),
    ({"components": ["../../component"]}, {}),
    ({"configMapGenerator": [{"name": "gen", "files": ["data.txt"]}]}, {"data.txt": "one\n"}),
    ({"configMapGenerator": [{"name": "gen", "files": ["data.txt"]}]}, {"data.txt": "two\n"}),
    ({"secretGenerator": [{"name": "sec", "envs": ["data.env"]}]}, {"data.env": "TOKEN=hidden\n"}),
    (
        {"patches": [{"path": "patch.json", "target": {"kind": "ConfigMap"}}]},
        {"patch.json": '[{"op": "add", "path": "/data/patched", "value": "yes"}]'},
    ),
    ({"generatorOptions": {"disableNameSuffixHash": True}}, {}),
    ({"buildMetadata": ["originAnnotations"]}, {}),
    ({"helmCharts": [{"name": "c"}]}, {}),
    ({"helmCharts": [{"name": "web", "releaseName": "inflated"}]}, OWN_CHART),
    (
        {"helmCharts": [{"name": "web", "releaseName": "told", "namespace": "n", "valuesFile": "v.yaml"}]},
        {**OWN_CHART, "v.yaml": "greeting: told\n"},
    ),
    (
        {
            "helmGlobals": {"chartHome": "../../charts"},
            "helmCharts": [{"name": "web", "releaseName": "far", "valuesInline": {"greeting": "inline"}}],
        },
        {},
    ),
    ({"generators": ["inflate.yaml"]}, {**OWN_CHART, "inflate.yaml": INFLATE}),
    ({"generators": ["generate.yaml"]}, {"generate.yaml": GENERATE}),
    ({"unheardOf": 1}, {}),
    ({"generators": ["data.yaml"]}, {"data.yaml": "apiVersion: v1\nkind: Exec\n"}),
)


def _set_field(draw: st.DrawFn, files: Files) -> None:
    path = _any(draw, _kustomizations(files))
    fields, needed = draw(st.sampled_from(FIELDS))
    content = files[path]
    assert isinstance(content, Mapping)
    files[path] = {**content, **fields}
    files |= {f"{_parent(path)}/{name}": text for name, text in needed.items()}


def _drop_field(draw: st.DrawFn, files: Files) -> None:
    path = _any(draw, _kustomizations(files))
    content = files[path]
    assert isinstance(content, Mapping)
    dropped = draw(st.sampled_from([*sorted(content), ""]))
    files[path] = {field: value for field, value in content.items() if field != dropped}


def _refer(draw: st.DrawFn, files: Files) -> None:
    """To a file, a directory, a circle, nowhere, outside or another host."""
    place = _parent(_any(draw, _kustomizations(files)))
    to = ["../../base/b", "../../overlays/two", "../../linked", "../../loose", "gone.yaml", "../../../out"]
    _list(files, place, add=draw(st.sampled_from([*to, "../../loose/p.yaml", "https://host.example.test/x"])))


def _link(draw: st.DrawFn, files: Files) -> None:
    if draw(st.booleans()):
        path = _any(draw, _manifests(files))
        up = "../" * path.count("/")
        files[path] = Link(up + draw(st.sampled_from(["base/a/x.yaml", "loose/p.yaml", "gone", "../out"])))
    else:
        files["linked"] = Link(draw(st.sampled_from(["base/b", "overlays/one", "/etc", "linked"])))
        place = _parent(_any(draw, _kustomizations(files)))
        _list(files, place, add="../" * (place.count("/") + 1) + "linked")


def _team(draw: st.DrawFn, files: Files) -> None:
    more = "- {name: more, cluster: live, path: base/b}\n"
    text = draw(
        st.sampled_from(["", TEAM, TEAM + more, TEAM.replace("overlays/one", "base/a"), "targets: 1\n"])
    )
    files.pop(TEAM_FILE, None)
    if text:
        files[TEAM_FILE] = text


SHAPES: tuple[Mapping[str, Any], ...] = (
    {},
    {"namePrefix": "f-"},
    {"targetNamespace": "f"},
    {"commonMetadata": {"labels": {"by": "flux"}}},
    {"components": ["../../component"], "ignoreMissingComponents": True},
    {"images": [{"name": "nginx", "newTag": "7"}]},
    {
        "patches": [
            {"patch": '[{"op": "add", "path": "/data/f", "value": "f"}]', "target": {"kind": "ConfigMap"}}
        ]
    },
    {"suspend": True},
    {"postBuild": {"substitute": {"a": "b"}}},
    {"postBuild": {"substituteFrom": [FROM_VARS]}},
    {"postBuild": {"substitute": {"b": "c"}, "substituteFrom": [FROM_VARS | {"kind": "Secret"}]}},
)


def _flux(draw: st.DrawFn, files: Files) -> None:
    """One Kustomization more, or another in the place of one that is there. A bootstrap may be there or not."""
    name = draw(st.sampled_from(["one", "loose", "tree", "more"]))
    path = draw(
        st.sampled_from(["overlays/one", "overlays/two", "loose", "tree", "base", "gone", "clusters/live"])
    )
    source = draw(st.sampled_from(["flux-system", "flux-system", "flux-system", "elsewhere"]))
    files[f"clusters/live/{name}.yaml"] = flux(name, path, draw(st.sampled_from(SHAPES)), source)


def _source(draw: st.DrawFn, files: Files) -> None:
    """What Flux leaves out of the repository, or checks out of it alone."""
    assume("clusters/live/flux-system/gotk-sync.yaml" in files)
    everything = sorted({path.partition("/")[0] for path in files})
    more: Mapping[str, Any] = draw(
        st.sampled_from(
            [
                {"ignore": "/base/b\n"},
                {"ignore": "*.txt\n!/loose\n"},
                {"sparseCheckout": [*everything]},
                {"sparseCheckout": ["clusters", "overlays", "./loose"]},
                {"sparseCheckout": ["clusters", "base/a", "gone"]},
            ]
        )
    )
    bootstrap = flux("flux-system", "clusters/live")
    files["clusters/live/flux-system/gotk-sync.yaml"] = git_source(more) + "---\n" + bootstrap


def _vars(draw: st.DrawFn, files: Files) -> None:
    """Another value, or the variables declared by whom the Kustomization that reads them brings forth later."""
    place = draw(st.sampled_from(["clusters/live/vars.yaml", "base/b/vars.yaml", "tree/vars.yaml"]))
    files[place] = variables(draw(st.sampled_from(["1", "2"])))
    _list(files, _parent(place), add="vars.yaml")


RELEASES: tuple[Mapping[str, Any], ...] = (
    {},
    {"values": {"greeting": "bye"}},
    {"values": {"greeting": {"a": "mapping"}}},
    {"valuesFrom": [{"kind": "ConfigMap", "name": "own"}]},
    {"valuesFrom": [{"kind": "ConfigMap", "name": "lent"}], "values": {"other": 1}},
    {"valuesFrom": [{"kind": "ConfigMap", "name": "lent", "optional": True}]},
    {"valuesFrom": [{"kind": "Secret", "name": "z", "valuesKey": "password", "targetPath": "greeting"}]},
    {"releaseName": "called"},
    {"targetNamespace": "other"},
    {"suspend": True},
    {"dependsOn": [{"name": "web"}]},
    {"commonMetadata": {"labels": {"by": "helm"}}},
    {"postRenderers": [{"kustomize": {"images": [{"name": "nginx", "newTag": "7"}]}}]},
    {"values": "no mapping"},
)


def _release(draw: st.DrawFn, files: Files) -> None:
    """A release, where there are charts: in a directory that a Kustomization may read."""
    assume("charts/web/Chart.yaml" in files)
    name, place = (
        draw(st.sampled_from(["web", "api", "new"])),
        draw(st.sampled_from(["shop", "shop", "loose", "tree"])),
    )
    chart = draw(st.sampled_from(["charts/web", "charts/web", "charts/other", "charts/gone"]))
    if f"{place}/{name}.yaml" not in files:
        _list(files, place, add=f"{name}.yaml")
    files[f"{place}/{name}.yaml"] = release(name, draw(st.sampled_from(RELEASES)), chart)


def _chart(draw: st.DrawFn, files: Files) -> None:
    assume("charts/web/Chart.yaml" in files)
    name, text = draw(
        st.sampled_from(
            [
                ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.1.0\n"),
                ("values.yaml", "greeting: other\n"),
                ("values.yaml", "{{"),
                ("templates/map.yaml", TEMPLATE.replace("data: {", "data: {more: '1', ")),
                ("templates/map.yaml", "{{ fail .Values.greeting }}"),
                ("templates/more.yaml", deployment("of-{{ .Release.Name }}")),
                ("templates/_helpers.tpl", '{{ define "name" }}x{{ end }}'),
                ("templates/NOTES.txt", "hello"),
                (".helmignore", "templates/map.yaml\n"),
                ("README.md", "hello"),
            ]
        )
    )
    files[f"charts/web/{name}"] = text


def _lent(draw: st.DrawFn, files: Files) -> None:
    """Values, declared by who declares the release or by somebody else."""
    name, place = draw(
        st.sampled_from([("own", "shop"), ("lent", "clusters/live"), ("lent", "base/b"), ("lent", "loose")])
    )
    if f"{place}/{name}.yaml" not in files:
        _list(files, place, add=f"{name}.yaml")
    files[f"{place}/{name}.yaml"] = chart_values(name, draw(st.sampled_from(["1", "2"])))


def _noise(draw: st.DrawFn, files: Files) -> None:
    """What nobody reads, or only some look for."""
    name, text = draw(
        st.sampled_from(
            [
                ("README.md", "bye"),
                ("base/a/unused.yaml", config_map("unused")),
                ("base/a/kustomization.yml", "resources: []\n"),
                ("loose/.hidden/h.yaml", config_map("h")),
                ("loose/.sourceignore", "deep/\n"),
                (".sourceignore", "/base/b\n"),
                ("loose/caf\udce9.yaml", config_map("cafe")),
                ("loose/deep/kustomization.yaml", "resources: [q.yaml]\n"),
                ("loose/new.yml", config_map("new")),
            ]
        )
    )
    files[name] = text


EDITS: tuple[Edit, ...] = (
    *(_edit, _edit, _break, _delete, _rename, _move, _move_directory, _add_overlay),
    *(_set_field, _set_field, _drop_field, _refer, _link, _team, _flux, _flux, _source, _vars, _noise),
    *(_release, _release, _chart, _lent),
)
