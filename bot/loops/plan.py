"""The plan loop: closes the distance between a pull request's merge result and the comment and check about it.

A step writes nothing where what is posted still holds. What it posted is known by the sealed marker of its own
comment, which carries the inputs of the plan; so the store may be flushed and nothing is posted twice.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from bot.config import RepositoryConfig
from bot.errors import Temporary, UserError
from bot.forge.base import Feature, Forge, Permission, Queued
from bot.forge.errors import ForgeNotFound
from bot.forge.reports import Check, Conclusion
from bot.git.errors import RefNotFound, UnknownRevision
from bot.git.repository import Repository
from bot.loops.allowed import refused, with_permissions
from bot.loops.stamps import plan_stamp
from bot.loops.told import Told
from bot.loops.world import World, now
from bot.model.keys import RECHECK, PullKey, asker
from bot.model.plan import Side
from bot.model.rendering import Trust
from bot.model.repo import PullRequest, Sha
from bot.model.steps import Again, Done, StepContext, StepResult
from bot.planning.plan import Change, look, make_plan
from bot.planning.renderings import Renderings
from bot.report.check import planning_check
from bot.report.context import PlanContext
from bot.report.obstacle import Obstacle, ObstacleKind

_RACE_S = 3.0
_LAST_ATTEMPT = 3
"""From this one on a failure is said. What was rendered before is kept, so that the next may well succeed."""
_PLANNING_SHARE = 0.8
_AGAIN = "again"
"""In the marker of a plan that lacks something: when that is asked for again, in Unix seconds."""
_LACKING = "something that did not answer is asked again"

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
        await subject.told.end_check()
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
    queued: Queued | None = None
    """Where it waits in a queue of merges: then that is what is planned."""

    @property
    def told(self) -> Told:
        return Told(self.world, self.pull)

    async def plan(self, context: StepContext) -> StepResult:
        if self.pull.is_fork and (missing := self._missing_protections()):
            await self.say(Obstacle(ObstacleKind.FORK, details=missing))
            return Done()
        queued = await self._forge.queued(self.pull.repo, self.pull.number)
        if queued is not None and await self.told.verdict() is None:
            # Nothing else keeps the queue waiting: it has to know at once that there is something to wait for.
            await self.told.check(planning_check(self._context()))
        try:
            return await replace(self, queued=queued).plan_fetched(context)
        except RefNotFound:
            if queued is None:
                raise
            return Again.after(_RACE_S, now(), "it left the queue of merges meanwhile")

    async def plan_fetched(self, context: StepContext) -> StepResult:
        repo, number = self.pull.repo, self.pull.number
        sha, ref = (self.queued.sha, self.queued.ref) if self.queued else (self.pull.head_sha, None)
        async with self.world.mirror(repo, pull=number, ref=ref) as repository:
            if await repository.pull_head(number) != sha:
                return Again.after(_RACE_S, now(), "the head moved while it was fetched")
            sides = await self._sides(repository)
            return await self._plan_in(repository, *sides, context) if sides else Done()

    async def _sides(self, repository: Repository) -> tuple[Side, Side] | None:
        """The base, and what merging into it makes of it; None where that was said to be impossible."""
        if self.queued is not None:
            # The very trees that the forge is about to merge: others go before this one.
            onto = self.queued.onto
            base = Side(self.pull.base_ref, await repository.tree_of(onto), onto)
            return base, Side("merge result", await repository.tree_of(self.queued.sha), self.pull.head_sha)
        base_sha = await self._base(repository)
        merged = await repository.merge_tree(base_sha, self.pull.head_sha)
        if merged.tree is None:
            await self.say(Obstacle(ObstacleKind.CONFLICT, details=merged.conflicts))
            return None
        base = Side(self.pull.base_ref, await repository.tree_of(base_sha), base_sha)
        return base, Side("merge result", merged.tree, self.pull.head_sha)

    async def _plan_in(
        self, repository: Repository, base: Side, head: Side, context: StepContext
    ) -> StepResult:
        began = time.monotonic()
        finding = await self.world.finding(self.pull.repo, self.entry, self.pull.base_ref)
        step = PullKey(self.pull.repo, self.pull.number).plan
        async with self.world.visit(self.pull.repo, repository, step) as errand:
            workshop = self.world.workshop.for_forks() if self.pull.is_fork else self.world.workshop
            renderings = Renderings(workshop, Trust.PULL_REQUEST, errand=errand)
            change = await look(repository, base, head, finding, renderings)
            return await self._plan_change(change, renderings, context, began)

    async def _plan_change(
        self, change: Change, renderings: Renderings, context: StepContext, began: float
    ) -> StepResult:
        posted, verdict = await self.told.posted(), await self.told.verdict()
        is_asked, base_sha = await self._is_asked(context), change.base.sha
        holds = self._holds(posted, change) and self._is_of(verdict, change)
        if holds and not is_asked and (standing := _standing(posted)) is not None:
            return standing
        if not await self._is_as_read():
            return Again.after(_RACE_S, now(), "the pull request moved on while its base was fetched")
        if is_asked or not (holds or _keeps_back(verdict)):
            is_stale = posted.get("head") == self.pull.head_sha and "inputs" in posted
            await self.told.check(planning_check(self._context(base_sha, is_stale=is_stale)))
        plan = with_permissions(
            await make_plan(change, renderings), self.world.config, self.pull.repo, self.pull.base_ref
        )
        if await context.is_superseded():
            await self.told.end_check()
            return Done()
        result: StepResult = Done()
        stamp = {**self._identity(change), **plan_stamp(plan)}
        if renderings.is_troubled:
            # Nothing here will look different when what did not answer answers again: only the time tells.
            result = Again.after(self.world.config.schedules.retry, now(), _LACKING)
            stamp[_AGAIN] = str(int(result.at.timestamp()))
        around = self._context(base_sha, duration_s=time.monotonic() - began)
        await self.told.plan(plan, around, stamp, inputs=change.inputs)
        log.info("plan_posted", pull=self._key, targets=len(plan.targets), changed=len(plan.changed))
        return result

    async def _is_asked(self, context: StepContext) -> bool:
        """Whether somebody who may write here wants a plan although what is posted holds.

        Where the forge lets anybody ask, the reason names who it was.
        """
        if RECHECK in context.reasons:
            return True
        for actor in filter(None, map(asker, context.reasons)):
            if await self._forge.permission(self.pull.repo, actor) >= Permission.WRITE:
                return True
            log.info("asked_without_right", pull=self._key, by=actor.login)
        return False

    async def _is_as_read(self) -> bool:
        """False where it was merged or closed since: against a base that holds it already it seems to change nothing."""
        return await self._forge.pull(self.pull.repo, self.pull.number) == self.pull

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

    def _is_of(self, verdict: Check | None, change: Change) -> bool:
        if verdict is None or verdict.external_id == change.inputs:
            return verdict is not None
        return not self._forge.capabilities.has(Feature.CHECKS)

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
            is_queued=self.queued is not None,
            is_stale=is_stale,
            duration_s=duration_s,
        )

    async def leave(self) -> None:
        """The base is no delivery branch (any more): a plan that was posted must not stand."""
        if await self.told.posted():
            await self.say(Obstacle(ObstacleKind.ELSEWHERE))

    async def say(self, obstacle: Obstacle) -> None:
        """Why there is no plan."""
        await self.told.obstacle(obstacle, self._context())
        log.info("plan_refused", pull=self._key, why=obstacle.kind.value)

    @property
    def _forge(self) -> Forge:
        return self.world.forge(self.pull.repo)

    @property
    def _key(self) -> str:
        return str(PullKey(self.pull.repo, self.pull.number))


def _standing(posted: Mapping[str, str]) -> StepResult | None:
    """What becomes of a plan that holds; None for one whose time has come to be made again."""
    if _AGAIN not in posted:
        return Done()
    at = datetime.fromtimestamp(int(posted[_AGAIN]), UTC)
    return Again(at, _LACKING) if at > now() else None


def _keeps_back(verdict: Check | None) -> bool:
    """Whether it may stand until there is another: on some forges, each time that one begins anew wakes us again."""
    return verdict is not None and verdict.conclusion is Conclusion.FAILURE
