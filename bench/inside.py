"""A worker's plan step without the forge, in a process of its own: `python -m bench.inside REPO CACHE BASE HEAD...`.

What is timed is all that the plan loop does between its fetch and its report: open the mirror, merge, find targets on
both sides, render what differs, compare. Printed as JSON, one entry a head.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bot.cli.workshop import make_workshop
from bot.diff.mask import Mask
from bot.discover.repository import RepositoryIdentity
from bot.git.repository import Repository
from bot.model.plan import Plan, Side
from bot.model.repo import Sha
from bot.planning.expansion import Finding
from bot.planning.plan import look, make_plan
from bot.planning.renderings import Renderings
from bot.planning.workshop import Workshop
from bot.render.sandbox import Bounds


async def _plan(workshop: Workshop, repo: Path, branch: str, head_sha: Sha, finding: Finding) -> Plan:
    async with Repository.open(repo) as repository:
        base_sha = await repository.resolve(branch)
        merged = await repository.merge_tree(base_sha, head_sha)
        assert merged.tree is not None
        base = Side(branch, await repository.tree_of(base_sha), base_sha)
        head = Side("merge result", merged.tree, head_sha)
        renderings = Renderings(workshop)
        return await make_plan(await look(repository, base, head, finding, renderings), renderings)


async def _run(repo: Path, cache: Path, base: str, heads: list[str]) -> list[dict[str, Any]]:
    workshop = await make_workshop(cache, Mask(bytes(32)), 512 << 20, Bounds(os.cpu_count() or 1))
    async with Repository.open(repo) as repository:
        finding = Finding(repository=RepositoryIdentity.of(await repository.remote_urls()))
    results = []
    for head in heads:
        began = time.perf_counter()
        plan = await _plan(workshop, repo, base, Sha(head), finding)
        duration_s = time.perf_counter() - began
        results.append(
            {
                "duration_s": duration_s,
                "targets": Counter(t.status.value for t in plan.targets),
                "by_renderer": Counter(f"{t.target.renderer} {t.status}" for t in plan.targets),
            }
        )
    return results


if __name__ == "__main__":
    _, repository, directory, revision, *commits = sys.argv
    sys.stdout.write(json.dumps(asyncio.run(_run(Path(repository), Path(directory), revision, commits))))
