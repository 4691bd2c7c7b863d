"""What the directory's own kustomization.yaml says, which kustomize does inside Flux as it does for us."""

from oracles.documents import documents_text
from oracles.flux.app import App


def config_map_generator(app: App) -> None:
    """A hashed name, and who refers to it."""
    overlay = app.need_overlay()
    entry = {"name": f"{app.name}-made", "namespace": app.home, "literals": ["one=1", "two=a=b", "yes=on"],
             "files": ["page.html", "other=page.html"]}  # fmt: skip
    app.files["page.html"] = "<p>größe</p>\n\n"
    overlay["configMapGenerator"] = [entry]
    if app.pick.random() < 0.4:
        overlay["generatorOptions"] = {"disableNameSuffixHash": True, "labels": {"made": "yes"}}
    pods = app.object("Deployment")["spec"]["template"]["spec"]
    pods["volumes"] = [{"name": "made", "configMap": {"name": f"{app.name}-made"}}]


def secret_generator(app: App) -> None:
    overlay = app.need_overlay()
    app.files["secret.env"] = "USER=somebody\nPASSWORD=p4ss=word\n# a comment\n"
    overlay["secretGenerator"] = [
        {"name": f"{app.name}-login", "namespace": app.home, "envs": ["secret.env"], "type": "Opaque"}
    ]
    container = app.object("Deployment")["spec"]["template"]["spec"]["containers"][1]
    container["envFrom"] = [{"secretRef": {"name": f"{app.name}-login"}}]


def own_labels(app: App) -> None:
    overlay = app.need_overlay()
    pairs = {"layer": "own"}
    overlay["labels"] = [
        {"pairs": pairs, "includeTemplates": app.pick.random() < 0.5, "includeSelectors": False}
    ]
    overlay["commonAnnotations"] = {"example.invalid/by": "kustomize"}


def replacements(app: App) -> None:
    overlay = app.need_overlay()
    path = "spec.template.spec.containers.[name=main].env.[name=MODE].value"
    overlay["replacements"] = [
        {
            "source": {"kind": "ConfigMap", "name": app.name, "fieldPath": "data.number"},
            "targets": [{"select": {"kind": "Deployment"}, "fieldPaths": [path]}],
        }
    ]


def base_and_overlay(app: App) -> None:
    """The objects in a base of their own; the overlay patches by a file."""
    overlay = app.need_overlay()
    app.base = f"bases/{app.name}"
    patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app.name, "namespace": app.home},
             "spec": {"minReadySeconds": 3}}  # fmt: skip
    app.files["patch.yaml"] = documents_text([patch])
    overlay["patches"] = [*overlay.get("patches", ()), {"path": "patch.yaml"}]


FEATURES = {
    "configMapGenerator": config_map_generator,
    "secretGenerator": secret_generator,
    "labels and commonAnnotations of a directory": own_labels,
    "replacements": replacements,
    "base and overlay": base_and_overlay,
}
