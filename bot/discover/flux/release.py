"""A HelmRelease of Flux as a target.

Its target is called `NAMESPACE/NAME:helm`. A Kustomization of the same name beside it is the custom, so the names must
differ; a colon is in no name that Kubernetes takes, in none of the texts that a target's name is part of, and leaves
what people look for in front, where a narrow table shows it.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from bot.discover.fields import duration_s, mapping, text
from bot.discover.flux.charts import ChartPlace, chart_place
from bot.discover.flux.kustomization import target_name, unread_overlay
from bot.discover.flux.objects import HELM_GROUP, Identity
from bot.discover.flux.patches import patches
from bot.discover.flux.settings import dependencies, settings, why_contradictory
from bot.discover.flux.sources import Sources
from bot.discover.flux.specs import HELM_RELEASE, OLD_HELM_RELEASE
from bot.discover.objects import DeclaredObject
from bot.discover.spec import Spec
from bot.model.flux import FluxSettings
from bot.model.objects import Manifest
from bot.model.release import ChartKind, CrdPolicy, Release, ValuesFrom
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId

_IN_OTHER = frozenset(
    {"install", "upgrade", "rollback", "uninstall", "test", "waitStrategy", "maxHistory", "persistentClient"}
)
_OF_CHART_OBJECT = frozenset({"interval", "verify", "reconcileStrategy"})
_SPOKEN_FOR = frozenset(OLD_HELM_RELEASE.fields) - _IN_OTHER
_LONGEST_NAME = 53
_HASH_CHARS = 12
_TIMEOUT_S = 300.0


def helm_release_target(found: DeclaredObject, sources: Sources, cluster: str) -> Target:
    """Read one HelmRelease. Raises Malformed where even its name cannot be told."""
    identity = Identity.of(found.manifest)
    spec = Spec.of(found.manifest, OLD_HELM_RELEASE if identity.is_old else HELM_RELEASE)
    fields, namespace = spec.fields, identity.ref.namespace
    chart = chart_place(spec, sources, namespace)
    release = _release(identity, fields, chart)
    waits = mapping(fields.get("upgrade")).get("disableWait") is not True
    return Target(
        id=TargetId(cluster, release_target_name(namespace, identity.ref.name)),
        path=release.chart.name if release.chart.kind is ChartKind.TREE else "",
        renderer=RendererKind.HELM,
        engine=EngineKind.FLUX,
        origin=Origin(Found.FLUX_HELM_RELEASE, found.file, found.line),
        namespace=release.namespace,
        wait=waits,
        timeout_s=duration_s(fields.get("timeout"), _TIMEOUT_S),
        depends_on=tuple(release_target_name(d.namespace, d.name) for d in dependencies(fields, namespace)),
        overlay=unread_overlay(identity, spec),
        release=release,
        source=chart.place.git,
        artifact=chart.place.composed,
        ignore=chart.place.ignore,
        includes=chart.place.includes,
        sparse=chart.place.sparse,
        flux=_settings(identity, spec, chart),
        unknown_because=identity.problem
        or spec.problem
        or why_contradictory(spec)
        or chart.place.unknown_because
        or _why_nameless(release),
    )


def release_target_name(namespace: str, name: str) -> str:
    return f"{target_name(namespace, name)}:helm"


def _settings(identity: Identity, spec: Spec, chart: ChartPlace) -> FluxSettings:
    """When the chart is fetched, how it is labelled and who signed it is of no consequence for what it holds."""
    found = settings(identity, spec, chart.ref, _SPOKEN_FOR)
    template = mapping(spec.written.get("chart"))
    in_chart = {
        name: value for name, value in mapping(template.get("spec")).items() if name in _OF_CHART_OBJECT
    }
    rest = in_chart | {name: value for name, value in template.items() if name != "spec"}
    return replace(found, other={**found.other, "chart": rest}) if rest else found


def _release(identity: Identity, fields: Manifest, chart: ChartPlace) -> Release:
    namespace, name = identity.ref.namespace, identity.ref.name
    install, upgrade = mapping(fields.get("install")), mapping(fields.get("upgrade"))
    target_namespace = text(fields, "targetNamespace")
    composed = f"{target_namespace}-{name}" if target_namespace else name
    return Release(
        name=_shortened(text(fields, "releaseName") or composed),
        namespace=target_namespace or namespace,
        chart=chart.chart,
        home=namespace,
        values=fields.get("values", {}),
        values_from=tuple(map(_values_from, fields.get("valuesFrom", ()))),
        post_renderers=tuple(
            rendered
            for entry in fields.get("postRenderers", ())
            if (rendered := _post_renderer(mapping(entry.get("kustomize"))))
        ),
        post_render_strategy=text(fields, "postRenderStrategy") or _post_render_strategy(identity),
        common_metadata=mapping(fields.get("commonMetadata")),
        labels={f"{HELM_GROUP}/name": name, f"{HELM_GROUP}/namespace": namespace},
        install_crds=_install_crds(identity, install),
        upgrade_crds=_upgrade_crds(identity, upgrade),
        has_hooks=not (install.get("disableHooks") is True and upgrade.get("disableHooks") is True),
        creates_namespace=bool(target_namespace) and install.get("createNamespace") is True,
        skips_schema=True in (install.get("disableSchemaValidation"), upgrade.get("disableSchemaValidation")),
    )


def _why_nameless(release: Release) -> str:
    if release.namespace:
        return ""
    return "metadata.namespace is missing, and with it the namespace of the release"


def _shortened(name: str) -> str:
    """As helm-controller does it with a name that is too long for Helm."""
    if len(name) <= _LONGEST_NAME:
        return name
    hashed = sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH_CHARS]
    return f"{name[: _LONGEST_NAME - _HASH_CHARS - 1]}-{hashed}"


def _values_from(entry: Manifest) -> ValuesFrom:
    return ValuesFrom(
        kind=text(entry, "kind"),
        name=text(entry, "name"),
        key=text(entry, "valuesKey") or "values.yaml",
        target_path=text(entry, "targetPath"),
        is_optional=entry.get("optional") is True,
        is_literal=entry.get("literal") is True,
    )


def _post_renderer(kustomize: Manifest) -> Mapping[str, Any]:
    laid = {"patches": patches(kustomize), "images": kustomize.get("images")}
    return {name: value for name, value in laid.items() if value}


def _post_render_strategy(identity: Identity) -> str:
    """Today's controller is built on Helm 4, which hands hooks to a post-renderer too; Helm 3 did not."""
    return "nohooks" if identity.is_old else "combined"


def _install_crds(identity: Identity, install: Manifest) -> CrdPolicy:
    """`skipCRDs` is read by the controllers of v2beta1 only; later ones go by `crds`."""
    skips = identity.version == "v2beta1" and install.get("skipCRDs") is True
    return CrdPolicy(text(install, "crds") or (CrdPolicy.SKIP if skips else CrdPolicy.CREATE))


def _upgrade_crds(identity: Identity, upgrade: Manifest) -> CrdPolicy:
    """The field's own description says `Skip`; the code of every controller since v2beta2 takes `Create`."""
    return CrdPolicy(
        text(upgrade, "crds") or (CrdPolicy.SKIP if identity.version == "v2beta1" else CrdPolicy.CREATE)
    )
