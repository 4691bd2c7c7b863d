"""What argocd-cm declares decides what is rendered, whoever says it where."""

import json
from dataclasses import replace

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.argocd import ArgoSaid
from bot.model.plan import Plan, TargetStatus
from bot.planning.expansion import Finding
from tests.planning.argocd.declared import URL, application, application_set, commit, project
from tests.planning.argocd.test_argocd import said
from tests.planning.conftest import Bench, config_map, kustomization

ANYWHERE = "--load-restrictor LoadRestrictionsNone"
FLEET = {
    "apps/web.yaml": application("web", "web"),
    "web/kustomization.yaml": kustomization("../shared/cm.yaml"),
    "shared/cm.yaml": config_map("shared"),
    "argo/values.yaml": f"configs: {{cm: {{kustomize.buildOptions: {ANYWHERE}}}}}\n",
}


def settings(options: str) -> str:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}}
    return json.dumps({**manifest, "data": {"kustomize.buildOptions": options, "secret": "hush"}})


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.work.commit(FLEET)
    return bench


def status(plan: Plan) -> TargetStatus | None:
    return next((t.status for t in plan.targets if t.target.id.name == "argocd/web"), None)


async def test_where_no_file_says_what_argo_cd_allows_the_target_is_planned_with_a_warning(
    fleet: Bench,
) -> None:
    commit(fleet, {"shared/cm.yaml": config_map("shared", "2")})
    plan = await fleet.plan()
    assert status(plan) is TargetStatus.CHANGED
    assert "which no file here says" in said(plan, "argocd/web")
    assert not any(d.file == "argo/values.yaml" for d in plan.diagnostics)


async def test_what_argocd_cm_begins_to_refuse_is_unknown_though_no_file_of_it_changes(fleet: Bench) -> None:
    commit(fleet, {"argo/cm.yaml": settings("")})
    plan = await fleet.plan()
    assert status(plan) is TargetStatus.UNKNOWN
    assert "which Argo CD refuses" in said(plan, "argocd/web")
    commit(fleet, {"argo/cm.yaml": settings(ANYWHERE)})
    commit(fleet, {"shared/cm.yaml": config_map("shared", "2")})
    assert (status(plan := await fleet.plan()), said(plan, "argocd/web")) == (TargetStatus.CHANGED, "")


async def test_what_the_operator_says_counts_more_and_is_remembered_apart(fleet: Bench) -> None:
    commit(fleet, {"argo/cm.yaml": settings(""), "shared/cm.yaml": config_map("shared", "2")})
    assert status(await fleet.plan()) is TargetStatus.UNKNOWN
    fleet.finding = replace(fleet.finding, argocd=ArgoSaid(build_options=ANYWHERE))
    assert (status(plan := await fleet.plan()), said(plan, "argocd/web")) == (TargetStatus.CHANGED, "")


async def test_settings_below_a_clusters_directory_are_of_that_cluster(fleet: Bench) -> None:
    commit(fleet, {"clusters/other/cm.yaml": settings(""), "shared/cm.yaml": config_map("shared", "2")})
    assert status(await fleet.plan()) is TargetStatus.CHANGED


async def test_an_application_in_argo_cds_own_namespace_is_called_by_its_bare_name(fleet: Bench) -> None:
    own = {
        "apps/project.yaml": project("team").replace('"argocd"', '"gitops"'),
        "apps/web.yaml": application("web", "web").replace('"argocd"', '"gitops"'),
        "web/kustomization.yaml": kustomization("cm.yaml"),
        "web/cm.yaml": config_map("own"),
    }
    commit(fleet, own)
    commit(fleet, {"web/.argocd-source-web.yaml": "kustomize: {namePrefix: bare-}\n"})
    plan = await fleet.plan()
    (target,) = [t for t in plan.targets if t.target.id.name == "gitops/web"]
    assert {change.id.name for change in target.changes} == {"bare-own"}


async def test_head_leads_to_the_default_branch_also_in_generators(fleet: Bench) -> None:
    directories = {"git": {"repoURL": URL, "revision": "HEAD", "directories": [{"path": "shared"}]}}
    made = application_set("made", directories, template=None)
    commit(fleet, {"apps/made.yaml": made.replace("{{name}}", "{{path.basename}}")})
    for default, names in (("release", {"argocd/made:set", "argocd/shared"}), ("main", {"argocd/made:set"})):
        fleet.finding = replace(fleet.finding, branch="release", default_branch=default)
        plan = await fleet.plan()
        changed = {t.target.id.name for t in plan.targets if t.status is TargetStatus.ADDED}
        assert changed == (names if default == "release" else set())
