"""The generator that asks a forge for pull requests: which of those that it lists are meant."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.render.applicationset.context import Context
from bot.render.applicationset.errors import NotKnown, Ungenerated
from bot.render.applicationset.params import Params, TextList
from bot.render.applicationset.world import PullRequest
from bot.render.go_regex import BadPattern, go_regex

SHORT, SHORTER = 8, 7


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


async def _slugs(texts: Sequence[str], context: Context) -> list[str]:
    """As the controller has them made: with a dash for each underscore."""
    if not texts:
        return []
    return (await context.templates.ask((), (), (), [each.replace("_", "-") for each in texts])).slugs or []


def _of_pull_request(pull: PullRequest, slug: str, target_slug: str, context: Context) -> Params:
    params: Params = {
        "number": str(pull.number),
        "title": pull.title,
        "branch": pull.branch,
        "branch_slug": slug,
        "target_branch": pull.target_branch,
        "target_branch_slug": target_slug,
        "head_sha": pull.head_sha,
        "head_short_sha": pull.head_sha[:SHORT],
        "head_short_sha_7": pull.head_sha[:SHORTER],
        "author": pull.author,
    }
    if context.is_go:
        params["labels"] = TextList(pull.labels)
    return params


def _pull_request_tests(wanted: Mapping[str, Any], at: str) -> list[Callable[[PullRequest], bool]]:
    found: list[Callable[[PullRequest], bool]] = []
    if "branchMatch" in wanted:
        branch = matcher(wanted["branchMatch"], f"{at}.branchMatch")
        found.append(lambda pull: branch(pull.branch))
    if "targetBranchMatch" in wanted:
        target = matcher(wanted["targetBranchMatch"], f"{at}.targetBranchMatch")
        found.append(lambda pull: target(pull.target_branch))
    if "titleMatch" in wanted:
        title = matcher(wanted["titleMatch"], f"{at}.titleMatch")
        found.append(lambda pull: title(pull.title))
    return found


def matcher(pattern: str, at: str) -> Callable[[str], bool]:
    """Raises `Ungenerated` for what is no expression."""
    try:
        return go_regex(pattern).matches
    except BadPattern as error:
        raise Ungenerated(error.message, at) from None
