"""What an object itself asks of Flux."""

from oracles.flux.app import App

_GROUP = "kustomize.toolkit.fluxcd.io"


def _mark(app: App, kind: str, **marks: str) -> None:
    """As an annotation or a label: Flux looks at both."""
    where = app.pick.choice(["annotations", "labels"])
    metadata = app.object(kind)["metadata"]
    metadata[where] = {
        **metadata.get(where, {}),
        **{f"{_GROUP}/{key}": value for key, value in marks.items()},
    }


def ssa_ignore(app: App) -> None:
    _mark(app, "ConfigMap", ssa=app.pick.choice(["Ignore", "ignore"]))


def ssa_if_not_present(app: App) -> None:
    _mark(app, "ConfigMap", ssa="IfNotPresent")


def ssa_merge(app: App) -> None:
    _mark(app, "Service", ssa="Merge")


def reconcile_disabled(app: App) -> None:
    _mark(app, "Service", reconcile=app.pick.choice(["disabled", "Disabled"]))


def prune_disabled(app: App) -> None:
    _mark(app, "Service", prune="disabled")


def substitute_disabled(app: App) -> None:
    _mark(app, "ConfigMap", substitute=app.pick.choice(["disabled", "Disabled"]))
    app.object("ConfigMap")["data"]["kept"] = "${kept:=no}"
    build = app.spec.setdefault("postBuild", {})
    build["substitute"] = {**build.get("substitute", {}), "kept": "replaced"}


FEATURES = {
    "ssa: Ignore": ssa_ignore,
    "ssa: IfNotPresent": ssa_if_not_present,
    "ssa: Merge": ssa_merge,
    "reconcile: disabled": reconcile_disabled,
    "prune: disabled": prune_disabled,
    "substitute: disabled": substitute_disabled,
}
