import time

from bot.diff.across import Comparison, match_across
from bot.diff.objects import compare
from bot.model.objects import Manifest
from bot.model.plan import Action, FieldOp
from bot.model.target import TargetId
from tests.diff.build import manifest, masked


def side(cluster: str, name: str, old: list[Manifest], new: list[Manifest]) -> Comparison:
    base, head = masked(*old), masked(*new)
    return Comparison(TargetId(cluster, name), base, head, compare(base, head))


def test_an_object_that_changes_hands_is_moved_on_both_sides() -> None:
    app = manifest(namespace="shop", data={"a": "1"})
    moved = match_across([side("prod", "old", [app], []), side("prod", "new", [], [app])])
    (given,), (taken,) = moved[TargetId("prod", "old")], moved[TargetId("prod", "new")]
    assert (given.action, given.to_target, given.from_target) == (Action.MOVED, "new", None)
    assert (taken.action, taken.to_target, taken.from_target) == (Action.MOVED, None, "old")
    assert taken.fields == ()


def test_what_the_new_owner_declares_differently_is_on_its_side() -> None:
    old, new = manifest(data={"a": "1"}), manifest(data={"a": "2"})
    moved = match_across([side("prod", "old", [old], []), side("prod", "new", [], [new])])
    (taken,) = moved[TargetId("prod", "new")]
    assert [(f.path, f.op) for f in taken.fields] == [("data.a", FieldOp.REPLACE)]


def test_nothing_moves_between_clusters_or_where_no_cluster_is_known() -> None:
    app = manifest()
    for one, other in (("staging", "prod"), ("", "")):
        sides = [side(one, "old", [app], []), side(other, "new", [], [app])]
        assert match_across(sides) == {c.target: c.changes for c in sides}


def test_only_one_new_owner_takes_the_object() -> None:
    app = manifest()
    sides = [side("prod", "c", [], [app]), side("prod", "b", [], [app]), side("prod", "a", [app], [])]
    actions = {t.name: changes[0].action for t, changes in match_across(sides).items()}
    assert actions == {"a": Action.MOVED, "b": Action.MOVED, "c": Action.ADDED}


def test_thousands_of_objects_move_quickly() -> None:
    many = [manifest(name=f"n{i}") for i in range(4000)]
    sides = [side("prod", "old", many, []), side("prod", "new", [], many)]
    start = time.process_time()
    moved = match_across(sides)
    assert time.process_time() - start < 2.0
    assert all(c.action is Action.MOVED for changes in moved.values() for c in changes)
