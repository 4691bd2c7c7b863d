"""What an AppProject forbids is said where a person is looking."""

import json

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.plan import Plan
from bot.model.rendering import Severity
from bot.planning.expansion import Finding
from tests.planning.argocd.declared import URL, application, commit, project
from tests.planning.argocd.test_argocd import said
from tests.planning.conftest import Bench, config_map, target

FLEET = {
    "bootstrap/root.yaml": application("root", "apps", namespace="argocd"),
    "apps/project.yaml": project("shop"),
    "apps/web.yaml": application("web", "web", spec={"project": "shop"}),
    "web/cm.yaml": config_map("web"),
}


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.work.commit(FLEET)
    return bench


def errors(plan: Plan) -> str:
    return " | ".join(d.message for d in plan.diagnostics if d.severity is Severity.ERROR)


async def test_a_source_that_a_project_begins_to_forbid_is_said_though_nothing_renders_differently(
    fleet: Bench,
) -> None:
    commit(fleet, {"apps/project.yaml": project("shop", sourceRepos=["https://git.example.test/other/*"])})
    assert "AppProject argocd/shop" in errors(await fleet.plan())
    assert "argocd/web" in errors(await fleet.plan())


async def test_what_a_project_forbade_before_is_not_said_again(fleet: Bench) -> None:
    commit(fleet, {"apps/project.yaml": project("shop", sourceRepos=["https://git.example.test/other/*"])})
    commit(fleet, {"apps/more.yaml": config_map("more")})
    assert errors(await fleet.plan()) == ""


async def test_an_object_of_a_kind_that_the_project_forbids_is_an_error_of_its_application(
    fleet: Bench,
) -> None:
    blacklist = [{"group": "", "kind": "ConfigMap"}]
    commit(fleet, {"apps/project.yaml": project("shop", namespaceResourceBlacklist=blacklist)})
    commit(fleet, {"web/cm.yaml": config_map("web", "2")})
    assert "namespaceResourceBlacklist" in said(await fleet.plan(), "argocd/web")


async def test_a_repository_whose_secret_names_the_project_is_allowed_it(fleet: Bench) -> None:
    secret = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "fleet",
                "namespace": "argocd",
                "labels": {"argocd.argoproj.io/secret-type": "repository"},
            },
            "stringData": {"url": URL, "project": "shop", "password": "very-hidden"},
        }
    )
    narrow = project("shop", sourceRepos=["https://git.example.test/other/*"])
    commit(fleet, {"apps/project.yaml": narrow, "apps/repository.yaml": secret})
    plan = await fleet.plan()
    assert errors(plan) == ""
    assert "very-hidden" not in repr(plan)


@pytest.mark.parametrize(
    ("leads_to", "is_said"), [("../../elsewhere", True), ("/etc/passwd", True), ("web/cm.yaml", False)]
)
async def test_a_link_out_of_the_repository_stops_argo_cd_and_is_said(
    fleet: Bench, leads_to: str, is_said: bool
) -> None:
    (fleet.work.path / "link").symlink_to(leads_to)
    commit(fleet, {"web/cm.yaml": config_map("web", "2")})
    said = [d.file for d in (await fleet.plan()).diagnostics if "leads out of the repository" in d.message]
    assert said == (["link"] if is_said else [])


async def test_what_a_project_forbids_is_not_sure_where_a_file_makes_global_projects_in_another_way(
    fleet: Bench,
) -> None:
    whitelist = [{"group": "apps", "kind": "Deployment"}]
    generator = "configMapGenerator: [{name: argocd-cm, behavior: merge, files: [globalProjects]}]\n"
    commit(fleet, {"argo/kustomization.yaml": generator})
    commit(
        fleet,
        {
            "apps/project.yaml": project("shop", namespaceResourceWhitelist=whitelist, sourceRepos=[]),
            "web/cm.yaml": config_map("web", "2"),
        },
    )
    plan = await fleet.plan()
    told = [d for d in target(plan, "argocd/web", "in-cluster").diagnostics if "AppProject" in d.message]
    assert {d.severity for d in told} == {Severity.WARNING}
    assert len(told) == 2
    assert all("as 'argo/kustomization.yaml' seems to name some" in d.message for d in told)
    assert errors(plan) == ""
