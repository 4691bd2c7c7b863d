"""Nineteen changes that people make to repositories of Argo CD, one for each public integration branch of argocd-diff-preview.

The cases are ours; what a plan has to say of them at least is what that tool says. docs/fidelity.md lists where it says more.
"""

from typing import Any

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.plan import ObjectChange, Plan, TargetStatus
from bot.planning.expansion import Finding
from tests.planning.argocd.declared import URL, application, application_set, commit, listed
from tests.planning.argocd.repositories import directories, source, template
from tests.planning.conftest import Bench, config_map, kustomization

Files = dict[str, str | None]
Told = dict[str, tuple[str, list[str]]]

CHART: Files = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "chart/values.yaml": "name: shop\nreplicas: 1\n",
    "chart/templates/map.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Values.name }}', labels: {of: '{{ .Release.Name }}'}}\n"
        "data: {replicas: '{{ .Values.replicas }}'}\n"
    ),
}
FOLDERS: Files = {
    "sets/folders.yaml": application_set(
        "folders", directories("folders/*"), template=template("{{path.basename}}", "{{path}}")
    ),
    "folders/one/cm.yaml": config_map("one"),
    "folders/two/cm.yaml": config_map("two"),
}
FAR: dict[str, Any] = {"chart": "ingress", "url": "https://charts.example.test"}


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.work.commit({"README.md": "A fleet.", "other.yaml": application("other", "other")})
    bench.work.commit({"other/cm.yaml": config_map("other")})
    return bench


async def told(fleet: Bench, before: Files, change: Files) -> Told:
    """Every target that does not stay as it is, with its objects; brute force agrees."""
    commit(fleet, before)
    commit(fleet, change)
    plan, verified = await fleet.verified()
    assert not verified.disagreements
    return outline(plan)


def outline(plan: Plan) -> Told:
    return {
        each.target.id.name.removeprefix("argocd/"): (each.status.value, sorted(map(shown, each.changes)))
        for each in plan.targets
        if each.status is not TargetStatus.UNCHANGED
    }


def shown(change: ObjectChange) -> str:
    old = f" (was {change.old_name})" if change.old_name and change.old_name != change.id.name else ""
    fields = ", ".join(sorted(field.path for field in change.fields)) if change.action == "changed" else ""
    return f"{change.action.value} {change.id.kind} {change.id.name}{old}{f': {fields}' if fields else ''}"


async def test_1_several_sources_a_folder_that_goes_an_element_renamed_and_a_chart_from_elsewhere(
    fleet: Bench,
) -> None:
    both = application("both", spec={"sources": [source("services/a"), source("services/b")]})
    named = application_set("listed", listed({"name": "app1", "path": "folders/one"}))
    before: Files = {
        **FOLDERS,
        "both.yaml": both,
        "services/a/cm.yaml": config_map("a"),
        "services/b/cm.yaml": config_map("b"),
        "sets/listed.yaml": named,
        "far.yaml": application("far", **FAR, revision="4.10.0"),
    }
    change: Files = {
        "far.yaml": application("far", **FAR, revision="4.11.1"),
        "folders/two/cm.yaml": None,
        "services/a/cm.yaml": config_map("a", "2"),
        "services/b/cm.yaml": config_map("b", "2"),
        "sets/listed.yaml": named.replace("app1", "app2"),
    }
    assert await told(fleet, before, change) == {
        "app2": ("moved", []),
        "both": ("changed", ["changed ConfigMap a: data.key", "changed ConfigMap b: data.key"]),
        "far": ("unknown", []),
        "folders:set": ("changed", ["removed Application two"]),
        "listed:set": ("changed", ["added Application app2", "removed Application app1"]),
        "two": ("removed", ["removed ConfigMap two"]),
    }


async def test_2_values_of_another_source_rename_what_a_chart_renders(fleet: Bench) -> None:
    def app(**more: object) -> str:
        values = {"valueFiles": ["$files/values/app.yaml"], **more}
        return application("app", spec={"sources": [source("chart", helm=values), source(ref="files")]})

    before: Files = {**CHART, "values/app.yaml": "name: old\n", "app.yaml": app()}
    change: Files = {"values/app.yaml": "name: new\n", "app.yaml": app(valuesObject={"replicas": 5})}
    (status, changes) = (await told(fleet, before, change))["app"]
    assert (status, changes) == ("changed", ["added ConfigMap new", "removed ConfigMap old"])


