"""Directories without a kustomization.yaml, of which Flux makes one, and what it leaves out of its artifact."""

from oracles.documents import documents_text
from oracles.flux.app import App


def generated_kustomization(app: App) -> None:
    """Directories at any depth, one of them with a kustomization of its own, files that are none of ours."""
    if app.overlay:
        return
    app.overlay = None
    deep = _config(app, "deep")
    own = _config(app, "own")
    app.files["sub/deep/er/one.yml"] = documents_text([deep])
    app.files["sub/with/kustomization.yaml"] = documents_text(
        [{"resources": ["own.yaml"], "nameSuffix": "-kept", "kind": "Kustomization",
          "apiVersion": "kustomize.config.k8s.io/v1beta1"}]
    )  # fmt: skip
    app.files["sub/with/own.yaml"] = documents_text([own])
    app.files["sub/with/unused.yaml"] = documents_text([_config(app, "unused")])
    app.files["sub/README.md"] = "# not a manifest\n"
    app.files["sub/list.json"] = '{"not": "yaml by name"}\n'
    app.files["empty.yaml"] = app.pick.choice(["# only a comment\n", "---\n---\n"])
    if app.pick.random() < 0.5:
        items = [_config(app, "listed-1"), _config(app, "listed-2")]
        app.files["sub/list.yaml"] = documents_text([{"apiVersion": "v1", "kind": "List", "items": items}])


def source_ignore(app: App) -> None:
    """Files that never reach the artifact; here they would be applied, or would break what is built."""
    if app.overlay:
        return
    app.overlay = None
    patterns = [
        "# comment",
        "/apps/*/drafts/",
        "*.skip.yaml",
        "!keep.skip.yaml",
        "vendor",
        "/apps/**/tmp/*.yaml",
    ]
    app.files["/.sourceignore"] = "\n".join(patterns) + "\n"
    app.files["drafts/draft.yaml"] = documents_text([_config(app, "draft")])
    app.files["one.skip.yaml"] = documents_text([_config(app, "skip")])
    app.files["keep.skip.yaml"] = documents_text([_config(app, "keep")])
    app.files["deep/vendor/lib.yaml"] = documents_text([_config(app, "vendored")])
    app.files["deep/tmp/scratch.yaml"] = "{ not: yaml"
    app.files["deep/kept.yaml"] = documents_text([_config(app, "kept")])
    if app.pick.random() < 0.5:
        app.files["deep/.sourceignore"] = "below.yaml\n"
        app.files["deep/below.yaml"] = documents_text([_config(app, "below")])


def default_ignore(app: App) -> None:
    """What Flux always leaves out, whatever .sourceignore says."""
    if app.overlay:
        return
    app.overlay = None
    app.files[".github/workflow.yaml"] = "jobs: {}\n"
    app.files[".flux.yaml"] = "{ not: yaml"
    app.files["sub/.gitlab-ci.yml"] = "stages: []\n"
    app.files["picture.png"] = b"\x89PNG"
    app.files["sub/.sops.yaml"] = "creation_rules: []\n"


def _config(app: App, name: str) -> dict[str, object]:
    metadata = {"name": f"{app.name}-{name}", "namespace": app.home}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"name": name}}


FEATURES = {
    "generated kustomization.yaml": generated_kustomization,
    ".sourceignore": source_ignore,
    "files ignored by default": default_ignore,
}
