"""The generator that lists an owner's repositories: which of them, and of their branches, are meant.

The forge is asked for no more than the filters leave open: for branches of those repositories alone that pass the filters
of repositories, for paths where nothing else of a filter says no, and for none after the first that does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.aio import gather_bounded
from bot.render.applicationset.context import Context
from bot.render.applicationset.errors import NotKnown, Ungenerated
from bot.render.applicationset.forge import SHORT, SHORTER, matcher
from bot.render.applicationset.leaves import normalized
from bot.render.applicationset.params import Int64, Params
from bot.render.applicationset.providers import RepositoriesAsked, repositories_asked
from bot.render.applicationset.world import Branch, Repository

_AT_ONCE = 8
_MAX_PATH = 4096
_OF_BRANCHES = frozenset({"branchMatch", "pathsExist", "pathsDoNotExist"})
"""A filter with one of these is one of branches. A repository must pass one of the others, if there are any, as well."""


@dataclass(frozen=True, slots=True)
class _Filter:
    """`present` and `absent` are paths; what is not asked for is None or empty."""

    is_of_branches: bool
    name: Callable[[str], bool] | None
    branch: Callable[[str], bool] | None
    label: Callable[[str], bool] | None
    present: tuple[str, ...]
    absent: tuple[str, ...]

    def fits_repository(self, found: Repository) -> bool:
        if self.name is not None and not self.name(found.name):
            return False
        return self.label is None or any(map(self.label, found.labels))

    async def fits(self, found: Branch, context: Context) -> bool:
        if self.branch is not None and not self.branch(found.name):
            return False
        if not self.fits_repository(found.repository):
            return False
        for path in self.present:
            if not await _has(found, path, context):
                return False
        for path in self.absent:
            if await _has(found, path, context):
                return False
        return True


async def _has(found: Branch, path: str, context: Context) -> bool:
    """What is empty is the root, which every branch has."""
    return not path or await context.world.has_path(found, path)


async def repository_sets(generator: Mapping[str, Any], context: Context, at: str) -> list[Params]:
    context.is_open = True
    filters = [
        _filter(each, f"{at}.filters[{index}]")
        # One that says nothing counts as none.
        for index, each in enumerate(generator.get("filters", ()))
        if each
    ]
    url = _url(generator.get("cloneProtocol", ""), f"{at}.cloneProtocol")
    try:
        asked = repositories_asked(generator)
        repositories = await _repositories(asked, filters, context)
        branches = await _branches(asked, repositories, context, at)
        found = await _passing(branches, filters, context)
    except NotKnown as error:
        raise Ungenerated(error.message, at, hint=error.hint) from None
    context.count(len(found), at)
    sets = [_params(each, url(each.repository)) for each in found]
    await context.with_values(sets, generator.get("values", {}), at)
    return sets


async def _repositories(
    asked: RepositoriesAsked, filters: Sequence[_Filter], context: Context
) -> list[Repository]:
    listed = await context.world.repositories(asked.of, context.namespace)
    tests = [each for each in filters if not each.is_of_branches]
    return [
        each
        for each in listed
        if not (asked.without_archived and each.is_archived)
        and (not tests or any(test.fits_repository(each) for test in tests))
    ]


async def _branches(
    asked: RepositoriesAsked, repositories: Sequence[Repository], context: Context, at: str
) -> list[Branch]:
    async def of(each: Repository) -> tuple[Branch, ...]:
        found = await context.world.branches(each, every=asked.all_branches)
        if asked.needs_branch and not found:
            raise Ungenerated(
                f"{each.organization}/{each.name} has no branch {each.default_branch}, which is an error to Argo CD",
                at,
                hint="push to it, or filter it out by its name",
            )
        return found

    return [each for found in await gather_bounded(_AT_ONCE, of, repositories) for each in found]


async def _passing(branches: Sequence[Branch], filters: Sequence[_Filter], context: Context) -> list[Branch]:
    tests = [each for each in filters if each.is_of_branches]
    if not tests:
        return list(branches)

    async def passes(each: Branch) -> bool:
        for test in tests:
            if await test.fits(each, context):
                return True
        return False

    verdicts = await gather_bounded(_AT_ONCE, passes, branches)
    return [each for each, is_meant in zip(branches, verdicts, strict=True) if is_meant]


def _filter(wanted: Mapping[str, Any], at: str) -> _Filter:
    def matching(name: str) -> Callable[[str], bool] | None:
        return matcher(wanted[name], f"{at}.{name}") if name in wanted else None

    return _Filter(
        bool(_OF_BRANCHES & wanted.keys()),
        matching("repositoryMatch"),
        matching("branchMatch"),
        matching("labelMatch"),
        _paths(wanted.get("pathsExist", ()), f"{at}.pathsExist"),
        _paths(wanted.get("pathsDoNotExist", ()), f"{at}.pathsDoNotExist"),
    )


def _paths(wanted: Sequence[str], at: str) -> tuple[str, ...]:
    found = tuple(each.rstrip("/") for each in wanted)
    for index, path in enumerate(found):
        is_plain = not path or all(part not in ("", ".", "..") for part in path.split("/"))
        if not is_plain or not path.isprintable() or len(path) > _MAX_PATH:
            raise Ungenerated(
                "must be the path of a file or directory as Git has it",
                f"{at}[{index}]",
                hint="write it from the root of the repository, without a slash in front and without dots",
            )
    return found


def _url(protocol: str, at: str) -> Callable[[Repository], str]:
    if protocol in ("", "ssh"):
        return lambda found: found.ssh_url
    if protocol == "https":
        return lambda found: found.https_url
    raise Ungenerated("must be ssh or https, which is all that Argo CD knows of this forge", at)


def _params(found: Branch, url: str) -> Params:
    return {
        "organization": found.repository.organization,
        "repository": found.repository.name,
        "repository_id": Int64(found.repository.id),
        "url": url,
        "branch": found.name,
        "sha": found.sha,
        "short_sha": found.sha[:SHORT],
        "short_sha_7": found.sha[:SHORTER],
        "labels": ",".join(found.repository.labels),
        "branchNormalized": normalized(found.name),
    }
