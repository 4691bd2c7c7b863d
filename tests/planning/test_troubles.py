"""What goes wrong with one target, and what others must not take it for."""

from collections import Counter
from functools import partial

import pytest

from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.rendering import Severity
from bot.planning.elsewhere import ON_OUR_SIDE
from bot.planning.expansion import Traced
from bot.planning.plan import look, make_plan
from bot.planning.renderings import Ready, Renderings
from bot.planning.room import TraceRoom
from tests.planning.conftest import Bench, config_map, kustomization, statuses, target
from tests.planning.test_flux import flux

SETTINGS = "  postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}\n"


class Faulty(Renderings):
    """Meets what nobody foresaw, at one target."""

    async def _ready(self, tree: Tree, traced: Traced) -> Ready:
        if traced.target.id.name == "flux-system/other":
            raise RecursionError("too deep")
        return await super()._ready(tree, traced)


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.work.commit(
        {
            "clusters/staging/flux-system/gotk-sync.yaml": flux("flux-system", "clusters/staging"),
            "clusters/staging/flux-system/kustomization.yaml": kustomization("gotk-sync.yaml"),
            "clusters/staging/settings.yaml": flux("settings", "settings"),
            "clusters/staging/apps.yaml": flux("apps", "apps", SETTINGS),
            "clusters/staging/other.yaml": flux("other", "other"),
            "settings/settings.yaml": config_map("settings", namespace="flux-system"),
            "apps/a.yaml": config_map("a", "${key}", namespace="shop"),
            "other/x.yaml": config_map("x", namespace="shop"),
        }
    )
    return bench


async def test_what_nobody_foresaw_makes_one_target_unknown_and_no_other(fleet: Bench) -> None:
    changed = {"other/x.yaml": config_map("x", "2", namespace="shop")}
    fleet.work.commit({**changed, "apps/a.yaml": config_map("a", "new", namespace="shop")})
    async with Repository.open(fleet.work.path) as repository:
        sides = await fleet.side(repository, "HEAD~1"), await fleet.side(repository, "HEAD")
        renderings = Faulty(fleet.workshop())
        plan = await make_plan(await look(repository, *sides, fleet.finding, renderings), renderings)
    assert statuses(plan)["staging/flux-system/apps"] == "changed"
    other = target(plan, "flux-system/other", "staging")
    assert other.status == "unknown"
    [error] = [d.message for d in other.diagnostics if d.severity is Severity.ERROR]
    assert error.startswith(ON_OUR_SIDE)
    assert renderings.is_troubled


async def test_whoever_declares_something_and_does_not_render_is_not_taken_for_one_who_declares_nothing(
    fleet: Bench,
) -> None:
    fleet.work.commit({"settings/kustomization.yaml": kustomization("settings.yaml", "gone.yaml")})
    plan = await fleet.plan()
    said = " ".join(d.message for d in target(plan, "flux-system/apps", "staging").diagnostics)
    assert "may be declared by staging/flux-system/settings, which cannot be rendered" in said
    assert "is not declared in this repository" not in said


async def test_targets_that_read_too_much_together_are_unknown_and_the_others_planned(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = {f"many/{number}.yaml": config_map(f"c{number}") for number in range(50)}
    targets = "".join(f"  - {{name: t{n}, cluster: c{n}, path: many, renderer: plain}}\n" for n in range(9))
    bench.work.commit({**many, ".longshore.yaml": f"targets:\n{targets}"})
    bench.work.commit({"many/0.yaml": config_map("c0", "2")})
    monkeypatch.setattr("bot.planning.renderings.TraceRoom", partial(TraceRoom, 300))
    plan = await bench.plan()
    verdicts = Counter(statuses(plan).values())
    assert set(verdicts) == {"changed", "unknown"}
    assert verdicts["changed"] > 1
    for each in plan.targets:
        if each.status == "unknown":
            [said] = [d.message for d in each.diagnostics if d.severity is Severity.ERROR]
            assert "together read more than 300 files and directories" in said
