"""Applications that read other repositories: what cannot be had is unknown, and what is called alike there is not ours."""

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.rendering import ContentKey, Trace, TraceEntry, TraceKind
from bot.model.target import (
    EngineKind,
    Found,
    GitSource,
    OciSource,
    Origin,
    RendererKind,
    Target,
    TargetId,
)
from bot.planning.expansion import Finding, Traced
from tests.planning.argocd.declared import URL, application, commit
from tests.planning.conftest import Bench, config_map, statuses

OTHER = "https://git.example.test/acme/vendor"
CHART = {
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "charts/web/templates/cm.yaml": config_map("chart"),
}


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    return bench


async def test_a_chart_that_changes_is_unknown_where_its_values_cannot_be_had(fleet: Bench) -> None:
    sources = [
        {"repoURL": URL, "path": "charts/web", "helm": {"valueFiles": ["$values/eu.yaml"]}},
        {"repoURL": OTHER, "targetRevision": "main", "ref": "values"},
    ]
    commit(fleet, {**CHART, "apps/web.yaml": application("web", spec={"sources": sources})})
    commit(fleet, {"charts/web/templates/cm.yaml": config_map("chart", "2")})
    assert statuses(await fleet.plan()) == {"in-cluster/argocd/web": "unknown"}


@pytest.mark.parametrize(
    "elsewhere", [{"source": GitSource(OTHER)}, {"oci_source": OciSource("oci://host/x")}]
)
def test_files_of_another_repository_are_none_of_ours(elsewhere: dict[str, object]) -> None:
    target = Target(
        TargetId("in-cluster", "argocd/vendor"),
        "apps",
        RendererKind.PLAIN,
        EngineKind.ARGOCD,
        Origin(Found.ARGOCD_APPLICATION),
        **elsewhere,  # type: ignore[arg-type]
    )
    trace = Trace((TraceEntry("apps/web.yaml", TraceKind.FILE, "100644", "1" * 40),))
    assert Traced(target, trace, ContentKey("k")).files == frozenset()


async def test_a_list_that_is_none_stops_no_plan(fleet: Bench) -> None:
    fleet.finding = Finding()
    odd = application(
        "odd", "docs", spec={"source": {"repoURL": OTHER, "directories": 5, "files": {"path": 1}}}
    )
    commit(
        fleet,
        {"apps/odd.yaml": odd, "apps/web.yaml": application("web", "web"), "web/cm.yaml": config_map("web")},
    )
    commit(fleet, {"web/cm.yaml": config_map("web", "2")})
    assert statuses(await fleet.plan())["in-cluster/argocd/web"] == "changed"
