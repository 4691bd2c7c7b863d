"""What Argo CD refuses: ours has to be unknown for a reason that says the same."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oracles.argocd.app import App, Kind
from oracles.argocd.features.directory import config, text
from oracles.argocd.features.programs import FINDING, NAMED
from oracles.argocd.scene import PROJECT, argo
from oracles.trials import Refusal
from tests.sandbox.forge.core.git_objects import File


@dataclass(frozen=True, slots=True)
class Refused:
    """How an app is spoilt, and what has to be said of it. `feature` is the row that it counts for."""

    feature: str
    kind: Kind
    spoil: Callable[[App], None]
    theirs: str
    ours: str

    @property
    def refusal(self) -> Refusal:
        return Refusal(self.theirs, self.ours)


def _options(**fields: Any) -> Callable[[App], None]:
    def spoil(app: App) -> None:
        app.options |= fields

    return spoil


def _source(**fields: Any) -> Callable[[App], None]:
    def spoil(app: App) -> None:
        app.source |= fields

    return spoil


def _spec(**fields: Any) -> Callable[[App], None]:
    def spoil(app: App) -> None:
        app.spec |= fields

    return spoil


def _file(path: str, content: str | File) -> Callable[[App], None]:
    def spoil(app: App) -> None:
        app.files[path] = content

    return spoil


def _two_kinds(app: App) -> None:
    app.options["releaseName"] = "x"
    app.source["kustomize"] = {"namePrefix": "x-"}


def _inflated(app: App) -> None:
    """Argo CD gives kustomize no argument, unless its settings say so."""
    app.files |= {
        "charts/inner/Chart.yaml": "apiVersion: v2\nname: inner\nversion: 1.0.0\n",
        "charts/inner/values.yaml": "a: 1\n",
    }
    app.overlay["helmCharts"] = [{"name": "inner", "releaseName": "x"}]


def _file_outside(app: App) -> None:
    app.files["/shared/config.yaml"] = text(config("shared"))
    app.bases.append("../../shared/config.yaml")


def _own_label(app: App) -> None:
    app.overlay["commonLabels"] = {"team": "own"}
    app.options["commonLabels"] = {"team": "shop"}


def _reference(app: App) -> None:
    app.options["valueFiles"] = ["$none/values.yaml"]
    app.more.append({"repoURL": app.script.url, "ref": "values"})


def _reference_twice(app: App) -> None:
    app.more += [{"repoURL": app.script.url, "ref": "values"}] * 2


def _references_by_two_names(app: App) -> None:
    """One repository at one commit, which is called `main` here and nothing there."""
    app.files |= {"/a.yaml": "a: 1\n", "/b.yaml": "b: 1\n"}
    app.options["valueFiles"] = ["$values/a.yaml", "$files/b.yaml"]
    app.more += [{"repoURL": app.script.url, "ref": "values", "targetRevision": "main"}]
    app.more += [{"repoURL": app.script.url, "ref": "files"}]


def _empty(*kinds: str) -> Callable[[App], None]:
    """Among several sources an empty block counts."""

    def spoil(app: App) -> None:
        app.source |= {kind: {} for kind in kinds}
        app.files["/second/own.yaml"] = text(config("second"))
        app.more.append(app.script.source("second"))

    return spoil


def _against_schema(app: App) -> None:
    app.files["values.schema.json"] = '{"properties": {"a": {"type": "integer"}}}'


def _project(app: App, **spec: Any) -> None:
    everything = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    name = app.script.named("team")
    app.script.root("bootstrap/a-project.yaml", argo(PROJECT, name, {**everything, **spec}))
    app.spec["project"] = name


def _forbidden_source(app: App) -> None:
    _project(app, sourceRepos=["https://example.invalid/*"])


def _forbidden_destination(app: App) -> None:
    _project(app, destinations=[{"server": "*", "namespace": "only-*"}])


def _list_then_text(app: App) -> None:
    app.files["half.yaml"] = f"{text(config('good'))}---\na: [b\n"


def _spoilt_plugin(app: App) -> None:
    app.source["plugin"] = {"name": NAMED}
    app.files["bad.yaml"] = "a: [b\n"


def _jsonnet_outside(app: App) -> None:
    app.files["any.jsonnet"] = "[]"
    app.options["jsonnet"] = {"libs": ["../../.."]}


_D, _K, _H = Kind.DIRECTORY, Kind.KUSTOMIZE, Kind.HELM
_OUT = File(b"../../../../etc/passwd", "120000")
_BAD_OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n"

REFUSED: dict[str, Refused] = {
    "path-missing": Refused("path", _D, _source(path="apps/none"), "app path does not exist", "apps/none"),
    "path-absolute": Refused("path", _D, _source(path="/apps/web"), "app path is absolute", "/apps/web"),
    "path-outside": Refused("path", _D, _source(path="../x"), "app path outside root", "../x"),
    "path-of-a-file": Refused("path", _D, _source(path="apps/web/config.yaml"), "not a directory", "config.yaml"),
    "path-empty": Refused("path", _D, _source(path=""), "spec.source.path", "path"),
    "revision-missing": Refused("targetRevision", _D, _source(targetRevision="none"), "unable to resolve 'none'", "has no none"),
    "link-outside": Refused("a link out of the repository", _D, _file("/elsewhere/out.yaml", _OUT), "out-of-bounds symlinks", "out.yaml"),
    "two-kinds": Refused("source types", _H, _two_kinds, "multiple application sources defined", "kustomize"),
    "no-chart": Refused("source types", _D, _source(helm={"releaseName": "x"}), "Chart.yaml", "Chart.yaml"),
    "no-kustomization": Refused("source types", _D, _source(kustomize={"namePrefix": "x-"}), "Missing kustomization file", "kustomization"),
    "empty-kinds": Refused("source types", _D, _empty("kustomize", "helm"), "multiple application sources defined", "kustomize and helm"),
    "empty-helm": Refused("source types", _D, _empty("helm"), "Chart.yaml", "Chart.yaml"),
    "empty-kustomize": Refused("source types", _D, _empty("kustomize"), "unable to find one of", "kustomization"),
    "plugin": Refused("source types", _D, _source(plugin={"name": "x"}), "plugin", "plugin"),
    "plugin-elsewhere": Refused("plugin: found by its files", _D, _source(plugin={"name": FINDING}), f'plugin with name "{FINDING}" supporting', "matches nothing here"),
    "plugin-by-half-its-name": Refused("plugin: found by its files", _D, _source(plugin={"name": FINDING.partition("-")[0]}), 'plugin with name "finding" supporting', f"is '{FINDING}' meant?"),
    "plugin-unclaimed": Refused("plugin: found by its files", _D, _source(plugin={}), "find plugin supporting the given repository", "none of those under `plugins`"),
    "plugin-no-yaml": Refused("plugin: named alone", _D, _spoilt_plugin, "error", "printed what is no YAML"),
    "jsonnet-fails": Refused("directory: jsonnet", _D, _file("bad.jsonnet", "error 'text-of-it'"), "bad.jsonnet", "bad.jsonnet"),
    "jsonnet-text": Refused("directory: jsonnet", _D, _file("bad.jsonnet", '"text"'), "bad.jsonnet", "what is no Kubernetes object"),
    "jsonnet-outside": Refused("directory: jsonnet, its options", _D, _jsonnet_outside, "outside repository root", "jsonnet.libs"),
    "yaml-object": Refused("directory: files that are no objects", _D, _file("bad.yaml", _BAD_OBJECT), "bad.yaml", "bad.yaml"),
    "yaml-half": Refused("directory: files that are no objects", _D, _list_then_text, "half.yaml", "half.yaml"),
    "json-list": Refused("directory: files that are no objects", _D, _file("bad.json", "[1]"), "bad.json", "bad.json"),
    "label-there": Refused("kustomize: commonLabels", _K, _own_label, "label team already in kustomization file", "team"),
    "label-templates": Refused("kustomize: commonLabels", _K, _options(commonLabels={"a": "b"}, labelIncludeTemplates=True), "--without-selector flag must be specified", "labelWithoutSelector"),
    "image-name-only": Refused("kustomize: images", _K, _options(images=["nginx"]), "invalid format of image", "nginx"),
    "replicas-nobody": Refused("kustomize: replicas", _K, _options(replicas=[{"name": "nobody", "count": 1}]), "nobody", "nobody"),
    "component-missing": Refused("kustomize: components", _K, _options(components=["../none"]), "../none", "none"),
    "patch-nobody": Refused("kustomize: patches", _K, _options(patches=[{"patch": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nobody}\n"}]), "no matches for Id", "nobody"),
    "inflated": Refused("kustomize: helmCharts", _K, _inflated, "--enable-helm", "enable-helm"),
    "file-outside": Refused("kustomize: a file outside", _K, _file_outside, "is not in or below", "shared/config.yaml"),
    "kustomize-version": Refused("kustomize: version", _K, _options(version="v4.5.7"), "not registered", "v4.5.7"),
    "values-missing": Refused("helm: valueFiles", _H, _options(valueFiles=["none.yaml"]), "none.yaml", "none.yaml"),
    "values-outside": Refused("helm: valueFiles", _H, _options(valueFiles=["../../../../etc/passwd"]), "outside repository root", "passwd"),
    "values-scheme": Refused("helm: valueFiles", _H, _options(valueFiles=["ftp://127.0.0.1:1/x.yaml"]), "scheme 'ftp' is not allowed", "ftp"),
    "values-broken": Refused("helm: values", _H, _options(values="a: [\n"), "failed to parse", "values"),
    "values-schema": Refused("helm: skipSchemaValidation", _H, _against_schema, "at '/a'", "/a"),
    "chart-fails": Refused("helm: values", _H, _file("templates/failing.yaml", '{{ fail "text-of-it" }}'), "text-of-it", "text-of-it"),
    "helm-version": Refused("helm: version", _H, _options(version="v2"), "'v2' is not supported", "helm.version"),
    "kubernetes-version": Refused("helm: kubeVersion, apiVersions", _H, _options(kubeVersion="new"), "could not parse", "new"),
    "reference-missing": Refused("sources: ref", _H, _reference, "not one of the available sources", "$none"),
    "reference-twice": Refused("sources: ref", _H, _reference_twice, "multiple sources had the same `ref` key", "values"),
    "reference-revisions": Refused("sources: ref", _H, _references_by_two_names, "cannot reference multiple revisions", "one spelling of one revision"),
    "override-broken": Refused(".argocd-source.yaml: directory", _D, _file(".argocd-source.yaml", "a: [\n"), ".argocd-source.yaml", ".argocd-source.yaml"),
    "override-empty": Refused(".argocd-source.yaml: directory", _D, _file(".argocd-source.yaml", ""), ".argocd-source.yaml", ".argocd-source.yaml"),
    "cluster-unknown": Refused("a cluster that nobody declares", _D, _spec(destination={"name": "nowhere", "namespace": "x"}), "no clusters with this name", "nowhere"),
    "cluster-twice": Refused("destination by name", _D, _spec(destination={"name": "staging", "server": "https://kubernetes.default.svc"}), "can't have both name and server", "name"),
    "project-unknown": Refused("a project that nobody declares", _D, _spec(project="nowhere"), "project nowhere which does not exist", "nowhere"),
    "project-source": Refused("project", _D, _forbidden_source, "is not permitted in project", "project"),
    "project-destination": Refused("project", _D, _forbidden_destination, "do not match any of the allowed destinations", "project"),
}  # fmt: skip
