"""How Applications of Argo CD become targets."""

from bot.model.argocd import ArgoRef
from bot.model.release import Chart, ChartKind, GitRef, Release
from bot.model.target import EngineKind, GitSource, RendererKind, TargetId
from tests.discover.argocd.examples import FLEET, application, of_source, read, source, spec, target


def test_an_application_of_this_repository_is_a_target_that_argo_cd_delivers() -> None:
    got = target()
    assert got.id == TargetId("hub", "argocd/web")
    assert (got.path, got.renderer, got.engine) == ("apps/web", RendererKind.DETECT, EngineKind.ARGOCD)
    assert (got.source, got.namespace, got.unknown_because) == (None, "shop", "")
    assert got.argocd is not None
    assert got.argocd.ref == ArgoRef("Application", "argocd", "web")


def test_an_application_without_a_namespace_is_called_by_its_name() -> None:
    assert read(application(spec(), namespace=None)).id.name == "web"


def test_what_a_source_says_stays_with_the_target() -> None:
    got = of_source(kustomize={"namePrefix": "eu-"})
    assert got.options == source(kustomize={"namePrefix": "eu-"})


def test_another_repository_is_a_git_source() -> None:
    got = of_source(repoURL="https://git.example/else.git", targetRevision="v1.2.0")
    assert got.source == GitSource("https://git.example/else.git", GitRef(revision="v1.2.0"))


def test_a_chart_of_a_helm_repository_is_a_release() -> None:
    got = of_source(repoURL="https://charts.example", path=None, chart="nginx", targetRevision="1.2.*")
    chart = Chart(ChartKind.REPOSITORY, name="nginx", url="https://charts.example", version="1.2.*")
    assert got.release == Release("web", "shop", chart, home="argocd")
    assert got.renderer is RendererKind.DETECT


def test_several_sources_are_parts_and_the_others_are_references() -> None:
    got = target(
        source=None,
        sources=[
            {"repoURL": "https://charts.example", "chart": "nginx", "targetRevision": "1.2.3"},
            {"repoURL": FLEET, "ref": "values"},
        ],
    )
    assert [part.id for part in got.parts] == [got.id]
    assert got.parts[0].refs == {"values": GitSource("")}
