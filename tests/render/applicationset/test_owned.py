"""The generator that lists an owner's repositories: which are meant, what they give, and how little is asked for it."""

from dataclasses import replace

import pytest

from bot.render.applicationset import Repository, Templates
from bot.render.applicationset.providers import OwnerAsked
from tests.render.applicationset.sets import ForgeWorld, application_set, go_set, made, names, paths, problem

BY_NAME = "{{repository}}-{{branchNormalized}}"


def repository(name: str, number: int, *labels: str, default: str = "main") -> Repository:
    ssh, https = f"git@git.example:acme/{name}.git", f"https://git.example/acme/{name}.git"
    return Repository("acme", name, number, ssh, https, default, labels)


WEB = repository("web", 12345678, "prod-eu", "prod-us", "stage")
SHOP = repository("shop", 2, "prod-us")
DOCS = repository("docs", 3, "stage")
EMPTY = repository("empty", 4)


def world(*listed: Repository) -> ForgeWorld:
    return ForgeWorld(
        listed=listed or (WEB, SHOP, DOCS, EMPTY),
        paths={
            "web@main": frozenset({"k8s", "k8s/base/kustomization.yaml"}),
            "web@Next/Big_One": frozenset({"k8s", "draft"}),
            "shop@main": frozenset({"k8s", "draft"}),
            "docs@main": frozenset(),
        },
    )


def listing(more: str = "", provider: str = "github: {organization: acme}") -> str:
    return f"[{{scmProvider: {{{provider}{more}}}}}]"


def every_branch(more: str = "") -> str:
    return listing(more, "github: {organization: acme, allBranches: true}")


async def test_a_repository_gives_its_default_branch_and_none_where_it_is_empty(templates: Templates) -> None:
    path = "{{.organization}} {{.repository_id}} {{.labels}} {{.sha}} {{.short_sha}} {{.short_sha_7}} {{.branch}} {{.url}}"
    found = await made(go_set(listing(), name="{{.repository}}", path=path), world(WEB, EMPTY), templates)
    sha = f"{4:040x}"
    assert paths(found) == {
        "web": f"acme 12345678 prod-eu,prod-us,stage {sha} {sha[:8]} {sha[:7]} main git@git.example:acme/web.git"
    }
    assert found.is_open


async def test_a_number_is_for_go_templates_alone() -> None:
    found = await made(
        application_set(listing(), name="{{repository}}", path="{{repository_id}}"), world(WEB)
    )
    assert paths(found) == {"web": "{{repository_id}}"}


async def test_every_branch_counts_where_it_is_asked_for() -> None:
    found = await made(application_set(every_branch(), name=BY_NAME), world())
    assert names(found) == ["docs-main", "shop-main", "web-main", "web-next-big-one"]


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [("", WEB.ssh_url), (", cloneProtocol: ssh", WEB.ssh_url), (", cloneProtocol: https", WEB.https_url)],
)
async def test_the_address_is_of_the_protocol_that_is_asked_for(protocol: str, expected: str) -> None:
    found = await made(application_set(listing(protocol), name="{{repository}}", path="{{url}}"), world(WEB))
    assert paths(found) == {"web": expected}


async def test_values_are_templates_of_the_other_parameters(templates: Templates) -> None:
    more = ", values: {site: '{{.repository}}.{{.organization}}'}"
    manifest = go_set(listing(more), name="{{.repository}}", path="{{.values.site}}")
    assert paths(await made(manifest, world(WEB), templates)) == {"web": "web.acme"}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("[]", "docs-main shop-main web-main web-next-big-one"),
        ("[{}]", "docs-main shop-main web-main web-next-big-one"),
        ("[{repositoryMatch: o}]", "docs-main shop-main"),
        ("[{labelMatch: ^prod-}]", "shop-main web-main web-next-big-one"),
        ("[{repositoryMatch: ^w, labelMatch: stage}]", "web-main web-next-big-one"),
        ("[{repositoryMatch: ^d}, {labelMatch: ^prod-eu$}]", "docs-main web-main web-next-big-one"),
        ("[{branchMatch: ^N}]", "web-next-big-one"),
        ("[{pathsExist: [k8s/]}]", "shop-main web-main web-next-big-one"),
        ("[{pathsExist: [k8s, draft]}]", "shop-main web-next-big-one"),
        ("[{pathsExist: [k8s], pathsDoNotExist: [draft]}]", "web-main"),
        ("[{pathsDoNotExist: [k8s]}]", "docs-main"),
        ("[{pathsExist: [/]}]", "docs-main shop-main web-main web-next-big-one"),
        ("[{pathsDoNotExist: [/]}, {branchMatch: x}]", "web-next-big-one"),
        ("[{pathsExist: []}]", "docs-main shop-main web-main web-next-big-one"),
        # One of those for repositories, and one of those for branches.
        ("[{labelMatch: stage}, {pathsExist: [k8s]}]", "web-main web-next-big-one"),
        # A filter with both is one for branches alone: it lets nothing of other repositories through.
        ("[{repositoryMatch: ^shop$, pathsExist: [k8s]}]", "shop-main"),
        (
            "[{repositoryMatch: ^shop$, branchMatch: main}, {labelMatch: stage, branchMatch: N}]",
            "shop-main web-next-big-one",
        ),
        ("[{labelMatch: stage}, {repositoryMatch: ^shop$, branchMatch: main}]", ""),
    ],
)
async def test_one_filter_of_each_kind_must_be_passed_in_all_of_it(filters: str, expected: str) -> None:
    manifest = application_set(every_branch(f", filters: {filters}"), name=BY_NAME)
    if expected:
        assert names(await made(manifest, world())) == expected.split()
    else:
        assert "generates no Applications" in await problem(manifest, world())


