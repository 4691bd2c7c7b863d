"""The files of a Flux repository, as `flux bootstrap` and people write them."""

from typing import Any

from tests.render.agekeys import make_key
from tests.stories.manifests import Files, document, kustomization, thing

_KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1"
_HELM = "helm.toolkit.fluxcd.io/v2"
_SOURCE = "source.toolkit.fluxcd.io/v1"
BOOTSTRAP = "flux-system"
CHART = "charts/web"
FLEET_KEY = make_key()
"""What the App's bot decrypts with."""


def bootstrap(cluster: str, url: str) -> Files:
    """What `flux bootstrap` leaves behind; `url` is the repository's own."""
    place = f"clusters/{cluster}/{BOOTSTRAP}"
    source = thing(
        "GitRepository",
        BOOTSTRAP,
        BOOTSTRAP,
        api=_SOURCE,
        spec={"interval": "1m", "url": url, "ref": {"branch": "main"}},
    )
    return {
        f"{place}/kustomization.yaml": kustomization("gotk-sync.yaml"),
        f"{place}/gotk-sync.yaml": f"{source}---\n{flux_kustomization(BOOTSTRAP, f'clusters/{cluster}')}",
    }


def flux_kustomization(name: str, path: str, **more: Any) -> str:
    spec = {
        "interval": "10m",
        "path": f"./{path}",
        "prune": True,
        "sourceRef": {"kind": "GitRepository", "name": BOOTSTRAP},
        **more,
    }
    return thing("Kustomization", name, BOOTSTRAP, api=_KUSTOMIZE, spec=spec)


def release(name: str, namespace: str, chart: dict[str, Any] | None = None, **spec: Any) -> str:
    """A HelmRelease, of the chart in the tree unless another is given."""
    own = {
        "chart": f"./{CHART}",
        "sourceRef": {"kind": "GitRepository", "name": BOOTSTRAP, "namespace": BOOTSTRAP},
    }
    body = {"interval": "1h", "chart": {"spec": chart or own}, **spec}
    return thing("HelmRelease", name, namespace, api=_HELM, spec=body)


def helm_repository(name: str, namespace: str, url: str) -> str:
    return thing("HelmRepository", name, namespace, api=_SOURCE, spec={"interval": "1h", "url": url})


def chart_of(repository: str, name: str, version: str) -> dict[str, Any]:
    """What a release says of a chart in a Helm repository."""
    return {"chart": name, "version": version, "sourceRef": {"kind": "HelmRepository", "name": repository}}


def own_chart(data: str, version: str = "1.0.0") -> Files:
    """The chart in the tree: one ConfigMap, called as the release; `data` is a template of its data."""
    return {
        f"{CHART}/Chart.yaml": document({"apiVersion": "v2", "name": "web", "version": version}),
        f"{CHART}/values.yaml": "greeting: hello\n",
        f"{CHART}/templates/settings.yaml": (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n" + f"data: {data}\n"
        ),
    }
