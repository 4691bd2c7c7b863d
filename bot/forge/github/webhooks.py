"""GitHub's webhooks: proof of origin, delivery id, and the few events that wake something.

The invariant: only fields declared in `payloads` are read, and a value that is not of the declared shape never gets
past this module, so that what becomes a queue key is a repository path, a number or a commit id and nothing else.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from bot.forge.github.payloads import (
    CheckRunPayload,
    CheckSuitePayload,
    HeaderWord,
    InstallationPayload,
    InstallationRepositoriesPayload,
    IssueCommentPayload,
    Payload,
    PullRequestPayload,
    PushPayload,
    Repository,
)
from bot.forge.marker import has_marker
from bot.forge.webhooks import (
    BadSignature,
    CheckRerequested,
    Commented,
    DeliveryId,
    Event,
    MalformedEvent,
    Ping,
    PullAction,
    PullRequestChanged,
    Pushed,
    RepositoriesChanged,
    header,
    too_short,
)
from bot.model.repo import Sha

SIGNATURE_PREFIX = "sha256="

P = TypeVar("P", bound=Payload)

PULL_ACTIONS: Final[Mapping[str, PullAction]] = {
    "opened": PullAction.OPENED,
    "reopened": PullAction.REOPENED,
    "synchronize": PullAction.UPDATED,
    # Gitea's word.
    "synchronized": PullAction.UPDATED,
    "ready_for_review": PullAction.READY,
    "closed": PullAction.CLOSED,
}
# On Gitea a draft is one by its title; GitHub has an action for it, and a plan too many does no harm.
DRAFT_TITLES: Final = ("wip:", "[wip]")

disables_hooks: Final = False
unusable: Final = too_short


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> None:
    """Accept a sha256 signature by any of the secrets; GitHub's older sha1 header counts for nothing."""
    signature = header(headers, "x-hub-signature-256")
    if signature is None:
        raise BadSignature(
            "the delivery has no X-Hub-Signature-256 header", hint="give the webhook a secret on GitHub"
        )
    given = signature.removeprefix(SIGNATURE_PREFIX).encode("utf-8", "surrogateescape")
    # Every secret is tried, so that the time taken does not tell which of them is in use.
    matches = [hmac.compare_digest(given, _signature(secret, body)) for secret in secrets if secret]
    if not signature.startswith(SIGNATURE_PREFIX) or not any(matches):
        raise BadSignature(
            "the signature was made with another secret", hint="compare the secrets here and on GitHub"
        )


def delivery(headers: Mapping[str, str]) -> DeliveryId:
    kind, target, hook = (
        _word(headers, name, default)
        for name, default in (
            ("x-github-hook-installation-target-type", "none"),
            ("x-github-hook-installation-target-id", "0"),
            ("x-github-hook-id", "0"),
        )
    )
    return DeliveryId(f"{kind}/{target}/{hook}", _word(headers, "x-github-delivery"))


def normalise(headers: Mapping[str, str], body: bytes) -> Event | None:
    read = READERS.get(_word(headers, "x-github-event"))
    return read(body) if read else None


def _pull_request(body: bytes) -> Event | None:
    payload = _decode(body, PullRequestPayload)
    action = _edited(payload) if payload.action == "edited" else PULL_ACTIONS.get(payload.action)
    if action is None:
        return None
    pull = payload.pull_request
    return PullRequestChanged(
        payload.repository.full_name,
        pull.number,
        action,
        pull.base.ref,
        Sha(pull.head.sha),
        pull.merged,
        payload.repository.id,
    )


def _edited(payload: PullRequestPayload) -> PullAction | None:
    changes = payload.changes
    if changes is None:
        return None
    if changes.base is not None or changes.ref is not None:
        return PullAction.RETARGETED
    was_draft = changes.title is not None and changes.title.old.lower().startswith(DRAFT_TITLES)
    return PullAction.READY if was_draft and not payload.pull_request.draft else None


def _push(body: bytes) -> Event:
    payload = _decode(body, PushPayload)
    return Pushed(
        payload.repository.full_name,
        payload.ref,
        Sha(payload.before),
        Sha(payload.after),
        payload.deleted or not payload.after.strip("0"),
        payload.forced,
        payload.repository.id,
    )


def _check_run(body: bytes) -> Event | None:
    payload = _decode(body, CheckRunPayload)
    if payload.action != "rerequested":
        return None
    run = payload.check_run
    pulls = tuple(pull.number for pull in run.pull_requests)
    repository = payload.repository
    return CheckRerequested(
        repository.full_name, Sha(run.head_sha), run.name, run.external_id or "", pulls, repository.id
    )


def _check_suite(body: bytes) -> Event | None:
    payload = _decode(body, CheckSuitePayload)
    if payload.action != "rerequested":
        return None
    suite = payload.check_suite
    pulls = tuple(pull.number for pull in suite.pull_requests)
    repository = payload.repository
    return CheckRerequested(repository.full_name, Sha(suite.head_sha), None, "", pulls, repository.id)


def _issue_comment(body: bytes) -> Event | None:
    payload = _decode(body, IssueCommentPayload)
    is_ours = has_marker(payload.comment.body or "")
    if payload.action not in {"created", "edited"} or payload.issue.pull_request is None or is_ours:
        return None
    repository = payload.repository
    return Commented(repository.full_name, payload.issue.number, payload.comment.id, repository.id)


def _installation(body: bytes) -> Event:
    payload = _decode(body, InstallationPayload)
    paths = _paths(payload.repositories)
    if payload.action in {"deleted", "suspend"}:
        return RepositoriesChanged(added=(), removed=paths)
    return RepositoriesChanged(added=paths, removed=())


def _installation_repositories(body: bytes) -> Event:
    payload = _decode(body, InstallationRepositoriesPayload)
    return RepositoriesChanged(_paths(payload.repositories_added), _paths(payload.repositories_removed))


def _ping(_body: bytes) -> Event:
    return Ping()


READERS: Final[Mapping[str, Callable[[bytes], Event | None]]] = {
    "pull_request": _pull_request,
    "push": _push,
    "check_run": _check_run,
    "check_suite": _check_suite,
    "issue_comment": _issue_comment,
    "installation": _installation,
    "installation_repositories": _installation_repositories,
    "ping": _ping,
}


def _decode(body: bytes, shape: type[P]) -> P:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent(f"the delivery is no such event: {error}") from error


def _signature(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, body, "sha256").hex().encode()


def _word(headers: Mapping[str, str], name: str, default: str | None = None) -> str:
    value = header(headers, name) or default
    if value is None:
        raise MalformedEvent(f"the delivery has no {name} header")
    try:
        return msgspec.convert(value, HeaderWord)
    except msgspec.ValidationError as error:
        raise MalformedEvent(f"the {name} header is not one word: {error}") from error


def _paths(repositories: Sequence[Repository]) -> tuple[str, ...]:
    return tuple(repository.full_name for repository in repositories)
