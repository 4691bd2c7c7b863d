"""Helm releases of a Flux repository: found, rendered, and planned by what they depend on."""

import pytest

from bot.model.plan import Plan, TargetPlan
from bot.model.rendering import Severity
from tests.planning.conftest import Bench, kustomization, statuses, target
from tests.planning.test_flux import flux

CHART = {
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "charts/web/values.yaml": "greeting: hello\n",
    "charts/web/templates/map.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n"
        "data: {greeting: '{{ .Values.greeting }}'}\n"
    ),
}
SOURCE = "sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}"


def release(
    name: str, more: str = "", chart: str = f"chart: {{spec: {{chart: ./charts/web, {SOURCE}}}}}"
) -> str:
    return (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
        f"metadata: {{name: {name}, namespace: shop}}\nspec:\n  interval: 1h\n  {chart}\n{more}"
    )


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.work.commit(
        {
            "clusters/staging/flux-system/gotk-sync.yaml": flux("flux-system", "clusters/staging"),
            "clusters/staging/flux-system/kustomization.yaml": kustomization("gotk-sync.yaml"),
            "clusters/staging/apps.yaml": flux("apps", "apps"),
            "apps/web.yaml": release("web"),
            "apps/api.yaml": release("api", "  values: {greeting: hi}\n"),
            **CHART,
        }
    )
    return bench


def of(plan_target: TargetPlan) -> list[tuple[str, str, object]]:
    return [(str(c.id), f.path, f.new) for c in plan_target.changes for f in c.fields]


def release_plan(plan: Plan, name: str) -> TargetPlan:
    [found] = [t for t in plan.targets if t.target.release and t.target.release.name == name]
    return found


async def test_values_change_what_the_release_renders_and_nothing_else(shop: Bench) -> None:
    shop.work.commit({"apps/web.yaml": release("web", "  values: {greeting: bye}\n")})
    plan, verified = await shop.verified()
    assert verified.disagreements == ()
    assert of(release_plan(plan, "web")) == [("ConfigMap shop/web", "data.greeting", "bye")]
    assert release_plan(plan, "api").status == "unchanged"
    assert target(plan, "flux-system/apps", "staging").status == "changed"


async def test_a_changed_template_changes_every_release_of_the_chart(shop: Bench) -> None:
    shop.work.commit(
        {
            "charts/web/templates/map.yaml": CHART["charts/web/templates/map.yaml"].replace(
                "data: {", "data: {v: '2', "
            )
        }
    )
    plan, verified = await shop.verified()
    assert verified.disagreements == ()
    assert {t.target.release.name for t in plan.changed if t.target.release} == {"web", "api"}
    assert target(plan, "flux-system/apps", "staging").status == "unchanged"


async def test_values_of_a_generated_config_map_reach_the_release(shop: Bench) -> None:
    more = "  valuesFrom: [{kind: ConfigMap, name: web-values, valuesKey: v.yaml}]\n"
    names = "nameReference: [{kind: ConfigMap, version: v1, fieldSpecs: [{path: spec/valuesFrom/name, kind: HelmRelease}]}]"
    generator = "configMapGenerator: [{name: web-values, namespace: shop, files: [v.yaml]}]\nconfigurations: [names.yaml]\n"
    shop.work.commit(
        {
            "apps/kustomization.yaml": kustomization("web.yaml", "api.yaml", more=generator),
            "apps/names.yaml": names,
            "apps/web.yaml": release("web", more),
            "apps/v.yaml": "greeting: from the map\n",
        }
    )
    shop.work.commit({"apps/v.yaml": "greeting: changed\n"})
    plan, verified = await shop.verified()
    assert verified.disagreements == ()
    assert of(release_plan(plan, "web")) == [("ConfigMap shop/web", "data.greeting", "changed")]
    assert release_plan(plan, "api").status == "unchanged"


async def test_values_of_a_secret_are_not_shown_and_leave_the_release_open(shop: Bench) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {values.yaml: 'greeting: %s'}\n"
    more = "  valuesFrom: [{kind: Secret, name: s}]\n"
    shop.work.commit({"apps/web.yaml": release("web", more), "apps/s.yaml": secret % "sesame"})
    shop.work.commit({"apps/s.yaml": secret % "barley"})
    plan = await shop.plan()
    shown = str(plan.targets)
    assert "sesame" not in shown
    assert "barley" not in shown
    web = release_plan(plan, "web")
    assert web.status == "unknown"
    assert any("secret" in d.message for d in web.diagnostics)


