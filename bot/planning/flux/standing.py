"""What a target that does not render would bring, as its files stand: without what it does to them."""

from dataclasses import replace

from bot.discover.flux import is_helm_release, is_of_artifact
from bot.discover.objects import DeclaredObject
from bot.planning.expansion import Traced
from bot.planning.files import names_a_place
from bot.planning.flux.files import InFiles


def standing(parent: Traced, files: InFiles) -> list[DeclaredObject]:
    """A release without a namespace is left out: it gets one from what does not render, so its name is not known."""
    if not _lies_here(parent):
        return []
    namespace = parent.target.overlay.get("namespace")
    found = (_in_namespace(each, namespace) for each in files.in_files(parent.files & files.mentioning))
    return [
        each
        for each in found
        if not is_helm_release(each.manifest) or (each.manifest.get("metadata") or {}).get("namespace")
    ]


def _lies_here(parent: Traced) -> bool:
    """Whether its files are this tree's: what they hold is then what it would bring."""
    target, found = parent.target, parent.found
    is_elsewhere = bool(target.source or target.oci_source) or (found is not None and is_of_artifact(found))
    return names_a_place(found) and not (target.unknown_because and is_elsewhere)


def _in_namespace(found: DeclaredObject, namespace: object) -> DeclaredObject:
    """Where its Kustomization would have put it, as far as that one says."""
    metadata = found.manifest.get("metadata")
    if not (isinstance(namespace, str) and isinstance(metadata, dict)):
        return found
    return replace(found, manifest={**found.manifest, "metadata": {**metadata, "namespace": namespace}})
