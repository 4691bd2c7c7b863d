"""What a pull request is told of its plan: one check on its head, one comment, and where it is wanted one thread.

Putting the same again writes nothing, and whatever is put replaces what stood there: a plan that was withdrawn leaves
neither its words nor its findings behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.forge.base import Feature, Forge, TextLimit
from bot.forge.marker import MarkerKind, Place
from bot.forge.reports import Annotation, Check, CheckReport, CheckState, Conclusion
from bot.loops.world import World
from bot.model.keys import BranchKey
from bot.model.manifests import digest
from bot.model.plan import Plan
from bot.model.repo import PullRequest
from bot.report.check import CheckLimits, CheckWords, plan_check
from bot.report.comment import plan_comment
from bot.report.context import PlanContext
from bot.report.findings import errors, findings_thread
from bot.report.obstacle import Obstacle, ObstacleKind, obstacle_comment, obstacle_title

CHECK = "longshore/plan"
OVERTAKEN = "Not planned: the pull request moved on"
_NOBODYS_FAULT = frozenset({ObstacleKind.FORK, ObstacleKind.ELSEWHERE})
_MARKER_ROOM = 12 * 1024
"""What a marker may take of a comment."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one pull request has been told, and is told next."""

    world: World
    pull: PullRequest

    async def posted(self) -> Mapping[str, str]:
        """What the plan in the comment was made of; empty where there is none."""
        found = await self.world.sticky(self.pull.repo).find(self._place, MarkerKind.PLAN)
        return found.payload if found else {}

    async def verdict(self) -> Check | None:
        """Ours on this head, where the forge looks for it; None where there is none, or we broke off."""
        check = await self._found()
        if check is None or check.state is not CheckState.DONE:
            return None
        return check if check.conclusion is not Conclusion.CANCELLED else None

    async def plan(self, plan: Plan, context: PlanContext, stamp: Mapping[str, str], *, inputs: str) -> None:
        """`stamp` is what it was made of, `inputs` the part that a check can carry."""
        limits = self._forge.capabilities
        words = plan_check(plan, context, CheckLimits(limits.check_summary, limits.check_text))
        if limits.has(Feature.CHECKS):
            # What a merge waits for comes first; the comment can point to it.
            url = await self.check(words, external_id=inputs)
            body = plan_comment(plan, replace(context, details_url=url), _with_room(limits.comment))
            await self._put_comment(body, stamp)
        else:
            # A status of one line has to lead somewhere.
            url = await self._put_comment(plan_comment(plan, context, _with_room(limits.comment)), stamp)
            await self.check(words, url=url)
        await self._put_findings(errors(words.annotations))

    async def obstacle(self, obstacle: Obstacle, context: PlanContext) -> None:
        """Why there is no plan."""
        body = obstacle_comment(obstacle, context, _with_room(self._forge.capabilities.comment))
        conclusion = Conclusion.NEUTRAL if obstacle.kind in _NOBODYS_FAULT else Conclusion.FAILURE
        await self.check(CheckWords(conclusion, obstacle_title(obstacle), body))
        # What a plan found that stands no longer is nobody's to settle.
        await self._put_findings(())
        await self._put_comment(body, {"head": self.pull.head_sha})

    async def check(self, words: CheckWords, *, external_id: str = "", url: str | None = None) -> str:
        """Where it can be read; empty where the forge has no page for it."""
        check = await self._forge.put_check(
            self.pull.repo,
            CheckReport(
                self._name,
                self.pull.head_sha,
                CheckState.RUNNING if words.conclusion is None else CheckState.DONE,
                words.title,
                words.summary,
                words.text,
                words.conclusion,
                words.annotations,
                external_id,
                details_url=url,
                pull=self.pull.number,
            ),
        )
        return check.url or ""

    async def end_check(self) -> None:
        """One that is under way ends here: nobody comes back to this commit."""
        check = await self._found()
        if check is not None and check.state is not CheckState.DONE:
            await self.check(CheckWords(Conclusion.CANCELLED, OVERTAKEN, OVERTAKEN))

    async def _found(self) -> Check | None:
        return await self._forge.find_check(
            self.pull.repo, self.pull.head_sha, self._name, pull=self.pull.number
        )

    async def _put_comment(self, body: str, payload: Mapping[str, str]) -> str:
        sticky = self.world.sticky(self.pull.repo)
        return (await sticky.put(self._place, MarkerKind.PLAN, body, payload)).url

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

    @property
    def _forge(self) -> Forge:
        return self.world.forge(self.pull.repo)

    @property
    def _name(self) -> str:
        return self.world.check_name(CHECK, BranchKey(self.pull.repo, self.pull.base_ref))

    @property
    def _place(self) -> Place:
        return Place(self.pull.repo, self.pull.number)


def _with_room(limit: TextLimit) -> TextLimit:
    return TextLimit(limit.code_points - _MARKER_ROOM, limit.size_bytes - _MARKER_ROOM)
