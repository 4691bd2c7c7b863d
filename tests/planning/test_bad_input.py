"""Bad input, as people write it by mistake or on purpose: one target is unknown, with file, field and reason.

All of it lies in one repository, so that each of the bad ones is planned beside all the others, and beside good ones.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.plan import Plan, TargetPlan
from bot.model.rendering import Severity
from bot.planning.expansion import Finding
from bot.planning.workshop import Workshop
from bot.proc.confine import Limits
from tests.git.repos import Work
from tests.planning.conftest import MIB, Bench, config_map, kustomization, statuses, target
from tests.planning.repositories import URL, Files, flux, git_source, write

HERE = {"kind": "GitRepository", "name": "flux-system", "namespace": "flux-system"}


def release(name: str, spec: Mapping[str, Any]) -> str:
    fields = {"interval": "1h", **chart(), **spec}
    manifest = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {field: value for field, value in fields.items() if value is not None},
    }
    return json.dumps(manifest) + "\n"


def chart(path: str = "web", **more: object) -> dict[str, Any]:
    return {"chart": {"spec": {"chart": f"./charts/{path}", "sourceRef": HERE, **more}}}


def files_of_chart(name: str, template: str, values: str = "", metadata: str = "") -> Files:
    return {
        f"charts/{name}/Chart.yaml": metadata or f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n",
        f"charts/{name}/values.yaml": values,
        f"charts/{name}/templates/t.yaml": template,
    }


TEMPLATE = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\ndata: {a: '{{ .Values.a }}'}\n"
)
FAR = (
    '{"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmRepository", "metadata": {"name": "lib", "namespace":'
    ' "other"}, "spec": {"url": "https://charts.example.test", "interval": "1h"}}\n'
)
GOOD: Files = {
    "clusters/live/flux-system/kustomization.yaml": {"resources": ["gotk-sync.yaml"]},
    "clusters/live/flux-system/gotk-sync.yaml": git_source() + "---\n" + flux("flux-system", "clusters/live"),
    "clusters/live/sources.yaml": git_source().replace("flux-system", "lib") + "---\n" + FAR,
    "clusters/live/lent.yaml": config_map("lent", namespace="shop"),
    "clusters/live/good.yaml": flux("good", "good"),
    "clusters/live/release.yaml": release("good", {}),
    "good/cm.yaml": config_map("cm", namespace="shop"),
    **files_of_chart("web", TEMPLATE, "a: hello\n"),
    **files_of_chart("fails", '{{ fail "not like this" }}'),
    **files_of_chart("unparsed", "a: 1\n{{ if }}\n"),
    **files_of_chart("no-yaml", "a: [\n"),
    **files_of_chart("no-object", "- 1\n"),
    **files_of_chart("no-metadata", TEMPLATE, metadata="name: [\n"),
    **files_of_chart("no-values", TEMPLATE, "a: [\n"),
    **files_of_chart("typed", TEMPLATE),
    "charts/typed/values.schema.json": '{"properties": {"port": {"type": "integer"}}}',
    **files_of_chart("circular", '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}'),
    **files_of_chart(
        "incomplete",
        TEMPLATE,
        metadata="apiVersion: v2\nname: incomplete\nversion: 1.0.0\n"
        "dependencies: [{name: gone, version: 1.0.0, repository: 'file://../gone'}]\n",
    ),
}


@dataclass(frozen=True)
class Bad:
    """What somebody wrote, and what is said of it; `file` only where that is not where it was written."""

    spec: Mapping[str, Any]
    said: str
    file: str = ""


KUSTOMIZATIONS = {
    "path-number": Bad({"path": 5}, "spec.path must be text, not a number: put it in quotes"),
    "path-gone": Bad({"path": "./gone"}, "the directory 'gone' does not exist"),
    "path-file": Bad({"path": "./good/cm.yaml"}, "'good/cm.yaml' is a file, not a directory"),
    "source-none": Bad({"sourceRef": None}, "spec.sourceRef is missing"),
    "source-text": Bad({"sourceRef": "lib"}, "spec.sourceRef must be a mapping, not text"),
    "source-kind": Bad(
        {"sourceRef": {"kind": "Banana", "name": "x"}}, "spec.sourceRef.kind is 'Banana': it must be"
    ),
    "source-name": Bad({"sourceRef": {"kind": "GitRepository"}}, "spec.sourceRef.name is missing"),
    "source-gone": Bad(
        {"sourceRef": {"kind": "GitRepository", "name": "nobody"}},
        "its source, GitRepository flux-system/nobody, is not declared in this repository",
    ),
    "source-away": Bad(
        {"sourceRef": {"kind": "HelmRepository", "name": "lib"}},
        "spec.sourceRef.kind is 'HelmRepository': it must be",
    ),
    "namespace-list": Bad({"targetNamespace": ["a"]}, "spec.targetNamespace must be text, not a list"),
    "prefix-number": Bad({"namePrefix": 1}, "spec.namePrefix must be text, not a number"),
    "patches-text": Bad({"patches": "a"}, "spec.patches must be a list, not text"),
    "patch-number": Bad({"patches": [{"patch": 1}]}, "spec.patches[0].patch must be text, not a number"),
    "patch-broken": Bad({"patches": [{"patch": "{", "target": {"kind": "ConfigMap"}}]}, "JSON patch"),
    "images-mapping": Bad({"images": {"a": "b"}}, "spec.images must be a list, not a mapping"),
    "image-nameless": Bad({"images": [{"newTag": "1"}]}, "spec.images[0].name is missing"),
    "components-text": Bad({"components": "a"}, "spec.components must be a list, not text"),
    "component-gone": Bad({"components": ["../gone"]}, "components[0]: '../gone' does not exist"),
    "component-away": Bad({"components": ["../../etc"]}, "components[0]: '../../etc' leaves the repository"),
    "metadata-number": Bad(
        {"commonMetadata": {"labels": {"a": 1}}}, "spec.commonMetadata.labels.a must be text, not a number"
    ),
    "build-list": Bad({"postBuild": []}, "spec.postBuild must be a mapping, not a list"),
    "variable-number": Bad(
        {"postBuild": {"substitute": {"a": 1}}}, "spec.postBuild.substitute.a must be text, not a number"
    ),
    "variables-kind": Bad(
        {"postBuild": {"substituteFrom": [{"kind": "Pod", "name": "a"}]}},
        "spec.postBuild.substituteFrom[0].kind is 'Pod': it must be Secret or ConfigMap",
    ),
    "depends-text": Bad({"dependsOn": "a"}, "spec.dependsOn must be a list, not text"),
    "prune-text": Bad(
        {"prune": "yes"}, "spec.prune must be true or false, not text: write true or false, without quotes"
    ),
    "suspend-number": Bad({"suspend": 1}, "spec.suspend must be true or false, not a number"),
    "interval-number": Bad(
        {"interval": 5}, "spec.interval must be text, not a number: write a duration such as 90s"
    ),
    "timeout-word": Bad({"timeout": "soon"}, "spec.timeout is 'soon', which is not a duration"),
    "decryption-other": Bad({"decryption": {"provider": "vault"}}, "spec.decryption.provider is 'vault'"),
    "cluster-text": Bad({"kubeConfig": "a"}, "spec.kubeConfig must be a mapping, not text"),
    "checks-mapping": Bad({"healthChecks": {}}, "spec.healthChecks must be a list, not a mapping"),
}
LENT = {"kind": "ConfigMap", "name": "lent"}
RELEASES = {
    "chart-text": Bad({"chart": "web"}, "spec.chart must be a mapping, not text"),
    "chart-none": Bad({"chart": None}, "spec has neither a chart nor a chartRef"),
    "chart-both": Bad(
        {"chartRef": {"kind": "OCIRepository", "name": "x"}}, "spec has both a chart and a chartRef"
    ),
    "chart-nameless": Bad({"chart": {"spec": {"sourceRef": HERE}}}, "spec.chart.spec.chart is missing"),
    "chart-gone": Bad(chart("gone"), "the chart 'charts/gone' does not exist"),
    "chart-away": Bad(chart("../../../etc"), "the chart 'etc' does not exist"),
    "version-number": Bad(chart(version=1), "spec.chart.spec.version must be text, not a number"),
    "source-none": Bad({"chart": {"spec": {"chart": "web"}}}, "spec.chart.spec.sourceRef is missing"),
    "source-gone": Bad(
        chart(sourceRef={"kind": "HelmRepository", "name": "nobody"}),
        "its source, HelmRepository shop/nobody, is not declared in this repository",
    ),
    "source-away": Bad(
        chart(sourceRef={"kind": "HelmRepository", "name": "lib"}), "one of that name is in namespace other"
    ),
    "files-text": Bad(chart(valuesFiles="a"), "spec.chart.spec.valuesFiles must be a list, not text"),
    "files-away": Bad(chart(valuesFiles=["../../../etc/passwd"]), "valuesFiles: 'etc/passwd' does not exist"),
    "files-gone": Bad(
        chart(valuesFiles=["charts/web/x.yaml"]), "valuesFiles: 'charts/web/x.yaml' does not exist"
    ),
    "values-text": Bad({"values": "a"}, "spec.values must be a mapping, not text"),
    "from-text": Bad({"valuesFrom": "a"}, "spec.valuesFrom must be a list, not text"),
    "from-kind": Bad({"valuesFrom": [{"kind": "Pod", "name": "a"}]}, "spec.valuesFrom[0].kind is 'Pod'"),
    "from-keyless": Bad(
        {"valuesFrom": [{**LENT, "valuesKey": "x"}]}, "valuesFrom: ConfigMap lent has no key x"
    ),
    "from-untyped": Bad(
        {"valuesFrom": [{**LENT, "valuesKey": "key"}]}, "valuesFrom: key of ConfigMap lent: is no mapping"
    ),
    "from-nowhere": Bad(
        {"valuesFrom": [{**LENT, "valuesKey": "key", "targetPath": "a[b"}]},
        "spec.valuesFrom[0].targetPath is 'a[b'",
    ),
    "renderers-text": Bad({"postRenderers": "a"}, "spec.postRenderers must be a list, not text"),
    "name-impossible": Bad({"releaseName": "A B"}, "spec.releaseName is 'A B', which is not a name"),
    "namespace-list": Bad({"targetNamespace": ["a"]}, "spec.targetNamespace must be text, not a list"),
    "install-text": Bad({"install": "a"}, "spec.install must be a mapping, not text"),
    "crds-other": Bad({"install": {"crds": "Sometimes"}}, "spec.install.crds is 'Sometimes'"),
    "fails": Bad(chart("fails"), "helm: not like this", "charts/fails/templates/t.yaml"),
    "unparsed": Bad(chart("unparsed"), "helm: missing value for if", "charts/unparsed/templates/t.yaml"),
    "no-yaml": Bad(chart("no-yaml"), "did not find expected node content", "charts/no-yaml/templates/t.yaml"),
    "no-object": Bad(chart("no-object"), "cannot unmarshal array", "charts/no-object/templates/t.yaml"),
    "no-metadata": Bad(chart("no-metadata"), "Chart.yaml of the chart: did not find expected node content"),
    "no-values": Bad(chart("no-values"), "cannot load values.yaml"),
    "circular": Bad(chart("circular"), "has a nested reference name: a", "charts/circular/templates/t.yaml"),
    "incomplete": Bad(
        chart("incomplete"), "the dependency 'gone' (file://../gone) does not exist", "charts/gone"
    ),
    "typed": Bad({**chart("typed"), "values": {"port": "eighty"}}, "at '/port': got string, want integer"),
}


def written() -> Files:
    kustomizations = {
        f"clusters/live/k-{name}.yaml": flux(name, "good", bad.spec) for name, bad in KUSTOMIZATIONS.items()
    }
    releases = {f"clusters/live/r-{name}.yaml": release(name, bad.spec) for name, bad in RELEASES.items()}
    return {**GOOD, **kustomizations, **releases}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    place = tmp_path_factory.mktemp("bad")
    bench = Bench(write(place / "work", [GOOD, written()]), place / "home")
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    return asyncio.run(bench.plan())


def assert_unknown(found: TargetPlan, said: str, file: str) -> None:
    assert found.status == "unknown"
    [(where, message)] = [(d.file, d.message) for d in found.diagnostics if d.severity is Severity.ERROR]
    assert said in message
    assert where == file


@pytest.mark.parametrize("name", sorted(KUSTOMIZATIONS))
def test_a_bad_kustomization_is_unknown_with_file_field_and_reason(plan: Plan, name: str) -> None:
    bad = KUSTOMIZATIONS[name]
    assert_unknown(target(plan, f"flux-system/{name}", "live"), bad.said, f"clusters/live/k-{name}.yaml")


@pytest.mark.parametrize("name", sorted(RELEASES))
def test_a_bad_release_is_unknown_with_file_field_and_reason(plan: Plan, name: str) -> None:
    bad = RELEASES[name]
    assert_unknown(
        target(plan, f"shop/{name}:helm", "live"), bad.said, bad.file or f"clusters/live/r-{name}.yaml"
    )


def test_what_is_good_is_planned_beside_all_of_them(plan: Plan) -> None:
    found = statuses(plan)
    assert {
        name: found[name] for name in found if name.endswith(("/good", "/good:helm", "/flux-system"))
    } == {
        "live/flux-system/flux-system": "changed",
        "live/flux-system/good": "unchanged",
        "live/shop/good:helm": "unchanged",
    }
    assert plan.diagnostics == ()
    assert len(found) == 3 + len(KUSTOMIZATIONS) + len(RELEASES)


EXPLOSIVE = {
    "loops": (
        "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}",
        "memory or processor time",
    ),
    "swells": ('{{ repeat 2000000000 "0123456789" }}', "memory or processor time"),
    "gushes": ("{{ range until 40000 }}k{{ . }}: aaaaaaaaaaaaaaaaaaaaaaaa\n{{ end }}", "more than"),
}


class Strict(Bench):
    """Leaves a renderer little time, memory and output."""

    def workshop(self) -> Workshop:
        workshop = super().workshop()
        limits = Limits(memory_bytes=512 * MIB, cpu_s=2, file_bytes=0)
        return replace(workshop, sandbox=replace(workshop.sandbox, limits=limits, max_output_bytes=MIB))


async def test_a_template_that_explodes_is_stopped_and_costs_its_own_release_only(tmp_path: Path) -> None:
    files = {**GOOD}
    for name, (template, _) in EXPLOSIVE.items():
        files |= {
            f"clusters/live/r-{name}.yaml": release(name, chart(name)),
            **files_of_chart(name, template),
        }
    files["clusters/live/release.yaml"] = release("good", {"values": {"a": "bye"}})
    bench = Strict(write(tmp_path / "work", [GOOD, files]), tmp_path / "home")
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    plan = await bench.plan()
    for name, (_, said) in EXPLOSIVE.items():
        assert_unknown(target(plan, f"shop/{name}:helm", "live"), said, f"clusters/live/r-{name}.yaml")
    assert target(plan, "shop/good:helm", "live").status == "changed"


def imported(work: Work, files: Mapping[str, bytes], many: int) -> None:
    """One commit more; so many objects lie below `many/`."""
    held = {**files, **{f"many/{n // 500}/{n}.yaml": config_map(f"c{n}").encode() for n in range(many)}}
    changes = b"".join(
        b"M 100644 inline %s\ndata %d\n%s\n" % (p.encode(), len(d), d) for p, d in held.items()
    )
    head = b"commit refs/heads/main\ncommitter Ada <ada@example.test> 1700000000 +0000\ndata 0\n"
    work.git("fast-import", "--quiet", stdin=head + b"from refs/heads/main^0\n" + changes + b"\n")


async def test_who_reads_20_000_files_is_unknown_and_the_others_are_planned(tmp_path: Path) -> None:
    bench = Bench(write(tmp_path / "work", [GOOD]), tmp_path / "home")
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    imported(bench.work, {"clusters/live/many.yaml": flux("many", "many").encode()}, 20_000)
    imported(bench.work, {"good/cm.yaml": config_map("cm", "2").encode()}, 0)
    for plan in (await bench.plan("HEAD~2", "HEAD"), await bench.plan()):
        assert statuses(plan)["live/flux-system/good"] == "changed"
        many = target(plan, "flux-system/many", "live")
        assert_unknown(many, "reads more than 20000 files", "clusters/live/many.yaml")


async def test_a_manifest_of_20_mb_makes_who_reads_it_unknown_and_no_other(bench: Bench) -> None:
    large = config_map("large", "x" * 20_000_000)
    bench.work.commit(
        {"large/kustomization.yaml": kustomization("cm.yaml"), "large/cm.yaml": config_map("large")}
    )
    bench.work.commit(
        {"small/kustomization.yaml": kustomization("cm.yaml"), "small/cm.yaml": config_map("small")}
    )
    bench.work.commit({"large/cm.yaml": large, "small/cm.yaml": config_map("small", "2")})
    plan = await bench.plan()
    assert statuses(plan) == {"large": "unknown", "small": "changed"}
    [reason] = [d.message for d in target(plan, "large").diagnostics]
    assert re.search(r"16 MiB|larger|more than", reason)
