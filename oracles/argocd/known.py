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
    "helm: environment of the revision": Known(
        Outcome.OPEN,
        "it is the commit that Argo CD renders",
        "a plan compares trees: which commit it will be is left open, as the variable that it is",
    ),
    "hooks before a deletion": Known(
        Outcome.DIFFERENT,
        "only we render",
        "later versions of Argo CD run them before they delete an Application, as we show them; 3.1 never does",
    ),
    "sourceHydrator": Known(
        Outcome.DIFFERENT,
        "only we render",
        "a plan is of what the hydrator will write: the dry source is rendered, not what was written before",
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
