"""Larger plans to write about: of a Flux repository, too long for any forge, and hostile."""

import re
from dataclasses import replace
from typing import Any

from bot.model.objects import Digest, Manifest
from bot.model.plan import FieldChange, FieldOp, MaterialChange, Plan, Protection, TargetPlan, TargetStatus
from bot.model.rendering import Diagnostic, MaskedRendering, Material, Severity
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target
from tests.report.build import config, deployment, masked, named, plan, target, target_plan, unknown


def release(name: str = "podinfo/podinfo:helm", cluster: str = "production", **fields: Any) -> Target:
    values: dict[str, Any] = {
        "path": "",
        "renderer": RendererKind.HELM,
        "engine": EngineKind.FLUX,
        "origin": Origin(Found.FLUX_HELM_RELEASE, f"apps/{cluster}/podinfo.yaml", 4),
    }
    return target(name, cluster, **(values | fields))


def chart(version: str, name: str = "podinfo", letter: str = "a") -> Material:
    return Material(f"chart {name}", version, f"sha256:{letter * 64}")


def of(planned: TargetPlan, *made: MaterialChange) -> TargetPlan:
    return replace(planned, materials=made)


def same(where: Target, *made: MaterialChange) -> TargetPlan:
    """Rendered on both sides, to the same objects."""
    digest = Digest("sha256:1")
    return TargetPlan(where, TargetStatus.UNCHANGED, base_digest=digest, head_digest=digest, materials=made)


NEW_CHART = MaterialChange(chart("6.5.0"), chart("6.6.1", letter="b"))


def release_object(tag: str, version: str) -> Manifest:
    chart_spec = {
        "chart": "podinfo",
        "version": version,
        "sourceRef": {"kind": "HelmRepository", "name": "podinfo"},
    }
    image = {"repository": "ghcr.io/stefanprodan/podinfo", "tag": tag}
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "podinfo", "namespace": "podinfo"},
        "spec": {"interval": "50m", "chart": {"spec": chart_spec}, "values": {"image": image}},
    }


def migration(image: str) -> Manifest:
    return named(
        "Job",
        "podinfo-migrate",
        "batch/v1",
        spec={"template": {"spec": {"containers": [{"name": "migrate", "image": image}]}}},
    ) | {
        "metadata": {
            "name": "podinfo-migrate",
            "namespace": "podinfo",
            "annotations": {"helm.sh/hook": "pre-install,pre-upgrade"},
        }
    }


def stamped(label: str, *kinds: str) -> tuple[Manifest, ...]:
    """What differs from version to version of a chart in its label only."""
    metadata = {"name": "podinfo", "namespace": "podinfo", "labels": {"helm.sh/chart": label}}
    return tuple(
        named(kind, "podinfo") | {"metadata": metadata} for kind in kinds or ("Service", "ServiceAccount")
    )


def bumped(cluster: str) -> TargetPlan:
    """One release whose chart is another, with a hook."""
    old, new = (f"ghcr.io/stefanprodan/podinfo:{version}" for version in ("6.5.0", "6.6.1"))
    base = masked(deployment(old, namespace="podinfo"), migration(old), *stamped("podinfo-6.5.0"))
    head = masked(deployment(new, namespace="podinfo"), migration(new), *stamped("podinfo-6.6.1"))
    return of(target_plan(release(cluster=cluster), base, head), NEW_CHART)


def flux_plan() -> Plan:
    """A chart's new version: rendered for two clusters, without effect for one, and unknown for three releases."""
    held = (
        FieldChange("spec.chart.spec.version", FieldOp.REPLACE, "61.3.0", "62.0.0"),
        FieldChange("spec.values.grafana.enabled", FieldOp.ADD, new=True),
        FieldChange("spec.values.prometheus.retention", FieldOp.REPLACE, "10d", "30d"),
        FieldChange("spec.values.prometheus.storage", FieldOp.REMOVE, {"size": "10Gi", "class": "standard"}),
    )
    unreachable = Diagnostic(
        Severity.ERROR,
        "the chart kube-prometheus-stack is not known: charts.example.org is not among the hosts that may be asked; adding "
        "`charts.example.org` to `sources.hosts` in config.yaml would allow it",
        "infrastructure/monitoring.yaml",
        9,
    )
    apps = target(
        "flux-system/apps",
        path="apps/production",
        engine=EngineKind.FLUX,
        origin=Origin(Found.FLUX_KUSTOMIZATION),
    )
    releases = masked(release_object("6.5.0", "6.5.x")), masked(release_object("6.6.1", "6.6.x"))
    source = MaterialChange(
        None, Material("https://forge.example/acme/base", "v1.2.0", "sha1:" + "c0ffee" * 6 + "c0ff")
    )
    clusters = ("production", "staging")
    return plan(
        target_plan(apps, *releases),
        *(bumped(cluster) for cluster in clusters),
        same(release("podinfo/idle:helm"), NEW_CHART),
        *(replace(unknown(release("monitoring/prometheus:helm", cluster), unreachable), declared=held) for cluster in clusters),
        replace(unknown(release("monitoring/alerts:helm"), unreachable), declared=held[:1]),
        replace(target_plan(target("flux-system/base", engine=EngineKind.FLUX), None, masked(config("x"))), materials=(source,)),
    )  # fmt: skip


def alike_plan() -> Plan:
    """A label that all objects get, and one of them another image as well."""

    def side(team: str, image: str) -> MaskedRendering:
        plain = (
            ("Deployment", "carts"),
            ("Deployment", "orders"),
            ("Service", "carts"),
            ("Service", "orders"),
        )
        label = {"labels": {"team": team}}
        objects = [named(kind, name) for kind, name in plain]
        for each in (*objects, web := deployment(image)):
            each["metadata"] = {**each["metadata"], **label}
        return masked(*objects, web)

    return plan(target_plan(target(), side("shop", "web:1"), side("sales", "web:2")))


