"""Hooks as Argo CD tells them: its own annotation, and Helm's wherever an object comes from.

What is a hook of no phase that there is gets applied by nobody. One that runs when the Application is deleted counts as
an object: it is applied at some time, and a change of it matters.
"""

from bot.model.objects import Manifest
from bot.render.helm.output import HOOK as HELMS
from bot.render.helm.output import is_test

OWN = "argocd.argoproj.io/hook"
SKIP = "Skip"
_CRD = "crd-install"
_PHASES = frozenset({"PreSync", "Sync", "PostSync", "SyncFail", SKIP})
_DELETION = frozenset({"PreDelete", "PostDelete"})
_OF_HELM = frozenset({"pre-install", "post-install", "pre-upgrade", "post-upgrade"})
_DELETION_OF_HELM = frozenset({"pre-delete", "post-delete"})


def is_skipped(manifest: Manifest) -> bool:
    """Whether Argo CD keeps it and never applies it."""
    return _listed(manifest, OWN) & _PHASES == {SKIP}


def is_own(manifest: Manifest) -> bool:
    """Whether Argo CD's own annotation makes it a hook."""
    return _written(manifest, OWN) is not None


def never_runs(manifest: Manifest) -> bool:
    """Whether it is a hook that nothing ever applies."""
    own, helms = _listed(manifest, OWN), _listed(manifest, HELMS)
    if own & _DELETION or helms & _DELETION_OF_HELM:
        return False
    if is_own(manifest):
        return not (own & _PHASES or helms & _OF_HELM)
    written = _written(manifest, HELMS)
    return written is not None and written != _CRD and not helms & _OF_HELM


def why_not(manifest: Manifest) -> str:
    """Words for one that never runs; empty for a test of Helm's, which nobody expects to be applied."""
    if is_own(manifest):
        return (
            f"is marked `{OWN}: {_shown(manifest, OWN)}`, which is no phase of Argo CD: it never applies it"
        )
    if is_test(manifest):
        return ""
    return (
        f"is marked `{HELMS}: {_shown(manifest, HELMS)}`, at which Argo CD runs nothing: it never applies it"
    )


def _listed(manifest: Manifest, name: str) -> set[str]:
    return {one.strip() for one in (_written(manifest, name) or "").split(",")} - {""}


def _written(manifest: Manifest, name: str) -> str | None:
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    value = annotations.get(name) if isinstance(annotations, dict) else None
    return None if value is None else str(value)


def _shown(manifest: Manifest, name: str) -> str:
    return (_written(manifest, name) or "")[:80]
