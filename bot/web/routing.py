"""Which keys an event wakes. Pure: an event says where to look, never what to do, and too many wakes only cost time."""

from collections.abc import Sequence

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
from bot.model.keys import RECHECK, SWEEP, BranchKey, PullKey, asked_by
from bot.model.repo import RepoId
from bot.model.steps import StepKey, Wake

MAX_REPOSITORIES = 100
"""More repositories in one event are found by sweeping the whole forge."""
MAX_PULLS = 50
ASKED_DELAY_S = 300.0
"""Within it, however many events are one look at what was asked about: anybody may close and open a pull request."""

_OVERTAKES = frozenset({PullAction.UPDATED, PullAction.RETARGETED, PullAction.CLOSED})


def repositories_of(event: Event) -> Sequence[str]:
    """The repositories an event is about, of which only the served ones count. Empty for all or none."""
    match event:
        case RepositoriesChanged():
            return event.added
        case Ping():
            return ()
        case _:
            return (event.repo_path,)


def route(forge: str, event: Event) -> tuple[Wake, ...]:
    """The keys to look at after this event."""
    match event:
        case PullRequestChanged():
            return (_pull(forge, event),)
        case Pushed():
            return _push(forge, event)
        case CheckRerequested():
            return _check(forge, event)
        case VerdictAwaited():
            key = PullKey(RepoId(forge, event.repo_path), event.number)
            return (Wake(key.plan, "the forge waits for a verdict"),)
        case RepositoriesChanged():
            return _repositories(forge, event)
        case Ping() | Commented() | DeploymentChanged():
            # No loop looks at conversations or at other people's deployments.
            return ()


def asked_about(event: PullRequestChanged, askers: Sequence[StepKey]) -> tuple[Wake, ...]:
    """Plans and deliveries that asked about the pull requests of this event's repository."""
    reason = f"a pull request of {event.repo_path} {event.action}"
    return tuple(Wake(asker, reason, delay_s=ASKED_DELAY_S, background=True) for asker in askers)


def missed(forge: str) -> Wake:
    """What to look at once deliveries of this forge were lost."""
    return _sweep(forge, "deliveries were missed")


def _pull(forge: str, event: PullRequestChanged) -> Wake:
    key = PullKey(RepoId(forge, event.repo_path), event.number)
    return Wake(key.plan, f"pull request {event.action}", supersedes=event.action in _OVERTAKES)


def _push(forge: str, event: Pushed) -> tuple[Wake, ...]:
    """Whether the branch is one that is delivered, or that pull requests are planned onto, the steps find out."""
    if event.branch is None:
        return ()
    key, reason = BranchKey(RepoId(forge, event.repo_path), event.branch), f"push to {event.branch}"
    return (Wake(key.deliver, reason, supersedes=True), Wake(key.base, reason))


def _check(forge: str, event: CheckRerequested) -> tuple[Wake, ...]:
    repo, reason = RepoId(forge, event.repo_path), asked_by(event.by) if event.by else RECHECK
    if not event.pulls:
        # A commit from a fork or on a branch: what belongs to it only the forge can say.
        return (_sweep(str(repo), reason),)
    return tuple(Wake(PullKey(repo, number).plan, reason) for number in event.pulls[:MAX_PULLS])


def _repositories(forge: str, event: RepositoriesChanged) -> tuple[Wake, ...]:
    if event.removed and not event.added:
        return ()
    if not event.added or len(event.added) > MAX_REPOSITORIES:
        return (_sweep(forge, "repositories changed"),)
    return tuple(_sweep(str(RepoId(forge, path)), "repository added") for path in event.added)


def _sweep(key: str, reason: str) -> Wake:
    return Wake(StepKey(SWEEP, key), reason)
