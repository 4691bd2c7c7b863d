"""Versions of Kubernetes, as Argo CD hands them to charts."""

import re

from bot.render.argocd.fields import Fields

_KUBE_VERSION = re.compile(r"v?([0-9]+(?:\.[0-9]+)+)")


def as_told(version: str) -> str:
    """What Argo CD tells a chart of a cluster's version: the first two numbers."""
    return ".".join(re.findall(r"[0-9]+", version)[:2])


def kube_version(options: Fields) -> str:
    """Without whatever stands behind the numbers, which Argo CD cuts off; empty for the cluster's own."""
    text = options.text("kubeVersion")
    match = _KUBE_VERSION.match(text)
    if text and match is None:
        raise options.bad("kubeVersion", f"{text[:40]!r} is no version of Kubernetes")
    return match[1] if match else ""
