"""The plan loop: closes the distance between a pull request's merge result and the comment and check about it.

A step writes nothing where what is posted still holds. What it posted is known by the sealed marker of its own
comment, which carries the inputs of the plan; so the store may be flushed and nothing is posted twice.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.config import RepositoryConfig
from bot.errors import Temporary, UserError
from bot.forge.base import Feature, TextLimit
from bot.forge.errors import ForgeNotFound
from bot.forge.marker import MarkerKind, Place
from bot.forge.reports import Annotation, CheckReport, CheckState, Conclusion
from bot.git.errors import UnknownRevision
from bot.git.repository import Repository
from bot.loops.allowed import refused, with_permissions
from bot.loops.stamps import plan_stamp
from bot.loops.world import World, now
from bot.model.keys import RECHECK, BranchKey, PullKey
from bot.model.manifests import digest
from bot.model.plan import Plan, Side
from bot.model.rendering import Trust
from bot.model.repo import PullRequest, Sha
from bot.model.steps import Again, Done, StepContext, StepResult
from bot.planning.plan import Change, look, make_plan
from bot.planning.renderings import Renderings
from bot.report.check import CheckLimits, CheckWords, plan_check, planning_check
from bot.report.comment import plan_comment
from bot.report.context import PlanContext
from bot.report.findings import errors, findings_thread
from bot.report.obstacle import Obstacle, ObstacleKind, obstacle_comment, obstacle_title

CHECK = "longshore/plan"
OVERTAKEN = "Not planned: the pull request moved on"
_NOBODYS_FAULT = frozenset({ObstacleKind.FORK, ObstacleKind.ELSEWHERE})
_RACE_S = 3.0
_LAST_ATTEMPT = 3
"""From this one on a failure is said. What was rendered before is kept, so that the next may well succeed."""
_PLANNING_SHARE = 0.8
_MARKER_ROOM = 12 * 1024
"""What a marker may take of a comment."""

log = structlog.get_logger(__name__)


async def step(world: World, context: StepContext, key: str) -> StepResult:
    """Plan one pull request, unless what is posted about it still holds."""
    name = PullKey.parse(key)
    entry = world.served(name.repo)
    if entry is None:
        return Done()
    try:
        pull = await world.forge(name.repo).pull(name.repo, name.number)
    except ForgeNotFound:
        return Done()
    subject = Subject(world, pull, entry)
    if not pull.is_open:
        await subject.end_check()
        await world.forget_pull(name.repo, name.number)
        return Done()
    if pull.base_ref not in await world.delivery_branches(name.repo, entry):
        await subject.leave()
        return Done()
    try:
        return await _planned(subject, context)
    except Temporary:
        raise
    except UserError as error:
        await subject.say(Obstacle(ObstacleKind.REFUSED, error.message, error.hint))
        return Done()
    except Exception:
        if context.attempt >= _LAST_ATTEMPT:
            await subject.say(Obstacle(ObstacleKind.FAILED, run_id=context.run_id))
        raise


async def _planned(subject: "Subject", context: StepContext) -> StepResult:
    """Plan within the time a step has, and keep enough of it to say that it did not suffice. Raises UserError."""
    limit_s = subject.world.config.limits.step_timeout * _PLANNING_SHARE
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            return await subject.plan(context)
    except TimeoutError:
        if limit.expired() and context.attempt >= _LAST_ATTEMPT:
            raise UserError(
                f"planning took longer than {limit_s:.0f} s",
                hint="split the change, or ask the operator to raise limits.stepTimeout",
            ) from None
        raise


@dataclass(frozen=True, slots=True)
class Subject:
    """One pull request while it is planned."""

    world: World
    pull: PullRequest
    entry: RepositoryConfig

    async def plan(self, context: StepContext) -> StepResult:
        if self.pull.is_fork and (missing := self._missing_protections()):
            await self.say(Obstacle(ObstacleKind.FORK, details=missing))
            return Done()
        async with self.world.mirror(self.pull.repo, pull=self.pull.number) as repository:
            fetched = await repository.pull_head(self.pull.number)
            if fetched != self.pull.head_sha:
                return Again.after(_RACE_S, now(), "the head moved while it was fetched")
            return await self._plan_in(repository, context)

    async def _plan_in(self, repository: Repository, context: StepContext) -> StepResult:
        base_sha = await self._base(repository)
        merged = await repository.merge_tree(base_sha, self.pull.head_sha)
        if merged.tree is None:
            await self.say(Obstacle(ObstacleKind.CONFLICT, details=merged.conflicts))
            return Done()
        began = time.monotonic()
        base = Side(self.pull.base_ref, await repository.tree_of(base_sha), base_sha)
        head = Side("merge result", merged.tree, self.pull.head_sha)
        finding = self.world.finding(self.pull.repo, self.entry, self.pull.base_ref)
        async with self.world.visit(self.pull.repo, repository) as errand:
            renderings = Renderings(self.world.workshop, Trust.PULL_REQUEST, errand=errand)
            change = await look(repository, base, head, finding, renderings)
            return await self._plan_change(change, renderings, context, began)

    async def _plan_change(
        self, change: Change, renderings: Renderings, context: StepContext, began: float
    ) -> StepResult:
        posted, base_sha = await self._posted(), change.base.sha
        if (
            RECHECK not in context.reasons
            and self._holds(posted, change)
            and await self._check_stands(change)
        ):
            return Done()
        if not await self._is_as_read():
            return Again.after(_RACE_S, now(), "the pull request moved on while its base was fetched")
        is_stale = posted.get("head") == self.pull.head_sha and "inputs" in posted
        await self._put_check(planning_check(self._context(base_sha, is_stale=is_stale)))
        plan = with_permissions(
            await make_plan(change, renderings), self.world.config, self.pull.repo, self.pull.base_ref
        )
        if await context.is_superseded():
            await self.end_check()
            return Done()
        told = self._context(base_sha, duration_s=time.monotonic() - began)
        if not renderings.is_troubled:
            await self._post(plan, change, told, inputs=change.inputs)
            return Done()
        # Nothing here will look different when what did not answer answers again: the plan is one of nothing.
        await self._post(plan, change, told, inputs="")
        retry_s = self.world.config.schedules.retry
        return Again.after(retry_s, now(), "something that did not answer is asked again")

    async def _is_as_read(self) -> bool:
        """False where it was merged or closed since: against a base that holds it already it seems to change nothing."""
        return await self.world.forge(self.pull.repo).pull(self.pull.repo, self.pull.number) == self.pull

    async def _base(self, repository: Repository) -> Sha:
        try:
            return (await repository.branch(self.pull.base_ref)).sha
        except UnknownRevision:
            raise UserError(
                f"the base branch {self.pull.base_ref} does not exist any more",
                hint="give the pull request another base, or restore the branch",
            ) from None

    def _missing_protections(self) -> tuple[str, ...]:
        """Why a fork's pull request is not rendered here; empty when it may be."""
        match self.world.config.sandbox.forks:
            case "always":
                return ()
            case "never":
                return ("the operator has switched plans for forks off",)
            case "protected":
                return tuple(f"{p.name}: {p.detail}" for p in self.world.workshop.protections if not p.active)

    async def _posted(self) -> Mapping[str, str]:
        found = await self.world.sticky(self.pull.repo).find(self._place, MarkerKind.PLAN)
        return found.payload if found else {}

    def _holds(self, posted: Mapping[str, str], change: Change) -> bool:
        return all(posted.get(name) == value for name, value in self._identity(change).items())

    def _identity(self, change: Change) -> dict[str, str]:
        """What a plan is of: another one of these is another plan."""
        return {
            "head": self.pull.head_sha,
            "base": self.pull.base_ref,
            "inputs": change.inputs,
            "draft": str(self.pull.draft),
            "refused": refused(change.after.targets, self.world.config, self.pull.repo, self.pull.base_ref),
        }

    async def _check_stands(self, change: Change) -> bool:
        forge = self.world.forge(self.pull.repo)
        check = await forge.find_check(self.pull.repo, self.pull.head_sha, self._check, pull=self.pull.number)
        if check is None or check.state is not CheckState.DONE:
            return False
        return check.external_id == change.inputs or not forge.capabilities.has(Feature.CHECKS)

    def _context(
        self, base_sha: Sha | None = None, *, is_stale: bool = False, duration_s: float | None = None
    ) -> PlanContext:
        return PlanContext(
            head_sha=self.pull.head_sha,
            base_sha=base_sha,
            base_ref=self.pull.base_ref,
            on_merge_result=base_sha is not None,
            is_draft=self.pull.draft,
            is_fork=self.pull.is_fork,
            is_stale=is_stale,
            duration_s=duration_s,
        )

    async def _post(self, plan: Plan, change: Change, context: PlanContext, *, inputs: str) -> None:
        """The check first, so that the comment can point to it; its conclusion is what a merge waits for."""
        capabilities = self.world.forge(self.pull.repo).capabilities
        words = plan_check(plan, context, CheckLimits(capabilities.check_summary, capabilities.check_text))
        url = await self._put_check(words, external_id=inputs)
        body = plan_comment(plan, replace(context, details_url=url), _with_room(capabilities.comment))
        await self._put_comment(body, {**self._identity(change), "inputs": inputs, **plan_stamp(plan)})
        await self._put_findings(errors(words.annotations))
        log.info("plan_posted", pull=str(self._key), targets=len(plan.targets), changed=len(plan.changed))

    async def leave(self) -> None:
        """The base is no delivery branch (any more): a plan that was posted must not stand."""
        if await self._posted():
            await self.say(Obstacle(ObstacleKind.ELSEWHERE))

    async def end_check(self) -> None:
        """A check that is under way ends here: nobody comes back to this commit."""
        check = await self.world.forge(self.pull.repo).find_check(
            self.pull.repo, self.pull.head_sha, self._check
        )
        if check is not None and check.state is not CheckState.DONE:
            await self._put_check(CheckWords(Conclusion.CANCELLED, OVERTAKEN, OVERTAKEN))

    async def say(self, obstacle: Obstacle) -> None:
        """Why there is no plan."""
        context = self._context()
        limit = _with_room(self.world.forge(self.pull.repo).capabilities.comment)
        body = obstacle_comment(obstacle, context, limit)
        conclusion = Conclusion.NEUTRAL if obstacle.kind in _NOBODYS_FAULT else Conclusion.FAILURE
        await self._put_check(CheckWords(conclusion, obstacle_title(obstacle), body))
        await self._put_comment(body, {"head": self.pull.head_sha})
        log.info("plan_refused", pull=str(self._key), why=obstacle.kind.value)

    async def _put_comment(self, body: str, payload: Mapping[str, str]) -> None:
        await self.world.sticky(self.pull.repo).put(self._place, MarkerKind.PLAN, body, payload)

    async def _put_findings(self, found: Sequence[Annotation]) -> None:
        """A thread that has to be resolved, where the forge has such and the operator wants it."""
        threads = self.world.threads(self.pull.repo)
        if threads is None:
            return
        if found:
            payload = {"findings": digest([[one.path, one.line, one.message] for one in found])}
            await threads.put(self._place, findings_thread(found), payload)
        else:
            await threads.settle(self._place)

    async def _put_check(self, words: CheckWords, *, external_id: str = "") -> str:
        check = await self.world.forge(self.pull.repo).put_check(
            self.pull.repo,
            CheckReport(
                self._check,
                self.pull.head_sha,
                CheckState.RUNNING if words.conclusion is None else CheckState.DONE,
                words.title,
                words.summary,
                words.text,
                words.conclusion,
                words.annotations,
                external_id,
                pull=self.pull.number,
            ),
        )
        return check.url or ""

    @property
    def _check(self) -> str:
        return self.world.check_name(CHECK, BranchKey(self.pull.repo, self.pull.base_ref))

    @property
    def _place(self) -> Place:
        return Place(self.pull.repo, self.pull.number)

    @property
    def _key(self) -> PullKey:
        return PullKey(self.pull.repo, self.pull.number)


def _with_room(limit: TextLimit) -> TextLimit:
    return TextLimit(limit.code_points - _MARKER_ROOM, limit.size_bytes - _MARKER_ROOM)
