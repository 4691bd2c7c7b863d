"""Programs of the operator's in a plan: changes through a plugin and through Jsonnet, held to brute force."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.plan import Plan, TargetStatus
from bot.model.programs import Plugin, Programs
from bot.planning.elsewhere import Elsewhere
from bot.planning.expansion import Finding
from bot.render.helm.inputs import ClusterFacts
from tests.planning.argocd.declared import URL, application, cluster, commit
from tests.planning.conftest import Bench, config_map, kustomization, statuses, target
from tests.render.plugin.programs import (
    function,
    jsonnet,
    kustomize,
    needs_confinement,
    python,
    running,
    shell,
)

pytestmark = needs_confinement

TEMPLATED = shell("sed s/NAME/$ARGOCD_APP_NAME/ *.tmpl ../lib/*.tmpl", reads_whole_tree=True)
OWN = python(
    "for name in sorted(os.listdir('.')):\n  config_map(name.partition('.')[0], text=open(name).read())",
    reads_whole_tree=False,
)
FLEET = {
    "bootstrap/root.yaml": application("root", "apps", namespace="argocd"),
    "apps/web.yaml": application("web", "web", plugin={"name": "templated"}),
    "apps/own.yaml": application("own", "own", plugin={"name": "own"}),
    "apps/json.yaml": application("json", "json", directory={"jsonnet": {"libs": ["lib"]}}),
    "apps/plain.yaml": application("plain", "plain"),
    "web/cm.tmpl": config_map("NAME"),
    "lib/more.tmpl": "---\n" + config_map("NAME-more"),
    "lib/shared.libsonnet": '{value: "one"}',
    "own/a.txt": "first",
    "json/cm.jsonnet": '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "made"}, data: import "shared.libsonnet"}',
    "plain/kustomization.yaml": kustomization("cm.yaml"),
    "plain/cm.yaml": config_map("plain"),
}
PROGRAMS = Programs((Plugin("templated", TEMPLATED), Plugin("own", OWN)), jsonnet(reads_whole_tree=False))


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.programs = PROGRAMS
    bench.work.commit(FLEET)
    return bench


async def agreed(fleet: Bench) -> Plan:
    """The plan of the last commit, which brute force has come to as well, with nothing unknown."""
    plan, verification = await fleet.verified()
    assert verification.disagreements == ()
    assert verification.unknown == 0, [t.diagnostics for t in plan.with_status(TargetStatus.UNKNOWN)]
    return plan


def changed(plan: Plan) -> dict[str, list[str]]:
    return {t.target.id.name: [change.id.name for change in t.changes] for t in plan.targets if t.changes}


def why(plan: Plan, name: str) -> str:
    return " | ".join(d.message for d in target(plan, name, "in-cluster").diagnostics)


async def test_a_change_of_what_a_plugin_reads_shows_in_what_it_makes(fleet: Bench) -> None:
    commit(fleet, {"web/cm.tmpl": config_map("NAME", "2")})
    assert changed(await agreed(fleet)) == {"argocd/web": ["web"]}
    commit(fleet, {"lib/more.tmpl": "---\n" + config_map("NAME-more", "2")})
    assert changed(await agreed(fleet)) == {"argocd/web": ["web-more"]}
    commit(fleet, {"own/b.txt": "second"})
    assert changed(await agreed(fleet)) == {"argocd/own": ["b"]}


async def test_what_reads_its_own_directory_is_not_run_for_a_change_elsewhere(fleet: Bench) -> None:
    await fleet.plan("HEAD", "HEAD")
    fleet.rendered.clear()
    commit(fleet, {"elsewhere/README": "1"})
    plan = await fleet.plan()
    assert set(statuses(plan).values()) == {"unchanged"}
    assert set(fleet.rendered) == {"in-cluster/argocd/web"}


async def test_an_import_of_jsonnet_shows_in_what_it_makes(fleet: Bench) -> None:
    commit(fleet, {"lib/shared.libsonnet": '{value: "two"}'})
    assert changed(await agreed(fleet)) == {"argocd/json": ["made"]}


async def test_what_the_application_hands_over_shows_too(fleet: Bench) -> None:
    told = {"name": "own", "env": [{"name": "A", "value": "b"}]}
    commit(fleet, {"apps/own.yaml": application("own", "own", plugin=told)})
    assert changed(await agreed(fleet)) == {"argocd/root": ["own"]}


async def test_a_failure_is_unknown_at_the_application_and_takes_no_other_along(fleet: Bench) -> None:
    failing = Plugin("templated", shell("test ! -e bad && cat *.tmpl"))
    fleet.programs = replace(PROGRAMS, plugins=(failing, PROGRAMS.plugins[1]))
    commit(fleet, {"web/bad": "", "own/b.txt": "b"})
    plan = await fleet.plan()
    found = target(plan, "argocd/web", "in-cluster")
    assert found.status is TargetStatus.UNKNOWN
    assert [(d.file, d.line) for d in found.diagnostics] == [("apps/web.yaml", 1)]
    assert "the plugin 'templated': sh ended with exit code 1" in why(plan, "argocd/web")
    assert statuses(plan)["in-cluster/argocd/own"] == "changed"
    assert statuses(plan)["in-cluster/argocd/json"] == "unchanged"


async def test_another_program_makes_everything_anew(fleet: Bench) -> None:
    commit(fleet, {"web/cm.tmpl": config_map("NAME", "2")})
    assert changed(await fleet.plan()) == {"argocd/web": ["web"]}
    other = replace(TEMPLATED, command=("/bin/sh", "-c", "sed s/NAME/other/ *.tmpl"))
    fleet.programs = replace(PROGRAMS, plugins=(Plugin("templated", other), *PROGRAMS.plugins[1:]))
    assert changed(await agreed(fleet)) == {"argocd/web": ["other"]}


async def test_for_a_fork_it_is_unknown_what_others_see_planned(fleet: Bench) -> None:
    commit(
        fleet, {"web/cm.tmpl": config_map("NAME", "2"), "own/a.txt": "2", "lib/shared.libsonnet": "{a: 'b'}"}
    )
    assert changed(await agreed(fleet)).keys() == {"argocd/web", "argocd/own", "argocd/json"}
    fleet.programs = replace(
        PROGRAMS, plugins=(PROGRAMS.plugins[0], Plugin("own", replace(OWN, is_for_forks=True)))
    ).for_forks()
    plan = await fleet.plan()
    assert statuses(plan) == {
        "in-cluster/argocd/json": "unknown",
        "in-cluster/argocd/own": "changed",
        "in-cluster/argocd/plain": "unchanged",
        "in-cluster/argocd/root": "unchanged",
        "in-cluster/argocd/web": "unknown",
    }
    assert "does not run for pull requests from forks" in why(plan, "argocd/web")


async def test_without_the_programs_what_they_make_is_unknown(fleet: Bench) -> None:
    fleet.programs = Programs()
    commit(fleet, {"web/cm.tmpl": config_map("NAME", "2"), "json/cm.jsonnet": "{}"})
    plan = await fleet.plan()
    assert "is rendered by the plugin 'templated'" in why(plan, "argocd/web")
    assert "`jsonnet.command` in config.yaml" in why(plan, "argocd/json")


@pytest.mark.parametrize("whole", [True, False], ids=["reads the tree", "reads its directory"])
async def test_applications_that_a_plugin_makes_are_followed(fleet: Bench, whole: bool) -> None:
    """Whatever its files are called, and whether they name Argo CD at all."""
    script = (
        "for line in open('names.txt'):\n  name = line.strip()\n  print('---')\n  print(json.dumps({'apiVersion': "
        "'argoproj.io/' + 'v1alpha1', 'kind': 'Application', 'metadata': {'name': name, 'namespace': 'argocd'}, "
        f"'spec': {{'project': 'default', 'source': {{'repoURL': {URL!r}, 'targetRevision': 'HEAD', 'path': name}}, "
        "'destination': {'server': 'https://kubernetes.default.svc', 'namespace': 'shop'}}}))"
    )
    fleet.programs = Programs(
        (*PROGRAMS.plugins, Plugin("set", python(script, reads_whole_tree=whole))), jsonnet()
    )
    commit(
        fleet,
        {
            "apps/set.yaml": application("set", "set", plugin={"name": "set"}),
            "set/names.txt": "first\n",
            "first/cm.yaml": config_map("first"),
            "second/cm.yaml": config_map("second"),
        },
    )
    commit(fleet, {"set/names.txt": "first\nsecond\n", "first/cm.yaml": config_map("first", "2")})
    assert changed(await agreed(fleet)) == {
        "argocd/first": ["first"],
        "argocd/second": ["second"],
        "argocd/set": ["second"],
    }


async def test_a_function_of_kustomize_shows_what_a_change_makes_of_it(fleet: Bench, tmp_path: Path) -> None:
    path = function(tmp_path, "print(asked.replace('REPLICAS', '3' if 'v2' in asked else '2'))")
    fleet.programs = replace(PROGRAMS, kustomize=kustomize(tmp_path).kustomize)
    commit(
        fleet,
        {
            "apps/made.yaml": application("made", "made", kustomize={"nameSuffix": "-x"}),
            "made/kustomization.yaml": kustomization("../base", more="transformers: [f.yaml]\n"),
            "made/f.yaml": running(path),
            "base/kustomization.yaml": kustomization("cm.yaml"),
            "base/cm.yaml": config_map("base", "v1 REPLICAS"),
        },
    )
    commit(fleet, {"base/cm.yaml": config_map("base", "v2 REPLICAS")})
    plan = await agreed(fleet)
    assert changed(plan) == {"argocd/made": ["base-x"]}
    fields = target(plan, "argocd/made", "in-cluster").changes[0].fields
    assert [(each.old, each.new) for each in fields] == [("v1 2", "v2 3")]
    commit(fleet, {"made/kustomization.yaml": kustomization("../base")})
    assert changed(await agreed(fleet)) == {"argocd/made": ["base-x"]}
    fleet.programs = fleet.programs.for_forks()
    commit(fleet, {"made/kustomization.yaml": kustomization("../base", more="transformers: [f.yaml]\n")})
    assert "does not run for pull requests from forks" in why(await fleet.plan(), "argocd/made")
    fleet.programs = PROGRAMS
    assert "`kustomize.command` in config.yaml" in why(await fleet.plan(), "argocd/made")


async def test_applications_that_jsonnet_makes_are_followed(fleet: Bench) -> None:
    child: dict[str, Any] = json.loads(application("child", "child"))
    commit(
        fleet,
        {
            "json/app.jsonnet": 'import "child.libsonnet"',
            "lib/child.libsonnet": json.dumps(child),
            "child/cm.yaml": config_map("child"),
        },
    )
    commit(fleet, {"child/cm.yaml": config_map("child", "2")})
    assert changed(await agreed(fleet)) == {"argocd/child": ["child"]}


async def test_one_of_several_sources_may_be_a_plugins(fleet: Bench) -> None:
    sources = [
        {"repoURL": URL, "targetRevision": "HEAD", "path": "own", "plugin": {"name": "own"}},
        {"repoURL": URL, "targetRevision": "HEAD", "path": "plain"},
    ]
    commit(fleet, {"apps/own.yaml": application("own", spec={"sources": sources})})
    commit(fleet, {"own/a.txt": "2", "plain/cm.yaml": config_map("plain", "2")})
    assert changed(await agreed(fleet)) == {"argocd/own": ["a", "plain"], "argocd/plain": ["plain"]}


async def test_it_is_told_of_its_own_cluster(fleet: Bench) -> None:
    async def facts_of(name: str) -> ClusterFacts:
        return ClusterFacts("1.30.2" if name == "old" else "1.34.1")

    fleet.elsewhere = replace(Elsewhere(), facts=facts_of)
    version = python("config_map('on-' + os.environ['KUBE_VERSION'])")
    fleet.programs = Programs((*PROGRAMS.plugins, Plugin("version", version)), jsonnet())
    made = {
        name: application(name, "told", server=f"https://{name}.test", plugin={"name": "version"})
        for name in ("old", "new")
    }
    clusters = {f"clusters/{name}.yaml": cluster(name, f"https://{name}.test") for name in made}
    commit(fleet, {**clusters, **{f"apps/{n}.yaml": app for n, app in made.items()}, "told/a.txt": "1"})
    assert changed(await agreed(fleet)) == {
        "argocd/new": ["on-1.34"],
        "argocd/old": ["on-1.30"],
        "argocd/root": ["new", "old"],
    }


async def test_a_plugin_that_claims_directories_takes_them_on_both_sides(fleet: Bench) -> None:
    claiming = Plugin("claims", python("config_map('claimed', text=open('mark').read())"), file_name="mark")
    fleet.programs = replace(PROGRAMS, plugins=(*PROGRAMS.plugins, claiming))
    commit(fleet, {"plain/mark": "1"})
    plan = await agreed(fleet)
    assert {(c.id.name, c.action.value) for c in target(plan, "argocd/plain", "in-cluster").changes} == {
        ("claimed", "added"),
        ("plain", "removed"),
    }
