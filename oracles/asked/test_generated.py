"""The Applications that generators give which ask a forge: Argo CD's and ours are the same ones."""

from typing import Any

import pytest

from bot.render.applicationset import Templates
from oracles.asked.owner import Owner, application_set
from tests.sandbox.forge import StandInGitLab

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

EVERYTHING = (
    "{{.organization}}/{{.repository}}/{{.repository_id}}/{{.branch}}/{{.branchNormalized}}/{{.sha}}/{{.short_sha}}"
    "/{{.short_sha_7}}/{{.labels}}/{{.url}}"
)


async def founded(owner: Owner) -> None:
    """Five repositories: with a second branch, archived, empty, of a topic, and one that nobody sees."""
    web = await owner.add("acme/web", "k8s/a.yaml", "README.md", topics=["prod-eu", "stage"])
    await owner.hands.push(web, "Feature/Some_Thing", {"draft.yaml": b""})
    await owner.add("acme/shop", "k8s/b.yaml", topics=["prod-us"], is_archived=True)
    await owner.add("acme/docs", "README.md", topics=["stage"])
    await owner.add("acme/empty")
    await owner.hands.create_repo("acme/hidden", files={"k8s/a.yaml": b""})


async def agree(owner: Owner, templates: Templates, provider: dict[str, Any], **more: Any) -> list[str]:
    """The names of the Applications that both make, which have to be the same in everything."""
    listed = {"scmProvider": {**provider, **more}}
    name = "{{.repository}}-{{.branchNormalized}}"
    theirs, ours = await owner.both(application_set(listed, name=name, path=EVERYTHING), templates)
    assert not theirs.is_problem
    assert ours.applications == theirs.applications
    assert ours.is_problem is (not theirs.applications)
    return sorted(theirs.applications)


async def test_each_repository_gives_the_same_parameters(owner: Owner, templates: Templates) -> None:
    await founded(owner)
    assert await agree(owner, templates, owner.asked()) == ["docs-main", "shop-main", "web-main"]
    every = await agree(owner, templates, owner.asked(allBranches=True), cloneProtocol="https")
    assert every == ["docs-main", "shop-main", "web-feature-some-thing", "web-main"]


@pytest.mark.parametrize(
    "filters",
    [
        [{"repositoryMatch": "^(web|docs)$"}],
        [{"labelMatch": "^prod-"}, {"repositoryMatch": "docs"}],
        [{"labelMatch": "stage", "repositoryMatch": "w"}],
        [{"pathsExist": ["k8s/", "README.md"]}],
        [{"pathsExist": ["k8s/a.yaml"], "pathsDoNotExist": ["draft.yaml"]}, {"branchMatch": "Some_"}],
        [{"pathsDoNotExist": ["k8s"]}],
        [{"labelMatch": "stage"}, {"pathsExist": ["k8s"]}],
        [{"repositoryMatch": "shop", "branchMatch": "main"}],
        [{"pathsExist": []}],
        [{}],
        [{}, {"branchMatch": "Feature"}],
        [{"repositoryMatch": "nothing"}],
    ],
)
async def test_filters_leave_the_same_branches(
    owner: Owner, templates: Templates, filters: list[dict[str, Any]]
) -> None:
    await founded(owner)
    await agree(owner, templates, owner.asked(allBranches=True), filters=filters)


async def test_the_controllers_own_templates_get_the_same_texts(owner: Owner, templates: Templates) -> None:
    await founded(owner)
    path = "{{organization}}/{{repository_id}}/{{labels}}/{{values.site}}/{{none}}"
    listed = {"scmProvider": {**owner.asked(), "values": {"site": "{{repository}}.{{organization}}"}}}
    made = application_set(listed, name="{{repository}}", path=path, sha="{{short_sha}}")
    theirs, ours = await owner.both(made, templates)
    assert ours == theirs
    assert sorted(theirs.applications) == ["docs", "shop", "web"]


async def test_a_matrix_gives_one_the_parameters_of_the_other(owner: Owner, templates: Templates) -> None:
    await founded(owner)
    stages = {"list": {"elements": [{"stage": "blue", "only": "web"}, {"stage": "green", "only": "docs"}]}}
    listed = {"scmProvider": {**owner.asked(), "filters": [{"repositoryMatch": "^{{.only}}$"}]}}
    made = application_set(
        {"matrix": {"generators": [stages, listed]}}, name="{{.repository}}-{{.stage}}", path="{{.labels}}"
    )
    theirs, ours = await owner.both(made, templates)
    assert ours == theirs
    assert sorted(theirs.applications) == ["docs-green", "web-blue"]


