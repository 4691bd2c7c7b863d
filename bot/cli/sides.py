"""What `longshore plan` compares: asked of git alone, so that it is known before the modules that plan are loaded."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from bot.errors import UserError
from bot.git.repository import Repository
from bot.model.repo import Sha, TreeId

if TYPE_CHECKING:
    from bot.model.rendering import Diagnostic


class Start(NamedTuple):
    """One side by the name people know it under; without a commit it is the working tree."""

    label: str
    tree: TreeId
    commit: Sha | None = None


class Sides(NamedTuple):
    """`remarks` are about the working tree, `urls` the repository's remotes."""

    base: Start
    head: Start
    remarks: "Sequence[Diagnostic]"
    urls: Sequence[str]


async def find_sides(repository: Repository, base: str | None, head: str | None) -> Sides:
    """`base` and `head` are revisions. Without a head it is the working tree, without a base where they parted."""
    urls = asyncio.create_task(repository.remote_urls())
    tip = await repository.resolve(head or "HEAD")
    start = _revision(repository, base) if base else _parting(repository, tip)
    if head:
        before, tree = await asyncio.gather(start, repository.tree_of(tip))
        return Sides(before, Start(head, tree, tip), (), await urls)
    from bot.git.worktree import snapshot  # noqa: PLC0415 - two revisions do without

    before, taken = await asyncio.gather(start, snapshot(repository))
    return Sides(before, Start("working tree", taken.tree), taken.remarks, await urls)


async def _revision(repository: Repository, name: str) -> Start:
    commit = await repository.resolve(name)
    return Start(name, await repository.tree_of(commit), commit)


async def _parting(repository: Repository, tip: Sha) -> Start:
    branch = await repository.default_branch()
    commit = await repository.merge_base(branch.sha, tip)
    if commit is None:
        raise UserError(
            f"{branch.name} and the head have no common ancestor", hint="name the base yourself with --base"
        )
    return Start(branch.name, await repository.tree_of(commit), commit)
