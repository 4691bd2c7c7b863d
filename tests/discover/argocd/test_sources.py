"""Where a source of an Application lies, as its URL, chart and revision say."""

from typing import Any

import pytest

from bot.discover.argocd import application_target, notices
from bot.model.release import Chart, ChartKind, GitRef
from bot.model.target import GitSource, OciSource, RendererKind
from tests.discover.argocd.examples import (
    FLEET,
    Json,
    application,
    context,
    found,
    of_source,
    said,
    source,
    spec,
    target,
)

REGISTRY = "oci://registry.example/apps"
COMMIT = "0123456789ABCDEF0123456789abcdef01234567"


def why(**fields: Any) -> str:
    return of_source(**fields).unknown_because


@pytest.mark.parametrize(
    "url",
    [
        FLEET,
        f"{FLEET}.git",
        "https://GitHub.com/acme/Fleet/",
        "https://token@github.com/acme/fleet",
        "ssh://git@github.com/acme/fleet.git",
        "git@github.com:acme/fleet.git",
    ],
)
def test_the_repository_at_hand_is_known_by_any_spelling(url: str) -> None:
    got = of_source(repoURL=url)
    assert (got.source, got.unknown_because) == (None, "")


@pytest.mark.parametrize("revision", [None, "", "HEAD", "main", "refs/heads/main"])
def test_what_follows_the_branch_is_the_repository_at_hand(revision: str | None) -> None:
    assert of_source("main", targetRevision=revision).source is None


@pytest.mark.parametrize("revision", ["main", "master", "production", "release/x", "refs/heads/v1"])
def test_without_a_branch_every_name_is_taken_for_it(revision: str) -> None:
    assert of_source(targetRevision=revision).source is None


@pytest.mark.parametrize(
    ("revision", "ref"),
    [
        ("v1.2.0", GitRef(revision="v1.2.0")),
        ("1.2", GitRef(revision="1.2")),
        ("1.2.*", GitRef(semver="1.2.*", revision="1.2.*")),
        (">=1", GitRef(semver=">=1", revision=">=1")),
        ("*", GitRef(semver="*", revision="*")),
        ("~1.2 || ^3", GitRef(semver="~1.2 || ^3", revision="~1.2 || ^3")),
        (COMMIT, GitRef(commit=COMMIT.lower())),
        ("0123456", GitRef(revision="0123456")),
        ("abcdef0", GitRef(revision="abcdef0")),
        ("refs/tags/x", GitRef(revision="refs/tags/x")),
        ("refs/pull/7/head", GitRef(revision="refs/pull/7/head")),
    ],
)
@pytest.mark.parametrize("branch", ["", "main"])
def test_what_does_not_move_with_the_branch_is_another_tree(revision: str, ref: GitRef, branch: str) -> None:
    got = of_source(branch, targetRevision=revision)
    assert got.source == GitSource(FLEET, ref)
    ((_, remark),) = said(application(spec(source=source(targetRevision=revision))), branch=branch)
    into = branch or "the branch that is planned"
    sentence = f"what is merged into {into} does not reach it"
    assert remark == f"follows {revision!r} in spec.source.targetRevision: {sentence}"


@pytest.mark.parametrize("revision", ["v1", "1.x", "deadbeef", "refs/heads/v1"])
def test_a_branch_that_looks_like_something_else_is_followed_where_it_is_merged_into(revision: str) -> None:
    assert of_source(revision.removeprefix("refs/heads/"), targetRevision=revision).source is None


def test_another_branch_than_the_one_that_is_merged_into_is_another_tree() -> None:
    assert of_source("main", targetRevision="production").source == GitSource(
        FLEET, GitRef(revision="production")
    )


@pytest.mark.parametrize("revision", ["", "HEAD"])
def test_head_is_the_default_branch_and_not_the_one_that_is_planned(revision: str) -> None:
    written = application(spec(source=source(targetRevision=revision)))
    at_home = context(branch="main", default_branch="main")
    elsewhere = context(branch="release", default_branch="main")
    assert application_target(found(written), at_home, "hub").source is None
    assert application_target(found(written), elsewhere, "hub").source == GitSource(
        FLEET, GitRef(revision="refs/heads/main")
    )
    (told,) = notices(found(written), elsewhere)
    assert "what is merged into release does not reach it" in told.message


