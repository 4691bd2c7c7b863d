"""How an Application is synced, and what else it says that changes no rendering."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.discover.argocd.application_set import made_by
from bot.discover.argocd.objects import Identity, texts
from bot.discover.argocd.specs import APPLICATION
from bot.discover.fields import mapping, text
from bot.discover.objects import DeclaredObject
from bot.discover.spec import Spec
from bot.model.argocd import ArgoInstallation, ArgoSettings, Destination, Retry
from bot.model.objects import Manifest

WAVE = "argocd.argoproj.io/sync-wave"
_GROUP = "argocd.argoproj.io/"
_FINALIZER = "resources-finalizer.argocd.argoproj.io"
_DELETING = (_FINALIZER, f"{_FINALIZER}/foreground", f"{_FINALIZER}/background")
_SPOKEN_FOR = frozenset(APPLICATION.fields) - {"info", "revisionHistoryLimit", "sourceHydrator"}
_SPOKEN_FOR_IN_POLICY = frozenset({"automated", "syncOptions", "retry"})
_PART = re.compile(r"([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h)")
_WAVE = re.compile(r"[-+]?[0-9]{1,9}")
_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def settings(
    found: DeclaredObject,
    identity: Identity,
    spec: Spec,
    sources: Sequence[Manifest],
    installation: ArgoInstallation,
) -> ArgoSettings:
    """`sources` are those that Argo CD takes, in their order."""
    manifest = found.manifest
    fields = spec.fields
    policy = mapping(fields.get("syncPolicy"))
    automated, wave = policy.get("automated"), texts(manifest, "annotations").get(WAVE, "")
    wanted = mapping(automated)
    is_automated = automated is not None and wanted.get("enabled") is not False
    return ArgoSettings(
        ref=identity.ref,
        project=text(fields, "project") or "default",
        destination=destination(fields),
        made_by=made_by(found.parent),
        revisions=tuple(text(source, "targetRevision") for source in sources),
        is_automated=is_automated,
        prunes=wanted.get("prune") is True,
        heals=is_automated and wanted.get("selfHeal") is True,
        may_be_empty=wanted.get("allowEmpty") is True,
        sync_options=tuple(policy.get("syncOptions", ())),
        retry=_retry(policy.get("retry")),
        wave=int(wave) if is_wave(wave) else 0,
        deletes_objects=any(name in _DELETING for name in _finalizers(manifest)),
        ignore_differences=tuple(fields.get("ignoreDifferences", ())),
        installation=installation,
        other=_other(manifest, spec),
    )


def destination(fields: Manifest) -> Destination:
    written = mapping(fields.get("destination"))
    return Destination(text(written, "server"), text(written, "name"), text(written, "namespace"))


def is_wave(written: str) -> bool:
    return _WAVE.fullmatch(written) is not None


def duration_s(written: str, otherwise: float) -> float:
    """A duration as Argo CD reads it: also a bare number, of seconds."""
    sign = -1.0 if written.startswith("-") else 1.0
    digits = written.lstrip("+-")
    if not digits:
        return otherwise
    if digits.isdecimal():
        return sign * float(digits)
    return sign * sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(digits))


def _retry(value: Manifest | None) -> Retry | None:
    if value is None:
        return None
    backoff, usual = mapping(value.get("backoff")), Retry()
    return Retry(
        limit=value.get("limit", 0),
        backoff_s=duration_s(text(backoff, "duration"), usual.backoff_s),
        factor=backoff.get("factor", usual.factor),
        max_s=duration_s(text(backoff, "maxDuration"), usual.max_s),
        follows_revision=value.get("refresh") is True,
    )


def _finalizers(manifest: Manifest) -> list[Any]:
    written = mapping(manifest.get("metadata")).get("finalizers")
    return written if isinstance(written, list) else []


def _other(manifest: Manifest, spec: Spec) -> Mapping[str, Any]:
    rest = _left(spec.written, _SPOKEN_FOR)
    in_policy = _left(mapping(spec.written.get("syncPolicy")), _SPOKEN_FOR_IN_POLICY)
    annotations = {
        name: value
        for name, value in texts(manifest, "annotations").items()
        if name.startswith(_GROUP) and name != WAVE
    }
    return rest | {k: v for k, v in (("syncPolicy", in_policy), ("annotations", annotations)) if v}


def _left(written: Manifest, spoken_for: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if name not in spoken_for and value is not None}
