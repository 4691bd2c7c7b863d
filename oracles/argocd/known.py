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
    "kustomize: helmCharts": Known(
        Outcome.DIFFERENT,
        "--enable-helm",
        "Argo CD inflates charts only where its settings say so: taken as given, and said",
    ),
    "kustomize: a file outside": Known(
        Outcome.DIFFERENT,
        "is not in or below",
        "Argo CD's settings may lift kustomize's load restrictor: what lies in the repository may be read here",
    ),
    "directory: jsonnet": Known(Outcome.INCOMPLETE, "is Jsonnet", "Jsonnet is not evaluated"),
    "helm: environment of the revision": Known(
        Outcome.DIFFERENT,
        "${ARGOCD_APP_REVISION",
        "a plan compares trees: which commit it will be is left open, as the variable that it is",
    ),
    "hooks that never run": Known(
        Outcome.DIFFERENT,
        "only we render",
        "we show what Argo CD leaves out: hooks of phases that it does not have",
    ),
    "sourceHydrator": Known(
        Outcome.DIFFERENT,
        "only we render",
        "a plan is of what the hydrator will write: the dry source is rendered, not what was written before",
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
