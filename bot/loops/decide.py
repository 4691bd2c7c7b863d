"""Where a delivery stands, and which targets may go on: a plain function of what was read.

A target's place in the order is derived from the records of the targets before it, never stored a second time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.model.delivery import Phase, TargetDelivery
from bot.model.repo import Sha
from bot.model.target import TargetId

_APPLIED = frozenset({Phase.PRUNING, Phase.CHECKING, Phase.DELIVERED, Phase.BLOCKED})
_STUCK = frozenset({Phase.FAILED, Phase.BLOCKED, Phase.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Seen:
    """One target as its cluster tells it.

    `delivery` is the last attempt at this very revision, None when there was none. `is_current`: the cluster has what
    this revision declares, delivered by this or an earlier one. `why_not` is why it cannot be delivered at all.
    `held`: why the operator has to confirm first that it may. `rewritten`: what the cluster has is no ancestor of this
    revision, and nobody has accepted that. `is_word`: the delivery is hearsay, since the cluster could not be told; a step
    may try again at any time.
    """

    target: TargetId
    environment: str
    depends_on: tuple[TargetId, ...] = ()
    delivery: TargetDelivery | None = None
    is_current: bool = False
    why_not: str = ""
    held: str = ""
    rewritten: str = ""
    vanished: bool = False
    is_word: bool = False
    handed_over: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.is_current or (self.delivery is not None and self.delivery.phase is Phase.DELIVERED)

    @property
    def is_applied(self) -> bool:
        return self.is_current or (self.delivery is not None and self.delivery.phase in _APPLIED)


@dataclass(frozen=True, slots=True)
class Decision:
    """`deliveries` tells of every target that this revision concerns; `due` are those to be taken further now."""

    deliveries: tuple[TargetDelivery, ...]
    due: tuple[TargetId, ...]

    @property
    def is_settled(self) -> bool:
        return all(delivery.phase.is_final for delivery in self.deliveries)


def decide(revision: Sha, seen: Sequence[Seen], concerned: Iterable[TargetId]) -> Decision:
    """`concerned` are the targets that this revision changed, told about even when a controller delivers them."""
    by_name = {one.target: one for one in seen}
    told = frozenset(concerned)
    deliveries: list[TargetDelivery] = []
    due: list[TargetId] = []
    for one in sorted(seen, key=lambda s: s.target):
        if one.handed_over:
            if one.target in told:
                deliveries.append(_at(one, revision, Phase.HANDED_OVER, one.handed_over))
            continue
        if one.is_current and (one.delivery is None or one.delivery.phase is Phase.DELIVERED):
            if one.delivery is not None:
                deliveries.append(one.delivery)
            continue
        delivery, may_go = _stand(one, revision, by_name)
        deliveries.append(delivery)
        if may_go:
            due.append(one.target)
    return Decision(tuple(deliveries), tuple(due))


def may_prune(target: TargetId, seen: Mapping[TargetId, Seen]) -> bool:
    """Whether everything that might still claim an object has been applied.

    Targets that wait for this one cannot be waited for; what they declare is known from their renderings.
    """
    return not _holding_up(target, seen)


def _stand(one: Seen, revision: Sha, seen: Mapping[TargetId, Seen]) -> tuple[TargetDelivery, bool]:
    """The delivery as it is told, and whether its step may run."""
    if one.why_not:
        return _at(one, revision, Phase.UNKNOWN, one.why_not), False
    if one.held:
        return _at(one, revision, Phase.BLOCKED, one.held), False
    if one.rewritten:
        return replace(_at(one, revision, Phase.BLOCKED, one.rewritten), is_rewritten=True), False
    deletes = one.vanished if one.delivery is None else one.delivery.phase is Phase.PRUNING
    if deletes and (others := _holding_up(one.target, seen)):
        delivery = one.delivery or _at(one, revision, Phase.WAITING, "")
        stuck = [name for name in others if _is_stuck(seen[name], seen, set())]
        names = ", ".join(str(name) for name in others[:5])
        reason = f"what it declares no more stays until {names} {'is' if len(others) == 1 else 'are'} applied"
        return replace(delivery, phase=Phase.BLOCKED if stuck else delivery.phase, reason=reason), False
    if one.delivery is None:
        return _waiting(one, revision, seen)
    may_go = one.is_word or one.delivery.phase is Phase.BLOCKED or not one.delivery.phase.is_final
    return one.delivery, may_go


def _waiting(one: Seen, revision: Sha, seen: Mapping[TargetId, Seen]) -> tuple[TargetDelivery, bool]:
    missing = [name for name in one.depends_on if name not in seen]
    if missing:
        reason = f"depends on {missing[0]}, which does not exist"
        return _at(one, revision, Phase.UNKNOWN, reason), False
    before = [name for name in one.depends_on if not _is_ready(seen[name])]
    if not before:
        return _at(one, revision, Phase.WAITING, ""), True
    stuck = [name for name in before if _is_stuck(seen[name], seen, {one.target})]
    phase = Phase.BLOCKED if stuck else Phase.WAITING
    names = ", ".join(str(name) for name in (stuck or before)[:5])
    return _at(one, revision, phase, f"waits for {names}"), False


def _is_ready(one: Seen) -> bool:
    """Whether those that depend on it may start. A controller's own targets are not ours to wait for."""
    return bool(one.is_delivered or one.handed_over)


def _is_stuck(one: Seen, seen: Mapping[TargetId, Seen], asked: set[TargetId]) -> bool:
    """Whether it will not get ready by itself: it ended badly, or waits for something that did."""
    if one.is_delivered or one.handed_over or one.target in asked:
        return False
    asked.add(one.target)
    if one.why_not or one.held or one.rewritten:
        return True
    if one.delivery is not None:
        return one.delivery.phase in _STUCK
    return any(name not in seen or _is_stuck(seen[name], seen, asked) for name in one.depends_on)


def _holding_up(target: TargetId, seen: Mapping[TargetId, Seen]) -> list[TargetId]:
    """The targets of the same cluster that must be applied before this one prunes, and are not."""
    dependents = _dependents(target, seen)
    return [
        name
        for name, other in sorted(seen.items())
        if name.cluster == target.cluster
        and name != target
        and name not in dependents
        and not other.handed_over
        and not other.vanished
        and not other.is_applied
    ]


def _dependents(target: TargetId, seen: Mapping[TargetId, Seen]) -> set[TargetId]:
    found: set[TargetId] = set()
    stack = [target]
    while stack:
        name = stack.pop()
        for other in seen.values():
            if name in other.depends_on and other.target not in found:
                found.add(other.target)
                stack.append(other.target)
    return found


def _at(one: Seen, revision: Sha, phase: Phase, reason: str) -> TargetDelivery:
    return TargetDelivery(one.target, one.environment, revision, phase, reason=reason)
