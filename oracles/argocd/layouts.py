"""Whole repositories: an app of apps beside charts, and ApplicationSets over clusters and teams."""

from random import Random

from oracles.argocd.scene import PROJECT, SET, Ground, Scene, Script, argo
from oracles.documents import documents_text
from oracles.workload import without_namespace, workload

ENVIRONMENTS = ("staging", "production")


def app_of_apps(name: str, ground: Ground) -> Scene:
    """bootstrap/, apps/ENVIRONMENT, charts/ and values: each environment on its cluster, with a project."""
    script = Script(name, ground)
    _shop_chart(script)
    children = script.parent("root", "argocd", directory={"recurse": True, "exclude": "{values/*,*.md}"})
    script.root("bootstrap/root.yaml", children)
    script.files["argocd/README.md"] = "not read\n"
    project = {
        "sourceRepos": [script.url],
        "destinations": [{"name": environment, "namespace": f"{name}*"} for environment in ENVIRONMENTS],
    }
    wave = {"argocd.argoproj.io/sync-wave": "-1"}
    script.write("argocd/project.yaml", argo(PROJECT, script.named("shop"), project, annotations=wave))
    for environment in ENVIRONMENTS:
        script.files[f"values/{environment}.yaml"] = f"replicas: {len(environment)}\n"
        spec = {
            "project": script.named("shop"),
            "source": script.source("charts/shop", helm={"valueFiles": [f"/values/{environment}.yaml"]}),
            "destination": {"name": environment, "namespace": name},
        }
        script.write(f"argocd/{environment}/shop.yaml", script.application(environment, spec))
    return script.scene(["layout: app of apps with charts"])


def _shop_chart(script: Script) -> None:
    script.write("charts/shop/Chart.yaml", {"apiVersion": "v2", "name": "shop", "version": "1.0.0"})
    script.files["charts/shop/values.yaml"] = "replicas: 1\n"
    for file, objects in workload("shop", script.name, Random("charts")).items():
        script.files[f"charts/shop/templates/{file}"] = documents_text([*map(without_namespace, objects)])
    script.files["charts/shop/templates/scale.yaml"] = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-scale}\n"
        'data: {replicas: "{{ .Values.replicas }}"}\n'
    )


def sets_over_clusters(name: str, ground: Ground) -> Scene:
    """The clusters are declared in Git; every team's directory goes to each of them, with settings per cluster."""
    script = Script(name, ground)
    for cluster in ground.clusters:
        script.root(f"declared/{cluster.name}.yaml", cluster.secret())
    for team in ("red", "blue"):
        for file, objects in workload(team, name, Random(team)).items():
            script.write(f"teams/{team}/base/{file}", *map(without_namespace, objects))
        names = sorted(workload(team, name, Random(team)))
        script.write(f"teams/{team}/base/kustomization.yaml", {"resources": names})
        for environment in ENVIRONMENTS:
            overlay = {"resources": ["../base"], "namePrefix": f"{environment}-"}
            script.write(f"teams/{team}/{environment}/kustomization.yaml", overlay)
            script.applications.add(script.named(f"{team}-{environment}"))
    script.root("bootstrap/teams.yaml", _teams(script))
    return script.scene(["layout: ApplicationSets over clusters"])


def _teams(script: Script) -> dict[str, object]:
    teams = {"repoURL": script.url, "revision": "HEAD", "directories": [{"path": "teams/*"}]}
    clusters = {
        "selector": {"matchExpressions": [{"key": "env", "operator": "In", "values": list(ENVIRONMENTS)}]}
    }
    template = {
        "metadata": {
            "name": f"{script.name}--{{{{.path.basename}}}}-{{{{.metadata.labels.env}}}}",
            "labels": {"team": "{{.path.basename}}"},
        },
        "spec": {
            "project": "default",
            "source": script.source("{{.path.path}}/{{.metadata.labels.env}}"),
            "destination": {"server": "{{.server}}", "namespace": script.name},
        },
    }
    patch = '{{- if eq .metadata.labels.env "staging" }}\nspec:\n  syncPolicy:\n    syncOptions: [CreateNamespace=true]\n{{- end }}\n'  # fmt: skip
    spec = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"matrix": {"generators": [{"git": teams}, {"clusters": clusters}]}}],
        "template": template,
        "templatePatch": patch,
    }
    return argo(SET, script.named("teams"), spec)


LAYOUTS = {"layout-apps": app_of_apps, "layout-sets": sets_over_clusters}
