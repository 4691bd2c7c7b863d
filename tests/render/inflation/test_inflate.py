"""Charts of kustomizations are inflated as kustomize inflates them: kustomize itself, with Helm as its child, says so."""

from pathlib import Path

import pytest

from bot.model.rendering import Severity
from bot.render.sandbox import Sandbox
from tests.render.helm.releases import chart, config
from tests.render.inflation.oracle import agreed, inflated, refused
from tests.render.trees import Content, Link, config_map

WORLD = {
    "service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {on: yes}}\n",
    "deploy.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n"
        "  namespace: {{ .Release.Namespace }}\n  annotations: {greet: '{{ .Values.greet }}'}\n"
        "spec: {template: {spec: {containers: [{name: c, image: nginx, envFrom: [{configMapRef: {name: own}}]}]}}}\n"
    ),
    "odd.yaml": config(a="yes", b="2024-01-02", c="0o17", d="1e3", e="~", f="'n'").replace(
        ".Name }}", ".Name }}-odd"
    ),
    "hook.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: h, annotations: {helm.sh/hook: pre-install}}\n",
    "tests/t.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n",
    "facts.yaml": config(
        kube="'{{ .Capabilities.KubeVersion }}'", has="'{{ .Capabilities.APIVersions.Has \"acme/v1\" }}'"
    ).replace(".Name }}", ".Name }}-facts"),
}
CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.acme.test}\n"
WEB = "- name: web\n  releaseName: web\n"


def world(at: str = "app/charts/web", **more: Content) -> dict[str, Content]:
    return chart(WORLD, at=at, values_DOT_yaml="greet: hi\n", crds__c_DOT_yaml=CRD, **more)


def kustomization(charts: str = WEB, more: str = "") -> dict[str, Content]:
    return {"app/kustomization.yaml": f"helmCharts:\n{charts}{more}"}


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "  namespace: there\n",
        "  includeCRDs: true\n",
        "  skipHooks: true\n",
        "  skipTests: true\n",
        "  apiVersions: [acme/v1, other/v2]\n",
        "  kubeVersion: 1.29.3\n",
        "  debug: true\n",
        "  devel: true\n",
        "  version: 9.9.9\n",
        "  valuesInline: {greet: hello}\n",
        "  valuesInline: {greet: null, more: {a: [1, {b: null}]}}\n",
        "  valuesMerge: merge\n  valuesInline: {greet: hello, more: 1}\n",
        "  valuesMerge: replace\n  valuesInline: {more: 1}\n",
        "  valuesFile: values-prod.yaml\n",
        "  valuesFile: ../shared.yaml\n  additionalValuesFiles: [values-prod.yaml]\n",
        "  valuesFile: charts/web/values.yaml\n  valuesInline: {a: 1}\n",
    ],
)
async def test_every_field_of_an_entry(sandbox: Sandbox, tmp_path: Path, entry: str) -> None:
    files = world() | kustomization(WEB + entry)
    files |= {"app/values-prod.yaml": "greet: prod\n---\nlast: 1\n", "shared.yaml": "greet: shared\n"}
    await agreed(sandbox, tmp_path, files)


@pytest.mark.parametrize(
    "more",
    [
        "namespace: here\n",
        "namePrefix: p-\nnameSuffix: -s\nnamespace: here\n",
        "resources: [own.yaml]\nconfigMapGenerator: [{name: own, literals: [a=b]}]\n",
        "commonLabels: {a: b}\ncommonAnnotations: {c: d}\n",
        "images: [{name: nginx, newTag: '2'}]\nreplicas: [{name: web, count: 3}]\n",
        'patches: [{target: {kind: Deployment}, patch: \'[{"op": "add", "path": "/spec/paused", "value": true}]\'}]\n',
        "components: [../part]\nresources: [own.yaml]\n",
        "sortOptions: {order: fifo}\nresources: [own.yaml]\nsecretGenerator: [{name: s, literals: [a=b]}]\n",
        (
            "transformers: ['{apiVersion: builtin, kind: PrefixTransformer, metadata: {name: x}, prefix: t-, "
            "fieldSpecs: [{path: metadata/name}]}']\n"
        ),
        (
            "generators: ['{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: x}, name: other, "
            "literals: [a=b]}']\ncomponents: [../part]\n"
        ),
        "buildMetadata: [managedByLabel]\n",
    ],
)
async def test_what_a_kustomization_does_to_objects_it_does_to_those_of_charts(
    sandbox: Sandbox, tmp_path: Path, more: str
) -> None:
    files = world() | kustomization(more=more) | {"app/own.yaml": config_map("plain")}
    files["part/kustomization.yaml"] = (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -part\n"
        "configMapGenerator: [{name: of-part, literals: [a=b]}]\n"
    )
    await agreed(sandbox, tmp_path, files)


