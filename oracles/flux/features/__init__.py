"""The features that are tried, each a small function that adds it to an app.

A feature can be added to any app that has others already, so that they are tried in combinations too.
"""

from collections.abc import Callable

from oracles.flux.app import App
from oracles.flux.features import annotations, generated, helm, kustomize, nested, postbuild, sops, spec

Feature = Callable[[App], None]

FEATURES: dict[str, Feature] = {
    **spec.FEATURES,
    **kustomize.FEATURES,
    **generated.FEATURES,
    **postbuild.FEATURES,
    **annotations.FEATURES,
    **nested.FEATURES,
    **sops.FEATURES,
    **helm.FEATURES,
}
