"""Our side of an oracle: a workshop as a delivery has it, that keeps nothing."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

from bot.cli.workshop import make_workshop
from bot.diff.mask import Mask
from bot.git.foreign import ForeignRepositories
from bot.model.hosts import Hosts
from bot.model.programs import Programs
from bot.planning.elsewhere import Elsewhere
from bot.planning.once import Late
from bot.planning.workshop import Workshop
from bot.registry import Downloads
from bot.render.helm.inputs import ClusterFacts
from bot.render.sandbox import Bounds
from tests.sandbox.cluster.ports import LOOPBACK

_CACHE_BYTES = 256 << 20


@asynccontextmanager
async def workshop(
    directory: Path, facts: ClusterFacts, *, is_asking: bool = False, programs: Programs | None = None
) -> AsyncIterator[Workshop]:
    """Every cluster is the control plane that the controllers see: `facts`. `is_asking` may ask who is on loopback."""

    async def asked(_cluster: str) -> ClusterFacts:
        return facts

    elsewhere = _elsewhere(directory, asked) if is_asking else Elsewhere(facts=asked)
    made = await make_workshop(
        *(directory / "cache", Mask(os.urandom(32)), _CACHE_BYTES, Bounds(os.cpu_count() or 1)),
        elsewhere=elsewhere,
        programs=programs,
    )
    with closing(made):
        yield made
    await elsewhere.close()


def _elsewhere(directory: Path, facts: Callable[[str], Awaitable[ClusterFacts]]) -> Elsewhere:
    hosts = Hosts((f"{LOOPBACK}:*",))
    return Elsewhere(
        Late(lambda: Downloads(directory / "charts", hosts)),
        Late(lambda: ForeignRepositories(directory / "foreign", hosts)),
        facts,
    )
