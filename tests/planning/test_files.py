"""What files say of controllers, and what of it is known from another tree."""

from bot.discover.repository import RepositoryIdentity
from bot.planning.expansion import Finding
from tests.planning.argocd.declared import URL, application, commit
from tests.planning.conftest import Bench, config_map


async def test_what_a_template_declares_counts_once_its_chart_is_gone_and_no_more_once_it_is_back(
    bench: Bench,
) -> None:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    chart = {"chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n"}
    bench.work.commit(
        {
            "apps/docs.yaml": application("docs", "docs"),
            "chart/templates/web.yaml": application("web", "docs"),
            "docs/cm.yaml": config_map("docs"),
            **chart,
        }
    )
    commit(bench, {"chart/Chart.yaml": None})
    commit(bench, chart)
    for base, head, names in (
        ("HEAD~2", "HEAD~1", {"argocd/docs", "argocd/web"}),
        ("HEAD~1", "HEAD", {"argocd/docs"}),
    ):
        quick, fresh = await bench.expansions(base, head)
        assert {each.name for each in quick.targets} == {each.name for each in fresh.targets} == names
        assert quick.files == fresh.files
