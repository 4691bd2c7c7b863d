"""Targets that are written down, by the team and by the operator."""

from dataclasses import replace

from bot.model.rendering import Severity
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId
from bot.planning.expansion import Finding, Mode
from tests.planning.conftest import Bench, config_map, kustomization, statuses, target

APPS = {
    "apps/kustomization.yaml": kustomization("cm.yaml"),
    "apps/cm.yaml": config_map("app"),
    "other/kustomization.yaml": kustomization("cm.yaml"),
    "other/cm.yaml": config_map("other"),
}
TEAM = "targets:\n- {name: apps, cluster: staging, path: apps}\n"


async def test_the_first_team_file_adds_targets_and_takes_none_away(bench: Bench) -> None:
    bench.work.commit(APPS)
    bench.work.commit({".longshore.yaml": TEAM})
    assert statuses(await bench.plan()) == {"staging/apps": "added"}


async def test_a_team_file_with_mistakes_reports_each_and_plans_the_operators_targets(bench: Bench) -> None:
    own = Target(
        TargetId("staging", "own"), "other", RendererKind.KUSTOMIZE, EngineKind.DIRECT, Origin(Found.CONFIG)
    )
    bench.finding = Finding(declared=(own,))
    bench.work.commit({**APPS, ".longshore.yaml": TEAM})
    bench.work.commit(
        {
            ".longshore.yaml": "targets:\n- {name: apps, clustr: staging, path: /x}\nmore: 1\n",
            "other/cm.yaml": config_map("other", "2"),
        }
    )
    plan = await bench.plan()
    assert statuses(plan)["staging/own"] == "changed"
    errors = [(d.file, d.line, d.message) for d in plan.diagnostics if d.severity is Severity.ERROR]
    assert (".longshore.yaml", 2, "targets[0].clustr: unknown key; did you mean 'cluster'?") in errors
    assert len(errors) >= 4


async def test_a_cluster_that_was_not_given_makes_its_target_unknown(bench: Bench) -> None:
    bench.finding = Finding(clusters=frozenset({"production"}))
    bench.work.commit(APPS)
    bench.work.commit({".longshore.yaml": TEAM})
    plan = await bench.plan()
    assert statuses(plan) == {"staging/apps": "unknown"}
    (diagnostic,) = target(plan, "apps", "staging").diagnostics
    assert "no cluster called 'staging' is given to this repository (given: production)" in diagnostic.message
    assert (diagnostic.file, diagnostic.line) == (".longshore.yaml", 2)


async def test_the_operators_target_wins_over_the_teams_of_the_same_name(bench: Bench) -> None:
    own = Target(
        TargetId("staging", "apps"), "other", RendererKind.KUSTOMIZE, EngineKind.DIRECT, Origin(Found.CONFIG)
    )
    bench.finding = Finding(declared=(own,))
    bench.work.commit({**APPS, ".longshore.yaml": TEAM})
    bench.work.commit({"apps/cm.yaml": config_map("app", "2")})
    assert statuses(await bench.plan()) == {"staging/apps": "unchanged"}


async def test_plain_directories_are_taken_as_they_are(bench: Bench) -> None:
    team = "targets:\n- {name: plain, cluster: c, path: raw, renderer: plain}\n"
    bench.work.commit(
        {".longshore.yaml": team, "raw/a.yaml": config_map("a"), "raw/deep/b.yml": config_map("b")}
    )
    bench.work.commit({"raw/deep/b.yml": config_map("b", "2"), "raw/c.json": '{"a": 1}'})
    plan = await bench.plan()
    assert statuses(plan) == {"c/plain": "unknown"}
    bench.work.git("rm", "-q", "raw/c.json")
    bench.work.commit()
    assert statuses(await bench.plan("HEAD~2")) == {"c/plain": "changed"}


async def test_kustomizations_are_found_only_when_asked_for_beside_a_team_file(bench: Bench) -> None:
    bench.work.commit({**APPS, ".longshore.yaml": TEAM})
    bench.work.commit({"other/cm.yaml": config_map("other", "2")})
    assert statuses(await bench.plan()) == {"staging/apps": "unchanged"}
    bench.finding = replace(bench.finding, mode=Mode.KUSTOMIZE)
    assert statuses(await bench.plan()) == {"apps": "unchanged", "other": "changed"}


async def test_what_a_file_that_cannot_be_used_may_still_declare_is_unknown_not_removed(bench: Bench) -> None:
    bench.work.commit({**APPS, ".longshore.yaml": TEAM})
    bench.work.commit({".longshore.yaml": "targets: [\n"})
    plan = await bench.plan()
    assert statuses(plan) == {"staging/apps": "unknown"}
    assert "not known" in target(plan, "apps", "staging").diagnostics[0].message
    bench.work.commit({".longshore.yaml": "targets: []\n"})
    assert statuses(await bench.plan("HEAD~2")) == {"staging/apps": "removed"}


async def test_a_team_file_that_is_no_file_takes_no_target_of_the_operator_away(bench: Bench) -> None:
    own = Target(
        TargetId("staging", "own"), "other", RendererKind.KUSTOMIZE, EngineKind.DIRECT, Origin(Found.CONFIG)
    )
    bench.finding = Finding(declared=(own,))
    bench.work.commit(APPS)
    bench.work.commit({".longshore.yaml/a.yaml": "x: 1\n"})
    assert statuses(await bench.plan()) == {"staging/own": "unchanged"}
