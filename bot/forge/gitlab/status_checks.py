"""External status checks: a verdict that a merge request waits for by itself, beside its pipelines.

A project's maintainers name them; the one that is called like our check is answered by us. Whatever address they gave
it, we answer when our own verdict is there, and again when GitLab's copy of it says something else: it forgets what it
was told with every new commit, and takes one that stays pending for two minutes for failed.
"""

from dataclasses import dataclass
from typing import Final

from bot.forge.errors import ForgeConflict
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.shapes import StatusCheck
from bot.forge.reports import Check, CheckState, Conclusion
from bot.model.repo import RepoId

MAX_CHECKS: Final = 100
WELL: Final = frozenset({Conclusion.SUCCESS, Conclusion.NEUTRAL, Conclusion.SKIPPED})


@dataclass(frozen=True, slots=True)
class StatusChecks:
    projects: Projects

    async def answer(self, repo: RepoId, number: int, check: Check) -> None:
        word = _word(check)
        for asked in await self._named(repo, number, check.name):
            if asked.status != word:
                data = {"sha": check.head_sha, "external_status_check_id": asked.id, "status": word}
                path = f"/merge_requests/{number}/status_check_responses"
                try:
                    await self.projects.send("POST", repo, path, data=data, repeatable=True)
                except ForgeConflict:
                    # The head moved on; nobody waits for this verdict any more.
                    return

    async def agree(self, repo: RepoId, number: int, check: Check) -> bool:
        word = _word(check)
        return all(asked.status == word for asked in await self._named(repo, number, check.name))

    async def _named(self, repo: RepoId, number: int, name: str) -> list[StatusCheck]:
        path = f"/merge_requests/{number}/status_checks"
        found = await self.projects.list(repo, path, StatusCheck, limit=MAX_CHECKS)
        return [asked for asked in found if asked.name == name]


def _word(check: Check) -> str:
    if check.state is not CheckState.DONE:
        return "pending"
    return "passed" if check.conclusion in WELL else "failed"
