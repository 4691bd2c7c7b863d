"""Deviations that are known, each with its reason. One that no longer occurs is an error too: it has to go from here."""

from dataclasses import dataclass

from oracles.judge import Outcome


@dataclass(frozen=True, slots=True)
class Known:
    """`says` is a part of what differs, in the words of the judgement."""

    outcome: Outcome
    says: str
    reason: str


KNOWN: dict[str, Known] = {
    "buildMetadata": Known(
        Outcome.INCOMPLETE,
        "spec.buildMetadata is not supported yet",
        "not built yet: unknown, with this reason",
    ),
    "ignoreMissingComponents": Known(
        Outcome.INCOMPLETE,
        "spec.ignoreMissingComponents is not supported yet",
        "not built yet: unknown, with this reason",
    ),
    "postBuild.substituteFrom: only in the cluster": Known(
        Outcome.OPEN,
        "is not declared in this repository",
        "a plan does not ask the cluster: what is declared only there is left open, and named",
    ),
    "postBuild.substituteFrom: optional, nowhere": Known(
        Outcome.OPEN,
        "ConfigMap nowhere is not declared in this repository",
        "an optional source that Git does not have may be in the cluster: what it could set is left open",
    ),
    "postBuild.substituteFrom: Secret in Git": Known(
        Outcome.OPEN, "is secret", "values of a Secret are left open: they are masked before they are put in"
    ),
    "decryption: no such key in the cluster": Known(
        Outcome.DIFFERENT,
        'secrets "nowhere" not found',
        "we decrypt with the operator's key; whether the cluster holds one is not looked at",
    ),
    "HelmRelease: valuesFrom, optional, nowhere": Known(
        Outcome.OPEN,
        "ConfigMap nowhere is not declared in this repository",
        "an optional source that Git does not have may be in the cluster: the release is left open",
    ),
    "HelmRelease: valuesFrom a Secret in Git": Known(
        Outcome.OPEN, "is secret", "values of a Secret are left open: they are masked before they are put in"
    ),
    "HelmRelease: valuesFiles": Known(
        Outcome.DIFFERENT,
        "helm.sh/chart",
        "Flux adds the generation of its HelmChart to the chart's version, and only the cluster knows that",
    ),
    "HelmRelease: reconcileStrategy Revision": Known(
        Outcome.DIFFERENT, "helm.sh/chart", "Flux adds the commit to the chart's version; not built yet"
    ),
}
"""By the feature that brings it, alone or together with others."""