@pytest.mark.parametrize("revision", ["", "HEAD"])
def test_another_repository_without_a_revision_is_at_its_default_branch(revision: str) -> None:
    got = of_source(repoURL="https://git.example/else", targetRevision=revision)
    assert got.source == GitSource("https://git.example/else", GitRef(revision="HEAD"))


def test_a_password_in_a_url_goes_nowhere() -> None:
    got = of_source(repoURL="https://ops:hunter2@git.example/else")
    assert "hunter2" not in repr(got)
    assert got.source == GitSource("https://git.example/else", GitRef(revision="HEAD"))


@pytest.mark.parametrize(
    ("written", "path"),
    [(".", ""), ("./apps//web/", "apps/web"), ("apps/x/../web", "apps/web"), ("a b/ü", "a b/ü")],
)
def test_a_path_is_relative_to_the_root(written: str, path: str) -> None:
    got = of_source(path=written)
    assert (got.path, got.unknown_because) == (path, "")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"path": "/apps"},
            ("spec.source.path is '/apps': it must not begin with a slash, it begins at the root anyway"),
        ),
        ({"path": "apps/../.."}, "spec.source.path is 'apps/../..', which leads out of the repository"),
        (
            {"path": ""},
            "spec.source needs a path or a chart: write path: . for the root of the repository",
        ),
        ({"repoURL": " "}, "spec.source.repoURL is empty: write the URL of the repository"),
        ({"repoURL": None}, "spec.source.repoURL is missing"),
        (
            {"tagPrefix": "web-"},
            "spec.source.tagPrefix is 'web-': Longshore does not look for such tags",
        ),
        ({"targetRevision": 1.2}, "spec.source.targetRevision must be text, not a number: put it in quotes"),
    ],
)
def test_a_source_that_leads_nowhere_says_why(fields: Json, sentence: str) -> None:
    assert why(**fields) == sentence


CHART: Json = {"path": None, "chart": "nginx", "repoURL": "https://charts.example"}


@pytest.mark.parametrize(
    ("revision", "version"),
    [("1.2.3", "1.2.3"), ("1.2.*", "1.2.*"), ("*", ""), (">= 1.2 < 2", ">= 1.2 < 2"), ("v1", "v1")],
)
def test_a_chart_has_a_version_or_a_range(revision: str, version: str) -> None:
    release = of_source(**CHART, targetRevision=revision).release
    assert release is not None
    assert release.chart == Chart(
        ChartKind.REPOSITORY, name="nginx", url="https://charts.example", version=version
    )


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("registry.example/charts", "oci://registry.example/charts/nginx"),
        ("registry.example:5000/charts/", "oci://registry.example:5000/charts/nginx"),
    ],
)
def test_a_chart_repository_without_a_scheme_is_a_registry(url: str, whole: str) -> None:
    release = of_source(path=None, chart="nginx", repoURL=url, targetRevision="1.2.3").release
    assert release is not None
    assert release.chart == Chart(ChartKind.OCI, url=whole, version="1.2.3")


def test_a_chart_of_a_registry_may_be_named_by_a_tag() -> None:
    release = of_source(path=None, chart="nginx", repoURL="registry.example", targetRevision="edge").release
    assert release is not None
    assert release.chart == Chart(ChartKind.OCI, url="oci://registry.example/nginx", tag="edge")


def test_the_release_is_called_as_the_application_unless_the_source_says_more() -> None:
    helm = {"releaseName": "front", "namespace": "edge"}
    plain = of_source(**CHART, targetRevision="1").release
    named = of_source(**CHART, targetRevision="1", helm=helm).release
    assert plain is not None
    assert named is not None
    assert (plain.name, plain.namespace) == ("web", "shop")
    assert (named.name, named.namespace) == ("front", "edge")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"targetRevision": None},
            "spec.source.targetRevision is missing: a chart needs a version or a range of versions",
        ),
        (
            {"targetRevision": "main"},
            "spec.source.targetRevision is 'main', which is neither a version nor a range of versions",
        ),
        (
            {"targetRevision": "1", "chart": "../x"},
            "spec.source.chart is '../x': letters, digits, '-', '_', '.' and '/' are allowed",
        ),
    ],
)
def test_a_chart_that_cannot_be_found_says_why(fields: Json, sentence: str) -> None:
    assert why(**{**CHART, **fields}) == sentence


