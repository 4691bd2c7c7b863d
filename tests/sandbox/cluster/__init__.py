"""A real Kubernetes control plane on this machine, without kubelets: pods become ready because kwok says so."""

from tests.sandbox.cluster.access import ClusterAccess
from tests.sandbox.cluster.plane import ControlPlane
from tests.sandbox.cluster.process import ComponentFailed

__all__ = ["ClusterAccess", "ComponentFailed", "ControlPlane"]
