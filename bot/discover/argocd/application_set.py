"""An ApplicationSet of Argo CD as a target: the Applications that it generates are what it renders to."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.discover.argocd.objects import APPLICATION_SET, Identity
from bot.discover.fields import mapping
from bot.discover.objects import DeclaredObject
from bot.model.argocd import ArgoSettings
from bot.model.manifests import digest
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId

SUFFIX = ":set"
"""After the name: an Application beside a set often bears the same one, and no name in Kubernetes has a colon."""

_POLICIES_THAT_DELETE = ("", "sync", "create-delete")
_TEMPLATED = ("generators", "template", "templatePatch", "goTemplate", "goTemplateOptions")


def application_set_target(
    found: DeclaredObject, cluster: str, generated: Sequence[Manifest], unknown_because: str = ""
) -> Target:
    """`cluster` is the label of the control plane that holds it, `unknown_because` why `generated` is not to be relied on.

    The Applications are as they are to be in the cluster. Raises Malformed where even its name cannot be told.
    """
    identity = Identity.of(found.manifest)
    spec = mapping(found.manifest.get("spec"))
    policy = mapping(spec.get("syncPolicy")).get("applicationsSync")
    why = identity.problem or unknown_because
    return Target(
        id=TargetId(cluster, f"{identity.target_name}{SUFFIX}"),
        path="",
        renderer=RendererKind.GIVEN,
        engine=EngineKind.ARGOCD,
        origin=Origin(Found.ARGOCD_APPLICATION_SET, found.file, found.line),
        namespace=identity.ref.namespace,
        prune=policy is None or policy in _POLICIES_THAT_DELETE,
        overlay={"declaration": digest(found.manifest.get("spec"))} if why else {},
        argocd=ArgoSettings(ref=identity.ref, is_automated=True, other=_other(spec)),
        manifests=() if why else tuple(generated),
        unknown_because=why,
    )


def _other(spec: Manifest) -> Mapping[str, Any]:
    return {name: value for name, value in spec.items() if name not in _TEMPLATED}


def made_by(parent: TargetId | None) -> ObjectRef | None:
    """The ApplicationSet that generates what was found in the target `parent`, None where that is something else."""
    if parent is None or not parent.name.endswith(SUFFIX):
        return None
    namespace, _, name = parent.name.removesuffix(SUFFIX).rpartition("/")
    return ObjectRef(APPLICATION_SET, namespace, name)
