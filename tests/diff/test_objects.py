from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diff.objects import compare
from bot.model.objects import Manifest
from bot.model.plan import Action, Counts, FieldOp
from tests.diff.build import manifest, masked


def test_equal_renderings_have_no_changes() -> None:
    manifests = (manifest(data={"a": "1"}), manifest("Secret", stringData={"x": "y"}))
    one = masked(*manifests)
    assert compare(one, masked(*manifests)) == ()
    assert compare(one, one) == ()
    assert compare(None, None) == ()


def test_a_target_that_appears_adds_everything_and_one_that_goes_removes_everything() -> None:
    both = masked(manifest(), manifest("Service"))
    assert [c.action for c in compare(None, both)] == [Action.ADDED] * 2
    assert [c.action for c in compare(both, None)] == [Action.REMOVED] * 2


def test_an_added_object_shows_its_content_beside_its_identity() -> None:
    added = masked(manifest(namespace="shop", metadata={"labels": {"a": "b"}}, data={"k": "v"}))
    (change,) = compare(None, added)
    assert [(f.path, f.op, f.new) for f in change.fields] == [
        ("metadata.labels", FieldOp.ADD, {"a": "b"}),
        ("data", FieldOp.ADD, {"k": "v"}),
    ]


def test_another_version_of_the_api_is_a_change_of_one_object() -> None:
    old, new = manifest("Deployment"), manifest("Deployment") | {"apiVersion": "apps/v1beta1"}
    (change,) = compare(masked(old), masked(new))
    assert (change.action, change.api_version) == (Action.CHANGED, "apps/v1beta1")
    assert [f.path for f in change.fields] == ["apiVersion"]


def test_a_generated_name_that_follows_its_content_is_one_object() -> None:
    old = masked(manifest(name="web-config-9d8k2mft6h", data={"a": "1"}))
    new = masked(manifest(name="web-config-2bbb45h6cg", data={"a": "2"}))
    (change,) = compare(old, new)
    assert (change.action, change.id.name) == (Action.CHANGED, "web-config-2bbb45h6cg")
    assert change.old_name == "web-config-9d8k2mft6h"
    assert [f.path for f in change.fields] == ["data.a"]


def test_a_word_is_no_generated_name() -> None:
    old = masked(manifest(name="web-deployment", data={"a": "1"}))
    new = masked(manifest(name="web-production", data={"a": "2"}))
    assert sorted(c.action for c in compare(old, new)) == [Action.ADDED, Action.REMOVED]


def test_an_equal_object_at_another_place_has_moved() -> None:
    old = masked(manifest(name="one", namespace="a", data={"k": "v"}))
    new = masked(manifest(name="two", namespace="b", data={"k": "v"}))
    (change,) = compare(old, new)
    assert (change.action, change.old_name, change.id.name) == (Action.MOVED, "one", "two")
    assert [(f.path, f.old, f.new) for f in change.fields] == [
        ("metadata.name", "one", "two"),
        ("metadata.namespace", "a", "b"),
    ]


def test_a_namespace_never_moves() -> None:
    changes = compare(masked(manifest("Namespace", "old")), masked(manifest("Namespace", "new")))
    assert sorted(c.action for c in changes) == [Action.ADDED, Action.REMOVED]


def hook(events: object, **fields: Any) -> Manifest:
    return manifest(metadata={"annotations": {"helm.sh/hook": events}}, **fields)


def test_a_hook_says_when_it_runs_on_whichever_side_it_is() -> None:
    old, new = hook("pre-install,Pre-Upgrade ", data={"a": "1"}), hook("post-upgrade", data={"a": "2"})
    assert [c.hook for c in compare(masked(old), masked(new))] == ["post-upgrade"]
    assert [c.hook for c in compare(None, masked(new))] == ["post-upgrade"]
    assert [c.hook for c in compare(masked(old), None)] == ["pre-install, pre-upgrade"]
    assert [c.hook for c in compare(masked(old), masked(manifest()))] == [""]


def test_an_annotation_that_is_no_text_makes_no_hook() -> None:
    assert [c.hook for c in compare(None, masked(hook(["pre-install"])))] == [""]
    assert [c.hook for c in compare(None, masked(manifest(metadata={"annotations": None})))] == [""]


def test_a_changed_secret_shows_that_it_changed_and_not_what_it_says() -> None:
    old = masked(manifest("Secret", stringData={"x": "first-value", "same": "same-value"}))
    new = masked(manifest("Secret", stringData={"x": "other-value", "same": "same-value"}))
    (change,) = compare(old, new)
    (field,) = change.fields
    assert field.path == "data.x"
    assert field.old != field.new
    assert "value" not in repr(change)


MANIFESTS = st.lists(
    st.builds(
        lambda kind, name, value: manifest(kind, name, data={"v": value}),
        st.sampled_from(["ConfigMap", "Secret", "Namespace"]),
        st.sampled_from(["a", "b", "c", "x-9d8k2mft6h", "x-2bbb45h6cg"]),
        st.integers(0, 2).map(str),
    ),
    unique_by=lambda m: (m["kind"], m["metadata"]["name"]),
    max_size=8,
)


@given(MANIFESTS, MANIFESTS)
@settings(deadline=None)
def test_every_object_is_in_exactly_one_change(old: list[Manifest], new: list[Manifest]) -> None:
    changes = compare(masked(*old), masked(*new))
    before = {(m["kind"], m["metadata"]["name"]) for m in old}
    after = {(m["kind"], m["metadata"]["name"]) for m in new}
    arrived = [(c.id.kind, c.id.name) for c in changes if c.action is not Action.REMOVED]
    left = [(c.id.kind, c.old_name or c.id.name) for c in changes if c.action is not Action.ADDED]
    assert len(set(arrived)) == len(arrived)
    assert len(set(left)) == len(left)
    assert after - before <= set(arrived) <= after
    assert before - after <= set(left) <= before


@given(MANIFESTS, MANIFESTS)
@settings(deadline=None)
def test_the_way_back_has_the_same_counts(old: list[Manifest], new: list[Manifest]) -> None:
    there = Counts.of(compare(masked(*old), masked(*new)))
    back = Counts.of(compare(masked(*new), masked(*old)))
    assert (there.added, there.changed, there.removed, there.moved) == (
        back.removed, back.changed, back.added, back.moved,
    )  # fmt: skip


@given(MANIFESTS, MANIFESTS, st.randoms())
@settings(deadline=None)
def test_the_answer_does_not_depend_on_the_order_of_objects(
    old: list[Manifest], new: list[Manifest], random: Any
) -> None:
    expected = compare(masked(*old), masked(*new))
    random.shuffle(old)
    random.shuffle(new)
    assert compare(masked(*old), masked(*new)) == expected
