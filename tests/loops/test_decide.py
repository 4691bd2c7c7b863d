"""The order of a delivery, decided from what was read."""

from dataclasses import replace

import pytest

from bot.loops.decide import Decision, Seen, decide, may_prune
from bot.model.delivery import Phase, TargetDelivery
from bot.model.repo import Sha
from bot.model.target import TargetId

HEAD = Sha("a" * 40)


def seen(name: str, *depends_on: str, phase: Phase | None = None, cluster: str = "c") -> Seen:
    target = TargetId(cluster, name)
    delivery = TargetDelivery(target, "staging", HEAD, phase) if phase else None
    return Seen(target, "staging", tuple(TargetId(cluster, d) for d in depends_on), delivery)


def current(name: str, *depends_on: str) -> Seen:
    return replace(seen(name, *depends_on), is_current=True)


def verdict(*targets: Seen) -> Decision:
    return decide(HEAD, targets, ())


def phases(decision: Decision) -> dict[str, str]:
    return {delivery.target.name: delivery.phase.value for delivery in decision.deliveries}


def due(decision: Decision) -> list[str]:
    return [name.name for name in decision.due]


def test_what_waits_for_nothing_goes_at_once() -> None:
    decision = verdict(seen("a"), seen("b"))
    assert due(decision) == ["a", "b"]
    assert phases(decision) == {"a": "waiting", "b": "waiting"}
    assert not decision.is_settled


def test_what_the_operator_has_to_confirm_first_waits_for_him_and_so_does_what_depends_on_it() -> None:
    held = replace(seen("infra"), held="another repository")
    decision = verdict(held, seen("apps", "infra"), seen("other"))
    assert due(decision) == ["other"]
    assert phases(decision) == {"infra": "blocked", "apps": "blocked", "other": "waiting"}
    assert [one.reason for one in decision.deliveries if one.target.name == "infra"] == ["another repository"]


def test_a_target_waits_until_what_it_depends_on_is_delivered() -> None:
    waiting = verdict(seen("apps", "infra"), seen("infra", phase=Phase.CHECKING))
    assert due(waiting) == ["infra"]
    assert waiting.deliveries[0].reason == "waits for c/infra"
    assert due(verdict(seen("apps", "infra"), seen("infra", phase=Phase.DELIVERED))) == ["apps"]
    assert due(verdict(seen("apps", "infra"), current("infra"))) == ["apps"]


def test_a_controllers_target_is_not_waited_for_and_never_due() -> None:
    flux = replace(seen("infra"), handed_over="delivered by Flux")
    assert due(verdict(seen("apps", "infra"), flux)) == ["apps"]


def test_a_controllers_target_is_told_only_where_the_revision_changed_it() -> None:
    flux = replace(seen("infra"), handed_over="delivered by Flux")
    assert decide(HEAD, [flux], ()).deliveries == ()
    (told,) = decide(HEAD, [flux], [flux.target]).deliveries
    assert (told.phase, told.reason) == (Phase.HANDED_OVER, "delivered by Flux")


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.BLOCKED, Phase.UNKNOWN])
def test_what_waits_for_something_that_ended_badly_is_blocked_and_says_by_what(phase: Phase) -> None:
    decision = verdict(seen("apps", "infra"), seen("infra", phase=phase), seen("web", "apps"))
    assert phases(decision)["apps"] == "blocked"
    assert phases(decision)["web"] == "blocked"
    assert decision.deliveries[0].reason == "waits for c/infra"
    assert decision.is_settled


def test_a_dependency_that_does_not_exist_makes_the_target_unknown() -> None:
    (delivery,) = verdict(seen("apps", "nothing")).deliveries
    assert (delivery.phase, delivery.reason) == (Phase.UNKNOWN, "depends on c/nothing, which does not exist")


def test_a_circle_of_dependencies_ends() -> None:
    decision = verdict(seen("a", "b"), seen("b", "a"))
    assert due(decision) == []
    assert phases(decision) == {"a": "waiting", "b": "waiting"}


def test_a_target_that_cannot_be_delivered_says_why_and_delays_nobody_else() -> None:
    lost = replace(seen("a"), why_not="cluster c cannot be asked")
    decision = verdict(lost, seen("b"))
    assert due(decision) == ["b"]
    assert decision.deliveries[0].reason == "cluster c cannot be asked"
    assert phases(decision)["a"] == "unknown"


def test_a_rewritten_branch_waits_for_a_person() -> None:
    decision = verdict(replace(seen("a"), rewritten="main was rewritten"))
    assert decision.deliveries[0].is_rewritten
    assert (due(decision), phases(decision)) == ([], {"a": "blocked"})


def test_what_the_cluster_has_already_is_neither_due_nor_told() -> None:
    assert verdict(current("a")) == Decision((), ())


def test_what_failed_is_final_until_somebody_asks_for_more() -> None:
    decision = verdict(seen("a", phase=Phase.FAILED))
    assert due(decision) == []
    assert decision.is_settled


def test_an_end_that_is_only_hearsay_may_be_tried_again() -> None:
    decision = verdict(replace(seen("a", phase=Phase.FAILED), is_word=True))
    assert due(decision) == ["a"]
    assert decision.is_settled


def test_a_guarded_deletion_is_looked_at_again_with_every_wake() -> None:
    decision = verdict(seen("a", phase=Phase.BLOCKED))
    assert due(decision) == ["a"]
    assert decision.is_settled


def test_pruning_waits_until_every_other_target_of_the_cluster_is_applied() -> None:
    pruning = seen("a", phase=Phase.PRUNING)
    decision = verdict(pruning, seen("b", phase=Phase.APPLYING), seen("x", cluster="other"))
    assert due(decision) == ["b", "x"]
    assert "stays until c/b is applied" in decision.deliveries[0].reason
    assert due(verdict(pruning, seen("b", phase=Phase.CHECKING))) == ["a", "b"]


def test_pruning_that_waits_for_what_failed_is_blocked() -> None:
    decision = verdict(seen("a", phase=Phase.PRUNING), seen("b", phase=Phase.FAILED))
    assert phases(decision) == {"a": "blocked", "b": "failed"}
    assert decision.is_settled


def test_pruning_does_not_wait_for_those_that_wait_for_it() -> None:
    targets = {
        s.target: s for s in (seen("infra", phase=Phase.PRUNING), seen("apps", "infra"), seen("web", "apps"))
    }
    assert may_prune(TargetId("c", "infra"), targets)
    assert not may_prune(TargetId("c", "infra"), {**targets, TargetId("c", "z"): seen("z")})


def test_a_vanished_target_does_not_hold_up_the_others() -> None:
    gone = replace(seen("old"), vanished=True)
    assert may_prune(TargetId("c", "a"), {s.target: s for s in (seen("a", phase=Phase.PRUNING), gone)})


def test_a_target_that_is_declared_no_more_goes_after_all_others_are_applied() -> None:
    gone = replace(seen("old"), vanished=True)
    waiting = verdict(gone, seen("app"))
    assert due(waiting) == ["app"]
    assert "stays until c/app is applied" in waiting.deliveries[1].reason
    assert phases(waiting)["old"] == "waiting"
    assert due(verdict(gone, seen("app", phase=Phase.CHECKING))) == ["app", "old"]
    assert phases(verdict(gone, seen("app", phase=Phase.FAILED)))["old"] == "blocked"
