"""What an Application says whatever its source is."""

from oracles.argocd.app import App
from oracles.argocd.clusters import IN_CLUSTER
from oracles.argocd.features.directory import config
from oracles.argocd.scene import PROJECT, argo


def by_name(app: App) -> None:
    name = app.pick.choice([IN_CLUSTER, "staging", "production"])
    app.spec["destination"] = {"name": name, "namespace": app.script.name}


def other_server(app: App) -> None:
    cluster = app.pick.choice(app.script.ground.clusters)
    app.spec["destination"] = {"server": cluster.server, "namespace": app.script.name}


def revisions(app: App) -> None:
    app.source["targetRevision"] = app.pick.choice(["HEAD", "main", "refs/heads/main"])


def path_forms(app: App) -> None:
    app.source["path"] = app.pick.choice(
        [f"./{app.directory}", f"{app.directory}/", f"apps/../{app.directory}", f"{app.directory}/."]
    )


def how_it_is_applied(app: App) -> None:
    """None of it changes what is rendered."""
    app.spec |= {
        "syncPolicy": {
            "syncOptions": ["CreateNamespace=true", "ServerSideApply=true", "PruneLast=true"],
            "retry": {"limit": 2, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"}},
            "managedNamespaceMetadata": {"labels": {"made": "by-argo"}},
        },
        "ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}],
        "revisionHistoryLimit": 3,
        "info": [{"name": "url", "value": "https://example.invalid"}],
    }
    app.metadata |= {"labels": {"team": "shop"}, "finalizers": ["resources-finalizer.argocd.argoproj.io"]}


def waves_and_hooks(app: App) -> None:
    marks = "argocd.argoproj.io"
    waved = config("waved")
    waved["metadata"] |= {"annotations": {f"{marks}/sync-wave": "-1", f"{marks}/sync-options": "Prune=false"}}
    app.objects["waved.yaml"] = [waved]
    phases = ["PreSync", "Sync", "PostSync", "SyncFail", "PostDelete", "Skip", "PreSync,PostSync"]
    for number, phase in enumerate(app.pick.sample(phases, k=4)):
        hooked = config(f"hooked-{number}", phase=phase)
        hooked["metadata"] |= {
            "annotations": {f"{marks}/hook": phase, f"{marks}/hook-delete-policy": "HookSucceeded"}
        }
        app.objects[f"hooked-{number}.yaml"] = [hooked]


def helms_hooks(app: App) -> None:
    """Those of a chart, in plain files too."""
    _helms(app, "pre-install", "post-upgrade", "crd-install", "test,pre-install", "post-delete")


def before_deletion(app: App) -> None:
    _helms(app, "pre-delete")


def hooks_that_never_run(app: App) -> None:
    _helms(app, "pre-rollback", "post-rollback,test", "test")
    never = config("never")
    never["metadata"] |= {"annotations": {"argocd.argoproj.io/hook": "Never"}}
    app.objects["never.yaml"] = [never]


def _helms(app: App, *events: str) -> None:
    for event in events:
        hooked = config(f"on-{event.replace(',', '-')}")
        hooked["metadata"] |= {"annotations": {"helm.sh/hook": event}}
        app.objects[f"on-{event}.yaml"] = [hooked]


def project(app: App) -> None:
    """One that allows what the Application does."""
    name = app.script.named("team")
    spec = {
        "sourceRepos": [app.pick.choice([app.script.url, "http://127.0.0.1*/*", "*"])],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    }
    app.script.root("bootstrap/a-project.yaml", argo(PROJECT, name, spec))
    app.spec["project"] = name


FEATURES = {
    "destination by name": by_name,
    "destination: another server": other_server,
    "targetRevision": revisions,
    "forms of path": path_forms,
    "syncPolicy and what else is of no matter": how_it_is_applied,
    "waves and hooks": waves_and_hooks,
    "hooks of Helm": helms_hooks,
    "hooks before a deletion": before_deletion,
    "hooks that never run": hooks_that_never_run,
    "project": project,
}
