"""What the generated Argo CD repository holds: 10 apps on 10 clusters, by two ApplicationSets.

argocd/                the root Application's: two ApplicationSets, a project, and the Secrets of ten clusters
apps/kustomize/NAME/   five apps with a base and an overlay for each environment
apps/helm/NAME/        five charts with values for each environment
shared/                labels and values that every app uses
"""

import json
from collections.abc import Iterator, Mapping

URL = "https://git.example.test/acme/estate.git"
"""What Argo CD calls the repository; nobody ever asks for it."""

APPS_OF_A_KIND = 5
ENVIRONMENTS = {"dev": 2, "staging": 3, "production": 5}
"""How many clusters each has."""
CLUSTERS = sum(ENVIRONMENTS.values())
APPLICATIONS = 2 * APPS_OF_A_KIND * CLUSTERS
_SERVICES = 6
"""Deployments of one app, each with its Service and ConfigMap."""


def files() -> dict[str, str]:
    """By path."""
    return {
        "README.md": "# Estate\n",
        "bootstrap/root.yaml": json.dumps(_application("root", "argocd", recurse=True)),
        "argocd/kustomized.yaml": json.dumps(_set("kustomized", "kustomize", _KUSTOMIZED)),
        "argocd/charted.yaml": json.dumps(_set("charted", "helm", _CHARTED)),
        **dict(_clusters()),
        "shared/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        "labels:\n  - pairs: {edition: edition-1.}\n    includeTemplates: true\n",
        "shared/values.yaml": "edition: edition-1.\n",
        **dict(_kustomized()),
        **dict(_charted()),
    }


def cluster(name: str, environment: str) -> str:
    """The Secret that makes a cluster known."""
    labels = {"argocd.argoproj.io/secret-type": "cluster", "environment": environment}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"cluster-{name}", "namespace": "argocd", "labels": labels},
            "stringData": {"name": name, "server": f"https://{name}.example.test"},
        }
    )


def _clusters() -> Iterator[tuple[str, str]]:
    for environment, number in ENVIRONMENTS.items():
        for index in range(number):
            name = f"{environment}-{index}"
            yield f"argocd/clusters/{name}.yaml", cluster(name, environment)


def _application(name: str, path: str, **directory: bool) -> dict[str, object]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": URL, "targetRevision": "HEAD", "path": path, "directory": directory},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "argocd"},
            "syncPolicy": {"automated": {"prune": True}},
        },
    }


_KUSTOMIZED = {"path": "{{.path.path}}/overlays/{{.metadata.labels.environment}}"}
_CHARTED = {
    "path": "{{.path.path}}",
    "helm": {
        "valueFiles": ["/shared/values.yaml", "values-{{.metadata.labels.environment}}.yaml"],
        "parameters": [{"name": "cluster", "value": "{{.name}}"}],
    },
}


def _set(name: str, kind: str, source: Mapping[str, object]) -> dict[str, object]:
    directories = {"repoURL": URL, "revision": "HEAD", "directories": [{"path": f"apps/{kind}/*"}]}
    selector = {"matchLabels": {"argocd.argoproj.io/secret-type": "cluster"}}
    generators = [{"git": directories}, {"clusters": {"selector": selector}}]
    template = {
        "metadata": {"name": "{{.path.basename}}-{{.name}}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": URL, "targetRevision": "HEAD", **source},
            "destination": {"server": "{{.server}}", "namespace": "{{.path.basename}}"},
            "syncPolicy": {"automated": {"prune": True}, "syncOptions": ["CreateNamespace=true"]},
        },
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [{"matrix": {"generators": generators}}],
            "template": template,
        },
    }


def _kustomized() -> Iterator[tuple[str, str]]:
    for number in range(APPS_OF_A_KIND):
        home = f"apps/kustomize/shop-{number}"
        yield f"{home}/base/all.yaml", "---\n".join(map(_service, range(_SERVICES)))
        yield f"{home}/base/kustomization.yaml", "resources: [all.yaml]\n"
        for environment in ENVIRONMENTS:
            yield (
                f"{home}/overlays/{environment}/kustomization.yaml",
                "resources: [../../base]\ncomponents: [../../../../../shared]\npatches: [{path: patch.yaml}]\n",
            )
            yield f"{home}/overlays/{environment}/patch.yaml", _PATCH


def _charted() -> Iterator[tuple[str, str]]:
    for number in range(APPS_OF_A_KIND):
        home = f"apps/helm/site-{number}"
        yield f"{home}/Chart.yaml", f"apiVersion: v2\nname: site-{number}\nversion: 1.0.0\n"
        yield f"{home}/values.yaml", "replicas: 1\nedition: none\ncluster: none\n"
        template = (
            _service("$")
            .replace("svc-$", "svc-{{ $i }}")
            .replace("replicas: 1", "replicas: {{ $.Values.replicas }}")
        )
        labelled = template.replace("answer: '1'", "answer: '{{ $.Values.edition }} {{ $.Values.cluster }}'")
        yield (
            f"{home}/templates/all.yaml",
            f"{{{{- range $i := until {_SERVICES} }}}}\n---\n{labelled}{{{{- end }}}}\n",
        )
        for environment in ENVIRONMENTS:
            yield f"{home}/values-{environment}.yaml", "replicas: 4\n"


def _service(number: object) -> str:
    name = f"svc-{number}"
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: main
          image: registry.example.test/{name}:1.0.0
          ports: [{{containerPort: 8080}}]
          envFrom: [{{configMapRef: {{name: {name}}}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 8080}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}}}
data: {{answer: '1'}}
"""


_PATCH = """apiVersion: apps/v1
kind: Deployment
metadata: {name: svc-0}
spec: {replicas: 4}
"""