async def test_3_a_base_changes_what_its_overlays_make_of_it(fleet: Bench) -> None:
    before: Files = {
        "base/kustomization.yaml": kustomization("cm.yaml"),
        "base/cm.yaml": config_map("web"),
        "overlays/staging/kustomization.yaml": kustomization("../../base", more="namePrefix: staging-\n"),
        "staging.yaml": application("staging", "overlays/staging"),
    }
    assert await told(fleet, before, {"base/cm.yaml": config_map("web", "6")}) == {
        "staging": ("changed", ["changed ConfigMap staging-web: data.key"])
    }


async def test_4_a_folder_more_is_an_application_more(fleet: Bench) -> None:
    assert await told(fleet, FOLDERS, {"folders/three/cm.yaml": config_map("three")}) == {
        "folders:set": ("changed", ["added Application three"]),
        "three": ("added", ["added ConfigMap three"]),
    }


async def test_5_a_file_of_values_changes_everything_that_reads_it_and_nothing_else(fleet: Bench) -> None:
    """Whatever annotations and labels say of who has to look: what is read decides."""
    read: dict[str, Any] = {"helm": {"valueFiles": ["../values/shared.yaml"]}}
    before: Files = {
        **CHART,
        "values/shared.yaml": "name: shop\nreplicas: 1\n",
        "first.yaml": application("first", "chart", **read),
        "second.yaml": application("second", "chart", namespace="elsewhere", **read),
        "third.yaml": application("third", "chart", namespace="third"),
    }
    assert await told(fleet, before, {"values/shared.yaml": "name: shop\nreplicas: 2\n"}) == {
        "first": ("changed", ["changed ConfigMap shop: data.replicas"]),
        "second": ("changed", ["changed ConfigMap shop: data.replicas"]),
    }


async def test_6_an_application_renamed_a_file_renamed_and_two_sets_of_one_name(fleet: Bench) -> None:
    def twice(name: str) -> str:
        return application_set("twice", listed({"name": name, "path": "twice"}))

    before: Files = {
        **CHART,
        "app.yaml": application("app", "chart"),
        "old.yaml": application("file", "chart", namespace="n", helm={"values": "replicas: 1"}),
        "twice/cm.yaml": config_map("twice"),
        "sets/a.yaml": twice("a"),
        "sets/b.yaml": twice("b"),
    }
    change: Files = {
        "app.yaml": application("super-app", "chart"),
        "old.yaml": None,
        "new.yaml": application("file", "chart", namespace="n", helm={"values": "replicas: 2"}),
        "twice/cm.yaml": config_map("twice", "2"),
    }
    found = await told(fleet, before, change)
    assert found["app"] == ("removed", ["moved ConfigMap shop"])
    assert found["super-app"] == ("added", ["moved ConfigMap shop"])
    assert found["file"] == ("changed", ["changed ConfigMap shop: data.replicas"])
    # One name is one set: Argo CD would have the files overwrite one another.
    assert [found.get(name) for name in "ab"] == [("changed", ["changed ConfigMap twice: data.key"]), None]


async def test_7_an_annotation_that_names_paths_hides_no_change_outside_of_them(fleet: Bench) -> None:
    told_paths = application("app", "chart", helm={"valueFiles": ["../values/app.yaml"]}).replace(
        '"metadata": {', '"metadata": {"annotations": {"argocd.argoproj.io/manifest-generate-paths": "."}, '
    )
    before: Files = {**CHART, "values/app.yaml": "name: old\n", "app.yaml": told_paths}
    found = await told(fleet, before, {"values/app.yaml": "name: old\nreplicas: 3\n"})
    assert found == {"app": ("changed", ["changed ConfigMap old: data.replicas"])}


