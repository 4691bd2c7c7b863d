"""Telling a delivery where people look: the commit's check, the pull requests it came with, the environments.

What was announced already is known by the check's own id; saying the same again writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.aio import gather_bounded
from bot.errors import Temporary
from bot.forge.base import Comment, Feature, Forge, TextLimit
from bot.forge.errors import ForgeForbidden, ForgeInvalid, ForgeNotFound
from bot.forge.marker import MarkerKind, Place
from bot.forge.reports import CheckReport, CheckState, Conclusion, DeploymentReport
from bot.forge.sticky import StickyRemarks
from bot.loops.head import Head
from bot.loops.stamps import differs
from bot.loops.world import World
from bot.model.delivery import Phase, TargetDelivery
from bot.model.keys import BranchKey
from bot.model.manifests import digest
from bot.model.objects import Digest
from bot.model.repo import PullRequest, PullState, RepoId, Sha
from bot.report.check import CheckLimits, CheckWords
from bot.report.context import DeliveryContext
from bot.report.delivery import delivery_check, delivery_comment, deployment_words
from bot.report.escape import one_line, prose

CHECK = "longshore/deliver"
_MAX_COMMITS = 30
_MAX_PULLS = 20
_AT_ONCE = 4
_ASKING = frozenset({Conclusion.FAILURE, Conclusion.ACTION_REQUIRED})
_WELL = frozenset({Conclusion.SUCCESS, Conclusion.NEUTRAL})
_MARKER_ROOM = 2 * 1024
_MAX_TITLE = 140

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Announcement:
    """`before` are the revisions that the concerned targets had until now."""

    deliveries: tuple[TargetDelivery, ...]
    before: tuple[Sha, ...] = ()


async def announce(world: World, head: Head, announcement: Announcement) -> None:
    forge, repo = world.forge(head.source.repo), head.source.repo
    start = await _start(head, announcement.before)
    context = DeliveryContext(repo, head.source.branch, head.sha, before=start, pull_sign=forge.pull_sign)
    limits = CheckLimits(forge.capabilities.check_summary, forge.capabilities.check_text)
    words = delivery_check(announcement.deliveries, context, limits)
    name = world.check_name(CHECK, head.source)
    check = await forge.find_check(repo, head.sha, name)
    commits = await _covered(forge, head, start, name)
    pulls = await _pulls(forge, head, commits) if announcement.deliveries else []
    identity = _identity(words, pulls)
    if check is not None and forge.capabilities.has(Feature.CHECKS) and check.external_id == identity:
        return
    recorded = await _put_deployments(forge, head, announcement.deliveries)
    if recorded.refused:
        context = replace(context, refused=recorded.refused)
        words = delivery_check(announcement.deliveries, context, limits)
    comments = await _put_comments(world, pulls, announcement.deliveries, context)
    wanted = words.conclusion in _ASKING or bool(recorded.refused)
    remark = comments[0] if comments else await _put_remark(world, head, words, wanted=wanted)
    # The check comes last: once it carries this identity, everything else has been said.
    report = _report(name, head, words, "" if recorded.missed else identity)
    if remark is not None and not forge.capabilities.has(Feature.CHECKS):
        # A status of one line has to lead somewhere.
        report = replace(report, details_url=remark.url)
    await forge.put_check(repo, report)
    if recorded.missed is not None:
        raise recorded.missed
    log.info(
        "delivery_announced",
        branch=str(head.source),
        revision=head.sha,
        targets=len(announcement.deliveries),
        pulls=[pull.number for pull in pulls],
    )


async def announce_trouble(world: World, source: BranchKey, why: str) -> None:
    """Say on the branch's commit why its delivery cannot be looked at. Nothing where there is no such branch."""
    forge = world.forge(source.repo)
    sha = await forge.branch_head(source.repo, source.branch)
    if sha is not None:
        title = one_line(f"Trouble with this delivery: {why}", _MAX_TITLE)
        name = world.check_name(CHECK, source)
        report = CheckReport(
            name,
            sha,
            CheckState.DONE,
            title,
            prose(why),
            conclusion=Conclusion.FAILURE,
            branch=source.branch,
        )
        remarks = _remarks(world, source.repo)
        # The title is cut, and the way out comes last.
        body = f"**{prose(title)}**\n\n{prose(why)}"
        remark = await remarks.put(source.repo, sha, body, wanted=True) if remarks else None
        await forge.put_check(source.repo, replace(report, details_url=remark.url) if remark else report)


def _identity(words: CheckWords, pulls: Sequence[PullRequest]) -> Digest:
    """What was said, and to whom: a forge may name a pull request as merged only after its branch has moved."""
    told = [pull.number for pull in pulls]
    return digest([words.conclusion, words.title, words.summary, words.text, told])


