"""The features that are tried, each a small function that adds it to an app, by the kind of app that it needs.

A feature can be added to any app of its kind that has others already, so that they are tried in combinations too.
"""

from collections.abc import Callable

from oracles.argocd.app import App, Kind
from oracles.argocd.features import (
    common,
    directory,
    helm,
    helm_files,
    kustomize,
    overrides,
    programs,
    sources,
    types,
)

Feature = Callable[[App], None]

FEATURES: dict[Kind, dict[str, Feature]] = {
    Kind.DIRECTORY: {**directory.FEATURES, **overrides.DIRECTORY, **types.DIRECTORY, **programs.FEATURES},
    Kind.KUSTOMIZE: {**kustomize.FEATURES, **overrides.KUSTOMIZE, **types.KUSTOMIZE},
    Kind.HELM: {**helm.FEATURES, **helm_files.FEATURES, **overrides.HELM, **sources.HELM},
}
ANY: dict[str, Feature] = {**common.FEATURES, **sources.ANY, **types.ANY}
"""Of every kind of app."""
