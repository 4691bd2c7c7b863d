"""Telling a delivery where people look: the commit's check, the pull requests it came with, the environments.

What was announced already is known by the check's own id; saying the same again writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.aio import gather_bounded
from bot.forge.base import Feature, Forge, TextLimit
from bot.forge.errors import ForgeNotFound
from bot.forge.marker import MarkerKind, Place
from bot.forge.reports import CheckReport, CheckState, DeploymentReport
from bot.loops.head import Head
from bot.loops.stamps import differs
from bot.loops.world import World
from bot.model.delivery import Phase, TargetDelivery
from bot.model.manifests import digest
from bot.model.objects import Digest
from bot.model.repo import PullRequest, PullState, Sha
from bot.report.check import CheckLimits, CheckWords
from bot.report.context import DeliveryContext
from bot.report.delivery import delivery_check, delivery_comment, deployment_words

CHECK = "longshore/deliver"
_MAX_COMMITS = 50
_MAX_PULLS = 20
_AT_ONCE = 4
_MARKER_ROOM = 2 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Announcement:
    """`before` are the revisions that the concerned targets had until now."""

    deliveries: tuple[TargetDelivery, ...]
    before: tuple[Sha, ...] = ()


async def announce(world: World, head: Head, announcement: Announcement) -> None:
    forge, repo = world.forge(head.source.repo), head.source.repo
    start = await _start(head, announcement.before)
    context = DeliveryContext(repo, head.source.branch, head.sha, before=start)
    limits = CheckLimits(forge.capabilities.check_summary, forge.capabilities.check_text)
    words = delivery_check(announcement.deliveries, context, limits)
    identity = _identity(words)
    check = await forge.find_check(repo, head.sha, CHECK)
    if check is not None and forge.capabilities.has(Feature.CHECKS) and check.external_id == identity:
        return
    pulls = await _pulls(forge, head, start) if announcement.deliveries else []
    surprises = await _surprises(world, pulls, announcement.deliveries)
    told = DeliveryContext(
        repo,
        head.source.branch,
        head.sha,
        before=start,
        pulls=tuple(pull.number for pull in pulls),
        surprises=surprises,
    )
    room = TextLimit(
        forge.capabilities.comment.code_points - _MARKER_ROOM,
        forge.capabilities.comment.size_bytes - _MARKER_ROOM,
    )
    body = delivery_comment(announcement.deliveries, told, room)
    for pull in pulls:
        await world.sticky(repo).put(
            Place(repo, pull.number), MarkerKind.DELIVERY, body, {"revision": head.sha}
        )
    await _put_deployments(forge, head, announcement.deliveries)
    # The check comes last: once it carries this identity, everything else has been said.
    await forge.put_check(repo, _report(head, words, identity))
    log.info(
        "delivery_announced",
        branch=str(head.source),
        revision=head.sha,
        targets=len(announcement.deliveries),
        pulls=[pull.number for pull in pulls],
    )


def _identity(words: CheckWords) -> Digest:
    return digest([words.conclusion, words.title, words.summary, words.text])


def _report(head: Head, words: CheckWords, identity: Digest) -> CheckReport:
    state = CheckState.RUNNING if words.conclusion is None else CheckState.DONE
    return CheckReport(
        CHECK,
        head.sha,
        state,
        words.title,
        words.summary,
        words.text,
        words.conclusion,
        words.annotations,
        identity,
    )


async def _start(head: Head, before: Sequence[Sha]) -> Sha | None:
    """Where the range begins: the oldest of the revisions that were delivered; None for a first delivery."""
    start: Sha | None = None
    for sha in dict.fromkeys(before):
        if not await head.repository.contains(sha) or not await head.repository.is_ancestor(sha, head.sha):
            continue
        if start is None or await head.repository.is_ancestor(sha, start):
            start = sha
    return start


async def _pulls(forge: Forge, head: Head, start: Sha | None) -> list[PullRequest]:
    """The pull requests whose merge lies in the range, newest first."""
    if start is None:
        commits = await head.repository.first_parents(head.sha, 1)
    else:
        commits = await head.repository.commits_between(start, head.sha, _MAX_COMMITS)

    async def of(sha: Sha) -> Sequence[PullRequest]:
        try:
            return await forge.pulls_of_commit(head.source.repo, sha)
        except ForgeNotFound:
            return ()

    found: dict[int, PullRequest] = {}
    for pulls in await gather_bounded(_AT_ONCE, of, [commit.sha for commit in commits]):
        for pull in pulls:
            if pull.state is PullState.MERGED and pull.base_ref == head.source.branch:
                found.setdefault(pull.number, pull)
    return list(found.values())[:_MAX_PULLS]


async def _surprises(
    world: World, pulls: Sequence[PullRequest], deliveries: Sequence[TargetDelivery]
) -> tuple[str, ...]:
    """Targets that were delivered otherwise than the newest plan showed, because the base had moved on."""
    if not pulls:
        return ()
    newest = pulls[0]
    posted = await world.sticky(newest.repo).find(Place(newest.repo, newest.number), MarkerKind.PLAN)
    stamp: Mapping[str, str] = posted.payload if posted else {}
    return tuple(
        str(delivery.target)
        for delivery in deliveries
        if delivery.digest is not None and differs(stamp, delivery.target, delivery.digest)
    )


async def _put_deployments(forge: Forge, head: Head, deliveries: Sequence[TargetDelivery]) -> None:
    if not forge.capabilities.has(Feature.DEPLOYMENTS):
        return
    ours = [d for d in deliveries if d.environment and d.phase is not Phase.HANDED_OVER]
    for environment in sorted({delivery.environment for delivery in ours}):
        words = deployment_words([d for d in ours if d.environment == environment])
        report = DeploymentReport(
            environment,
            head.sha,
            head.source.branch,
            words.state,
            key=f"{head.source.branch}/{environment}",
            description=words.description,
        )
        await forge.put_deployment(head.source.repo, report)
