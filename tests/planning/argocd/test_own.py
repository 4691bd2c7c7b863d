"""Other commits of the repository at hand come from its mirror; nobody is asked for them, and no host has to be allowed."""

from collections.abc import AsyncIterator, Callable

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.git.repository import Repository
from bot.model.release import GitRef
from bot.model.target import GitSource
from bot.planning.elsewhere import Elsewhere
from bot.planning.expansion import Finding
from bot.planning.own import MOST_COMMITS, Own
from tests.git.repos import Work
from tests.planning.argocd.declared import URL, application
from tests.planning.conftest import Bench, config_map, target

IDENTITY = RepositoryIdentity.of([URL])
OwnOf = Callable[[], Own]


@pytest.fixture
async def own_of(bench: Bench) -> AsyncIterator[OwnOf]:
    work = bench.work
    work.commit({"web/cm.yaml": config_map("web", "1")})
    work.git("tag", "v1")
    work.commit({"web/cm.yaml": config_map("web", "2")})
    work.git("branch", "both", "HEAD~1")
    work.git("tag", "both")
    async with Repository.open(work.path) as repository:
        yield lambda: Own(repository, IDENTITY)


def commit_of(work: Work, name: str) -> str:
    return work.git("rev-parse", f"{name}^{{commit}}").strip()


async def test_a_branch_comes_before_a_tag_and_a_commit_is_itself(bench: Bench, own_of: OwnOf) -> None:
    own = own_of()
    old, new = commit_of(bench.work, "HEAD~1"), commit_of(bench.work, "HEAD")
    for ref, commit in (
        (GitRef(revision="v1"), old),
        (GitRef(revision="both"), old),
        (GitRef(tag="both"), new),
        (GitRef(revision="refs/tags/both"), new),
        (GitRef(commit=old), old),
        (GitRef(branch="both"), old),
    ):
        found = await own.tree(GitSource(f"{URL}.git", ref))
        assert found is not None, ref
        assert (found.commit, found.address) == (commit, URL), ref


async def test_what_no_branch_or_tag_holds_is_not_ours(bench: Bench, own_of: OwnOf) -> None:
    stray = bench.work.git("commit-tree", "HEAD^{tree}", "-m", "of a fork").strip()
    bench.work.git("update-ref", "refs/forge/pull/7", stray)
    for ref in (
        *(GitRef(commit=stray), GitRef(commit="f" * 40), GitRef(revision="none"), GitRef(revision="HEAD")),
        *(GitRef(semver="1.x"), GitRef(revision="refs/forge/pull/7")),
    ):
        assert await own_of().tree(GitSource(URL, ref)) is None, ref
    assert (
        await own_of().tree(GitSource("https://git.example.test/acme/other", GitRef(branch="both"))) is None
    )


async def test_what_a_branch_leads_to_first_it_leads_to_until_the_end(bench: Bench, own_of: OwnOf) -> None:
    own, source = own_of(), GitSource(URL, GitRef(branch="both"))
    first = await own.tree(source)
    bench.work.git("branch", "-f", "both", "HEAD")
    assert await own.tree(source) == first
    moved = await own_of().tree(source)
    assert first is not None
    assert moved is not None
    assert moved.commit != first.commit


async def test_only_so_many_commits_are_looked_up(bench: Bench, own_of: OwnOf) -> None:
    own = own_of()
    for number in range(MOST_COMMITS):
        assert await own.tree(GitSource(URL, GitRef(revision=f"none-{number}"))) is None
    assert await own.tree(GitSource(URL, GitRef(branch="both"))) is None


async def test_an_application_at_another_commit_is_rendered_though_no_host_is_allowed(
    bench: Bench, own_of: OwnOf
) -> None:
    bench.finding = Finding(repository=IDENTITY)
    bench.elsewhere = Elsewhere(own=own_of())
    old = commit_of(bench.work, "HEAD~1")
    bench.work.commit({"apps/web.yaml": application("web", "web")})
    bench.work.commit({"apps/web.yaml": application("web", "web", revision=old)})
    planned = target(await bench.plan(), "argocd/web", "in-cluster")
    assert planned.status == "changed"
    (change,) = planned.changes
    assert change.id.name == "web"
