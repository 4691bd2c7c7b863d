"""How a directory is rendered where nobody says it, or somebody says something else."""

from oracles.argocd.app import App
from oracles.argocd.features.directory import config, text
from oracles.documents import documents_text
from tests.sandbox.forge.core.git_objects import File

_CHART = "apiVersion: v2\nname: web\nversion: 0.1.0\n"


def other_name(app: App) -> None:
    """A kustomization by its other names."""
    app.kustomization = app.pick.choice(["kustomization.yml", "Kustomization"])


def nearly(app: App) -> None:
    """Names that are none of a kustomization's."""
    app.files |= {"kustomization": "x", "Kustomization.yaml": text(config("of-another-name"))}


def deeper(app: App) -> None:
    """What lies deeper does not count."""
    app.files |= {"inner/kustomization.yaml": "resources: []\n", "chart/Chart.yaml": _CHART}


def both(app: App) -> None:
    """The kustomization comes last, and counts."""
    app.files |= {"Chart.yaml": _CHART, "templates/never.yaml": text(config("never"))}


def plain_files(app: App) -> None:
    """Asked for as a directory: the kustomization is no more than one of its files."""
    app.source["directory"] = {"recurse": True, "exclude": "kustomization.yaml"}


def empty_blocks(app: App) -> None:
    """They say nothing."""
    app.source |= {kind: {} for kind in app.pick.sample(["directory", "kustomize", "helm"], k=2)}


def linked_directory(app: App) -> None:
    """Nobody looks through the link to find out."""
    app.script.files["linked"] = File(app.directory.encode(), "120000")
    app.source["path"] = "linked"


def linked_and_said(app: App) -> None:
    linked_directory(app)
    app.options.setdefault("namePrefix", "linked-")


def hydrated(app: App) -> None:
    """Somebody else renders: what is applied is the plain files that were made of it."""
    source = {"repoURL": app.script.url, "targetRevision": "main", "path": app.directory}
    app.script.files["hydrated/web/manifest.yaml"] = documents_text([config("hydrated")])
    app.spec["sourceHydrator"] = {
        "drySource": source,
        "syncSource": {"targetBranch": "main", "path": "hydrated/web"},
    }


DIRECTORY = {
    "types: nearly a kustomization": nearly,
    "types: what lies deeper": deeper,
    "types: empty blocks": empty_blocks,
    "types: a directory behind a link": linked_directory,
}
KUSTOMIZE = {
    "types: other names of a kustomization": other_name,
    "types: a chart as well": both,
    "types: a kustomization as plain files": plain_files,
    "types: a kustomization behind a link": linked_and_said,
}
ANY = {"sourceHydrator": hydrated}
