"""The sweep: finds everything that is open, so that a lost event costs time and nothing else.

Keys: `*` for every repository that is served, `NAME` for those of one forge, `NAME:OWNER/REPO` for one. A
repository that cannot be asked delays no other: each has a key of its own.
"""

from collections.abc import AsyncIterator

import structlog

from bot.config import RepositoryConfig
from bot.forge.errors import ForgeNotFound
from bot.loops.identity import AnotherRepository
from bot.loops.world import World
from bot.model.keys import SWEEP, BranchKey, PullKey
from bot.model.repo import RepoId
from bot.model.steps import Blocked, Done, StepContext, StepKey, StepResult, Wake

ALL = "*"
"""No forge can be called so."""
_REASON = "sweep"

log = structlog.get_logger(__name__)


async def step(world: World, context: StepContext, key: str) -> StepResult:
    if key == ALL:
        await context.wake(*(_sweep(name) for name in world.forges))
        return Done()
    if "/" not in key:
        await context.wake(*[_sweep(str(repo)) async for repo in _repositories(world, key)])
        return Done()
    repo = RepoId.parse(key)
    entry = world.served(repo)
    if entry is None:
        return Done()
    return await _sweep_repository(world, context, repo, entry)


async def _sweep_repository(
    world: World, context: StepContext, repo: RepoId, entry: RepositoryConfig
) -> StepResult:
    forge = world.forge(repo)
    try:
        await _look(world, repo)
        branches = await world.delivery_branches(repo, entry)
        pulls = [pull for branch in branches for pull in await forge.open_pulls(repo, base=branch)]
    except ForgeNotFound as error:
        return Blocked(f"{repo} is configured, but the forge does not show it to us: {error.message}")
    deliveries = [BranchKey(repo, branch).deliver for branch in branches]
    plans = [PullKey(repo, pull.number).plan for pull in pulls]
    await context.wake(*(Wake(woken, _REASON, background=True) for woken in (*deliveries, *plans)))
    return Done()


async def _look(world: World, repo: RepoId) -> None:
    """After a rename its events name another path, and the number that is remembered with this."""
    try:
        await world.located(repo)
    except AnotherRepository as error:
        # The steps that are woken say so where people look.
        log.warning("another_repository", repo=str(repo), reason=str(error))


async def _repositories(world: World, forge_name: str) -> AsyncIterator[RepoId]:
    """Those named outright, and, only where a pattern asks for it, those the forge shows us."""
    forge = world.forges.get(forge_name)
    if forge is None:
        return
    entries = [entry for entry in world.config.repositories if entry.forge == forge_name]
    seen: set[RepoId] = set()
    for entry in entries:
        if "*" not in entry.repository:
            seen.add(RepoId(forge_name, entry.repository))
    if any("*" in entry.repository for entry in entries):
        seen |= {repo for repo in await forge.repositories() if world.served(repo)}
    for repo in sorted(seen):
        yield repo


def _sweep(key: str) -> Wake:
    return Wake(StepKey(SWEEP, key), _REASON, background=True)
