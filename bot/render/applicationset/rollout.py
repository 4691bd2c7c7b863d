"""What an ApplicationSet says of how its Applications are kept, in sentences: no error, but nothing to overlook."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Severity

_PERCENTAGE = re.compile(r"\d{1,9}%", re.ASCII)
_POLICIES = {
    "create-only": "neither changes nor deletes Applications that exist",
    "create-update": "does not delete Applications that it made",
    "create-delete": "does not change Applications that exist",
}
_SHOWN = 3


def remarks(spec: Mapping[str, Any], applications: Sequence[Manifest]) -> Iterator[Diagnostic]:
    policy = spec.get("syncPolicy", {}).get("applicationsSync", "sync")
    if policy in _POLICIES:
        yield _notice(f"With applicationsSync {policy}, Argo CD {_POLICIES[policy]}.")
    if spec.get("ignoreApplicationDifferences"):
        yield _notice(
            "Argo CD leaves alone what ignoreApplicationDifferences names in Applications that exist."
        )
    strategy = spec.get("strategy", {})
    if strategy.get("type") == "RollingSync" and "rollingSync" in strategy:
        yield from _steps(strategy["rollingSync"].get("steps", ()), applications)
    elif strategy.get("type") not in (None, "", "AllAtOnce"):
        yield _warning(
            "spec.strategy.type must be AllAtOnce or RollingSync with its steps; Argo CD syncs all at once."
        )


def _steps(steps: Sequence[Mapping[str, Any]], applications: Sequence[Manifest]) -> Iterator[Diagnostic]:
    yield _notice(
        "Where progressive syncs are on, Argo CD syncs the Applications step by step and not as each says itself."
    )
    for index, step in enumerate(steps, start=1):
        yield from _step(index, step)
    chosen = [
        [number for number, step in enumerate(steps, start=1) if _selects(step, each)]
        for each in applications
    ]
    names = [each["metadata"]["name"] for each in applications]
    never = [name for name, numbers in zip(names, chosen, strict=True) if not numbers]
    twice = [name for name, numbers in zip(names, chosen, strict=True) if len(numbers) > 1]
    if never:
        yield _warning(f"No step of spec.strategy selects {_listed(never)}: a rolling sync never gets there.")
    if twice:
        yield _warning(f"More than one step of spec.strategy selects {_listed(twice)}.")


def _step(index: int, step: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for expression in step.get("matchExpressions", ()):
        if expression.get("operator") not in ("In", "NotIn"):
            yield _warning(
                f"Step {index} of spec.strategy selects by an operator that is neither In nor NotIn."
            )
    most = step.get("maxUpdate")
    if isinstance(most, str) and not _PERCENTAGE.fullmatch(most):
        yield _warning(f"maxUpdate of step {index} of spec.strategy must be a number or a percentage.")


def _selects(step: Mapping[str, Any], application: Manifest) -> bool:
    labels = application["metadata"].get("labels", {})
    return all(_matches(each, labels) for each in step.get("matchExpressions", ()))


def _matches(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """A label that is missing is in the way of nothing but `In`."""
    key: str = expression.get("key", "")
    operator: str = expression.get("operator", "")
    if key not in labels:
        return operator != "In"
    is_named = labels[key] in expression.get("values", ())
    return (operator == "In" and is_named) or (operator == "NotIn" and not is_named)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _notice(text: str) -> Diagnostic:
    return Diagnostic(Severity.NOTICE, text)


def _warning(text: str) -> Diagnostic:
    return Diagnostic(Severity.WARNING, text)
