"""Two targets of one cluster that declare one object."""

from bot.model.plan import TargetPlan
from bot.model.rendering import Severity
from tests.planning.conftest import Bench, config_map, target

TEAM = """targets:
  - {name: one, cluster: staging, path: one, renderer: plain}
  - {name: two, cluster: staging, path: two, renderer: plain}
  - {name: far, cluster: production, path: two, renderer: plain}
"""


def warnings(planned: TargetPlan) -> list[str]:
    return [d.message for d in planned.diagnostics if d.severity is Severity.WARNING]


async def test_an_object_that_another_target_of_the_cluster_declares_is_warned_of(bench: Bench) -> None:
    bench.work.commit({".longshore.yaml": TEAM, "one/a.yaml": config_map("a"), "two/b.yaml": config_map("b")})
    bench.work.commit({"two/a.yaml": config_map("a", "2")})
    plan = await bench.plan()
    [warning] = warnings(target(plan, "two", "staging"))
    assert warning == "ConfigMap a is declared by staging/one as well: they overwrite one another"
    assert warnings(target(plan, "far", "production")) == []
    assert warnings(target(plan, "one", "staging")) == []


async def test_two_targets_that_come_with_the_same_object_are_both_warned_of(bench: Bench) -> None:
    bench.work.commit({".longshore.yaml": TEAM, "one/x.yaml": config_map("x"), "two/z.yaml": config_map("z")})
    bench.work.commit({"one/a.yaml": config_map("a"), "two/a.yaml": config_map("a")})
    plan = await bench.plan()
    assert len(warnings(target(plan, "one", "staging"))) == 1
    assert len(warnings(target(plan, "two", "staging"))) == 1


async def test_an_object_that_moves_from_one_target_to_another_is_no_double_claim(bench: Bench) -> None:
    bench.work.commit({".longshore.yaml": TEAM, "one/a.yaml": config_map("a"), "two/b.yaml": config_map("b")})
    bench.work.git("mv", "one/a.yaml", "two/a.yaml")
    bench.work.commit({"one/c.yaml": config_map("c")})
    plan = await bench.plan()
    assert [warnings(t) for t in plan.targets if t.target.id.cluster == "staging"] == [[], []]
