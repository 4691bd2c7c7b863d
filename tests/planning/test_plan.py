"""What a plan says, on real repositories rendered by the real kustomize."""

import os

import pytest

from bot.git.repository import Repository
from bot.model.plan import Action
from bot.model.rendering import Trust
from bot.planning.expand import expand_one
from bot.planning.plan import look
from bot.planning.renderings import Renderings
from tests.planning.conftest import Bench, config_map, kustomization, statuses, target

FLEET = {
    "base/kustomization.yaml": kustomization("cm.yaml"),
    "base/cm.yaml": config_map("shared"),
    "staging/kustomization.yaml": kustomization("../base", "own.yaml"),
    "staging/own.yaml": config_map("staging"),
    "production/kustomization.yaml": kustomization("../base"),
}


async def test_a_change_in_one_overlay_concerns_that_overlay_alone(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.commit({"staging/own.yaml": config_map("staging", "2")})
    plan = await bench.plan()
    assert statuses(plan) == {"production": "unchanged", "staging": "changed"}
    (change,) = target(plan, "staging").changes
    assert (change.action, [f.path for f in change.fields]) == (Action.CHANGED, ["data.key"])
    assert bench.rendered == ["staging", "staging"]


async def test_a_change_in_a_base_concerns_every_overlay(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.commit({"base/cm.yaml": config_map("shared", "2")})
    assert statuses(await bench.plan()) == {"production": "changed", "staging": "changed"}


async def test_what_nobody_reads_concerns_nobody_and_renders_nothing(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.commit({"README.md": "hello", "base/unused.yaml": config_map("unused")})
    assert set(statuses(await bench.plan()).values()) == {"unchanged"}
    assert bench.rendered == []


async def test_what_was_rendered_once_is_not_rendered_again(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.commit({"staging/own.yaml": config_map("staging", "2")})
    first = await bench.plan()
    bench.rendered.clear()
    assert (await bench.plan()).targets == first.targets
    assert bench.rendered == []


async def test_a_rewrite_that_renders_the_same_is_unchanged(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.commit({"staging/own.yaml": "# why\n" + config_map("staging")})
    assert statuses(await bench.plan())["staging"] == "unchanged"
    assert bench.rendered == ["staging", "staging"]


async def test_an_unrenderable_target_is_unknown_only_where_it_may_have_changed(bench: Bench) -> None:
    bench.work.commit({**FLEET, "broken/kustomization.yaml": kustomization("gone.yaml")})
    bench.work.commit({"staging/own.yaml": config_map("staging", "2")})
    plan = await bench.plan()
    assert statuses(plan)["broken"] == "unchanged"
    assert "gone.yaml" in target(plan, "broken").diagnostics[0].message
    bench.work.commit({"broken/kustomization.yaml": kustomization("gone.yaml", more="namePrefix: a-\n")})
    plan = await bench.plan()
    assert statuses(plan)["broken"] == "unknown"
    assert target(plan, "broken").diagnostics[0].file == "broken/kustomization.yaml"


async def test_a_target_that_breaks_is_unknown_and_the_others_are_planned(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.commit({"staging/own.yaml": "a: [\n", "base/cm.yaml": config_map("shared", "2")})
    plan = await bench.plan()
    assert statuses(plan) == {"production": "changed", "staging": "unknown"}


async def test_a_mended_target_says_what_it_was_before(bench: Bench) -> None:
    bench.work.commit({**FLEET, "staging/own.yaml": "a: [\n"})
    bench.work.commit({"staging/own.yaml": config_map("staging")})
    plan = await bench.plan()
    assert statuses(plan)["staging"] == "unknown"
    assert target(plan, "staging").diagnostics[0].message.startswith("before this change: ")


async def test_targets_come_and_go_with_all_their_objects(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.git("rm", "-rq", "production")
    bench.work.commit({"eu/kustomization.yaml": kustomization("../base", more="nameSuffix: -eu\n")})
    plan = await bench.plan()
    assert statuses(plan) == {"eu": "added", "production": "removed", "staging": "unchanged"}
    assert [c.action for c in target(plan, "production").changes] == [Action.REMOVED]
    assert [c.action for c in target(plan, "eu").changes] == [Action.ADDED]


async def test_a_target_at_another_place_with_the_same_objects_has_moved(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.git("mv", "production", "live")
    bench.work.commit()
    plan = await bench.plan()
    assert statuses(plan) == {"live": "moved", "staging": "unchanged"}
    assert target(plan, "live").changes == ()
    assert target(plan, "live").moved_from == "production"


async def test_several_targets_of_the_same_objects_move_together(bench: Bench) -> None:
    bench.work.commit(FLEET | {"canary/kustomization.yaml": kustomization("../base")})
    bench.work.git("mv", "production", "zone-p")
    bench.work.git("mv", "canary", "zone-c")
    bench.work.commit()
    assert statuses(await bench.plan()) == {"staging": "unchanged", "zone-c": "moved", "zone-p": "moved"}


async def test_what_another_one_begins_to_refer_to_does_not_go(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.commit({"all/kustomization.yaml": kustomization("../production")})
    there, back = await bench.plan(), await bench.plan("HEAD", "HEAD~1")
    assert statuses(there) == {"all": "added", "production": "unchanged", "staging": "unchanged"}
    assert statuses(back) == {"all": "removed", "production": "unchanged", "staging": "unchanged"}


async def test_a_root_that_becomes_a_component_goes(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.commit({"production/kustomization.yaml": "kind: Component\nresources: [../base]\n"})
    assert statuses(await bench.plan())["production"] == "removed"


TWO_TARGETS = """
targets:
- {name: one, cluster: c, path: one}
- {name: two, cluster: c, path: two}
"""


async def test_an_object_that_changes_hands_is_a_move_on_both_sides(bench: Bench) -> None:
    before = {
        ".longshore.yaml": TWO_TARGETS,
        "one/kustomization.yaml": kustomization("a.yaml", "b.yaml"),
        "one/a.yaml": config_map("a"),
        "one/b.yaml": config_map("b"),
        "two/kustomization.yaml": kustomization("c.yaml"),
        "two/c.yaml": config_map("c"),
    }
    bench.work.commit(before)
    bench.work.git("mv", "one/b.yaml", "two/b.yaml")
    bench.work.commit(
        {
            "one/kustomization.yaml": kustomization("a.yaml"),
            "two/kustomization.yaml": kustomization("b.yaml", "c.yaml"),
        }
    )
    plan = await bench.plan()
    (left,) = target(plan, "one", "c").changes
    (arrived,) = target(plan, "two", "c").changes
    assert (left.action, left.to_target) == (Action.MOVED, "two")
    assert (arrived.action, arrived.from_target) == (Action.MOVED, "one")


async def test_two_objects_with_one_identity_make_the_target_unknown(bench: Bench) -> None:
    bench.work.commit(FLEET)
    bench.work.commit({"staging/own.yaml": config_map("x") + "---\n" + config_map("x", "2")})
    plan = await bench.plan()
    assert statuses(plan)["staging"] == "unknown"


async def test_planning_nothing_says_so(bench: Bench) -> None:
    bench.work.commit({"README.md": "hello"})
    bench.work.commit({"README.md": "bye"})
    plan = await bench.plan()
    assert plan.targets == ()
    assert "nothing to deliver was found" in plan.diagnostics[0].message


async def test_the_same_revision_twice_changes_nothing(bench: Bench) -> None:
    bench.work.commit(FLEET)
    assert set(statuses(await bench.plan("HEAD", "HEAD")).values()) == {"unchanged"}


async def test_names_that_are_no_utf_8_have_inputs_like_any_other(bench: Bench) -> None:
    place = os.fsdecode(b"n\xff")
    for value in ("1", "2"):
        bench.work.commit(
            {
                f"{place}/kustomization.yaml": kustomization("cm.yaml"),
                f"{place}/cm.yaml": config_map("a", value),
            }
        )
    async with Repository.open(bench.work.path) as repository:
        sides = await bench.side(repository, "HEAD~1"), await bench.side(repository, "HEAD")
        change = await look(repository, *sides, bench.finding, bench.renderings())
        assert change.inputs.startswith("sha256:")


async def test_what_a_change_from_outside_led_to_is_not_read_by_a_delivery(bench: Bench) -> None:
    bench.work.commit(FLEET)
    workshop = bench.workshop()
    async with Repository.open(bench.work.path) as repository:
        tree = await repository.tree((await bench.side(repository, "HEAD")).tree)
        await expand_one(repository, tree, bench.finding, Renderings(workshop, Trust.PULL_REQUEST))
        assert await Renderings(workshop, Trust.TRUSTED).recall(tree, bench.finding) is None
        await expand_one(repository, tree, bench.finding, Renderings(workshop, Trust.TRUSTED))
        assert await Renderings(workshop, Trust.TRUSTED).recall(tree, bench.finding) is not None


@pytest.mark.parametrize("target", ["/etc/passwd", "../../out", "a.yaml"])
async def test_a_link_out_of_the_repository_that_is_mended_is_a_change(bench: Bench, target: str) -> None:
    bench.work.commit(
        {"apps/kustomization.yaml": kustomization("a.yaml", "b.yaml"), "apps/b.yaml": config_map("b")}
    )
    (bench.work.path / "apps/a.yaml").symlink_to(target)
    bench.work.commit()
    (bench.work.path / "apps/a.yaml").unlink()
    bench.work.commit({"apps/a.yaml": config_map("a")})
    assert statuses(await bench.plan()) == {"apps": "unknown"}
    assert statuses(await bench.plan("HEAD", "HEAD~1")) == {"apps": "unknown"}


async def test_a_directory_where_a_file_is_needed_that_becomes_one_is_a_change(bench: Bench) -> None:
    more = "configMapGenerator: [{name: c, files: [a]}]\n"
    bench.work.commit({"apps/kustomization.yaml": kustomization(more=more), "apps/a/b.txt": "1"})
    bench.work.git("rm", "-qr", "apps/a")
    bench.work.commit({"apps/a": "1"})
    assert statuses(await bench.plan()) == {"apps": "unknown"}