@pytest.mark.parametrize(
    ("revision", "wanted"),
    [
        ("1.2.3", OciSource(REGISTRY, tag="1.2.3")),
        ("latest", OciSource(REGISTRY, tag="latest")),
        ("1.x", OciSource(REGISTRY, semver="1.x")),
        (f"sha256:{'a' * 64}", OciSource(REGISTRY, digest=f"sha256:{'a' * 64}")),
    ],
)
@pytest.mark.parametrize("more", [{}, {"chart": "ignored"}])
def test_a_url_of_a_registry_is_an_artifact_with_a_path(revision: str, wanted: OciSource, more: Json) -> None:
    got = of_source(repoURL=f"{REGISTRY}/", path="web", targetRevision=revision, **more)
    assert got.oci_source == wanted
    assert (got.path, got.source, got.release, got.unknown_because) == ("web", None, None, "")


def test_an_artifact_needs_a_revision() -> None:
    assert why(repoURL="oci://registry.example/apps", targetRevision=None) == (
        "spec.source.targetRevision is missing: an artifact needs a tag, a digest or a range of versions"
    )


def several(*sources: Json, **fields: Any) -> Any:
    return target(source=None, sources=list(sources), **fields)


VALUES: Json = {"repoURL": FLEET, "ref": "values"}
NGINX: Json = {"repoURL": "https://charts.example", "chart": "nginx", "targetRevision": "1.2.3"}


def test_every_source_with_a_path_or_a_chart_is_a_part() -> None:
    got = several(NGINX, {**VALUES, "path": "extra"}, {"repoURL": "https://git.example/else", "ref": "b"})
    assert [(part.path, part.release is not None) for part in got.parts] == [("", True), ("extra", False)]
    assert {part.renderer for part in got.parts} == {RendererKind.DETECT}
    assert (
        got.parts[0].refs
        == got.parts[1].refs
        == {
            "values": GitSource(""),
            "b": GitSource("https://git.example/else", GitRef(revision="HEAD")),
        }
    )
    assert got.argocd.revisions == ("1.2.3", "", "")


def test_sources_that_others_only_refer_to_render_to_nothing() -> None:
    got = several(VALUES)
    assert (got.renderer, got.manifests, got.parts, got.unknown_because) == (RendererKind.GIVEN, (), (), "")


def test_a_single_source_may_refer_to_itself() -> None:
    assert of_source(ref="self").refs == {"self": GitSource("")}


def test_several_sources_win_over_one() -> None:
    got = target(sources=[source(path="a"), source(path="b")])
    assert [part.path for part in got.parts] == ["a", "b"]
    assert target(sources=[]).path == "apps/web"


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        (
            [{**VALUES, "ref": "a.b"}],
            "spec.sources[0].ref is 'a.b': letters, digits, '_' and '-' are allowed",
        ),
        (
            [VALUES, NGINX, VALUES],
            ("spec.sources[2].ref is 'values', as that of another source is: their names must differ"),
        ),
        (
            [NGINX, {"repoURL": FLEET}],
            ("spec.sources[1] needs a path, a chart or a ref: write path: . for the root of the repository"),
        ),
        (
            [{**NGINX, "ref": "c"}, {**NGINX, "helm": {"valueFiles": ["x.yaml", "$c/y.yaml"]}}],
            (
                "spec.sources[1].helm names a file of $c, which is a chart: only files of a Git repository can be "
                "named"
            ),
        ),
        (
            [NGINX, {**NGINX, "chart": 5}],
            "spec.sources[1].chart must be text, not a number: put it in quotes",
        ),
    ],
)
def test_what_is_wrong_with_one_of_several_sources_is_said(sources: list[Json], sentence: str) -> None:
    assert several(*sources).unknown_because == sentence


def test_no_source_at_all_is_a_mistake() -> None:
    sentence = "spec has neither a source nor sources: one of them is needed"
    assert target(source=None).unknown_because == sentence
    assert several().unknown_because == sentence


