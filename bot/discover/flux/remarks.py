"""What people should know of a Flux object that can be rendered all the same."""

from collections.abc import Iterator
from itertools import islice

from bot.discover.fields import mapping
from bot.discover.flux.charts import chart_place
from bot.discover.flux.objects import SERVED, Identity, is_helm_release
from bot.discover.flux.places import place_of
from bot.discover.flux.settings import reference
from bot.discover.flux.sources import Sources
from bot.discover.flux.specs import HELM_RELEASE, KUSTOMIZATION, OLD_HELM_RELEASE, OLD_KUSTOMIZATION
from bot.discover.objects import DeclaredObject, Malformed
from bot.discover.schema import Fields, unread
from bot.discover.spec import Spec
from bot.model.rendering import Diagnostic, Severity

_SHOWN = 3
_Remark = tuple[Severity, str]


_SUSPENDED = "is suspended: Flux applies nothing until it is resumed"


def notices(found: DeclaredObject, sources: Sources) -> tuple[Diagnostic, ...]:
    """Remarks about one Kustomization or HelmRelease, for the plan as a whole. Empty where it has no name."""
    try:
        identity = Identity.of(found.manifest)
    except Malformed:
        return ()
    return tuple(
        Diagnostic(severity, f"{identity.ref} {sentence}", found.file, found.line)
        for severity, sentence in _remarks(found, identity, sources)
    )


def _remarks(found: DeclaredObject, identity: Identity, sources: Sources) -> Iterator[_Remark]:
    is_release = is_helm_release(found.manifest)
    shape = _shape(identity, is_release=is_release)
    spec = Spec.of(found.manifest, shape)
    if spec.fields.get("suspend") is True:
        yield Severity.NOTICE, _SUSPENDED
    if identity.is_old:
        served = f"{identity.group}/{SERVED[identity.group]}"
        yield (
            Severity.NOTICE,
            f"is written in {identity.version}, which Flux serves no more: write apiVersion {served}",
        )
    yield from _missing(spec, is_release=is_release)
    yield from _unknown_fields(spec, shape, identity)
    if "kubeConfig" in spec.fields:
        yield Severity.NOTICE, "goes to another cluster: the one that spec.kubeConfig leads to"
    install = mapping(spec.fields.get("install"))
    if install.get("skipCRDs") is True and "crds" not in install and identity.version != "v2beta1":
        yield Severity.NOTICE, "has install.skipCRDs, which does nothing any more: write install.crds: Skip"
    yield from (
        (Severity.NOTICE, sentence) for sentence in _of_source(spec, identity, sources, is_release=is_release)
    )


def _shape(identity: Identity, *, is_release: bool) -> Fields:
    if is_release:
        return OLD_HELM_RELEASE if identity.is_old else HELM_RELEASE
    return OLD_KUSTOMIZATION if identity.is_old else KUSTOMIZATION


def _missing(spec: Spec, *, is_release: bool) -> Iterator[_Remark]:
    for name in ("interval",) if is_release else ("interval", "prune"):
        if spec.written and spec.written.get(name) is None:
            yield Severity.WARNING, f"has no spec.{name}: a cluster refuses it"


def _unknown_fields(spec: Spec, shape: Fields, identity: Identity) -> Iterator[_Remark]:
    # NB: each is compared with what there is, and a hostile object may have a hundred thousand.
    names = list(islice(unread(spec.written, shape, "spec"), _SHOWN + 1))
    if names:
        more = " and more" if len(names) > _SHOWN else ""
        are = "is no field" if len(names) == 1 else "are no fields"
        yield (
            Severity.WARNING,
            f"has {', '.join(names[:_SHOWN])}{more}, which {are} of {identity.version} that Longshore knows: not rendered",
        )


def _of_source(spec: Spec, identity: Identity, sources: Sources, *, is_release: bool) -> tuple[str, ...]:
    if is_release:
        return chart_place(spec, sources, identity.ref.namespace).place.remarks
    source = reference(spec.fields.get("sourceRef"), identity.ref.namespace)
    return place_of(source, sources).remarks if source else ()
