"""Two workers beside one store: what one of them loses by sleeping, the other takes, and keeps."""

import os
import signal
from pathlib import Path

import pytest

from tests.sandbox.cluster import ClusterAccess
from tests.sandbox.forge import Seen
from tests.stories.town import Forge, identity_on
from tests.stories.universe import universe

pytestmark = [pytest.mark.timeout(180)]


async def test_a_worker_that_slept_through_its_lease_writes_nothing_when_it_wakes(
    tmp_path: Path, forge: Forge, control_plane: ClusterAccess
) -> None:
    async with universe(tmp_path / "first", forge, control_plane, identity_on(forge)) as here:
        story, asleep, woke = here.story, [False], [False]
        late: list[str] = []

        def stop_at_the_first_apply(seen: Seen) -> None:
            if not seen.is_write:
                return
            if woke[0] and seen.phase == "after":
                late.append(f"{seen.method} {seen.path}")
            is_apply = seen.method == "PATCH" and seen.phase == "after"
            if is_apply and not asleep[0]:
                asleep[0] = True
                os.kill(here.worker.process.pid, signal.SIGSTOP)

        here.proxy.faults.on_request.append(stop_at_the_first_apply)
        sha = await here.change()
        await story.until(lambda: asleep[0], "the first worker sleeps in the middle of a stage")
        async with here.second_worker(tmp_path / "second", control_plane) as second:
            await story.delivered(sha, within_s=60)
            delivered = await story.live("configmaps/settings")
            woke[0] = True
            os.kill(here.worker.process.pid, signal.SIGCONT)
            await story.until(
                lambda: [e for e in here.worker.log.events if e.get("verdict") == "lost"], "the first notices"
            )
            assert late == [], "its time was over, and it wrote nothing more"
            assert await story.live("configmaps/settings") == delivered
            third = await here.change()
            await story.delivered(third, within_s=60)
            assert second.process.is_running
