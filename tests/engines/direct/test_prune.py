"""Every condition of a prune, one at a time."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.claims import Claims
from bot.engines.direct.prune import Doomed, Question, decide, guard_digest
from bot.kube.applyset import PART_OF_LABEL, Parent
from bot.kube.record import Entry
from bot.kube.resources import ObjectMeta
from bot.model.objects import Object, ObjectId
from bot.model.rendering import Rendering
from bot.model.target import TargetId
from tests.engines.direct.world import REPO, admit_all, config_map, deployment

MINE, OTHER, BROKEN = TargetId("test", "mine"), TargetId("test", "other"), TargetId("test", "broken")
SET = Parent.of(REPO, MINE).id
OLD = ObjectId("", "ConfigMap", "shop", "old")


def rendered(*manifests: dict[str, Any]) -> Rendering:
    return Rendering(tuple(Object.of(m) for m in manifests))


CLAIMS = Claims.of(
    REPO, {MINE: rendered(config_map("shop", "kept")), OTHER: rendered(deployment("shop", "web"))}
)


def entry(identity: ObjectId = OLD, uid: str = "u1") -> Entry:
    return Entry(identity.group, identity.kind, identity.namespace, identity.name, uid=uid)


def live(identity: ObjectId = OLD, **override: Any) -> ObjectMeta:
    managed = {"manager": "longshore", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {}}
    metadata = {
        "name": identity.name,
        "namespace": identity.namespace,
        "uid": "u1",
        "labels": {PART_OF_LABEL: SET},
        "managedFields": [managed],
        **override,
    }
    return ObjectMeta.of({"metadata": metadata})


def ask(seen: ObjectMeta | None = None, entries: tuple[Entry, ...] = (entry(),), **override: Any) -> Question:
    question = Question(
        entries,
        {e.id: seen if seen is not None else live(e.id) for e in entries},
        inventory_size=20,
        declared=10,
        applyset=SET,
        manager="longshore",
        claims=CLAIMS,
        admits=admit_all,
    )
    return replace(question, **override)


def test_prunes_what_is_ours_and_wanted_by_nobody() -> None:
    plan = decide(ask())
    assert plan.delete == (Doomed(OLD, "u1"),)
    assert plan.guard is None


CONTROLLER = {"kind": "ExternalSecret", "name": "db", "uid": "o", "controller": True}
KEEPING = [
    ("another uid", live(uid="u2"), {}, "made again", False),
    ("label gone", live(labels={}), {}, "no longer carries", False),
    ("moved", live(labels={PART_OF_LABEL: Parent.of(REPO, OTHER).id}), {}, "moved to target test/other", False),
    ("not our manager", live(managedFields=[]), {}, "field manager", False),
    ("controlled", live(ownerReferences=[CONTROLLER]), {}, "controlled by ExternalSecret db", False),
    ("our opt-out", live(annotations={"longshore.dev/prune": "disabled"}), {}, "kept", False),
    ("Flux opt-out", live(annotations={"kustomize.toolkit.fluxcd.io/prune": "Disabled"}), {}, "kept", False),
    ("Argo opt-out", live(annotations={"argocd.argoproj.io/sync-options": "Validate=false, Prune=false"}), {}, "kept", False),
    ("Helm opt-out", live(annotations={"helm.sh/resource-policy": "keep"}), {}, "kept", False),
    ("not allowed", live(), {"admits": lambda identity, *, namespaced: False}, "no longer covered", True),
    (
        "claimed elsewhere",
        live(),
        {"claims": Claims.of(REPO, {OTHER: rendered(config_map("", "old"))})},
        "declared by target test/other",
        True,
    ),
    (
        "an unknown target",
        live(),
        {"claims": Claims.of(REPO, {MINE: rendered(), BROKEN: None})},
        "may be declared by target test/broken",
        True,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "override", "reason", "stays"), [k[1:] for k in KEEPING], ids=[k[0] for k in KEEPING]
)
def test_keeps_what_any_doubt_speaks_for(
    seen: ObjectMeta, override: dict[str, Any], reason: str, stays: bool
) -> None:
    plan = decide(ask(seen, **override))
    assert plan.delete == ()
    (kept,) = plan.kept
    assert reason in kept.reason
    assert kept.stays_ours is stays


def test_an_opt_out_label_counts_like_the_annotation() -> None:
    seen = live(labels={PART_OF_LABEL: SET, "longshore.dev/prune": "disabled"})
    assert decide(ask(seen)).delete == ()


def test_a_write_that_was_announced_and_made_is_pruned_by_its_live_uid() -> None:
    assert decide(ask(live(uid="u9"), (entry(uid=""),))).delete == (Doomed(OLD, "u9"),)


def test_what_is_gone_or_going_is_not_deleted_again() -> None:
    question = ask()
    assert decide(replace(question, live={OLD: None})).gone == (OLD,)
    assert decide(ask(live(deletionTimestamp="2026-01-01T00:00:00Z"))).dying == (OLD,)


def many(count: int) -> tuple[Entry, ...]:
    return tuple(entry(ObjectId("", "ConfigMap", "shop", f"old-{n}")) for n in range(count))


GUARDED = [
    ("nothing rendered", ask(declared=0), "renders nothing"),
    ("far less than before", ask(entries=many(11)), "11 of 20 objects"),
    (
        "a volume claim",
        ask(entries=(entry(ObjectId("", "PersistentVolumeClaim", "shop", "data")),)),
        "its volume",
    ),
    ("a namespace with contents", ask(holds={OLD: "it holds 3 more objects"}), "it holds 3 more"),
    ("a vanished target with much", ask(entries=many(20), declared=0, vanished=True), "20 of 20"),
]


@pytest.mark.parametrize(("question", "reason"), [g[1:] for g in GUARDED], ids=[g[0] for g in GUARDED])
def test_asks_before_it_loses_much_and_lets_exactly_that_go(question: Question, reason: str) -> None:
    plan = decide(question)
    assert plan.guard is not None
    assert reason in plan.guard.reason
    assert plan.guard.digest == guard_digest(plan.delete)
    assert decide(replace(question, allowed=plan.guard.digest)).guard is None
    other = guard_digest([*plan.delete, Doomed(OLD, "another")])
    assert decide(replace(question, allowed=other)).guard is not None


def test_half_of_a_few_needs_no_permission() -> None:
    assert decide(ask(entries=many(10))).guard is None
    assert decide(ask(entries=many(4), inventory_size=5)).guard is None
    assert decide(ask(entries=many(4), inventory_size=4, declared=0, vanished=True)).guard is None


def test_what_was_let_pass_is_not_asked_about_again() -> None:
    question = ask(entries=many(20), declared=0)
    cleared = frozenset(d.key for d in decide(question).delete)
    rest = many(20)[:3]
    assert decide(replace(question, leftovers=rest, cleared=cleared)).guard is None
    strange = entry(ObjectId("", "ConfigMap", "shop", "strange"))
    more = replace(question, leftovers=(*rest, strange), live={**question.live, strange.id: live(strange.id)})
    assert decide(replace(more, cleared=cleared)).guard is not None


@given(st.permutations([Doomed(OLD, "a"), Doomed(OLD, "b"), Doomed(ObjectId("", "Secret", "x", "y"), "c")]))
def test_a_guard_s_digest_names_a_set_and_no_order(doomed: list[Doomed]) -> None:
    assert guard_digest(doomed) == guard_digest(sorted(doomed, key=lambda d: d.key))
