"""Deviations that are known, each with its reason. One that no longer occurs is an error too: it has to go from here."""

from oracles.trials import Known, Outcome

_NOTHING = Known(
    Outcome.INCOMPLETE,
    "it generates no Applications",
    "Argo CD would delete all that the set has made: that is left unknown, and is no plan to delete everything",
)

KNOWN: dict[str, Known] = {
    "generator: nothing": _NOTHING,
    "clusters: none selected": _NOTHING,
    "helm: a value file twice": Known(
        Outcome.DIFFERENT,
        "data.values",
        "since 3.4 Argo CD counts a value file where it stands first, as we do; before, last",
    ),
    "kustomize: version": Known(
        Outcome.DIFFERENT,
        "kustomize version v4.5.7 is not registered",
        "which versions Argo CD has is up to its own settings; one and the same renders here",
    ),
    "a link out of the repository": Known(
        Outcome.DIFFERENT,
        "out-of-bounds symlinks",
        "Argo CD refuses all of a repository with such a link; we refuse only what reads it",
    ),
    "a cluster that nobody declares": Known(
        Outcome.DIFFERENT, "no clusters with this name: nowhere", "it may be declared in the cluster alone"
    ),
    "a project that nobody declares": Known(
        Outcome.DIFFERENT, "nowhere", "it may be declared in the cluster alone"
    ),
    "a name that cannot be": Known(
        Outcome.INCOMPLETE,
        "ours: ",
        "Argo CD makes the other Applications of such a set; we leave all of them unknown",
    ),
}
"""By the feature that brings it, alone or together with others."""