async def test_a_chart_that_cannot_be_had_leaves_one_target_unknown_with_what_is_known(shop: Bench) -> None:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: far, namespace: shop}\n"
        "spec: {interval: 1h, url: 'https://charts.example.test'}\n"
    )
    chart = "chart: {spec: {chart: far, version: %s, sourceRef: {kind: HelmRepository, name: far}}}"
    shop.work.commit({"apps/far.yaml": release("far", chart=chart % "1.0.0"), "apps/source.yaml": source})
    shop.work.commit(
        {
            "apps/far.yaml": release("far", "  values: {a: 1}\n", chart=chart % "1.1.0"),
            "apps/web.yaml": release("web", "  values: {greeting: bye}\n"),
        }
    )
    plan = await shop.plan()
    far = release_plan(plan, "far")
    assert far.status == "unknown"
    assert [(f.path, f.old, f.new) for f in far.declared] == [
        ("spec.chart.spec.version", "1.0.0", "1.1.0"),
        ("spec.values.a", None, 1),
    ]
    [reason] = [d.message for d in far.diagnostics if d.severity is Severity.ERROR]
    assert "charts.example.test" in reason
    assert release_plan(plan, "web").status == "changed"


async def test_a_release_whose_kustomization_goes_is_removed(shop: Bench) -> None:
    shop.work.git("rm", "-q", "apps/web.yaml")
    shop.work.commit()
    plan, verified = await shop.verified()
    assert verified.disagreements == ()
    assert release_plan(plan, "web").status == "removed"
    assert "unknown" not in statuses(plan).values()


async def test_a_crd_that_flux_does_not_change_is_said_and_is_no_change(shop: Bench) -> None:
    crd = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: %s.example.test}\n"
        "spec: {group: example.test, names: {kind: A, plural: as}, scope: Namespaced, versions: [{name: %s, served: true,"
        " storage: true, schema: {openAPIV3Schema: {type: object}}}]}\n"
    )
    upgrade = "  upgrade: {crds: Skip}\n"
    shop.work.commit({"charts/web/crds/a.yaml": crd % ("as", "v1"), "apps/web.yaml": release("web", upgrade)})
    shop.work.commit({"charts/web/crds/a.yaml": crd % ("as", "v2")})
    plan, verified = await shop.verified()
    assert verified.disagreements == ()
    web = release_plan(plan, "web")
    assert web.status == "unchanged"
    assert any("spec.upgrade.crds is Skip" in d.message for d in web.diagnostics)


async def test_a_release_keeps_its_namespace_where_its_kustomization_does_not_render(bench: Bench) -> None:
    broken = release("web").replace(", namespace: shop", "")
    bench.work.commit(
        {
            "clusters/staging/apps.yaml": flux("apps", "apps", "  targetNamespace: shop\n"),
            "apps/kustomization.yaml": kustomization("web.yaml", "gone.yaml"),
            "apps/web.yaml": broken,
            **CHART,
        }
    )
    bench.work.commit({"charts/web/values.yaml": "greeting: bye\n"})
    plan = await bench.plan()
    web = release_plan(plan, "web")
    assert (web.target.id.name, web.status) == ("shop/web:helm", "changed")


async def test_a_values_source_that_goes_missing_is_no_change_to_the_charts_defaults(shop: Bench) -> None:
    values = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-values, namespace: shop}\n"
        "data: {values.yaml: 'greeting: from the map'}\n"
    )
    more = "  valuesFrom: [{kind: ConfigMap, name: %s}]\n"
    shop.work.commit({"apps/web.yaml": release("web", more % "web-values"), "apps/v.yaml": values})
    shop.work.commit({"apps/web.yaml": release("web", more % "web-value")})
    plan, verified = await shop.verified()
    assert verified.disagreements == ()
    web = release_plan(plan, "web")
    assert (web.status, web.changes) == ("unknown", ())
    assert [(f.path, f.old, f.new) for f in web.declared] == [
        (
            "spec.valuesFrom[kind=ConfigMap,name=web-values,valuesKey=values.yaml]",
            {"kind": "ConfigMap", "name": "web-values"},
            None,
        ),
        (
            "spec.valuesFrom[kind=ConfigMap,name=web-value,valuesKey=values.yaml]",
            None,
            {"kind": "ConfigMap", "name": "web-value"},
        ),
        ("ConfigMap web-values", {"values.yaml": "greeting: from the map"}, None),
    ]
    [error] = [d.message for d in web.diagnostics if d.severity is Severity.ERROR]
    assert "ConfigMap web-value is not declared in this repository" in error


async def test_a_release_whose_namespace_only_a_broken_overlay_tells_is_not_listed_twice(
    bench: Bench,
) -> None:
    overlay = kustomization("../base", more="namespace: shop\n")
    bench.work.commit(
        {
            "clusters/staging/apps.yaml": flux("apps", "apps/staging"),
            "apps/base/kustomization.yaml": kustomization("web.yaml"),
            "apps/base/web.yaml": release("web").replace(", namespace: shop", ""),
            "apps/staging/kustomization.yaml": overlay,
            **CHART,
        }
    )
    bench.work.commit({"apps/staging/kustomization.yaml": f"{overlay}patches: 7\n"})
    plan, verified = await bench.verified()
    assert verified.disagreements == ()
    names = [t.target.id.name for t in plan.targets if t.target.release]
    assert names == ["shop/web:helm"]
    assert release_plan(plan, "web").status == "unknown"
