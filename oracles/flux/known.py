"""Deviations that are known, each with its reason. One that no longer occurs is an error too: it has to go from here."""

from oracles.trials import Known, Outcome

KNOWN: dict[str, Known] = {
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
        Outcome.OPEN,
        "Flux puts the generation of its HelmChart behind the version",
        "Flux adds the generation of its HelmChart to the chart's version; only the cluster knows it: left open",
    ),
    "HelmRelease: reconcileStrategy Revision": Known(
        Outcome.OPEN,
        "Flux puts the commit that it renders behind the chart's version",
        "Flux adds the commit to the chart's version, and a plan compares trees: left open",
    ),
    "a SOPS Secret without decryption": Known(
        Outcome.DIFFERENT,
        ".sops: field not declared in schema",
        "Flux drops the block `sops` and gives the cluster the ciphertext as values; we keep the block, warn, and "
        "the API server would refuse it",
    ),
}
"""By the feature that brings it, alone or together with others."""