async def test_8_one_folder_changes_and_another_comes(fleet: Bench) -> None:
    change: Files = {
        "folders/two/cm.yaml": config_map("two", "8080"),
        "folders/three/cm.yaml": config_map("three"),
    }
    assert await told(fleet, FOLDERS, change) == {
        "folders:set": ("changed", ["added Application three"]),
        "three": ("added", ["added ConfigMap three"]),
        "two": ("changed", ["changed ConfigMap two: data.key"]),
    }


async def test_9_applications_and_sets_that_are_deleted_take_everything_along(fleet: Bench) -> None:
    stages = listed({"name": "dev", "path": "folders/one"}, {"name": "prod", "path": "folders/two"})
    before: Files = {
        **FOLDERS,
        "sets/folders.yaml": application_set("stages", stages),
        "app.yaml": application("app", "app"),
        "app/cm.yaml": config_map("app"),
        "far.yaml": application("far", **FAR, revision="1.0.0"),
    }
    gone = dict.fromkeys(("sets/folders.yaml", "app.yaml", "app/cm.yaml", "far.yaml"), None)
    found = await told(fleet, before, dict(gone))
    assert {name: status for name, (status, _) in found.items()} == {
        "app": "removed",
        "dev": "removed",
        "far": "unknown",  # it goes; what it held is not known without asking elsewhere
        "prod": "removed",
        "stages:set": "removed",
    }


async def test_10_differences_that_are_ignored_are_no_difference_where_nothing_changes(fleet: Bench) -> None:
    ignored = [{"group": "", "kind": "Secret", "jsonPointers": ["/data"]}]
    spec = {"ignoreDifferences": ignored, "syncPolicy": {"syncOptions": ["RespectIgnoreDifferences=true"]}}
    before: Files = {"app.yaml": application("app", "app", spec=spec), "app/cm.yaml": config_map("app")}
    assert await told(fleet, before, {"README.md": "Nothing that matters."}) == {}


async def test_11_an_application_that_renders_nothing_is_new_all_the_same(fleet: Bench) -> None:
    change: Files = {"docs/index.md": "# Docs", "empty.yaml": application("empty", "docs")}
    assert await told(fleet, {}, change) == {"empty": ("added", [])}


async def test_12_definitions_of_a_chart_change_with_its_version(fleet: Bench) -> None:
    def definition(version: str) -> str:
        return (
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: shops.example.test}\n"
            f"spec: {{group: example.test, scope: Namespaced, versions: [{{name: {version}}}]}}\n"
        )

    def app(replicas: str) -> str:
        return application("app", "chart", helm={"parameters": [{"name": "replicas", "value": replicas}]})

    before: Files = {**CHART, "chart/crds/shop.yaml": definition("v1"), "app.yaml": app("30")}
    change: Files = {"chart/crds/shop.yaml": definition("v2"), "app.yaml": app("15")}
    (status, changes) = (await told(fleet, before, change))["app"]
    assert status == "changed"
    assert changes[0].startswith("changed ConfigMap shop: data.replicas")
    assert changes[1].startswith("changed CustomResourceDefinition shops.example.test: spec.versions")


async def test_13_annotations_of_applications_show_on_whoever_holds_them(fleet: Bench) -> None:
    before: Files = {**FOLDERS, "app.yaml": application("app", "folders/one")}
    annotated = template("{{path.basename}}", "{{path}}")
    annotated["metadata"]["annotations"] = {"tool.example.test/render": "never"}
    change: Files = {
        "sets/folders.yaml": application_set("folders", directories("folders/*"), template=annotated),
        "app.yaml": before["app.yaml"].replace('"metadata": {', '"metadata": {"labels": {"team": "b"}, '),  # type: ignore[union-attr]
    }
    found = await told(fleet, before, change)
    assert found == {
        "folders:set": (
            "changed",
            [
                "changed Application one: metadata.annotations",
                "changed Application two: metadata.annotations",
            ],
        )
    }


async def test_14_what_is_hydrated_is_rendered_from_where_it_is_dry(fleet: Bench) -> None:
    hydrator = {"drySource": source("app"), "syncSource": {"targetBranch": "hydrated/app", "path": "app"}}
    before: Files = {
        "app.yaml": application("app", namespace="old", spec={"sourceHydrator": hydrator, "source": None}),
        "app/cm.yaml": config_map("app"),
    }
    change: Files = {
        "app.yaml": application("app", namespace="new", spec={"sourceHydrator": hydrator, "source": None})
    }
    assert await told(fleet, before, change) == {"app": ("changed", ["moved ConfigMap app"])}


