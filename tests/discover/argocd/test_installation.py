"""What files say of Argo CD itself."""

from typing import Any

import pytest

from bot.discover.argocd.installation import installation_of, is_installation, without_others
from bot.model.argocd import ArgoInstallation, ArgoSaid
from tests.discover.argocd.examples import Json, application, cluster_secret, spec


def config(namespace: str = "", **data: Any) -> Json:
    """`argocd-cm` with fields whose dots are written as `__`."""
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "argocd-cm", **place},
        "data": {key.replace("__", "."): value for key, value in data.items()},
    }


def project(namespace: str) -> Json:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "shop", "namespace": namespace},
        "spec": {},
    }


def test_only_its_own_config_map_is_its_configuration() -> None:
    assert is_installation(config())
    assert not is_installation({**config(), "kind": "Secret"})
    assert not is_installation({**config(), "metadata": {"name": "argocd-rbac-cm"}})
    assert not is_installation({**config(), "metadata": None})


def test_nothing_else_of_it_is_kept() -> None:
    written = config("gitops", kustomize__buildOptions="--enable-helm", oidc__config="clientSecret: x")
    written["metadata"]["annotations"] = {"a": "b"}
    assert without_others(written) == config("gitops", kustomize__buildOptions="--enable-helm")


@pytest.mark.parametrize(
    ("manifests", "options"),
    [
        ([], None),
        ([config(url="https://argo.example")], None),
        ([config(kustomize__buildOptions="")], ""),
        ([config(), config(kustomize__buildOptions="--enable-helm")], "--enable-helm"),
        ([config(kustomize__buildOptions="a"), config(kustomize__buildOptions="b")], None),
        ([config(kustomize__buildOptions=["a"])], None),
        ([{**config(), "data": "x"}], None),
    ],
)
def test_what_is_said_in_two_ways_nobody_knows(manifests: list[Json], options: str | None) -> None:
    assert installation_of(manifests).build_options == options


def test_versions_of_kustomize_bring_arguments_of_their_own() -> None:
    written = config(
        kustomize__path__v5__0__0="/bin/a",
        kustomize__version__old="/bin/b",
        kustomize__buildOptions__v5__0__0="--enable-helm",
        kustomize__buildOptions__nowhere="x",
    )
    assert installation_of([written]).kustomize_versions == {"v5.0.0": "--enable-helm", "old": ""}


@pytest.mark.parametrize(
    ("manifests", "namespace"),
    [
        ([], "argocd"),
        ([config("gitops")], "gitops"),
        ([project("gitops"), application(spec(), namespace="team")], "gitops"),
        ([cluster_secret("a", "https://a")], "argocd"),
        ([project("one"), project("two")], "argocd"),
        ([application(spec(), namespace="gitops"), application(spec(), namespace=None)], "gitops"),
        ([application(spec(), namespace="one"), application(spec(), namespace="two")], "argocd"),
    ],
)
def test_it_runs_where_its_own_objects_lie_else_where_all_applications_do(
    manifests: list[Json], namespace: str
) -> None:
    assert installation_of(manifests).namespace == namespace
    assert ArgoInstallation().namespace == "argocd"


def test_what_the_operator_says_counts_more_than_files() -> None:
    written = [config("gitops", kustomize__buildOptions="--enable-helm")]
    assert installation_of(written, ArgoSaid("argo", "")) == ArgoInstallation("argo", "")
    assert installation_of(written, ArgoSaid()) == ArgoInstallation("gitops", "--enable-helm")
