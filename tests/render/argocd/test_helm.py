"""Helm options: which values win, where files of values lie, and what of the output is an object."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.model.release import Chart, ChartKind, Release
from bot.model.remote import RemoteKind, RemoteRef
from bot.render.ground import RemoteTree, fetched_file
from bot.render.helm.inputs import ReleaseInputs
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import (
    ELSEWHERE,
    HERE,
    application,
    data,
    failure,
    key,
    made,
    manifests,
    remarks,
    rendered,
)
from tests.render.helm.releases import archived, chart
from tests.render.trees import Content, Link, MemoryTree, config_map

SHOWS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: '{{ .Release.Name }}'}
data:
  values: {{ omit .Values "global" | toJson | quote }}
  namespace: '{{ .Release.Namespace }}'
  kube: '{{ .Capabilities.KubeVersion.Version }}'
  has: '{{ .Capabilities.APIVersions.Has "acme.example/v1/Thing" }}'
"""
CHART = chart({"show.yaml": SHOWS}, at="app", values_DOT_yaml="from: chart\nlist: [1, 2]\nchart: true\n")


def values(found: Any, name: str = "web") -> dict[str, Any]:
    return dict(yaml.safe_load(data(found, name)["values"]))


async def shown(
    sandbox: Sandbox, helm: Mapping[str, Any], files: Mapping[str, Content] | None = None, **about: Any
) -> dict[str, Any]:
    return values(await rendered(sandbox, {**CHART, **(files or {})}, application(helm=helm, **about)))


async def test_of_two_values_the_later_kind_wins(sandbox: Sandbox) -> None:
    files = {"app/one.yaml": "from: one\none: 1\n", "app/two.yaml": "from: two\ntwo: 2\n"}
    helm: dict[str, Any] = {"valueFiles": ["one.yaml", "two.yaml"]}
    assert (await shown(sandbox, helm, files))["from"] == "two"
    helm["values"] = "from: values\nboth: {a: 1}\n"
    assert (await shown(sandbox, helm, files))["from"] == "values"
    helm["valuesObject"] = {"from": "object", "both": {"b": 2}}
    found = await shown(sandbox, helm, files)
    assert (found["from"], found["both"]) == ("object", {"b": 2})
    helm["parameters"] = [{"name": "from", "value": "parameter"}]
    assert (await shown(sandbox, helm, files))["from"] == "parameter"
    helm["parameters"] = [*helm["parameters"], {"name": "from", "value": "text", "forceString": True}]
    assert (await shown(sandbox, helm, files))["from"] == "text"
    helm["fileParameters"] = [{"name": "from", "path": "one.yaml"}]
    found = await shown(sandbox, helm, files)
    assert found["from"] == "from: one\none: 1\n"
    assert (found["one"], found["two"], found["chart"]) == (1, 2, True)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([{"name": "a.b", "value": "2"}], {"a": {"b": 2}}),
        ([{"name": "a", "value": "2", "forceString": True}], {"a": "2"}),
        ([{"name": "a", "value": "true"}], {"a": True}),
        ([{"name": "a", "value": "x,y"}], {"a": "x,y"}),
        ([{"name": "a", "value": r"x\,y"}], {"a": "x,y"}),
        ([{"name": "a", "value": "{x,y}"}], {"a": ["x", "y"]}),
        ([{"name": "list[0]", "value": "7"}], {"list": [7]}),
        ([{"name": "a", "value": "1"}, {"name": "a", "value": "2"}], {"a": 2}),
        ([{"name": "a", "value": "$ARGOCD_APP_NAME-$$x-$NOBODY"}], {"a": "web-$x-"}),
        ([{"name": r"a\.b", "value": "c"}], {"a.b": "c"}),
        ([{"name": "a", "value": "9007199254740993"}], {"a": 9007199254740993}),
        ([{"name": "a", "value": "0x10"}, {"name": "b", "value": "1e3"}], {"a": "0x10", "b": "1e3"}),
        ([{"name": "a", "value": ""}], {"a": ""}),
    ],
)
async def test_parameters_are_read_as_helm_reads_them(
    sandbox: Sandbox, parameters: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    found = await shown(sandbox, {"parameters": parameters})
    assert {name: found.get(name) for name in expected} == expected


async def test_a_parameter_that_is_null_takes_the_charts_value_away(sandbox: Sandbox) -> None:
    assert "from" not in await shown(sandbox, {"parameters": [{"name": "from", "value": "null"}]})


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["../env/a.yaml"], "a"),
        (["/env/a.yaml", "/env/b.yaml"], "a b"),
        (["/env/*.yaml"], "a b c"),
        (["/env/*.yaml", "/env/a.yaml"], "b c a"),
        (["/env/a.yaml", "/env/*.yaml"], "a b c"),
        (["/env/[ab].yaml"], "a b"),
        (["/**/c.yaml"], "c deep"),
        (["/env/**/*.yaml"], "a b c deep"),
        (["/env/{b,a}*.yaml"], "a b"),
        (["/env/$ARGOCD_APP_NAME.yaml"], "web"),
        (["/linked/a.yaml"], "a"),
    ],
)
async def test_files_of_values_are_found_and_ordered(sandbox: Sandbox, texts: list[str], order: str) -> None:
    files: dict[str, Content] = {
        "env/a.yaml": "last: a\na: 1\n",
        "env/b.yaml": "last: b\nb: 1\n",
        "env/c.yaml": "last: c\nc: 1\n",
        "env/more/c.yaml": "last: deep\ndeep: 1\n",
        "env/web.yml": "",
        "linked": Link("env"),
    }
    if "web" in order:
        files["env/web.yaml"] = "last: web\nweb: 1\n"
    found = await shown(sandbox, {"valueFiles": texts}, files)
    assert found["last"] == order.rsplit(maxsplit=1)[-1]
    assert {name for name in ("a", "b", "c", "deep", "web") if name in found} == set(order.split())