async def test_no_more_is_asked_than_the_filters_leave_open() -> None:
    seen = world()
    filters = (
        "[{labelMatch: stage}, {branchMatch: ^N, pathsExist: [k8s, none, draft]}, {pathsExist: [draft]}]"
    )
    await made(application_set(every_branch(f", filters: {filters}"), name=BY_NAME), seen)
    assert sorted(seen.looks) == [
        "docs",
        "docs@main:draft",
        "web",
        "web@Next/Big_One:draft",
        "web@Next/Big_One:k8s",
        "web@Next/Big_One:none",
        "web@main:draft",
    ]


async def test_archived_repositories_count_unless_they_are_left_out() -> None:
    old = replace(SHOP, is_archived=True)
    without = "github: {organization: acme, excludeArchivedRepos: true}"
    assert names(await made(application_set(listing(), name=BY_NAME), world(WEB, old))) == [
        "shop-main",
        "web-main",
    ]
    found = await made(application_set(listing("", without), name=BY_NAME), world(WEB, old))
    assert names(found) == ["web-main"]


@pytest.mark.parametrize(
    ("provider", "asked"),
    [
        ("github: {organization: acme}", OwnerAsked("github", "", "acme")),
        ("gitlab: {group: acme/ops/}", OwnerAsked("gitlab", "", "acme/ops", with_shared=True)),
        (
            "gitlab: {group: acme, api: 'https://git.example', includeSubgroups: true, topic: web}",
            OwnerAsked("gitlab", "https://git.example", "acme", True, True, "web"),
        ),
        (
            "gitlab: {group: acme, includeSharedProjects: false, includeArchivedRepos: true}",
            OwnerAsked("gitlab", "", "acme", archived_only=True),
        ),
        (
            "gitea: {owner: acme, api: 'https://tea.example'}",
            OwnerAsked("gitea", "https://tea.example", "acme"),
        ),
    ],
)
async def test_whom_it_asks_for_what(provider: str, asked: OwnerAsked) -> None:
    seen = world(WEB)
    await made(application_set(listing("", provider), name=BY_NAME), seen)
    assert seen.owners == [asked]


async def test_a_repository_without_its_default_branch_is_an_error_where_argo_cd_takes_it_for_one() -> None:
    gitea = "gitea: {owner: acme, api: 'https://tea.example'%s}"
    why = await problem(application_set(listing("", gitea % ""), name=BY_NAME), world())
    assert "acme/empty has no branch main" in why
    found = await made(application_set(listing("", gitea % ", allBranches: true"), name=BY_NAME), world())
    assert "shop-main" in names(found)


@pytest.mark.parametrize(
    ("generator", "why"),
    [
        (listing(", filters: [{repositoryMatch: '('}]"), "filters[0].repositoryMatch: "),
        (listing(", filters: [{}, {labelMatch: '('}]"), "filters[1].labelMatch: "),
        (listing(", filters: [{pathsExist: [a, ../b]}]"), "filters[0].pathsExist[1]: must be the path"),
        (listing(", filters: [{pathsDoNotExist: [/a]}]"), "filters[0].pathsDoNotExist[0]: must be the path"),
        (listing(', filters: [{pathsExist: ["a\\ud800"]}]'), "filters[0].pathsExist[0]: must be the path"),
        (listing(", cloneProtocol: http"), "cloneProtocol: must be ssh or https"),
        (
            listing("", "bitbucket: {owner: a, user: b, appPasswordRef: {secretName: a, key: b}}"),
            "asks bitbucket",
        ),
        (listing("", "bitbucketServer: {project: a, api: b}"), "asks bitbucketServer"),
        (
            listing(
                "", "azureDevOps: {organization: a, teamProject: b, accessTokenRef: {secretName: a, key: b}}"
            ),
            "asks azureDevOps",
        ),
        (listing("", "awsCodeCommit: {region: a}"), "asks awsCodeCommit"),
        (listing("", "filters: []"), "asks no forge at all"),
        (listing("", "gitlab: {group: '17'}"), "group is a number"),
        (listing("", 'gitlab: {group: acme, topic: "a\\nb"}'), "topic is none"),
    ],
)
async def test_what_cannot_be_answered_is_said_with_its_field_before_anybody_is_asked(
    generator: str, why: str
) -> None:
    seen = world()
    assert why in await problem(application_set(generator), seen)
    assert seen.owners == []


async def test_a_second_generator_of_a_matrix_may_list_the_owner_that_the_first_one_gives(
    templates: Templates,
) -> None:
    seen = world(WEB)
    children = "[{list: {elements: [{owner: acme}]}}, {scmProvider: {github: {organization: '{{.owner}}'}}}]"
    manifest = go_set(f"[{{matrix: {{generators: {children}}}}}]", name="{{.repository}}")
    assert names(await made(manifest, seen, templates)) == ["web"]
    assert seen.owners == [OwnerAsked("github", "", "acme")]
