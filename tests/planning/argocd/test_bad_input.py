"""Bad input to Argo CD's side, as people write it by mistake or on purpose: one target is unknown, with file, field and reason.

All of it lies in one repository, so that each of the bad ones is planned beside all the others, and beside good ones.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.plan import Plan, TargetPlan, TargetStatus
from bot.model.rendering import Severity
from bot.planning.expansion import Finding
from tests.discover.argocd.test_bad_input import CASES, WRONG, at, paths, with_value
from tests.planning.argocd.declared import URL, application, application_set, commit, listed
from tests.planning.argocd.repositories import clusters, directories, files_of, matrix, source, template
from tests.planning.conftest import Bench, config_map, kustomization, statuses, target
from tests.planning.repositories import Files, Link, write

GOOD: Files = {
    "good.yaml": application("good", "good"),
    "good/cm.yaml": config_map("cm"),
    "kustomized/kustomization.yaml": kustomization("../good/cm.yaml"),
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "chart/templates/cm.yaml": config_map("{{ .Release.Name }}"),
    "settings/broken.yaml": "a: [",
    "settings/text.yaml": "text\n",
}


@dataclass(frozen=True)
class Bad:
    """What somebody wrote, and what is said of it."""

    spec: Mapping[str, Any]
    said: str


def one(said: str, path: str = "good", **more: Any) -> Bad:
    return Bad({"source": source(path, **more)}, said)


def chart(said: str, **helm: Any) -> Bad:
    return one(said, "chart", helm=helm)


def kustomized(said: str, **options: Any) -> Bad:
    return one(said, "kustomized", kustomize=options)


APPLICATIONS = {
    "source-none": Bad({"source": None}, "spec has neither a source nor sources"),
    "source-text": Bad({"source": "good"}, "spec.source must be a mapping, not text"),
    "repository-none": Bad({"source": {"path": "good"}}, "spec.source.repoURL is missing"),
    "repository-number": one("spec.source.repoURL must be text, not a number", repoURL=1),
    "revision-number": one("spec.source.targetRevision must be text, not a number", targetRevision=1.0),
    "path-number": Bad({"source": {**source(), "path": 5}}, "spec.source.path must be text, not a number"),
    "path-none": one("spec.source needs a path or a chart", ""),
    "path-gone": one("the directory 'gone' does not exist", "gone"),
    "path-file": one("'good/cm.yaml' is a file, not a directory", "good/cm.yaml"),
    "path-away": one("spec.source.path is '../good', which leads out of the repository", "../good"),
    "path-absolute": one("spec.source.path is '/good': it must not begin with a slash", "/good"),
    "chart-unversioned": Bad(
        {"source": {"repoURL": "https://charts.example.test", "chart": "web"}},
        "spec.source.targetRevision is missing",
    ),
    "sources-mapping": Bad({"sources": {}}, "spec.sources must be a list, not a mapping"),
    "sources-text": Bad({"sources": ["good"]}, "spec.sources[0] must be a mapping, not text"),
    "sources-empty": Bad({"sources": [], "source": None}, "spec has neither a source nor sources"),
    "one-of-several-gone": Bad(
        {"sources": [source("good"), source("gone")]}, "the directory 'gone' does not exist"
    ),
    "ref-unknown": Bad(
        {"sources": [source("chart", helm={"valueFiles": ["$nope/a.yaml"]}), source(ref="values")]},
        "$nope is none of the Application's sources ($values)",
    ),
    "ref-twice": Bad(
        {"sources": [source("good"), source(ref="v"), source(ref="v")]},
        "spec.sources[2].ref is 'v', as that of another source is",
    ),
    "ref-impossible": Bad({"sources": [source("good"), source(ref="a b")]}, "spec.sources[1].ref is 'a b'"),
    "destination-none": Bad({"destination": None}, "spec.destination is missing"),
    "destination-text": Bad({"destination": "here"}, "spec.destination must be a mapping, not text"),
    "destination-both": Bad(
        {"destination": {"name": "in-cluster", "server": "https://kubernetes.default.svc"}},
        "spec.destination has a server and a name",
    ),
    "destination-neither": Bad(
        {"destination": {"namespace": "shop"}}, "spec.destination has neither a server nor a name"
    ),
    "project-number": Bad({"project": 1}, "spec.project must be text, not a number"),
    "sync-text": Bad({"syncPolicy": "always"}, "spec.syncPolicy must be a mapping, not text"),
    "backoff-word": Bad(
        {"syncPolicy": {"retry": {"backoff": {"duration": "soon"}}}},
        "spec.syncPolicy.retry.backoff.duration is 'soon'",
    ),
    "directory-text": one("spec.source.directory must be a mapping, not text", directory="all"),
    "recurse-text": one(
        "spec.source.directory.recurse must be true or false, not text", directory={"recurse": "yes"}
    ),
    "helm-text": one("spec.source.helm must be a mapping, not text", "chart", helm="all"),
    "helm-chartless": one("the chart has no Chart.yaml", helm={"releaseName": "x"}),
    "helm-and-kustomize": one(
        "spec.source has kustomize and helm", helm={"releaseName": "x"}, kustomize={"namePrefix": "x"}
    ),
    "files-text": chart("spec.source.helm.valueFiles must be a list, not text", valueFiles="a.yaml"),
    "files-gone": chart("helm.valueFiles: 'gone.yaml' does not exist", valueFiles=["gone.yaml"]),
    "files-away": chart(
        "helm.valueFiles: '../../etc/passwd' leaves the repository", valueFiles=["../../etc/passwd"]
    ),
    "files-scheme": chart("no way to read ftp: addresses", valueFiles=["ftp://files.example.test/x"]),
    "values-list": chart("helm.values is no mapping", values="- 1\n"),
    "values-broken": chart("helm.values cannot be read", values="a: ["),
    "parameter-number": chart(
        "spec.source.helm.parameters[0].value must be text", parameters=[{"name": "a", "value": 1}]
    ),
    "parameter-file-gone": chart(
        "helm.fileParameters[0].path: 'gone' does not exist", fileParameters=[{"name": "a", "path": "gone"}]
    ),
    "helm-version": chart("helm.version is none that Argo CD knows", version="v2"),
    "kube-version": chart("helm.kubeVersion 'new' is no version of Kubernetes", kubeVersion="new"),
    "kustomize-fileless": one("good has no kustomization file", kustomize={"namePrefix": "x"}),
    "image-tagless": kustomized("kustomize.images[0] 'nginx' names no other image", images=["nginx"]),
    "replicas-gone": kustomized(
        "resource with name gone does not match", replicas=[{"name": "gone", "count": 2}]
    ),
    "component-gone": kustomized("components[0]: '../gone' does not exist", components=["../gone"]),
    "component-away": kustomized("components[0]: '../../etc' leaves", components=["../../etc"]),
    "patch-broken": kustomized("JSON patch", patches=[{"patch": "{", "target": {"kind": "ConfigMap"}}]),
    "plugin": one("is rendered by the plugin 'cue'", plugin={"name": "cue"}),
    "hydrator-text": Bad(
        {"source": None, "sourceHydrator": "a"}, "spec.sourceHydrator must be a mapping, not text"
    ),
    "hydrator-wet": Bad(
        {"source": None, "sourceHydrator": {"syncSource": {"targetBranch": "x", "path": "y"}}},
        "spec.sourceHydrator.drySource is missing",
    ),
}
NAMED = listed({"name": "a"})
OTHER = "https://git.example.test/other/one"


def of(said: str, *generators: Mapping[str, Any]) -> Bad:
    return Bad({"generators": list(generators)}, said)


def go(said: str, name: str, *options: str) -> Bad:
    return Bad(
        {"goTemplate": True, "goTemplateOptions": list(options), "template": template(name, "good")}, said
    )


def elements(many: int, name: str) -> dict[str, Any]:
    return listed(*({name: f"{name}{n}"} for n in range(many)))


SETS = {
    "generators-none": Bad({"generators": None}, "spec.generators: is missing"),
    "generators-text": Bad({"generators": "list"}, "spec.generators: must be a list, not text"),
    "generators-empty": of("spec.generators: it generates no Applications"),
    "generator-unheard": of("spec.generators[0]: names no generator that Longshore knows", {"unheardOf": {}}),
    "list-text": of("spec.generators[0].list: must be a mapping, not text", {"list": "a"}),
    "list-number": of(
        "spec.generators[0].list.elements[0].name: must be text", {"list": {"elements": [{"name": 1}]}}
    ),
    "list-empty": of("spec.generators: it generates no Applications", listed()),
    "yaml-broken": of("spec.generators[0].list.elementsYaml: line 2", {"list": {"elementsYaml": "a: ["}}),
    "git-neither": of(
        "spec.generators[0].git: needs directories or files", {"git": {"repoURL": URL, "revision": "HEAD"}}
    ),
    "git-nothing": of("spec.generators: it generates no Applications", directories("nothing/*")),
    "git-elsewhere": of(
        f"spec.generators[0].git: {OTHER} is another repository",
        {"git": {"repoURL": OTHER, "revision": "HEAD", "directories": [{"path": "*"}]}},
    ),
    "file-broken": of(
        "spec.generators[0].git.files: settings/broken.yaml: line 2", files_of("settings/broken.yaml")
    ),
    "file-text": of("settings/text.yaml must hold a mapping", files_of("settings/text.yaml")),
    "clusters-none": of("spec.generators[0].clusters: no cluster is declared here", clusters("live")),
    "matrix-one": of("matrix.generators: needs exactly two generators", matrix(NAMED)),
    "matrix-deep": of(
        "names no generator that may stand there", matrix(NAMED, matrix(NAMED, matrix(NAMED, NAMED)))
    ),
    "matrix-same": of("both generators give the parameter name", matrix(NAMED, listed({"name": "b"}))),
    "merge-keyless": of("mergeKeys: is missing", {"merge": {"generators": [NAMED, NAMED]}}),
    "pull-requests": of(
        "spec.generators[0].pullRequest: it asks a forge for its open pull requests",
        {"pullRequest": {"github": {"owner": "acme", "repo": "fleet"}}},
    ),
    "plugin": of("spec.generators[0].plugin: asks a plugin", {"plugin": {"configMapRef": {"name": "p"}}}),
    "many": of("give more than 5000 sets of parameters", elements(5_001, "name")),
    "product": of("give more than 5000 sets of parameters", matrix(elements(80, "a"), elements(80, "name"))),
    "template-none": Bad({"template": None}, "spec.template: is missing"),
    "template-number": Bad(
        {"template": {"metadata": {"name": 5}, "spec": {}}}, "spec.template.metadata.name: must be text"
    ),
    "name-impossible": Bad(
        {"template": template("A_B {{name}}", "good")}, "A_B a is no name that an Application can have"
    ),
    "name-twice": of(
        "two of its Applications have the name name-twice-a",
        listed({"name": "a"}, {"name": "a", "more": "b"}),
    ),
    "go-unparsed": go("spec.template.metadata.name: its template does not render", "{{ .name"),
    "go-missing": go("map has no entry for key", "{{ .gone }}", "missingkey=error"),
    "go-function": go('function "env" not defined', "{{ env `HOME` }}"),
    "go-loops": go(
        "exceeded maximum template depth", "{{ define `a` }}{{ template `a` }}{{ end }}{{ template `a` }}"
    ),
    "patch-broken": Bad({"templatePatch": "spec: ["}, "spec.templatePatch: renders to text that is no YAML"),
    "patch-list": Bad({"templatePatch": "- 1\n"}, "spec.templatePatch: must render to a mapping"),
    "strategy-text": Bad({"strategy": "rolling"}, "spec.strategy: must be a mapping, not text"),
}


def set_with(name: str, spec: Mapping[str, Any]) -> str:
    made = json.loads(application_set(name, NAMED, template=template(f"{name}-{{{{name}}}}", "good")))
    return json.dumps({**made, "spec": {**made["spec"], **spec}})


def written() -> Files:
    applications = {
        f"bad/{name}.yaml": application(name, "good", spec=dict(bad.spec))
        for name, bad in APPLICATIONS.items()
    }
    return {**GOOD, **applications, **{f"sets/{n}.yaml": set_with(n, bad.spec) for n, bad in SETS.items()}}


def planned(place: Path, *trees: Files) -> Plan:
    bench = Bench(write(place / "work", list(trees)), place / "home")
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    return asyncio.run(bench.plan())


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return planned(tmp_path_factory.mktemp("bad"), GOOD, written())


def assert_unknown(found: TargetPlan, said: str, file: str) -> None:
    assert found.status == "unknown"
    [(where, message)] = [(d.file, d.message) for d in found.diagnostics if d.severity is Severity.ERROR]
    assert said in message
    assert where == file


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_a_bad_application_is_unknown_with_file_field_and_reason(plan: Plan, name: str) -> None:
    found = target(plan, f"argocd/{name}", label_of(plan, name))
    assert_unknown(found, APPLICATIONS[name].said, f"bad/{name}.yaml")


def label_of(plan: Plan, name: str) -> str:
    """Where a destination says nothing, nobody knows the cluster."""
    return next(t.target.id.cluster for t in plan.targets if t.target.id.name == f"argocd/{name}")


@pytest.mark.parametrize("name", sorted(SETS))
def test_a_bad_set_is_unknown_with_file_field_and_reason(plan: Plan, name: str) -> None:
    assert_unknown(target(plan, f"argocd/{name}:set", "in-cluster"), SETS[name].said, f"sets/{name}.yaml")


def test_what_is_good_is_planned_beside_all_of_them(plan: Plan) -> None:
    found = statuses(plan)
    assert found["in-cluster/argocd/good"] == "unchanged"
    assert len(found) == 1 + len(APPLICATIONS) + len(SETS)


def every_field_wrong() -> Files:
    """Every field of Applications of every shape, of another type than it has to be."""
    made: Files = {}
    for shape, spec in CASES.items():
        for number, path in enumerate(paths(spec)):
            wrong = next(each for each in WRONG if not isinstance(each, type(at(spec, path))))
            name = f"{shape}-{number}"
            made[f"bad/{name}.yaml"] = application(name, spec={**with_value(spec, path, wrong)})
    return made


def test_every_field_of_a_wrong_type_concerns_nobody_else(tmp_path: Path) -> None:
    bad = every_field_wrong()
    changed = {**GOOD, **bad, "good/cm.yaml": config_map("cm", "2")}
    plan = planned(tmp_path, {**GOOD, **bad}, changed)
    assert statuses(plan)["in-cluster/argocd/good"] == "changed"
    assert len(plan.targets) + len(plan.diagnostics) >= 1 + len(bad)
    assert {each.status for each in plan.targets} <= {TargetStatus.CHANGED, TargetStatus.UNCHANGED}


async def test_applications_that_lead_to_one_another_in_a_circle_are_planned(bench: Bench) -> None:
    """First to second to third to first, and nobody from outside to any of them."""
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    names = ("first", "second", "third")
    circle = {
        f"{name}/app.yaml": application(following, following, namespace="argocd")
        for name, following in zip(names, (*names[1:], names[0]), strict=True)
    }
    bench.work.commit(circle)
    bench.work.commit({"second/cm.yaml": config_map("cm")})
    plan, verified = await bench.verified()
    assert statuses(plan) == {
        "in-cluster/argocd/first": "unchanged",
        "in-cluster/argocd/second": "changed",
        "in-cluster/argocd/third": "unchanged",
    }
    assert not verified.disagreements


async def test_a_set_that_generates_its_own_parent_is_planned(bench: Bench) -> None:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    own = application_set("own", listed({"name": "root", "path": "apps"}))
    bench.work.commit({"root.yaml": application("root", "apps"), "apps/own.yaml": own})
    bench.work.commit({"apps/cm.yaml": config_map("cm")})
    plan, verified = await bench.verified()
    assert statuses(plan) == {"in-cluster/argocd/root": "changed", "in-cluster/argocd/own:set": "unchanged"}
    assert not verified.disagreements


def test_links_are_read_where_they_lead_and_refused_where_that_is_outside(tmp_path: Path) -> None:
    base: Files = {
        **GOOD,
        "root.yaml": application("root", "apps", namespace="argocd"),
        "apps/inside.yaml": Link("../elsewhere/inside.yaml"),
        "elsewhere/inside.yaml": application("inside", "good"),
        "outside.yaml": application("outside", "outside"),
        "outside/cm.yaml": config_map("cm"),
        "link.yaml": Link("good.yaml"),
    }
    head: Files = {**base, "good/cm.yaml": config_map("cm", "2"), "outside/cm.yaml": Link("../../etc/passwd")}
    found = statuses(planned(tmp_path, base, head))
    assert found["in-cluster/argocd/inside"] == "changed"
    assert found["in-cluster/argocd/outside"] == "unknown"


async def test_a_manifest_of_20_mb_makes_whose_it_is_unknown_and_no_other(bench: Bench) -> None:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    apps = {f"{name}.yaml": application(name, name) for name in ("large", "small")}
    bench.work.commit({**apps, **{f"{name}/cm.yaml": config_map(name) for name in ("large", "small")}})
    large = config_map("large", "x" * 20_000_000)
    bench.work.commit({"large/cm.yaml": large, "small/cm.yaml": config_map("small", "2")})
    plan = await bench.plan()
    assert statuses(plan) == {"in-cluster/argocd/large": "unknown", "in-cluster/argocd/small": "changed"}


async def test_an_application_of_20_mb_leaves_the_others_as_they_are(bench: Bench) -> None:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.work.commit({"a.yaml": application("a", "web"), "b.yaml": application("b", "web")})
    bench.work.commit({"web/cm.yaml": config_map("web")})
    commit(bench, {"a.yaml": application("a", "web", helm={"values": "x" * 20_000_000})})
    found = statuses(await bench.plan())
    assert found == {"in-cluster/argocd/a": "unknown", "in-cluster/argocd/b": "unchanged"}


MANY = 2_000
_CPU_S_AT_MOST = 30.0
"""About 3 on an idle machine: what is judged is that it does not grow with the square."""


@pytest.mark.timeout(180)
def test_of_2000_applications_that_stay_as_they_are_none_is_rendered(tmp_path: Path) -> None:
    files: Files = {"README.md": "one", "root.yaml": application("root", "apps", namespace="argocd")}
    for n in range(MANY):
        files |= {f"apps/{n}.yaml": application(f"app-{n}", f"web/{n}"), f"web/{n}/cm.yaml": config_map("c")}
    bench = Bench(write(tmp_path / "work", [files, {**files, "README.md": "two"}]), tmp_path / "home")
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    started = time.process_time()
    plan = asyncio.run(bench.plan())
    assert time.process_time() - started < _CPU_S_AT_MOST
    assert set(statuses(plan).values()) == {"unchanged"}
    assert bench.rendered == ["in-cluster/argocd/root"]
