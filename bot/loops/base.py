"""A delivery branch moved: every open pull request onto it is looked at again.

The plan loop decides what to do about each; most find their keys unchanged and write nothing.
"""

from bot.loops.world import World
from bot.model.keys import BranchKey, PullKey
from bot.model.steps import Done, StepContext, StepResult, Wake


async def step(world: World, context: StepContext, key: str) -> StepResult:
    name = BranchKey.parse(key)
    entry = world.served(name.repo)
    if entry is None or name.branch not in await world.delivery_branches(name.repo, entry):
        return Done()
    pulls = await world.forge(name.repo).open_pulls(name.repo, base=name.branch)
    reason = f"{name.branch} moved"
    await context.wake(
        *(Wake(PullKey(name.repo, pull.number).plan, reason, background=True) for pull in pulls)
    )
    return Done()