HYDRATOR: Json = {
    "drySource": {"repoURL": FLEET, "path": "dry/web", "targetRevision": "HEAD"},
    "syncSource": {"targetBranch": "env/prod", "path": "web"},
}


def test_what_is_hydrated_is_rendered_from_its_dry_source() -> None:
    got = target(sourceHydrator=HYDRATOR)
    assert (got.path, got.source, got.unknown_because) == ("dry/web", None, "")
    assert got.argocd is not None
    assert got.argocd.other["sourceHydrator"] == HYDRATOR


def test_blocks_that_say_nothing_are_left_out_as_the_controller_does() -> None:
    empty = {"helm": {}, "kustomize": {"forceCommonLabels": True}, "directory": {"recurse": False}}
    assert of_source(**empty).options == source()
    assert of_source(plugin={}).options == source(plugin={})
    assert of_source(directory={"include": "*.yaml"}).options == source(directory={"include": "*.yaml"})
    assert of_source(helm={"valuesObject": {}}).options == source(helm={"valuesObject": {}})


def test_a_source_of_two_types_is_a_mistake() -> None:
    assert why(helm={"releaseName": "x"}, kustomize={"namePrefix": "x"}) == (
        "spec.source has kustomize and helm: a source is of one type, keep one of them"
    )
    assert why(helm={}, kustomize={"namePrefix": "x"}) == ""


def test_among_several_sources_an_empty_block_counts_as_the_controller_forgets_to_clean_them() -> None:
    got = several(source(helm={}), source(path="b", kustomize={}))
    assert [part.options.keys() & {"helm", "kustomize"} for part in got.parts] == [{"helm"}, {"kustomize"}]
    assert several(source(helm={}, kustomize={})).unknown_because == (
        "spec.sources[0] has kustomize and helm: a source is of one type, keep one of them"
    )


TWICE: list[Json] = [
    {"repoURL": FLEET, "ref": "a", "targetRevision": "main"},
    {"repoURL": f"{FLEET}.git", "ref": "b"},
]


@pytest.mark.parametrize(
    "helm",
    [
        {"valueFiles": ["x.yaml", "$b/y.yaml", "$a/x.yaml"]},
        {"valueFiles": ["$b/y.yaml"], "fileParameters": [{"name": "x", "path": "$a/x"}]},
    ],
)
def test_files_of_one_repository_come_from_one_spelling_of_its_revision(helm: Json) -> None:
    assert several(source(helm=helm), *TWICE).unknown_because == (
        "spec.sources[0].helm names files of $b and of $a, which are one repository with different targetRevisions, '' and "
        "'main': Argo CD takes one spelling of one revision only"
    )


@pytest.mark.parametrize(
    "sources",
    [
        [source(helm={"valueFiles": ["$a/x.yaml"]}), *TWICE],
        [source(helm={"valueFiles": ["$a/x.yaml"]}), source(helm={"valueFiles": ["$b/x.yaml"]}), *TWICE],
        [
            source(helm={"valueFiles": ["$a/x.yaml", "$b/x.yaml"]}),
            *({**each, "targetRevision": "main"} for each in TWICE),
        ],
        [source(helm={"valueFiles": ["$a/x.yaml", "$nobody/x.yaml"]}), *TWICE],
    ],
)
def test_revisions_that_one_source_does_not_bring_together_may_differ(sources: list[Json]) -> None:
    assert several(*sources).unknown_because == ""


@pytest.mark.parametrize("count", [True, 1.5, [1], {}])
def test_a_count_of_replicas_is_a_number(count: Any) -> None:
    assert why(kustomize={"replicas": [{"name": "web", "count": count}]}) == (
        "spec.source.kustomize.replicas[0].count must be a whole number"
    )
    assert why(kustomize={"replicas": [{"name": "web", "count": "2"}]}) == ""


def test_more_sources_than_anybody_writes_are_not_followed() -> None:
    got = several(*(source(path=f"a/{n}") for n in range(10_000)))
    assert got.unknown_because == "spec.sources has 10000 entries: Longshore follows at most 64"
    assert len(got.parts) == 64
