"""The generators that ask a forge: which of the pull requests and repositories that it lists are meant."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.render.applicationset.context import Context
from bot.render.applicationset.errors import NotKnown, Ungenerated
from bot.render.applicationset.leaves import normalized
from bot.render.applicationset.params import Int64, Params, TextList
from bot.render.applicationset.world import PullRequest, Repository
from bot.render.go_regex import BadPattern, go_regex

_SHORT, _SHORTER = 8, 7
_OF_BRANCHES = frozenset({"branchMatch", "pathsExist", "pathsDoNotExist"})
"""A filter with one of these is one of branches. A repository must pass one of the others, if there are any, as well."""


async def pull_request_sets(generator: Mapping[str, Any], context: Context, at: str) -> list[Params]:
    context.is_open = True
    try:
        listed = await context.world.pull_requests(generator, context.namespace)
    except NotKnown as error:
        raise Ungenerated(error.message, at, hint=error.hint) from None
    filters = generator.get("filters", ())
    tests = [_pull_request_tests(each, f"{at}.filters[{index}]") for index, each in enumerate(filters)]
    pulls = [each for each in listed if not tests or any(all(test(each) for test in one) for one in tests)]
    context.count(len(pulls), at)
    slugs = await _slugs([text for each in pulls for text in (each.branch, each.target_branch)], context)
    sets = [
        _of_pull_request(each, slugs[2 * index], slugs[2 * index + 1], context)
        for index, each in enumerate(pulls)
    ]
    await context.with_values(sets, generator.get("values", {}), at)
    return sets


async def repository_sets(generator: Mapping[str, Any], context: Context, at: str) -> list[Params]:
    context.is_open = True
    try:
        listed = await context.world.repositories(generator, context.namespace)
    except NotKnown as error:
        raise Ungenerated(error.message, at, hint=error.hint) from None
    filters = list(enumerate(generator.get("filters", ())))
    branches = [(index, each) for index, each in filters if _OF_BRANCHES & each.keys()]
    whole = [(index, each) for index, each in filters if not _OF_BRANCHES & each.keys() and each]
    found = listed
    for group in (whole, branches):
        tests = [_repository_tests(each, f"{at}.filters[{index}]") for index, each in group]
        found = tuple(
            each for each in found if not tests or any(all(test(each) for test in one) for one in tests)
        )
    context.count(len(found), at)
    sets = [_of_repository(each) for each in found]
    await context.with_values(sets, generator.get("values", {}), at)
    return sets


async def _slugs(texts: Sequence[str], context: Context) -> list[str]:
    if not texts:
        return []
    return (await context.templates.ask((), (), (), texts)).slugs or []


def _of_pull_request(pull: PullRequest, slug: str, target_slug: str, context: Context) -> Params:
    params: Params = {
        "number": str(pull.number),
        "title": pull.title,
        "branch": pull.branch,
        "branch_slug": slug,
        "target_branch": pull.target_branch,
        "target_branch_slug": target_slug,
        "head_sha": pull.head_sha,
        "head_short_sha": pull.head_sha[:_SHORT],
        "head_short_sha_7": pull.head_sha[:_SHORTER],
        "author": pull.author,
    }
    if context.is_go:
        params["labels"] = TextList(pull.labels)
    return params


def _of_repository(found: Repository) -> Params:
    return {
        "organization": found.organization,
        "repository": found.name,
        "repository_id": Int64(found.id) if isinstance(found.id, int) else found.id,
        "url": found.url,
        "branch": found.branch,
        "sha": found.sha,
        "short_sha": found.sha[:_SHORT],
        "short_sha_7": found.sha[:_SHORTER],
        "labels": ",".join(found.labels),
        "branchNormalized": normalized(found.branch),
    }


def _pull_request_tests(wanted: Mapping[str, Any], at: str) -> list[Callable[[PullRequest], bool]]:
    found: list[Callable[[PullRequest], bool]] = []
    if "branchMatch" in wanted:
        branch = _matches(wanted["branchMatch"], f"{at}.branchMatch")
        found.append(lambda pull: branch(pull.branch))
    if "targetBranchMatch" in wanted:
        target = _matches(wanted["targetBranchMatch"], f"{at}.targetBranchMatch")
        found.append(lambda pull: target(pull.target_branch))
    if "titleMatch" in wanted:
        title = _matches(wanted["titleMatch"], f"{at}.titleMatch")
        found.append(lambda pull: title(pull.title))
    return found


def _repository_tests(wanted: Mapping[str, Any], at: str) -> list[Callable[[Repository], bool]]:
    found: list[Callable[[Repository], bool]] = []
    if "repositoryMatch" in wanted:
        name = _matches(wanted["repositoryMatch"], f"{at}.repositoryMatch")
        found.append(lambda repository: name(repository.name))
    if "labelMatch" in wanted:
        label = _matches(wanted["labelMatch"], f"{at}.labelMatch")
        found.append(lambda repository: any(map(label, repository.labels)))
    if "branchMatch" in wanted:
        branch = _matches(wanted["branchMatch"], f"{at}.branchMatch")
        found.append(lambda repository: branch(repository.branch))
    present, absent = _paths(wanted, "pathsExist"), _paths(wanted, "pathsDoNotExist")
    if present or absent:
        found.append(lambda repository: present <= repository.paths and absent.isdisjoint(repository.paths))
    return found


def _paths(wanted: Mapping[str, Any], name: str) -> frozenset[str]:
    return frozenset(each.rstrip("/") for each in wanted.get(name, ()))


def _matches(pattern: str, at: str) -> Callable[[str], bool]:
    try:
        return go_regex(pattern).matches
    except BadPattern as error:
        raise Ungenerated(error.message, at) from None