def _report(name: str, head: Head, words: CheckWords, identity: str) -> CheckReport:
    state = CheckState.RUNNING if words.conclusion is None else CheckState.DONE
    return CheckReport(
        name,
        head.sha,
        state,
        words.title,
        words.summary,
        words.text,
        words.conclusion,
        words.annotations,
        identity,
        branch=head.source.branch,
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


async def _covered(forge: Forge, head: Head, start: Sha | None, name: str) -> list[Sha]:
    """The commits of the branch that this delivery speaks for, newest first.

    Back to what was delivered, or to a commit whose own delivery ended well: its pull requests have been told. A check
    that an overtaken delivery left running is ended here, since nobody looks at that commit again.
    """
    commits = [commit.sha for commit in await head.repository.first_parents(head.sha, _MAX_COMMITS)]
    passed, spoken_for = [head.sha], 1
    for sha in commits[1:]:
        if sha == start:
            return passed
        check = await forge.find_check(head.source.repo, sha, name)
        if check is not None and check.conclusion in _WELL:
            return passed
        passed.append(sha)
        if check is not None:
            spoken_for = len(passed)
            if check.state is not CheckState.DONE:
                await forge.put_check(head.source.repo, _overtaken(head, sha, name))
    return passed if start is not None else passed[:spoken_for]


def _overtaken(head: Head, sha: Sha, name: str) -> CheckReport:
    title = f"Overtaken by {head.sha[:12]}, which delivers this as well"
    return CheckReport(
        name,
        sha,
        CheckState.DONE,
        title,
        title,
        conclusion=Conclusion.CANCELLED,
        branch=head.source.branch,
    )


async def _pulls(forge: Forge, head: Head, commits: Sequence[Sha]) -> list[PullRequest]:
    """The pull requests that came in with these commits, newest first."""

    async def of(sha: Sha) -> Sequence[PullRequest]:
        try:
            return await forge.pulls_of_commit(head.source.repo, sha)
        except ForgeNotFound:
            return ()

    found: dict[int, PullRequest] = {}
    for pulls in await gather_bounded(_AT_ONCE, of, commits):
        for pull in pulls:
            if pull.state is PullState.MERGED and pull.base_ref == head.source.branch:
                found.setdefault(pull.number, pull)
    return list(found.values())[:_MAX_PULLS]


async def _put_comments(
    world: World,
    pulls: Sequence[PullRequest],
    deliveries: Sequence[TargetDelivery],
    context: DeliveryContext,
) -> list[Comment]:
    """The same words on every pull request that the delivery covers; on the newest first."""
    told = replace(
        context,
        pulls=tuple(pull.number for pull in pulls),
        surprises=await _surprises(world, pulls, deliveries),
    )
    limit = world.forge(context.repo).capabilities.comment
    room = TextLimit(limit.code_points - _MARKER_ROOM, limit.size_bytes - _MARKER_ROOM)
    body = delivery_comment(deliveries, told, room)
    sticky, stamp = world.sticky(context.repo), {"revision": context.revision}
    return [
        await sticky.put(Place(context.repo, pull.number), MarkerKind.DELIVERY, body, stamp) for pull in pulls
    ]


def _remarks(world: World, repo: RepoId) -> StickyRemarks | None:
    """None where the forge has none."""
    forge = world.forge(repo)
    on = forge.commit_remarks
    return StickyRemarks(forge, on, world.seal) if on is not None else None


async def _put_remark(world: World, head: Head, words: CheckWords, *, wanted: bool) -> Comment | None:
    """What went wrong, on the commit itself, where no pull request and no check has room for it; and that it is well."""
    remarks = _remarks(world, head.source.repo)
    if remarks is None:
        return None
    body = "\n\n".join(filter(None, (f"**{prose(words.title)}**", words.summary, words.text)))
    return await remarks.put(head.source.repo, head.sha, body, wanted=wanted)


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


@dataclass(frozen=True, slots=True)
class _Recorded:
    """`refused`: what the forge does not take from us, one sentence each. `missed`: what may work another time."""

    refused: tuple[str, ...] = ()
    missed: Temporary | None = None


async def _put_deployments(forge: Forge, head: Head, deliveries: Sequence[TargetDelivery]) -> _Recorded:
    """One for each environment. What becomes of one keeps nobody from hearing of the others."""
    recorded = _Recorded()
    if not forge.capabilities.has(Feature.DEPLOYMENTS):
        return recorded
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
        try:
            await forge.put_deployment(head.source.repo, report)
        except (ForgeForbidden, ForgeInvalid) as error:
            log.warning("deployment_refused", environment=environment, error=str(error))
            recorded = replace(recorded, refused=(*recorded.refused, str(error)))
        except Temporary as error:
            recorded = replace(recorded, missed=error)
    return recorded
