"""kustomize with a real Helm as its child, on files of ours, unconfined: what inflating beforehand is held to."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bot.model.rendering import Rendering
from bot.model.target import Target
from bot.proc.programs import find
from bot.render.brute import checkout
from bot.render.given import NOTHING, Given
from bot.render.objects import Source, rendering
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.trees import Content, Link, MemoryTree, target


def inflated_by_kustomize(
    directory: Path, files: Mapping[str, Content], path: str = "app"
) -> Rendering | str:
    """What it makes, or what it says where it makes nothing."""
    for name, content in files.items():
        place = directory / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            place.symlink_to(content.target)
        else:
            assert isinstance(content, str | bytes)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
    command = [
        *(str(find("kustomize")), "build", "--load-restrictor", "LoadRestrictionsNone"),
        *("--enable-helm", "--helm-command", str(find("helm")), path),
    ]
    environment = {**os.environ, "HOME": str(directory)}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=False)
    return rendering([Source(done.stdout, None)]) if done.returncode == 0 else done.stderr.decode()


async def inflated(
    sandbox: Sandbox, files: Mapping[str, Content], wanted: Target | None = None, given: Given = NOTHING
) -> Rendering:
    """By the trace, and again from a whole checkout, with kustomize in the sandbox for a judge: both ways agree."""
    tree, of = MemoryTree(files), wanted or target()
    made = await render(tree, of, trace(tree, of), sandbox, given)
    async with checkout(tree) as everything:
        slow = await everything.render(of, sandbox, given)
    if not made.failed:
        assert not slow.failed, slow.diagnostics
        assert {o.id: o.manifest for o in made.objects} == {o.id: o.manifest for o in slow.objects}
        assert {(h.object, h.field) for h in made.holes} == {(h.object, h.field) for h in slow.holes}
    return made


async def agreed(
    sandbox: Sandbox, directory: Path, files: Mapping[str, Content], path: str = "app"
) -> Rendering:
    """Inflated both ways, with the same objects in the same order."""
    theirs = inflated_by_kustomize(directory, files, path)
    ours = await inflated(sandbox, files, target(path))
    assert not isinstance(theirs, str), theirs
    assert not ours.failed, ours.diagnostics
    assert [(o.id, o.manifest) for o in ours.objects] == [(o.id, o.manifest) for o in theirs.objects]
    return ours


async def refused(sandbox: Sandbox, directory: Path, files: Mapping[str, Content]) -> str:
    """Neither way makes anything; the reason that is shown."""
    theirs = inflated_by_kustomize(directory, files)
    ours = await inflated(sandbox, files)
    assert isinstance(theirs, str), theirs.objects
    assert ours.failed
    return ours.diagnostics[0].message