def huge_plan(objects: int = 3000) -> Plan:
    old = masked(*(named("ConfigMap", f"c{i}", data={"k": "é" * 50, "n": f"{i}"}) for i in range(objects)))
    new = masked(*(named("ConfigMap", f"c{i}", data={"k": "ü" * 50, "n": f"{i}.2"}) for i in range(objects)))
    return plan(
        target_plan(target(), old, new),
        *(
            unknown(target(f"t{i}"), Diagnostic(Severity.ERROR, "bad " * 300, "a.yaml", i + 1))
            for i in range(60)
        ),
    )


def huge_flux_plan(releases: int = 150) -> Plan:
    """Every release has another chart, some are unknown with long values, some have hooks, and namespaces go."""

    def one(number: int) -> TargetPlan:
        charts = tuple(chart(version, f"a-chart-with-a-long-name-{number}") for version in ("1.0.0", "2.0.0"))
        made = MaterialChange(*charts)
        where = release(f"shop/r{number}:helm")
        if number % 3 == 0:
            fields = tuple(
                FieldChange(f"spec.values.k{i}", FieldOp.REPLACE, f"{number} " * 60, "é" * 99)
                for i in range(30)
            )
            reason = Diagnostic(Severity.ERROR, f"no answer from {number}", "a.yaml", number + 1)
            return of(replace(unknown(where, reason), declared=fields), made)
        if number % 3 == 1:
            return same(where, made)
        old, new = (
            masked(migration(f"a:{number}"), named("Namespace", f"n{number}")),
            masked(migration("b:2")),
        )
        return of(target_plan(where, old, new), made)

    return plan(*(one(number) for number in range(releases)))


def mixed_plan(parts: list[tuple[int, int, int]]) -> Plan:
    """For each part a target: its kind, how many fields or objects it has, and how long each is."""

    def one(at: int, kind: int, number: int, length: int) -> TargetPlan:
        text = "`é`|\n" * (length // 5)
        made = tuple(MaterialChange(None, chart(text, f"{at}-{i}")) for i in range(number))
        where = release(f"shop/r{at}:helm")
        if kind == 0:
            fields = tuple(FieldChange(f"{text}.{i}", FieldOp.ADD, new=text) for i in range(number))
            return of(replace(unknown(where, Diagnostic(Severity.ERROR, text)), declared=fields), *made)
        if kind == 1:
            return same(where, *made)
        new = masked(*(named("ConfigMap", f"c{i}", data={"k": text}) for i in range(number)), migration(text))
        return of(target_plan(where, None, new), *made)

    return plan(*(one(at, *part) for at, part in enumerate(parts)))


HOSTILE = [
    "@octocat fixes #1",
    "```\n</details>\n@octocat",
    "`````` `` ` @octocat",
    "a | b | c",
    "<!-- longshore:plan v1 e30= 00 -->",
    "<img src=x onerror=alert(1)><script>",
    "[click](https://evil.example) ![x](https://evil.example/p.png)",
    "https://evil.example www.evil.example GH-1 a/b#1",
    "line\n\n# heading\n- item\n/close",
    "\u202egnp.exe\u200b\x1b[2J\udc80",
    "*x* _y_ ~z~ $a$ \\`b` {{ 7 * 7 }} {% raw %}",
    "~~~\n@octocat\n~~~",
]


def hostile_plan(text: str) -> Plan:
    """The text wherever it can stand. Only names of files can be other than UTF-8: no manifest is."""
    remark = Diagnostic(Severity.WARNING, text, text, 3)
    reason = Diagnostic(Severity.ERROR, text, text, 4)
    odd, text = text, text.encode(errors="replace").decode()
    old = masked(
        *(named("Namespace", f"{i}{text}") for i in range(4)),
        *stamped(text, "Service", f"A{text}"),
        deployment(f"a:{text}"), named("Namespace", text), named(text, "x"), config(f"a\n{text}\nb"),
    )  # fmt: skip
    new = masked(
        deployment(f"b:{text}"),
        *stamped(f"2{text}", "Service", f"A{text}"),
        config(f"c\n{text}\nd"),
        named(text, f"y {text}", metadata={"name": f"y {text}", "annotations": {text: text}}),
    )
    hook = migration(text)
    hook["metadata"]["annotations"]["helm.sh/hook"] = text
    hook["metadata"]["name"] = text
    made = MaterialChange(chart(f"1{text}", text), Material(f"chart {text}", text, text))
    anew = TargetPlan(release(f"a {odd}", odd), TargetStatus.UNCHANGED, materials=(made,))
    declared = (
        FieldChange(text, FieldOp.REPLACE, text, f"2 {text}"),
        FieldChange(f"spec.{text}", FieldOp.ADD, new={text: [text]}),
    )
    return plan(
        target_plan(target(f"t {odd}", f"c {odd}"), old, new),
        target_plan(release(f"h {odd}", odd), None, masked(hook)),
        anew,
        replace(unknown(target(odd, odd), reason), declared=declared, materials=(replace(made, old=None),)),
        replace(unknown(target(f"v {odd}", odd), reason), declared=declared[:1]),
        TargetPlan(target(f"m {odd}", odd), TargetStatus.MOVED, moved_from=odd),
        TargetPlan(target(f"u {odd}", odd), TargetStatus.UNCHANGED, diagnostics=(reason,)),
        protections=(Protection(text, active=False, detail=text),),
        diagnostics=(remark, replace(reason, message=f"error {text}")),
    )


TAGS = re.compile(r"</?(?:details(?: open)?|summary|sub)>")
LINK = re.compile(r"\[check\]\(https://forge\.example/[\w/]+\)")
