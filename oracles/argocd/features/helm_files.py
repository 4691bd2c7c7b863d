"""Value files of a chart, and schemas that judge them."""

import json

from oracles.argocd.app import App


def _file(app: App, path: str, **values: object) -> None:
    app.files[path] = json.dumps({"from": {path.rpartition("/")[2]: True}, **values}) + "\n"


def value_files(app: App) -> None:
    _file(app, "one.yaml", a="one", b="one", nested={"first": "one"})
    _file(app, "two.yaml", a="two", list=[9])
    app.options["valueFiles"] = app.pick.choice(
        [["one.yaml", "two.yaml"], ["two.yaml", "one.yaml"], ["values.yaml"]]
    )


def file_twice(app: App) -> None:
    value_files(app)
    app.options["valueFiles"] = ["one.yaml", "two.yaml", "one.yaml"]


def elsewhere(app: App) -> None:
    """Below another directory, and from the repository's root."""
    _file(app, "/environments/test.yaml", a="test")
    _file(app, "/top.yaml", b="top")
    app.options["valueFiles"] = ["../../environments/test.yaml", "/top.yaml"]


def environment(app: App) -> None:
    _file(app, "of-$.yaml", a="dollar")
    _file(app, f"of-{app.script.name}.yaml", a="named")
    _file(app, "one.yaml", b="one")
    files = [
        "of-$ARGOCD_APP_NAMESPACE.yaml",
        "of-${ARGOCD_APP_NAMESPACE}.yaml",
        "of-$$.yaml",
        "one.yaml$NOWHERE",
    ]
    app.options["valueFiles"] = app.pick.sample(files, k=2)


def ignore_missing(app: App) -> None:
    _file(app, "one.yaml", b="one")
    app.options |= {"valueFiles": ["none.yaml", "one.yaml", "$NOWHERE.yaml"], "ignoreMissingValueFiles": True}


def no_reference(app: App) -> None:
    """What looks like a reference to another source, and is a variable that nothing sets."""
    _file(app, "/top.yaml", a="top")
    app.options["valueFiles"] = ["$values/top.yaml"]


def skip_schema(app: App) -> None:
    app.files["values.schema.json"] = json.dumps({"properties": {"a": {"type": "integer"}}})
    app.options["skipSchemaValidation"] = True


FEATURES = {
    "helm: valueFiles": value_files,
    "helm: a value file twice": file_twice,
    "helm: valueFiles elsewhere": elsewhere,
    "helm: valueFiles, environment": environment,
    "helm: ignoreMissingValueFiles": ignore_missing,
    "helm: valueFiles, no such reference": no_reference,
    "helm: skipSchemaValidation": skip_schema,
}