@pytest.mark.parametrize(
    "more",
    [
        {"cloneProtocol": "http"},
        {"filters": [{"repositoryMatch": "("}]},
        {"filters": [{"pathsExist": ["../k8s"]}]},
    ],
)
async def test_what_argo_cd_refuses_we_do_not_know(
    owner: Owner, templates: Templates, more: dict[str, Any]
) -> None:
    await founded(owner)
    if owner.provider == "gitlab" and "pathsExist" in str(more):
        more = {"filters": [{"labelMatch": "["}]}
    made = application_set({"scmProvider": {**owner.asked(), **more}}, name="{{.repository}}", path="x")
    theirs, ours = await owner.both(made, templates)
    assert (theirs.is_problem, ours.is_problem) == (True, True)
    assert ours.applications == theirs.applications == {}


async def test_an_owner_that_is_not_there_is_an_error_to_both(owner: Owner, templates: Templates) -> None:
    provider = {owner.provider: {**owner.asked()[owner.provider]}}
    name = "organization" if owner.provider == "github" else "group"
    provider[owner.provider][name] = "other"
    made = application_set({"scmProvider": provider}, name="{{.repository}}", path="x")
    theirs, ours = await owner.both(made, templates)
    assert (theirs.is_problem, ours.is_problem) == (True, True)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["lent-main", "web-main"]),
        ({"includeSharedProjects": False}, ["web-main"]),
        ({"includeSubgroups": True}, ["lent-main", "shop-main", "web-main"]),
        ({"includeSubgroups": True, "includeSharedProjects": False, "topic": "prod"}, ["shop-main"]),
    ],
)
async def test_groups_below_what_is_shared_and_topics_count_alike(
    group: Owner, templates: Templates, fields: dict[str, Any], expected: list[str]
) -> None:
    await group.add("acme/web", "a.yaml")
    await group.add("acme/deep/shop", "a.yaml", topics=["prod"])
    assert isinstance(group.hands, StandInGitLab)
    group.hands.share(await group.add("other/lent", "a.yaml"), "acme")
    assert await agree(group, templates, group.asked(**fields)) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([{"branchMatch": "^a"}], ["pr-1"]),
        ([{"branchMatch": "b"}, {"branchMatch": "^a", "targetBranchMatch": "main"}], ["pr-1", "pr-2"]),
        ([{"targetBranchMatch": "none"}], []),
    ],
)
async def test_filters_leave_the_same_pull_requests(
    owner: Owner, templates: Templates, filters: list[dict[str, Any]], expected: list[str]
) -> None:
    web = await owner.add("acme/web", "README.md")
    for branch, title in (("a", "One"), ("b", "Two"), ("c", "Three")):
        await owner.hands.push(web, branch, {f"{branch}.yaml": b""})
        await owner.hands.open_pull(web, branch, title)
    asked = {"pullRequest": {**owner.asked_pulls("acme/web"), "filters": filters}}
    theirs, ours = await owner.both(application_set(asked, name="pr-{{number}}", path="{{title}}"), templates)
    assert not theirs.is_problem
    assert ours.applications == theirs.applications
    assert sorted(theirs.applications) == expected


async def test_pull_requests_give_the_same_parameters(owner: Owner, templates: Templates) -> None:
    web = await owner.add("acme/web", "README.md")
    for number, branch in enumerate(("Feature/One_And-more", "fix", "closed"), 1):
        await owner.hands.push(web, branch, {f"{number}.yaml": b""})
        pull = await owner.hands.open_pull(web, branch, f"Change {number}", draft=branch == "fix")
        if branch != "fix":
            await owner.hands.label(pull, "preview")
        if branch == "closed":
            await owner.hands.close_pull(pull)
    path = (
        "{{.number}}/{{.title}}/{{.branch}}/{{.branch_slug}}/{{.target_branch}}/{{.target_branch_slug}}/{{.head_sha}}"
        "/{{.head_short_sha}}/{{.head_short_sha_7}}/{{.author}}/{{len .labels}}"
    )
    only_open = {} if owner.provider == "github" else {"pullRequestState": "opened"}
    for more, expected in (({}, ["pr-1", "pr-2"]), ({"labels": ["preview"]}, ["pr-1"])):
        asked = {"pullRequest": owner.asked_pulls("acme/web", **only_open, **more)}
        theirs, ours = await owner.both(application_set(asked, name="pr-{{.number}}", path=path), templates)
        assert not theirs.is_problem
        assert ours == theirs
        assert sorted(theirs.applications) == expected