async def test_a_file_that_is_there_twice_counts_at_its_first_place_and_it_is_said(sandbox: Sandbox) -> None:
    files = {"app/one.yaml": "from: one\n", "app/two.yaml": "from: two\n"}
    target = application(helm={"valueFiles": ["one.yaml", "two.yaml", "./one.yaml"]})
    found = await rendered(sandbox, {**CHART, **files}, target)
    assert values(found)["from"] == "two"
    assert "'./one.yaml' is there twice" in remarks(found)


async def test_documents_of_one_file_are_merged_and_equal_keys_have_their_last_value(
    sandbox: Sandbox,
) -> None:
    files = {"app/v.yaml": "a: 1\nb: 1\nb: 2\n---\na: 3\n"}
    found = await shown(sandbox, {"valueFiles": ["v.yaml"]}, files)
    assert (found["a"], found["b"]) == (3, 2)


@pytest.mark.parametrize(
    ("helm", "reason"),
    [
        ({"valueFiles": ["none.yaml"]}, "does not exist"),
        ({"valueFiles": ["../../etc/passwd"]}, "leaves the repository"),
        ({"valueFiles": ["/"]}, "directory"),
        ({"valueFiles": ["templates"]}, "directory"),
        ({"valueFiles": ["*.none"]}, "matches no file"),
        ({"valueFiles": ["/app/**"]}, "directory"),
        ({"valueFiles": ["/links/out.yaml"]}, "leaves the repository"),
        ({"valueFiles": ["secrets://env/a.yaml"]}, "secrets"),
        ({"valueFiles": ["list.yaml"]}, "mapping"),
        ({"valueFiles": ["broken.yaml"]}, "broken.yaml"),
        ({"valueFiles": ["$ARGOCD_APP_REVISION.yaml"]}, "commit that Argo CD renders"),
        ({"values": "a: [b"}, "helm.values"),
        ({"values": "- a"}, "helm.values"),
        ({"parameters": [{"name": "from[", "value": "x"}]}, ""),
        ({"fileParameters": [{"name": "a", "path": "none.txt"}]}, "fileParameters[0].path"),
        ({"version": "v2"}, "helm.version"),
        ({"kubeVersion": "soon"}, "helm.kubeVersion"),
        ({"releaseName": "Under_Score"}, "release"),
    ],
)
async def test_what_argo_cd_refuses_is_unknown(sandbox: Sandbox, helm: dict[str, Any], reason: str) -> None:
    files: dict[str, Content] = {
        "app/list.yaml": "- a\n",
        "app/broken.yaml": "a: [b\n",
        "links/out.yaml": Link("../../etc/passwd"),
    }
    if helm.get("parameters"):
        found = await rendered(sandbox, {**CHART, **files}, application(helm=helm))
        assert found.failed or values(found)
        return
    assert reason in failure(await rendered(sandbox, {**CHART, **files}, application(helm=helm)))