async def test_one_base_is_inflated_for_the_namespace_of_each_overlay(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    files = world("base/charts/web") | {
        "base/kustomization.yaml": f"resources: [own.yaml, ./more]\nhelmCharts:\n{WEB}",
        "base/own.yaml": config_map("own"),
        "base/more/kustomization.yaml": (
            "namePrefix: more-\nhelmGlobals: {chartHome: ../charts}\nhelmCharts:\n- {name: web, releaseName: more}\n"
        ),
        "dev/kustomization.yaml": "namespace: dev\nnamePrefix: dev-\nresources: [../base]\n",
        "prod/kustomization.yaml": "namespace: prod\nnamePrefix: prod-\nresources: [../base]\n",
        "app/kustomization.yaml": "resources: [../dev, ../prod]\n",
    }
    keep_deployments(files)
    made = await agreed(sandbox, tmp_path, files)
    assert {o.id.namespace for o in made.objects if o.id.kind == "Deployment"} == {"dev", "prod"}


async def test_a_component_takes_the_namespace_of_who_uses_it(sandbox: Sandbox, tmp_path: Path) -> None:
    files = world("part/charts/web") | {
        "part/kustomization.yaml": (
            f"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nhelmCharts:\n{WEB}"
            'patches: [{target: {kind: Deployment}, patch: \'[{"op": "add", "path": "/spec/x", "value": 1}]\'}]\n'
        ),
        "app/kustomization.yaml": "namespace: here\nresources: [own.yaml]\ncomponents: [../part]\n",
        "app/own.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: own}\nspec: {}\n",
    }
    await agreed(sandbox, tmp_path, files)


async def test_the_older_field_and_the_generators_own_kind(sandbox: Sandbox, tmp_path: Path) -> None:
    own = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\nname: web\n"
    other = "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: y}\nname: y\nliterals: [a=b]\n"
    files = world("app/home/web") | {
        "app/kustomization.yaml": (
            "namespace: here\nhelmChartInflationGenerator:\n- chartName: web\n  releaseName: old\n  chartHome: home\n"
            "  releaseNamespace: ignored\n  valuesLocal: {greet: old}\n  values: v.yaml\n"
            "generators:\n- gen.yaml\n- |\n"
            + "".join(f"  {line}\n" for line in inline(own.replace("{name: x}", "{name: z}")).splitlines())
        ),
        "app/gen.yaml": f"{own}releaseName: in-file\nchartHome: home\nnamespace: other\n---\n{other}",
        "app/v.yaml": "greet: file\n",
    }
    keep_deployments(files)
    made = await agreed(sandbox, tmp_path, files)
    assert {o.id.name for o in made.objects if o.id.kind == "Deployment"} == {"old", "in-file", "in-line"}


def inline(own: str) -> str:
    return f"{own}releaseName: in-line\nchartHome: home\n"


def keep_deployments(files: dict[str, Content]) -> None:
    """The other templates make objects of one name, whatever the release."""
    for path in [path for path in files if "/templates/" in path and "deploy" not in path]:
        del files[path]


@pytest.mark.parametrize(
    ("template", "name"),
    [("static", "static"), ("'{{ \"up\" | upper | lower }}-{{ add 1 2 }}'", "up-3")],
)
async def test_a_name_template(sandbox: Sandbox, tmp_path: Path, template: str, name: str) -> None:
    files = world() | kustomization(f"- name: web\n  nameTemplate: {template}\n")
    made = await agreed(sandbox, tmp_path, files)
    assert name in {o.id.name for o in made.objects}


async def test_a_release_without_a_name_has_holes_where_it_is_made_up(sandbox: Sandbox) -> None:
    made = await inflated(sandbox, world() | kustomization("- name: web\n", "namePrefix: p-\n"))
    assert "p-${releaseName}-odd" in {o.id.name for o in made.objects}
    assert {hole.name for hole in made.holes} == {"releaseName"}
    assert "no releaseName" in made.diagnostics[0].message


async def test_what_a_chart_makes_anew_is_a_hole(sandbox: Sandbox) -> None:
    files = chart({"a.yaml": config(fixed="x", password="{{ randAlphaNum 20 }}")}, at="app/charts/web")
    made = await inflated(sandbox, files | kustomization())
    assert [(hole.field, hole.name) for hole in made.holes] == [("data.password", "volatile")]


async def test_a_chart_through_a_link_and_what_it_ignores(sandbox: Sandbox, tmp_path: Path) -> None:
    files = world("library/web", _DOT_helmignore="odd.yaml\nhook.yaml\n") | kustomization()
    files["app/charts"] = Link("../library")
    made = await agreed(sandbox, tmp_path, files)
    assert not any("odd" in o.id.name for o in made.objects)


async def test_a_chart_that_renders_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    files = chart({"a.yaml": "{{ if .Values.on }}x{{ end }}"}, at="app/charts/web") | kustomization()
    assert not (await agreed(sandbox, tmp_path, files)).objects


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (
            "- {name: none, releaseName: web}\n",
            "helmCharts[0] (none): there is no chart at 'app/charts/none'",
        ),
        ("- {releaseName: web}\n", "helmCharts[0]: names no chart"),
        (f"{WEB}  valuesFile: none.yaml\n", "the values file 'none.yaml' does not exist"),
        (f"{WEB}  additionalValuesFiles: [none.yaml]\n", "the values file 'none.yaml' does not exist"),
        (f"{WEB}  valuesMerge: odd\n", "helmCharts[0].valuesMerge: must be one of override, merge, replace"),
        (f"{WEB}  version: 1.2\n", "helmCharts[0].version: must be text"),
        (f"{WEB}  nameTemplate: x\n", "has both releaseName and nameTemplate"),
        (f"{WEB}  unknown: x\n", "helmCharts[0].unknown: is not a field"),
        (f"{WEB}  valuesInline: {{greet: {{a: 1}}}}\n", "greet is not a scalar in both"),
        (f"{WEB}- name: web\n  releaseName: web\n", "kustomize: "),
        ("- {name: web, releaseName: Web_}\n", "'Web_' is no name that Helm takes"),
        (f"{WEB}  kubeVersion: new\n", "kubeVersion: 'new' is no version"),
    ],
)
async def test_what_neither_inflates_is_refused_with_its_field(
    sandbox: Sandbox, tmp_path: Path, entry: str, reason: str
) -> None:
    assert reason in await refused(sandbox, tmp_path, world() | kustomization(entry))


