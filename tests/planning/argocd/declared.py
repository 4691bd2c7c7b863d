"""Applications, ApplicationSets and clusters, as repositories declare them."""

import json
from collections.abc import Mapping
from typing import Any

from tests.planning.conftest import Bench

URL = "https://git.example.test/acme/fleet"
IN_CLUSTER = "https://kubernetes.default.svc"


def application(
    name: str,
    path: str = "",
    *,
    server: str = IN_CLUSTER,
    namespace: str = "shop",
    url: str = URL,
    revision: str = "HEAD",
    spec: dict[str, Any] | None = None,
    **source: Any,
) -> str:
    """As JSON, which is YAML. `source` are more fields of its one source, `spec` those of the whole."""
    one = {"repoURL": url, "targetRevision": revision, **({"path": path} if path else {}), **source}
    sources = {} if spec and "sources" in spec else {"source": one}
    return _manifest(
        "Application",
        name,
        {
            "project": "default",
            "destination": {"server": server, "namespace": namespace},
            **sources,
            "syncPolicy": {"automated": {"prune": True}},
            **(spec or {}),
        },
    )


def application_set(
    name: str, *generators: dict[str, Any], template: dict[str, Any] | None = None, **spec: Any
) -> str:
    made = template or {
        "metadata": {"name": "{{name}}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": URL, "targetRevision": "HEAD", "path": "{{path}}"},
            "destination": {"server": IN_CLUSTER, "namespace": "shop"},
        },
    }
    return _manifest("ApplicationSet", name, {"generators": list(generators), "template": made, **spec})


def listed(*elements: dict[str, str]) -> dict[str, Any]:
    return {"list": {"elements": list(elements)}}


def cluster(name: str, server: str, **labels: str) -> str:
    kind = {"argocd.argoproj.io/secret-type": "cluster", **labels}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"cluster-{name}", "namespace": "argocd", "labels": kind},
            "stringData": {"name": name, "server": server, "config": '{"bearerToken": "very-hidden"}'},
        }
    )


def _manifest(kind: str, name: str, spec: dict[str, Any]) -> str:
    metadata = {"name": name, "namespace": "argocd"}
    return json.dumps(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
    )


def commit(bench: Bench, files: Mapping[str, str | None]) -> None:
    """Write and commit; None takes a file away."""
    for path in (path for path, text in files.items() if text is None):
        bench.work.git("rm", "-q", path)
    bench.work.commit({path: text for path, text in files.items() if text is not None})


def project(name: str, **spec: Any) -> str:
    return _manifest(
        "AppProject",
        name,
        {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], **spec},
    )