async def test_missing_files_are_passed_over_where_the_source_says_so(sandbox: Sandbox) -> None:
    helm = {"valueFiles": ["none.yaml", "*.none", "one.yaml"], "ignoreMissingValueFiles": True}
    assert (await shown(sandbox, helm, {"app/one.yaml": "from: one\n"}))["from"] == "one"
    assert (await shown(sandbox, helm))["from"] == "chart"


@pytest.mark.parametrize(
    ("helm", "field"),
    [
        ({"valueFiles": "a.yaml"}, "helm.valueFiles"),
        ({"parameters": {"a": 1}}, "helm.parameters"),
        ({"parameters": [{"name": "a", "value": 1}]}, "helm.parameters[0].value"),
        ({"valuesObject": [1]}, "helm.valuesObject"),
        ({"values": {"a": 1}}, "helm.values"),
        ({"skipCrds": "yes"}, "helm.skipCrds"),
        ({"releaseName": 1}, "helm.releaseName"),
        ({"passCredentials": 1}, "helm.passCredentials"),
        ({"apiVersions": "v1"}, "helm.apiVersions"),
    ],
)
def test_a_wrong_type_is_named(helm: dict[str, Any], field: str) -> None:
    (found,) = made(CHART, application(helm=helm)).diagnostics
    assert found.message.startswith(field)


async def test_the_release_is_named_like_the_application_and_renders_into_the_destination(
    sandbox: Sandbox,
) -> None:
    plain = await rendered(sandbox, CHART, application(name="shop"))
    assert data(plain, "shop")["namespace"] == "dest"
    helm = {"releaseName": "other", "namespace": "templated"}
    found = await rendered(sandbox, CHART, application(helm=helm))
    assert data(found, "other")["namespace"] == "templated"
    assert manifests(found)["ConfigMap/other"]["metadata"]["namespace"] == "dest"


async def test_versions_of_the_cluster_can_be_said(sandbox: Sandbox) -> None:
    helm = {"kubeVersion": "v1.25.3-eks", "apiVersions": ["acme.example/v1/Thing"]}
    found = data(await rendered(sandbox, CHART, application(helm=helm)))
    assert (found["kube"], found["has"]) == ("v1.25.3", "true")
    told = data(await rendered(sandbox, CHART, application()))
    assert (told["kube"], told["has"]) == ("v1.34", "false")


async def test_crds_and_hooks_are_objects_and_tests_are_not(sandbox: Sandbox) -> None:
    crd = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: wides.acme.example}\n"
        "spec: {group: acme.example, scope: Cluster, names: {kind: Wide, plural: wides}}\n"
    )
    hook = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: %s, annotations: {helm.sh/hook: '%s'%s}}\n"
    files = chart(
        {
            "a.yaml": config_map("a"),
            "wide.yaml": "apiVersion: acme.example/v1\nkind: Wide\nmetadata: {name: w, namespace: own}\n",
            "pre.yaml": hook % ("pre", "pre-install,pre-upgrade", ""),
            "test.yaml": hook % ("test", "test", ""),
            "both.yaml": hook % ("both", "test", ", argocd.argoproj.io/hook: PostSync"),
            "list.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n",
        },
        at="app",
        crds__crd_DOT_yaml=crd,
    )
    found = await rendered(sandbox, files, application())
    assert set(manifests(found)) == {
        "CustomResourceDefinition/wides.acme.example",
        "ConfigMap/a",
        "Wide/w",
        "Job/pre",
        "Job/both",
        "Secret/s",
    }
    assert "namespace" not in manifests(found)["Wide/w"]["metadata"]
    assert not found.chart_crds
    without = await rendered(sandbox, files, application(helm={"skipCrds": True, "skipTests": True}))
    assert set(manifests(without)) == {"ConfigMap/a", "Wide/w", "Job/pre", "Secret/s"}


async def test_of_equal_objects_the_last_counts_and_generated_names_are_told_apart(sandbox: Sandbox) -> None:
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\nspec: {n: %d}\n"
    files = chart(
        {
            "a.yaml": config_map("a", v="one") + "---\n" + config_map("a", v="two"),
            "j.yaml": job % 1 + "---\n" + job % 2,
        },
        at="app",
    )
    found = await rendered(sandbox, files, application())
    assert data(found, "a")["v"] == "two"
    assert {o.id.name for o in found.objects} == {"a", "run-*", "run-*2"}
    assert "declared 2 times" in remarks(found)