async def test_15_another_kind_of_another_name_takes_the_place_of_an_object(fleet: Bench) -> None:
    def workload(kind: str, name: str) -> str:
        return (
            f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n"
            f"  template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: web, image: nginx}}]}}}}\n"
        )

    before: Files = {"app.yaml": application("app", "app"), "app/w.yaml": workload("Deployment", "web")}
    change: Files = {"app/w.yaml": workload("StatefulSet", "web-set")}
    assert await told(fleet, before, change) == {
        "app": ("changed", ["added StatefulSet web-set", "removed Deployment web"])
    }


async def test_16_what_a_plugin_renders_is_unknown_where_its_files_change(fleet: Bench) -> None:
    before: Files = {**CHART, "app.yaml": application("app", "chart", plugin={"name": "post-render"})}
    found = await told(fleet, before, {"chart/values.yaml": "name: shop\nreplicas: 8080\n"})
    assert found == {"app": ("unknown", [])}


async def test_17_applications_of_applications_and_of_a_set_among_them(fleet: Bench) -> None:
    def stages(*names: str) -> str:
        elements = [{"name": f"{name}-app", "path": f"stages/{name}"} for name in names]
        return application_set("stages", listed(*elements))

    before: Files = {
        "root-app.yaml": application("root", "root", namespace="argocd"),
        "root/a.yaml": application("a", "level-a", namespace="argocd"),
        "root/b.yaml": application("b", "level-b"),
        "root/stages.yaml": stages("prod"),
        "level-a/deep.yaml": application("deep", "level-deep"),
        "level-b/cm.yaml": config_map("b"),
        "level-deep/cm.yaml": config_map("deep"),
        "stages/prod/cm.yaml": config_map("prod"),
    }
    change: Files = {
        "level-a/more.yaml": application("more", "level-more"),
        "level-b/cm.yaml": config_map("b", "2"),
        "level-deep/cm.yaml": config_map("deep", "2"),
        "level-more/cm.yaml": config_map("more"),
        "root/stages.yaml": stages("prod", "staging"),
        "stages/prod/cm.yaml": config_map("prod", "2"),
        "stages/staging/cm.yaml": config_map("staging"),
    }
    assert await told(fleet, before, change) == {
        "a": ("changed", ["added Application more"]),
        "b": ("changed", ["changed ConfigMap b: data.key"]),
        "deep": ("changed", ["changed ConfigMap deep: data.key"]),
        "more": ("added", ["added ConfigMap more"]),
        "prod-app": ("changed", ["changed ConfigMap prod: data.key"]),
        "root": (
            "changed",
            ["changed ApplicationSet stages: spec.generators[0].list.elements[name=staging-app]"],
        ),
        "staging-app": ("added", ["added ConfigMap staging"]),
        "stages:set": ("changed", ["added Application staging-app"]),
    }


async def test_18_values_from_the_root_of_the_repository_lie_outside_of_the_chart(fleet: Bench) -> None:
    before: Files = {
        **CHART,
        "env/values.yaml": "replicas: 2\n",
        "app.yaml": application("app", "chart", helm={"valueFiles": ["/env/values.yaml"]}),
    }
    assert await told(fleet, before, {"env/values.yaml": "replicas: 3\n"}) == {
        "app": ("changed", ["changed ConfigMap shop: data.replicas"])
    }


async def test_19_a_kustomization_that_loads_a_file_beside_it_is_rendered(fleet: Bench) -> None:
    """As with `kustomize.buildOptions: --load-restrictor LoadRestrictionsNone`, which that branch sets too."""
    before: Files = {
        "shared/cm.yaml": config_map("shared"),
        "overlay/kustomization.yaml": kustomization("../shared/cm.yaml"),
        "app.yaml": application("app", "overlay"),
    }
    assert await told(fleet, before, {"shared/cm.yaml": config_map("shared", "3")}) == {
        "app": ("changed", ["changed ConfigMap shared: data.key"])
    }
