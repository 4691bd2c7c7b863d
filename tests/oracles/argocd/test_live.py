"""When Argo CD has said what it has to say."""

from collections.abc import Mapping
from typing import Any

from oracles.argocd.live import Seen


def verdict(annotations: Mapping[str, str] | None = None, **item: Any) -> Any:
    metadata = {"name": "web", "annotations": annotations or {}}
    return Seen({"web": {"metadata": metadata, **item}}).verdicts["Application web"]


def test_an_application_that_was_compared_has_a_verdict() -> None:
    assert verdict(status={}) is None
    assert verdict(status={"reconciledAt": "now", "sync": {"status": "Synced"}}) is not None


def test_an_application_that_cannot_be_compared_has_one_too() -> None:
    assert verdict(status={"conditions": [{"type": "InvalidSpecError", "message": "no"}]}) is not None
    assert verdict(status={"conditions": [{"type": "OrphanedResourceWarning", "message": "x"}]}) is None


def test_an_application_that_is_asked_again_has_none_before_it_answers() -> None:
    erred = {"conditions": [{"type": "ComparisonError", "message": "no"}]}
    assert verdict({"argocd.argoproj.io/refresh": "hard"}, status=erred) is None


def test_an_application_that_is_being_applied_has_none() -> None:
    compared = {"reconciledAt": "now", "sync": {"status": "OutOfSync"}}
    assert verdict(status=compared, operation={}) is None
    assert verdict(status={**compared, "operationState": {"phase": "Running"}}) is None
    assert verdict(status={**compared, "operationState": {"phase": "Failed"}}) is not None


def test_a_set_has_a_verdict_once_it_says_whether_it_erred() -> None:
    said = [{"type": "ErrorOccurred", "status": "False", "reason": "ApplicationSetUpToDate"}]
    silent, spoken = ({"metadata": {"name": "all"}, "status": {"conditions": c}} for c in ([], said))
    assert Seen(sets={"all": silent}).verdicts == {"ApplicationSet all": None}
    assert Seen(sets={"all": spoken}).verdicts["ApplicationSet all"] is not None
