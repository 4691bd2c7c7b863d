"""What a plan promised, as its comment carries it."""

import json

from bot.forge.marker import MAX_PAYLOAD_BYTES
from bot.loops.stamps import differs, plan_stamp
from bot.model.objects import Digest
from bot.model.plan import Plan, Side, TargetPlan, TargetStatus
from bot.model.repo import TreeId
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId

ONE, OTHER = Digest("sha256:" + "1" * 64), Digest("sha256:" + "2" * 64)
SIDE = Side("main", TreeId("t"))


def planned(
    name: str,
    *,
    cluster: str = "staging",
    engine: EngineKind = EngineKind.DIRECT,
    digest: Digest | None = ONE,
) -> TargetPlan:
    target = Target(TargetId(cluster, name), name, RendererKind.KUSTOMIZE, engine, Origin(Found.CONFIG))
    return TargetPlan(target, TargetStatus.CHANGED, head_digest=digest)


def stamp(*targets: TargetPlan) -> dict[str, str]:
    return plan_stamp(Plan(SIDE, SIDE, targets))


def test_a_delivery_that_does_something_else_differs_from_its_plan() -> None:
    said = stamp(planned("apps"))
    assert not differs(said, TargetId("staging", "apps"), ONE)
    assert differs(said, TargetId("staging", "apps"), OTHER)


def test_what_was_not_promised_is_not_compared() -> None:
    said = stamp(planned("apps", digest=None))
    assert not differs(said, TargetId("staging", "apps"), ONE)
    assert not differs({}, TargetId("staging", "apps"), ONE)


def test_only_what_we_deliver_is_stamped() -> None:
    assert stamp(planned("a", cluster=""), planned("b", engine=EngineKind.FLUX)) == {"targets": ""}


def test_many_targets_with_any_names_fit_into_a_marker() -> None:
    many = [planned(f"\u6e2f-{number}", cluster="") for number in range(500)]
    said = stamp(*many, *(planned(f"apps-{number}") for number in range(500)))
    assert len(json.dumps(said)) < MAX_PAYLOAD_BYTES - 1024