async def test_plain_words_stay_what_yaml_makes_of_them_without_kustomize(sandbox: Sandbox) -> None:
    files = chart(
        {"a.yaml": "apiVersion: v1\nkind: X\nmetadata: {name: a}\nspec: {on: yes, k: 1, k: 2}\n"}, at="app"
    )
    found = await rendered(sandbox, files, application())
    assert manifests(found)["X/a"]["spec"] == {"true": True, "k": 2}


async def test_what_a_chart_makes_anew_is_a_hole_and_lookup_is_no_remark(sandbox: Sandbox) -> None:
    files = chart(
        {"a.yaml": config_map("a", p="{{ randAlphaNum 10 }}", l='{{ lookup "v1" "Secret" "a" "b" | len }}')},
        at="app",
    )
    found = await rendered(sandbox, files, application())
    assert data(found, "a")["p"] == "${volatile}"
    assert "lookup" not in remarks(found)


async def test_the_commit_in_a_parameter_is_a_hole(sandbox: Sandbox) -> None:
    helm = {"parameters": [{"name": "tag", "value": "v-$ARGOCD_APP_REVISION_SHORT_8"}]}
    found = await rendered(sandbox, CHART, application(helm=helm))
    assert values(found)["tag"] == "v-${ARGOCD_APP_REVISION_SHORT_8}"
    assert {hole.name for hole in found.holes} == {"ARGOCD_APP_REVISION_SHORT_8"}


async def test_charts_beside_it_are_dependencies(sandbox: Sandbox) -> None:
    files = {
        **CHART,
        "app/Chart.yaml": (
            "apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies: [{name: lib, version: 1.x, repository: 'file://../lib'}]\n"
        ),
        "lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
        "lib/templates/l.yaml": config_map("lib"),
    }
    assert "ConfigMap/lib" in manifests(await rendered(sandbox, files, application()))


