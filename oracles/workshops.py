"""Our side of an oracle: a workshop as a delivery has it, that keeps nothing."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from bot.cli.workshop import make_workshop
from bot.diff.mask import Mask
from bot.planning.elsewhere import Elsewhere
from bot.planning.renderings import Workshop
from bot.render.helm.inputs import ClusterFacts

_CACHE_BYTES = 256 << 20


@asynccontextmanager
async def workshop(directory: Path, facts: ClusterFacts) -> AsyncIterator[Workshop]:
    """Every cluster is the control plane that the controllers see: `facts`."""

    async def asked(_cluster: str) -> ClusterFacts:
        return facts

    made = await make_workshop(
        *(directory / "cache", Mask(os.urandom(32)), _CACHE_BYTES, os.cpu_count() or 1),
        elsewhere=Elsewhere(facts=asked),
    )
    with closing(made):
        yield made
