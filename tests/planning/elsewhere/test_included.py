"""Git repositories that include others: the tree that Flux makes of them, on both sides of a change."""

from tests.git.conftest import GitServer
from tests.git.repos import Work
from tests.planning.conftest import Bench, config_map, kustomization, target
from tests.planning.elsewhere.declared import errors, new_values, source
from tests.planning.elsewhere.test_repositories import platform
from tests.planning.test_flux import flux
from tests.planning.test_releases import CHART, release, release_plan

APPS, ROOT = "flux-system/apps", "flux-system/flux-system"
OURS = "clusters/staging/ours.yaml"
THEIRS = "clusters/staging/theirs.yaml"


def ours(*includes: str) -> str:
    """The GitRepository that leads to the repository at hand."""
    url = "https://git.example.test/acme/fleet"
    return source("GitRepository", "flux-system", f"url: '{url}', include: [{', '.join(includes)}]")


def include(to: str, start: str = "", name: str = "platform") -> str:
    return f"{{repository: {{name: {name}}}, fromPath: '{start}', toPath: '{to}'}}"


async def test_what_this_repository_includes_is_rendered_at_the_revision_that_is_named(
    fleet: Bench, git_server: GitServer, other: Work
) -> None:
    fleet.work.commit(
        {
            OURS: ours(include("vendor/base", "base")),
            THEIRS: platform(git_server, "tag: v1.0.0"),
            "apps/kustomization.yaml": kustomization("own.yaml", "../vendor/base"),
        }
    )
    fleet.work.commit({THEIRS: platform(git_server, "branch: main")})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert new_values(plan, APPS) == ["2"]


async def test_what_is_included_but_not_read_changes_nothing(
    fleet: Bench, git_server: GitServer, other: Work
) -> None:
    fleet.work.commit({OURS: ours(include("vendor/base")), THEIRS: platform(git_server, "tag: v1.0.0")})
    fleet.work.commit({THEIRS: platform(git_server, "branch: main")})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert target(plan, APPS, "staging").status == "unchanged"


async def test_a_file_in_the_way_of_what_is_included_makes_all_of_the_source_unknown(
    fleet: Bench, git_server: GitServer, other: Work
) -> None:
    fleet.work.commit({OURS: ours(include("vendor/base")), THEIRS: platform(git_server, "tag: v1.0.0")})
    fleet.work.commit({"vendor/base/x.yaml": "kind: X\n"})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert target(plan, APPS, "staging").status == "unknown"
    [reason] = errors(target(plan, ROOT, "staging"))
    assert "vendor/base is in the way of what is to be included" in reason


async def test_this_repository_may_be_included_in_another(
    fleet: Bench, git_server: GitServer, other: Work
) -> None:
    """A file that changes here lies elsewhere there."""
    url = git_server.remote("acme/platform").url
    more = f"url: '{url}', ref: {{branch: main}}, include: [{include('site/fleet', 'apps', 'flux-system')}]"
    fleet.work.commit(
        {
            OURS: ours(),
            THEIRS: source("GitRepository", "platform", more),
            "clusters/staging/k.yaml": flux("theirs", "site", source="platform"),
        }
    )
    fleet.work.commit({"apps/own.yaml": config_map("own", "2", namespace="shop")})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert new_values(plan, "flux-system/theirs") == ["2"]
    assert new_values(plan, APPS) == ["2"]


async def test_what_is_included_brings_what_it_includes_itself(
    fleet: Bench, git_server: GitServer, other: Work
) -> None:
    url = git_server.remote("acme/platform").url

    def chain(ref: str) -> str:
        middle = f"url: '{url}', ref: {{tag: v1.0.0}}, include: [{include('inner', 'base', 'newest')}]"
        newest = source("GitRepository", "newest", f"url: '{url}', ref: {{{ref}}}")
        return f"{source('GitRepository', 'platform', middle)}---\n{newest}"

    fleet.work.commit(
        {
            OURS: ours(include("vendor")),
            THEIRS: chain("tag: v1.0.0"),
            "apps/kustomization.yaml": kustomization("own.yaml", "../vendor/inner"),
        }
    )
    fleet.work.commit({THEIRS: chain("branch: main")})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert new_values(plan, APPS) == ["2"]


async def test_a_chart_may_lie_in_what_is_included(fleet: Bench, git_server: GitServer, other: Work) -> None:
    other.commit({**CHART, "charts/web/values.yaml": "greeting: bye\n"})
    other.git("push", "-q", "origin", "main")
    chart = "sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}"
    fleet.work.commit(
        {
            **CHART,
            OURS: ours(include("vendor")),
            THEIRS: platform(git_server, "branch: main"),
            "apps/web.yaml": release("web", chart=f"chart: {{spec: {{chart: charts/web, {chart}}}}}"),
        }
    )
    fleet.work.commit(
        {"apps/web.yaml": release("web", chart=f"chart: {{spec: {{chart: vendor/charts/web, {chart}}}}}")}
    )
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert [f.new for c in release_plan(plan, "web").changes for f in c.fields] == ["bye"]


async def test_what_cannot_be_included_makes_its_targets_unknown(fleet: Bench) -> None:
    gone = "url: https://git.example.test/acme/gone, ref: {branch: main}"
    fleet.work.commit({OURS: ours()})
    fleet.work.commit({OURS: ours(include("vendor")), THEIRS: source("GitRepository", "platform", gone)})
    plan = await fleet.plan()
    assert target(plan, APPS, "staging").status == "unknown"
    [reason] = errors(target(plan, ROOT, "staging"))
    assert "git.example.test is not among the hosts" in reason
