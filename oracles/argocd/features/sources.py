"""Applications with several sources."""

import json

from oracles.argocd.app import App
from oracles.argocd.features.directory import config, text


def two(app: App) -> None:
    """The last source that has an object wins."""
    app.files |= {
        "/second/own.yaml": text(config("second")),
        "/second/both.yaml": text({**app.object("ConfigMap"), "data": {"from": "second"}}),
    }
    app.more.append(app.script.source("second"))


def reference(app: App) -> None:
    app.files["/environments/test.yaml"] = json.dumps({"a": "referenced", "nested": {"first": "referenced"}})
    app.files["one.yaml"] = json.dumps({"a": "one"})
    app.options["valueFiles"] = app.pick.choice(
        [
            ["$values/environments/test.yaml"],
            ["one.yaml", "$values/environments/test.yaml"],
            ["$values/environments/test.yaml", "one.yaml"],
            ["$values/environments/$NOWHERE/test.yaml"],
        ]
    )
    app.more.append({"repoURL": app.script.url, "ref": "values", "targetRevision": "main"})


def reference_with_path(app: App) -> None:
    """A source that is referred to, and rendered as well."""
    reference(app)
    app.files["/second/own.yaml"] = text(config("second"))
    app.more[-1] |= {"path": "second"}


def reference_to_itself(app: App) -> None:
    app.files["/environments/test.yaml"] = json.dumps({"a": "itself"})
    app.options["valueFiles"] = ["$own/environments/test.yaml"]
    app.source["ref"] = "own"


def file_parameter(app: App) -> None:
    app.files["/shared/referenced.txt"] = "referenced\n"
    app.options["fileParameters"] = [{"name": "file", "path": "$files/shared/referenced.txt"}]
    app.more.append({"repoURL": app.script.url, "ref": "files"})


ANY = {"sources: two": two}
HELM = {
    "sources: ref": reference,
    "sources: ref with a path": reference_with_path,
    "sources: ref to itself": reference_to_itself,
    "sources: fileParameters of a ref": file_parameter,
}