@pytest.mark.parametrize(
    ("entry", "more", "reason"),
    [
        ("- {name: ../../../etc, releaseName: web}\n", "", "leaves the repository"),
        (WEB, "helmGlobals: {chartHome: /etc}\n", "is an absolute path"),
        (f"{WEB}  valuesFile: /etc/passwd\n", "", "is an absolute path"),
        (f"{WEB}  valuesFile: https://example.test/v.yaml\n", "", "is a remote address"),
        (f"{WEB}  additionalValuesFiles: [../../x]\n", "", "leaves the repository"),
        ("- {name: web, releaseName: --post-renderer=x}\n", "", "is no name that Helm takes"),
        (f"{WEB}  namespace: --debug\n", "", "is no name of a namespace"),
        (f"{WEB}  apiVersions: ['a b']\n", "", "is no version of an API"),
        ("- {name: web, nameTemplate: '{{ randAlpha 5 }}'}\n", "", "makes another name at each build"),
        (WEB * 101, "", "is one of more than 100 charts"),
        (WEB, "buildMetadata: [originAnnotations]\n", "cannot be told together with charts"),
        (WEB, "helmGlobals: [1]\n", "helmGlobals: must be a mapping"),
        (
            WEB,
            (
                "generators: ['{apiVersion: builtin, kind: ConfigMapGenerator, name: own, behavior: merge, "
                "literals: [a=b]}']\n"
            ),
            "what merges into other objects",
        ),
        (
            WEB,
            "transformers: ['{apiVersion: builtin, kind: HelmChartInflationGenerator, name: web}']\n",
            "HelmChartInflationGenerator is a generator",
        ),
    ],
)
async def test_what_must_not_be_inflated_is_refused(
    sandbox: Sandbox, entry: str, more: str, reason: str
) -> None:
    made = await inflated(sandbox, world() | kustomization(entry, more))
    assert made.failed
    assert any(reason in d.message for d in made.diagnostics), made.diagnostics
    assert all(d.severity is not Severity.ERROR or d.file or d.line for d in made.diagnostics)


async def test_charts_are_bounded_for_all_namespaces_together(sandbox: Sandbox) -> None:
    files: dict[str, Content] = world("base/charts/web")
    files["base/kustomization.yaml"] = "helmCharts:\n" + "".join(
        f"- {{name: web, releaseName: web-{n}}}\n" for n in range(60)
    )
    files |= {f"o{n}/kustomization.yaml": f"namespace: n{n}\nresources: [../base]\n" for n in range(2)}
    files["app/kustomization.yaml"] = "resources: [../o0, ../o1]\n"
    made = await inflated(sandbox, files)
    assert "more than 100 charts are inflated" in made.diagnostics[0].message


async def test_what_is_copied_for_namespaces_is_bounded(sandbox: Sandbox) -> None:
    files: dict[str, Content] = world("base/charts/web")
    files["base/kustomization.yaml"] = (
        "helmCharts: [{name: web, releaseName: web}]\nconfigMapGenerator: [{name: big, files: [f0, f1, f2, f3]}]\n"
    )
    files |= {f"base/f{n}": "x" * (3 << 20) for n in range(4)}
    files |= {f"o{n}/kustomization.yaml": f"namespace: n{n}\nresources: [../base]\n" for n in range(30)}
    files["app/kustomization.yaml"] = f"resources: [{', '.join(f'../o{n}' for n in range(30))}]\n"
    made = await inflated(sandbox, files)
    assert "built for several namespaces have more than 256 MiB" in made.diagnostics[0].message