class TestSources:
    """Files of values in other sources."""

    async def test_a_ref_to_the_repository_at_hand_is_its_root(self, sandbox: Sandbox) -> None:
        target = application(helm={"valueFiles": ["$here/env/a.yaml"]}, refs={"here": HERE})
        assert (
            values(await rendered(sandbox, {**CHART, "env/a.yaml": "from: here\n"}, target))["from"] == "here"
        )

    async def test_a_ref_elsewhere_is_read_there_and_nowhere_else(self, sandbox: Sandbox) -> None:
        target = application(
            helm={
                "valueFiles": ["$else/$ARGOCD_APP_NAME.yaml", "$else/more/*.yaml"],
                "fileParameters": [{"name": "text", "path": "$else/text.txt"}],
            },
            refs={"else": ELSEWHERE},
        )
        there = {"web.yaml": "from: there\n", "more/x.yaml": "x: 1\n", "text.txt": "a, [b] {c} \\ d\n"}
        found = values(await rendered(sandbox, CHART, target, {"else": there}))
        assert (found["from"], found["x"], found["text"]) == ("there", 1, "a, [b] {c} \\ d\n")
        missing = await rendered(sandbox, {**CHART, "web.yaml": "a: 1\n"}, target, {"else": {}})
        assert "does not exist" in failure(missing)

    @pytest.mark.parametrize("text", ["v.yaml", "v*.yaml", "w.yaml"])
    def test_the_key_tells_files_of_its_own_source_from_those_of_the_repository_at_hand(
        self, text: str
    ) -> None:
        helm = {"valueFiles": [f"/{text}", f"$here/{text}"], "ignoreMissingValueFiles": True}
        target = application(helm=helm, source=ELSEWHERE, refs={"here": HERE})
        one, two = {"v.yaml": "a: 1"}, {"v.yaml": "a: 2", "w.yaml": ""}
        first = key({**CHART, **one}, target, {"here": MemoryTree(two)})
        assert first != key({**CHART, **two}, target, {"here": MemoryTree(one)})

    async def test_a_file_is_the_same_whatever_its_source_is_called(self, sandbox: Sandbox) -> None:
        files = {**CHART, "env/a.yaml": "from: a\n", "env/b.yaml": "from: b\n"}
        texts = ["/env/*.yaml", "$here/env/a.yaml", "$same/env/*.yaml"]
        target = application(helm={"valueFiles": texts}, refs={"here": HERE, "same": HERE})
        assert values(await rendered(sandbox, files, target))["from"] == "a"

    @pytest.mark.parametrize("text", ["$nope/a.yaml", "$Here/a.yaml", "$here/../a.yaml", "$here"])
    async def test_a_ref_that_leads_nowhere_is_named(self, sandbox: Sandbox, text: str) -> None:
        target = application(helm={"valueFiles": [text]}, refs={"here": HERE})
        assert "helm.valueFiles" in failure(await rendered(sandbox, CHART, target))

    async def test_without_other_sources_a_dollar_is_a_variable(self, sandbox: Sandbox) -> None:
        files = {**CHART, "one.yaml": "from: root\n"}
        found = await rendered(sandbox, files, application(helm={"valueFiles": ["$values/one.yaml"]}))
        assert values(found)["from"] == "root"
        several = application(helm={"valueFiles": ["$values/one.yaml"]}, revisions=("HEAD", "1.0"))
        assert "none of the Application's sources" in made(files, several).diagnostics[0].message

    async def test_a_chart_of_a_repository_with_values_of_ours(
        self, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        packed = {path.removeprefix("app/"): text for path, text in CHART.items()} | {
            "prod.yaml": "from: inside\ninside: 1\n",
            "env/x.yaml": "x: 1\n",
        }
        release = Release(
            "web", "dest", Chart(ChartKind.REPOSITORY, "web", "https://charts.example", "1.2.3")
        )
        target = application(
            "",
            release=release,
            refs={"here": HERE},
            chart="web",
            helm={"valueFiles": ["prod.yaml", "env/*.yaml", "$here/ours.yaml"], "values": "inline: 1\n"},
        )
        inputs = ReleaseInputs(archive=archived(tmp_path, packed))
        found = await rendered(sandbox, {"ours.yaml": "from: ours\n"}, target, inputs=inputs)
        assert values(found) == {
            "from": "ours",
            "inside": 1,
            "x": 1,
            "inline": 1,
            "chart": True,
            "list": [1, 2],
        }
        gone = application("", release=release, chart="web", helm={"valueFiles": ["gone.yaml"]})
        assert "gone.yaml" in failure(await rendered(sandbox, {}, gone, inputs=inputs))

    def test_the_key_follows_files_of_other_sources(self) -> None:
        target = application(helm={"valueFiles": ["$else/a.yaml"]}, refs={"else": ELSEWHERE})
        one, two = MemoryTree({"a.yaml": "a: 1"}), MemoryTree({"a.yaml": "a: 2"})
        assert key(CHART, target, {"else": one}) != key(CHART, target, {"else": two})
        assert key(CHART, target, {"else": one}) == key({**CHART, "a.yaml": ""}, target, {"else": one})

    def test_the_key_follows_what_a_pattern_finds(self) -> None:
        target = application(helm={"valueFiles": ["/env/*.yaml"], "ignoreMissingValueFiles": True})
        before = key(CHART, target)
        assert key({**CHART, "env/a.yaml": ""}, target) != before
        assert key({**CHART, "other/a.yaml": ""}, target) == before


class TestAddresses:
    URL = "https://values.example/prod.yaml"

    async def test_a_file_at_a_url_is_read_where_it_is_at_hand(self, sandbox: Sandbox) -> None:
        remotes = {RemoteRef(RemoteKind.FILE, self.URL): fetched_file(self.URL, b"from: there\n")}
        target = application(helm={"valueFiles": [self.URL]})
        assert values(await rendered(sandbox, CHART, target, remotes=remotes))["from"] == "there"

    @pytest.mark.parametrize(
        ("url", "reason"),
        [(URL, "is not asked"), ("https://user:pass@values.example/a.yaml", "login"), ("ftp://a/b", "ftp")],
    )
    async def test_one_that_is_not_says_why(self, sandbox: Sandbox, url: str, reason: str) -> None:
        remotes = {RemoteRef(RemoteKind.FILE, self.URL): RemoteTree(problem="it is not asked here")}
        found = await rendered(sandbox, CHART, application(helm={"valueFiles": [url]}), remotes=remotes)
        assert reason in failure(found)
        assert "user:" not in failure(found)
