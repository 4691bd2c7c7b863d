"""The generator of pull requests, where somebody can be asked for them."""

from bot.render.applicationset import PullRequest, Templates
from tests.render.applicationset.sets import (
    ForgeWorld,
    application_set,
    go_set,
    made,
    names,
    paths,
    problem,
)

SHA = "0123456789abcdef0123456789abcdef01234567"
PULLS = (
    PullRequest(7, "Add it", "feature/Some_very long-branch" + "-x" * 40, "main", SHA, "ada", ("preview",)),
    PullRequest(8, "[skip] it", "fix", "release/1", "abc", "bob"),
)
WORLD = ForgeWorld(pulls=PULLS)


def pulls(more: str = "") -> str:
    return f"[{{pullRequest: {{github: {{owner: acme, repo: fleet}}{more}}}}}]"


async def test_a_pull_request_gives_its_number_branches_and_commit(templates: Templates) -> None:
    path = (
        "{{branch_slug}} {{target_branch_slug}} {{head_short_sha}} {{head_short_sha_7}} {{author}} {{labels}}"
    )
    found = await made(application_set(pulls(), name="pr-{{number}}", path=path), WORLD, templates)
    slug = "feature-some-very-long-branch-x-x-x-x-x-x-x-x-x-x"
    assert paths(found) == {
        "pr-7": f"{slug} main 01234567 0123456 ada {{{{labels}}}}",
        "pr-8": "fix release-1 abc abc bob {{labels}}",
    }
    assert found.is_open


async def test_labels_of_a_pull_request_are_for_go_templates_and_for_values(templates: Templates) -> None:
    more = ", filters: [{branchMatch: ^feature/}], values: {all: '{{ join \"+\" .labels }}'}"
    manifest = go_set(pulls(more), name="pr-{{.number}}", path="{{.values.all}} {{index .labels 0}}")
    assert paths(await made(manifest, WORLD, templates)) == {"pr-7": "preview preview"}


async def test_a_pull_request_must_pass_all_of_one_filter(templates: Templates) -> None:
    for filters, expected in (
        ("[{titleMatch: ^Add}]", ["pr-7"]),
        ("[{targetBranchMatch: release}, {titleMatch: ^Add}]", ["pr-7", "pr-8"]),
        ("[{targetBranchMatch: main, branchMatch: feature}]", ["pr-7"]),
        ("[{}]", ["pr-7", "pr-8"]),
    ):
        manifest = application_set(pulls(f", filters: {filters}"), name="pr-{{number}}")
        assert names(await made(manifest, WORLD, templates)) == expected


async def test_a_filter_that_is_no_expression_makes_the_set_unknown() -> None:
    manifest = application_set(pulls(", filters: [{branchMatch: '('}]"))
    assert "filters[0].branchMatch: " in await problem(manifest, WORLD)
