"""Releases rendered by the real helm, in the sandbox, and what Flux does to its output."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.diff.mask import Mask
from bot.model.plan import Action
from bot.model.release import Chart, ChartKind, CrdPolicy
from bot.model.rendering import Severity
from bot.render.envsubst import Unknown
from bot.render.helm.crds import not_applied
from bot.render.helm.inputs import ClusterFacts, ReleaseInputs
from bot.render.sandbox import Sandbox
from tests.render.helm.releases import (
    LABELS,
    archived,
    chart,
    config,
    data_of,
    failure,
    messages,
    release,
    rendered,
    values_from,
)
from tests.render.trees import Content

MASK = Mask(b"0123456789abcdef")


def manifest(kind: str, name: str, *, group: str = "v1", hook: str = "", more: str = "") -> str:
    annotations = f", annotations: {{helm.sh/hook: '{hook}'}}" if hook else ""
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}{annotations}}}\n{more}"


CRD = manifest(
    "CustomResourceDefinition",
    "things.example.com",
    group="apiextensions.k8s.io/v1",
    more="spec: {group: example.com, names: {kind: Thing}, scope: Cluster}\n",
)


async def test_values_release_and_cluster_reach_the_templates(sandbox: Sandbox) -> None:
    files = chart(
        {
            "a.yaml": config(
                values="{{ .Values.a }}{{ .Values.b }}{{ .Values.c }}",
                release="{{ .Release.Name }}/{{ .Release.Namespace }}/{{ .Release.Revision }}/{{ .Release.IsInstall }}",
                kube="{{ .Capabilities.KubeVersion.Version }}",
                known='{{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" | quote }}',
                chart="{{ .Chart.Version }}",
            )
        },
        values_DOT_yaml="a: 1\nb: 1\nc: 1",
    )
    inputs = ReleaseInputs(
        (values_from("b: 2\nc: 2"), values_from("9000000", target_path="d")),
        version_label="0123456789ab",
        facts=ClusterFacts("v1.31.2", ("monitoring.coreos.com/v1",)),
    )
    result = await rendered(sandbox, files, release(values={"c": 3}), inputs)
    assert data_of(result) == {
        "values": 123,
        "release": "web/apps/1/true",
        "kube": "v1.31.2",
        "known": "true",
        "chart": "1.2.3+0123456789ab",
    }
    assert messages(result) == []


async def test_numbers_are_written_as_flux_has_them_written(sandbox: Sandbox) -> None:
    files = chart({"a.yaml": config(file="x{{ .Values.port }}", path="x{{ .Values.account }}")})
    inputs = ReleaseInputs((values_from("123456789012", target_path="account"),))
    result = await rendered(sandbox, files, release(values={"port": 12345678}), inputs)
    assert data_of(result) == {"file": "x1.2345678e+07", "path": "x123456789012"}


async def test_bare_words_and_dates_are_what_kustomize_makes_of_them(sandbox: Sandbox) -> None:
    files = chart({"a.yaml": config(a="yes", b="'yes'", c="true", d="2024-1-05", e="1e3", f="012", on="n")})
    assert data_of(await rendered(sandbox, files)) == {
        "a": "yes",
        "b": "yes",
        "c": True,
        "d": "2024-01-05T00:00:00Z",
        "e": 1000,
        "f": 10,
        "on": "n",
    }


async def test_every_object_has_fluxs_labels_and_namespaced_ones_the_releases_namespace(
    sandbox: Sandbox,
) -> None:
    files = chart(
        {
            "a.yaml": config(),
            "b.yaml": manifest("ClusterRole", "b", group="rbac.authorization.k8s.io/v1"),
            "c.yaml": manifest("Thing", "c", group="example.com/v1"),
            "d.yaml": manifest("Other", "d", group="example.com/v1"),
            "e.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: e, namespace: x}}",
            "h.yaml": manifest("Job", "h", group="batch/v1", hook="pre-install,test"),
            "t.yaml": manifest("Pod", "t", hook="test"),
        },
        crds__c_DOT_yaml=f"{CRD}---\n{manifest('ConfigMap', 'stray')}",
    )
    common = {"labels": {"team": "a", **dict.fromkeys(LABELS, "no")}, "annotations": {"note": "b"}}
    result = await rendered(sandbox, files, release(common_metadata=common))
    assert [str(found.id) for found in result.objects] == [
        "CustomResourceDefinition.apiextensions.k8s.io things.example.com",
        "ConfigMap apps/web",
        "ClusterRole.rbac.authorization.k8s.io b",
        "Secret x/e",
        "Other.example.com apps/d",
        "Thing.example.com c",
        "Job.batch apps/h",
    ]
    assert [str(found) for found in result.chart_crds] == [str(result.objects[0].id)]
    assert result.objects[0].manifest["metadata"]["labels"] == LABELS
    for found in result.objects[1:]:
        assert found.manifest["metadata"]["labels"] == {"team": "a", **LABELS}
        assert found.manifest["metadata"]["annotations"]["note"] == "b"


class TestPostRenderers:
    FILES = chart(
        {
            "a.yaml": config(a="1"),
            "d.yaml": manifest("Pod", "d", more="spec: {containers: [{name: c, image: 'nginx:1'}]}"),
            "h.yaml": manifest("Job", "h", group="batch/v1", hook="pre-install"),
            "t.yaml": manifest("Pod", "t", hook="test"),
        }
    )
    RENDERERS = (
        {
            "patches": [
                {
                    "patch": '[{"op": "add", "path": "/metadata/annotations/one", "value": "1"}]',
                    "target": {"kind": "Job"},
                }
            ]
        },
        {
            "kustomize": {
                "images": [{"name": "nginx", "newTag": "2"}],
                "patchesStrategicMerge": [
                    {
                        "apiVersion": "v1",
                        "kind": "ConfigMap",
                        "metadata": {"name": "web"},
                        "data": {"b": "2"},
                    },
                    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "t"}, "spec": {"nodeName": "n"}},
                ],
            }
        },
    )

    @pytest.mark.parametrize(
        ("strategy", "reaches_hooks"), [("combined", True), ("separate", True), ("nohooks", False)]
    )
    async def test_they_reach_what_their_strategy_lets_them_reach(
        self,
        sandbox: Sandbox,
        strategy: str,
        reaches_hooks: bool,
    ) -> None:
        renderers = (self.RENDERERS[0], {"images": [{"name": "nginx", "newTag": "2"}]})
        of = replace(release(post_renderers=renderers), post_render_strategy=strategy)
        if strategy != "combined":
            of = replace(of, post_renderers=renderers[1:])
        result = await rendered(sandbox, self.FILES, of)
        objects = {found.id.name: found.manifest for found in result.objects}
        assert sorted(objects) == ["d", "h", "web"], messages(result)
        assert objects["d"]["spec"]["containers"][0]["image"] == "nginx:2"
        assert ("labels" in objects["h"]["metadata"]) is reaches_hooks

    async def test_each_gets_what_the_one_before_made_and_tests_are_there_for_them(
        self, sandbox: Sandbox
    ) -> None:
        result = await rendered(sandbox, self.FILES, release(post_renderers=self.RENDERERS))
        objects = {found.id.name: found.manifest for found in result.objects}
        assert sorted(objects) == ["d", "h", "web"], messages(result)
        assert objects["h"]["metadata"]["annotations"]["one"] == "1"
        assert objects["web"]["data"] == {"a": 1, "b": "2"}
        assert objects["d"]["spec"]["containers"][0]["image"] == "nginx:2"

    @pytest.mark.parametrize(
        ("renderers", "reason"),
        [
            (("x",), "postRenderers[0] must be a mapping"),
            (({"patches": {}},), "postRenderers[0].patches must be a list"),
            (({"patches": [{"patch": "s3cret", "target": {"kind": "Job"}}]},), "postRenderers: kustomize"),
            (({},) * 30, "more than 20"),
        ],
    )
    async def test_one_that_cannot_work_is_a_reason(
        self, sandbox: Sandbox, renderers: tuple[object, ...], reason: str
    ) -> None:
        said = failure(await rendered(sandbox, self.FILES, release(post_renderers=renderers)))
        assert reason in said
        assert "s3cret" not in said

    async def test_one_may_name_no_file(self, sandbox: Sandbox) -> None:
        renderers = (
            {"patches": [{"path": "/etc/passwd"}], "resources": ["/etc/passwd"], "images": [{"x": "y"}]},
        )
        said = failure(await rendered(sandbox, self.FILES, release(post_renderers=renderers)))
        assert said == "postRenderers[0].patches: an entry has no patch"


async def test_two_objects_of_one_identity_fail_as_they_do_in_flux(sandbox: Sandbox) -> None:
    files = chart({"a.yaml": config(), "b.yaml": config()})
    assert failure(await rendered(sandbox, files)) == "the chart renders ConfigMap apps/web twice"


async def test_a_hook_may_be_anothers_double_where_they_do_not_meet(sandbox: Sandbox) -> None:
    files = chart({"a.yaml": config(a="1"), "b.yaml": manifest("ConfigMap", "web", hook="pre-install")})
    of = replace(release(), post_render_strategy="separate")
    assert data_of(await rendered(sandbox, files, of)) == {"a": 1}
    assert "twice" in failure(await rendered(sandbox, files))


class TestCrds:
    FILES = chart({"a.yaml": config()}, crds__c_DOT_yaml=CRD)

    async def test_they_are_left_out_where_nothing_ever_applies_them(self, sandbox: Sandbox) -> None:
        of = release(install_crds=CrdPolicy.SKIP, upgrade_crds=CrdPolicy.SKIP)
        assert [found.id.kind for found in (await rendered(sandbox, self.FILES, of)).objects] == ["ConfigMap"]

    @pytest.mark.parametrize(
        ("policy", "action", "applied"),
        [
            (CrdPolicy.SKIP, Action.ADDED, False),
            (CrdPolicy.SKIP, Action.CHANGED, False),
            (CrdPolicy.CREATE, Action.ADDED, True),
            (CrdPolicy.CREATE, Action.CHANGED, False),
            (CrdPolicy.CREATE_REPLACE, Action.CHANGED, True),
            (CrdPolicy.CREATE_REPLACE, Action.REMOVED, False),
        ],
    )
    def test_what_a_policy_keeps_from_the_cluster_has_a_reason(
        self,
        policy: CrdPolicy,
        action: Action,
        applied: bool,
    ) -> None:
        upgraded = not_applied(release(upgrade_crds=policy), action, is_new=False)
        installed = not_applied(release(install_crds=policy), action, is_new=True)
        assert bool(upgraded) is bool(installed) is not applied
        assert applied or "Flux" in upgraded


async def test_hooks_are_left_out_where_the_release_runs_none(sandbox: Sandbox) -> None:
    files = chart({"a.yaml": config(), "h.yaml": manifest("Job", "h", group="batch/v1", hook="pre-install")})
    result = await rendered(sandbox, files, release(has_hooks=False))
    assert [found.id.kind for found in result.objects] == ["ConfigMap"]


async def test_a_chart_from_an_archive_with_subcharts(sandbox: Sandbox, tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "Chart.yaml": "apiVersion: v2\nname: web\nversion: 2.0.0\ndependencies:\n"
        "- {name: sub, version: 1.0.0, repository: '', alias: mine}\n"
        "- {name: extra, version: 1.0.0, repository: '', condition: extra.enabled}",
        "values.yaml": "mine: {a: 1}\nextra: {enabled: false}\nglobal: {g: 2}",
        "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0",
        "charts/sub/templates/a.yaml": config(a="{{ .Values.a }}", g="{{ .Values.global.g }}"),
        "charts/extra/Chart.yaml": "apiVersion: v2\nname: extra\nversion: 1.0.0",
        "charts/extra/crds/c.yaml": CRD,
    }
    of = release(chart=Chart(ChartKind.OCI, url="oci://registry.example/web"), values={"mine": {"a": 5}})
    result = await rendered(sandbox, {}, of, ReleaseInputs(archive=archived(tmp_path, files)))
    assert data_of(result) == {"a": 5, "g": 2}
    assert result.chart_crds == ()
    assert failure(await rendered(sandbox, {}, of)) == "the chart was not fetched"


class TestNotKnown:
    FILES = chart(
        {
            "a.yaml": config(url="http://{{ .Values.host }}/x", up="{{ upper .Values.host }}", other="o"),
            "b.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {p: '{{ .Values.pw | b64enc }}'}",
        },
        values_DOT_yaml="host: h\npw: p",
    )

    @staticmethod
    def inputs(version: str = "v1") -> ReleaseInputs:
        return ReleaseInputs(
            (
                values_from(None, "net", unknown=Unknown("only the cluster has it"), target_path="host"),
                values_from(
                    None,
                    "cred",
                    key="pw",
                    kind="Secret",
                    unknown=Unknown("encrypted", version),
                    target_path="pw",
                ),
            )
        )

    async def test_fields_that_hold_it_are_holes(self, sandbox: Sandbox) -> None:
        result = await rendered(sandbox, self.FILES, inputs=self.inputs())
        assert data_of(result) == {
            "url": "http://${net_values_yaml}/x",
            "up": "${net_values_yaml}",
            "other": "o",
        }
        assert sorted((h.object.name, h.field, h.name, h.version) for h in result.holes) == [
            ("s", "data.p", "cred_pw", "v1"),
            ("web", "data.up", "net_values_yaml", ""),
            ("web", "data.url", "net_values_yaml", ""),
        ]
        assert messages(result)[1].startswith(
            "2 fields hold ${net_values_yaml}, which is not known here: only"
        )

    async def test_another_version_of_it_is_another_rendering(self, sandbox: Sandbox) -> None:
        one, other = [await rendered(sandbox, self.FILES, inputs=self.inputs(v)) for v in ("v1", "v2")]
        assert one.objects == other.objects
        assert MASK.mask(one).digest != MASK.mask(other).digest

    async def test_a_document_is_left_out_and_said_and_the_release_has_the_hole(
        self, sandbox: Sandbox
    ) -> None:
        inputs = ReleaseInputs(
            (values_from(None, "cred", kind="Secret", unknown=Unknown("encrypted", "v1")),)
        )
        result = await rendered(sandbox, self.FILES, inputs=inputs)
        assert data_of(result)["other"] == "o"
        (hole,) = result.holes
        assert (str(hole.object), hole.field, hole.name, hole.version) == (
            "HelmRelease.helm.toolkit.fluxcd.io apps/web",
            "spec.valuesFrom",
            "values.yaml of Secret cred",
            "v1",
        )
        (remark,) = result.diagnostics
        assert remark.severity is Severity.WARNING
        assert (
            "rendered without values.yaml of Secret cred, which is not known here: encrypted"
            in remark.message
        )

    async def test_one_that_no_field_shows_is_a_hole_of_the_release(self, sandbox: Sandbox) -> None:
        files = chart({"a.yaml": config(sum="{{ .Values.pw | sha256sum }}")})
        result = await rendered(sandbox, files, inputs=ReleaseInputs(self.inputs().values[1:]))
        assert [(hole.object.kind, hole.name) for hole in result.holes] == [("HelmRelease", "cred_pw")]
        assert "no field shows ${cred_pw}" in messages(result)[0]

    async def test_a_failure_says_what_may_be_why(self, sandbox: Sandbox) -> None:
        files = chart({"a.yaml": config(a='{{ required "set the key, please" .Values.key }}')})
        inputs = ReleaseInputs((values_from(None, "cred", unknown=Unknown("encrypted")),))
        said = failure(await rendered(sandbox, files, inputs=inputs))
        assert "set the key, please" in said
        assert said.endswith("; not known here: values.yaml of ConfigMap cred, which may be why")


class TestVolatile:
    async def test_what_is_made_anew_each_time_has_a_stand_in(self, sandbox: Sandbox) -> None:
        files = chart(
            {
                "a.yaml": config(
                    random="{{ randAlphaNum 12 }}",
                    date='{{ now | date "2006-01-02" }}',
                    known="k",
                    text='"x\\n{{ uuidv4 }}\\ny"',
                    day='{{ dateModify "24h" now | date "2006" }}',
                ),
                "b.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: 'run-{{ randAlpha 6 | lower }}'}",
                "c.yaml": '{{ $ca := genCA "ca" 10 }}\n'
                + config().replace(".Name", ".Namespace")
                + "  ca: {{ $ca.Cert | b64enc }}\n",
            }
        )
        one, other = [await rendered(sandbox, files) for _ in range(2)]
        assert data_of(one) == {
            "random": "${volatile}",
            "date": "${volatile}",
            "known": "k",
            "text": "x\n${volatile}\ny",
            "day": "${volatile}",
        }
        assert {found.id.name for found in one.objects} == {"web", "apps", "run-${volatile}"}
        assert data_of(one, "apps") == {"ca": "${volatile}"}
        assert one.objects == other.objects
        assert one.holes == other.holes
        assert {hole.name for hole in one.holes} == {"volatile"}
        assert "genCA, now, randAlpha, randAlphaNum, uuidv4" in one.holes[0].reason

    async def test_a_word_in_quotes_or_comments_calls_nothing(self, sandbox: Sandbox) -> None:
        files = chart(
            {"a.yaml": config(a='{{ "now" }}{{/* randAlpha */}}', b="{{ .Values.now }}", c="now")},
            values_DOT_yaml="now: soon",
        )
        result = await rendered(sandbox, files)
        assert data_of(result) == {"a": "now", "b": "soon", "c": "now"}
        assert not result.holes

    async def test_values_may_call_as_well(self, sandbox: Sandbox) -> None:
        files = chart({"a.yaml": config(a="{{ tpl .Values.t . }}")})
        result = await rendered(sandbox, files, release(values={"t": "{{ randAlphaNum 9 }}"}))
        assert data_of(result) == {"a": "${volatile}"}


class TestQuestions:
    FILES = chart(
        {
            "a.yaml": config(a='{{ (lookup "v1" "Secret" "apps" "x").data }}'),
            "_b.tpl": '{{- if $.Capabilities.APIVersions.Has "x/v1" }}{{ end }}',
        }
    )

    async def test_what_a_template_asks_of_an_unknown_cluster_is_said_with_its_file(
        self, sandbox: Sandbox
    ) -> None:
        result = await rendered(sandbox, self.FILES)
        assert [(d.severity, d.file) for d in result.diagnostics] == [
            (Severity.NOTICE, "charts/web/templates/a.yaml"),
            (Severity.NOTICE, "charts/web/templates/_b.tpl"),
        ]

    async def test_a_known_cluster_answers_for_its_versions(self, sandbox: Sandbox) -> None:
        facts = ClusterFacts("1.30.0", ("x/v1",))
        assert len((await rendered(sandbox, self.FILES, inputs=ReleaseInputs(facts=facts))).diagnostics) == 1

    async def test_a_schema_on_another_server_is_not_asked_for(self, sandbox: Sandbox) -> None:
        schema = '{"$ref": "https://schemas.example/x.json"}'
        result = await rendered(sandbox, chart({"a.yaml": config(a="1")}, values_DOT_schema_DOT_json=schema))
        assert data_of(result) == {"a": 1}
        assert "were not checked" in messages(result)[0]


class TestFailures:
    @pytest.mark.parametrize(
        ("template", "reason", "line"),
        [
            ("a: b\nb: {{ .Values.a.b.c }}", "nil pointer evaluating", 2),
            ("{{ fail .Values.password }}", "execution error|error calling fail|helm failed", 1),
            ('{{ fail "no s3cret here, only words" }}', "no s3cret here, only words", 1),
            ("{{ nope }}", 'function "nope" not defined', 1),
            ("{{ if }}x{{ end }}", "helm: missing value for if", 1),
            ('{{ tpl (printf "{{ %s }}" .Values.password) . }}', "a template among the values fails", 1),
            ("a: b: {{ .Values.password }}", "mapping values are not allowed", None),
            ("- {{ .Values.password }}", "", None),
            ("just {{ .Values.password }}", "", None),
            ('{{ include "nowhere" . }}', "no template", 1),
            ('{{ toYaml .Values.password | fromJson | index "x" }}', "helm", 1),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [x]}", "", None),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: [x]", "", None),
            ("apiVersion: v1\nmetadata: {name: x}", "kind is missing", None),
            ("a: b\na: c", "", None),
        ],
    )
    async def test_a_chart_that_fails_says_why_without_a_value(
        self, sandbox: Sandbox, template: str, reason: str, line: int | None
    ) -> None:
        inputs = ReleaseInputs((values_from("password: hunter2hunter2", kind="Secret"),))
        result = await rendered(sandbox, chart({"a.yaml": template}), inputs=inputs)
        said = failure(result)
        assert any(part in said for part in reason.split("|"))
        assert "hunter2" not in said
        assert "/tmp" not in said
        (diagnostic,) = result.diagnostics
        if line is not None:
            assert (diagnostic.file, diagnostic.line) == ("charts/web/templates/a.yaml", line)

    @pytest.mark.parametrize(
        ("files", "reason"),
        [
            ({"Chart.yaml": "apiVersion: v9\nname: web\nversion: 1.0.0"}, "unsupported chart version"),
            (
                {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\nkubeVersion: '>=9.0.0'"},
                "requires kubeVersion: >=9.0.0",
            ),
            ({"values.schema.json": '{"required": ["x"]}'}, "missing property 'x'"),
            ({"values.yaml": "a: [", "templates/a.yaml": ""}, "cannot load values.yaml"),
            (
                {"crds/a.yaml": "a: [", "templates/a.yaml": ""},
                "web/crds/a.yaml of the chart renders to what is no object",
            ),
        ],
    )
    async def test_a_chart_that_is_none_says_why(
        self, sandbox: Sandbox, files: dict[str, str], reason: str
    ) -> None:
        whole = chart({"a.yaml": config()}) | {f"charts/web/{name}": text for name, text in files.items()}
        assert reason in failure(await rendered(sandbox, whole))

    @pytest.mark.parametrize(
        ("about", "reason"),
        [
            ({"name": "--post-renderer=x"}, "no name that Helm takes"),
            ({"name": "x" * 60}, "no name that Helm takes"),
            ({"namespace": "a b"}, "no name of a namespace"),
            ({"values": {"a": 1}, "values_from": ()}, ""),
        ],
    )
    async def test_names_are_checked_before_they_become_arguments(
        self, sandbox: Sandbox, about: dict[str, object], reason: str
    ) -> None:
        result = await rendered(sandbox, chart({"a.yaml": config(a="1")}), release(**about))
        assert reason in (failure(result) if reason else "")

    async def test_the_cluster_facts_are_checked_too(self, sandbox: Sandbox) -> None:
        files = chart({"a.yaml": config(a="1")})
        result = await rendered(sandbox, files, inputs=ReleaseInputs(facts=ClusterFacts("--help")))
        assert "no version of Kubernetes" in failure(result)
        odd = ClusterFacts("1.30", ("--help", "a b", "ok/v1"))
        assert data_of(await rendered(sandbox, files, inputs=ReleaseInputs(facts=odd))) == {"a": 1}

    @pytest.mark.parametrize(
        "template",
        [
            '{{ define "x" }}{{ include "x" . }}{{ include "x" . }}{{ end }}{{ include "x" . }}',
            '{{ range $a := until 100000 }}{{ range $b := until 100000 }}{{ printf "%0100d" $b }}{{ end }}{{ end }}',
            '{{ repeat 2000000000 "x" }}',
        ],
        ids=["recursion", "loop", "repeat"],
    )
    async def test_a_template_without_end_is_ended(self, sandbox: Sandbox, template: str) -> None:
        small = replace(
            sandbox, timeout_s=15.0, limits=replace(sandbox.limits, cpu_s=4, memory_bytes=256 * 1024**2)
        )
        assert failure(await rendered(small, chart({"a.yaml": template})))

    async def test_output_without_end_is_cut(self, sandbox: Sandbox) -> None:
        files = chart({"a.yaml": config(a='{{ repeat 5000 "x" }}')})
        said = failure(await rendered(replace(sandbox, max_output_bytes=1000), files))
        assert said == "helm wrote more than 1000 bytes"

    async def test_without_helm_only_its_targets_are_unknown(self, sandbox: Sandbox) -> None:
        said = failure(await rendered(replace(sandbox, helm=None), chart({"a.yaml": config()})))
        assert said.startswith("helm is not installed")

    async def test_a_chart_reads_nothing_of_the_machine(self, sandbox: Sandbox) -> None:
        files = chart(
            {"a.yaml": config(a='"{{ .Files.Get "/etc/hostname" }}{{ .Files.Glob "/etc/*" | len }}"')}
        )
        result = await rendered(sandbox, files)
        assert data_of(result) == {"a": "0"}

    async def test_texts_of_secrets_are_masked_wherever_a_chart_puts_them(self, sandbox: Sandbox) -> None:
        inputs = ReleaseInputs((values_from("password: hunter2hunter2", kind="Secret"),))
        result = await rendered(
            sandbox, chart({"a.yaml": config(color="{{ .Values.password }}")}), inputs=inputs
        )
        assert result.secrets == {"hunter2hunter2"}
        assert "hunter2" not in str(MASK.mask(result))


async def test_many_releases_render_at_once(sandbox: Sandbox) -> None:
    files = chart({"a.yaml": config(a="{{ .Values.n }}")})
    results = await asyncio.gather(*(rendered(sandbox, files, release(values={"n": n})) for n in range(4)))
    assert [data_of(result)["a"] for result in results] == list(range(4))


@pytest.mark.parametrize(
    "of", [{"has_revision": True}, {"values_files": ("charts/web/values.yaml", "env.yaml")}]
)
async def test_what_only_the_cluster_puts_into_the_charts_version_is_open(
    sandbox: Sandbox, of: dict[str, Any]
) -> None:
    files = {**chart({"a.yaml": config(chart="{{ .Chart.Version }}")}), "env.yaml": "{}\n"}
    wanted = Chart(ChartKind.TREE, "charts/web", **of)
    result = await rendered(sandbox, files, release(chart=wanted))
    assert data_of(result) == {"chart": "1.2.3+${revision}"}
    [hole] = result.holes
    assert (hole.field, hole.name) == ("data.chart", "revision")
    assert messages(result) == []
