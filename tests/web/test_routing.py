"""Which keys an event wakes: a table."""

import pytest

from bot.forge.webhooks import (
    CheckRerequested,
    Commented,
    DeploymentChanged,
    Event,
    Ping,
    PullAction,
    PullRequestChanged,
    Pushed,
    RepositoriesChanged,
    VerdictAwaited,
)
from bot.model.repo import Sha
from bot.web.routing import route

SHA = Sha("a" * 40)


def pull(action: PullAction) -> Event:
    return PullRequestChanged("acme/fleet", 7, action, "main", SHA, merged=False)


def push(ref: str) -> Event:
    return Pushed("acme/fleet", ref, SHA, SHA, deleted=False, forced=False)


def check(*pulls: int) -> Event:
    return CheckRerequested("acme/fleet", SHA, "longshore/plan", "", pulls)


MANY = tuple(f"acme/r{number}" for number in range(101))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        *((pull(action), ["plan:gh:acme/fleet#7"]) for action in PullAction),
        (VerdictAwaited("acme/fleet", 7), ["plan:gh:acme/fleet#7"]),
        (Commented("acme/fleet", 7, 1), []),
        (DeploymentChanged("acme/fleet", "staging"), []),
        (push("refs/heads/main"), ["deliver:gh:acme/fleet@main", "base:gh:acme/fleet@main"]),
        (push("refs/heads/feat/a@b"), ["deliver:gh:acme/fleet@feat/a@b", "base:gh:acme/fleet@feat/a@b"]),
        (
            push("refs/heads/\u200dzwj-\U0001f469"),
            ["deliver:gh:acme/fleet@\u200dzwj-\U0001f469", "base:gh:acme/fleet@\u200dzwj-\U0001f469"],
        ),
        (push("refs/tags/v1"), []),
        (check(7, 8), ["plan:gh:acme/fleet#7", "plan:gh:acme/fleet#8"]),
        (check(), ["sweep:gh:acme/fleet"]),
        (RepositoriesChanged(("acme/a", "acme/b"), ()), ["sweep:gh:acme/a", "sweep:gh:acme/b"]),
        (RepositoriesChanged((), ("acme/a",)), []),
        (RepositoriesChanged((), ()), ["sweep:gh"]),
        (RepositoriesChanged(MANY, ()), ["sweep:gh"]),
        (Ping(), []),
    ],
)
def test_an_event_wakes_the_keys_it_may_concern(event: Event, expected: list[str]) -> None:
    assert [str(wake.step) for wake in route("gh", event)] == expected


@pytest.mark.parametrize("action", list(PullAction))
def test_only_what_changes_the_merge_result_overtakes_a_run(action: PullAction) -> None:
    (wake,) = route("gh", pull(action))
    assert wake.supersedes == (action in {PullAction.UPDATED, PullAction.RETARGETED, PullAction.CLOSED})


def test_no_event_goes_into_the_background() -> None:
    for event in (pull(PullAction.OPENED), push("refs/heads/main"), check(), RepositoriesChanged((), ())):
        assert not any(wake.background for wake in route("gh", event))
