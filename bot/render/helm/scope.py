"""Which objects have no namespace: what a renderer without a cluster has to know to give the others theirs."""

from collections.abc import Iterable

from bot.model.objects import Manifest

_CLUSTER_SCOPED = frozenset(
    {
        ("", "ComponentStatus"),
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("authentication.k8s.io", "SelfSubjectReview"),
        ("authentication.k8s.io", "TokenReview"),
        ("authorization.k8s.io", "SelfSubjectAccessReview"),
        ("authorization.k8s.io", "SelfSubjectRulesReview"),
        ("authorization.k8s.io", "SubjectAccessReview"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("certificates.k8s.io", "ClusterTrustBundle"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("internal.apiserver.k8s.io", "StorageVersion"),
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "ServiceCIDR"),
        ("node.k8s.io", "RuntimeClass"),
        ("policy", "PodSecurityPolicy"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("resource.k8s.io", "DeviceClass"),
        ("resource.k8s.io", "ResourceSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
        # Common kinds that a cluster has from other charts, and whose names do not say it.
        ("gateway.networking.k8s.io", "GatewayClass"),
        ("karpenter.sh", "NodePool"),
        ("karpenter.k8s.aws", "EC2NodeClass"),
        ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
        ("snapshot.storage.k8s.io", "VolumeSnapshotContent"),
    }
)


class Scopes:
    """Knows Kubernetes' own kinds, and those that CRDs at hand declare. Of others, `Cluster...` has no namespace."""

    def __init__(self, crds: Iterable[Manifest] = ()) -> None:
        self._declared = dict(filter(None, map(_declared, crds)))

    def is_cluster_scoped(self, manifest: Manifest) -> bool:
        group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
        kind = str(manifest.get("kind", ""))
        known = self._declared.get((group, kind))
        if known is not None:
            return known
        return (group, kind) in _CLUSTER_SCOPED or ("." in group and kind.startswith("Cluster"))


def _declared(manifest: Manifest) -> tuple[tuple[str, str], bool] | None:
    """What a CRD says of its kind; None for anything else."""
    spec = manifest.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if manifest.get("kind") != "CustomResourceDefinition" or not isinstance(names, dict):
        return None
    assert isinstance(spec, dict)
    return (str(spec.get("group")), str(names.get("kind"))), spec.get("scope") == "Cluster"
