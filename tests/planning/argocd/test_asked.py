"""What generators ask a forge in a plan: answered once for both sides, never remembered, and unknown without a forge."""

from typing import Any

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.forge.errors import ForgeUnavailable
from bot.git.repository import Repository
from bot.planning.elsewhere import Elsewhere
from bot.planning.expand import expand_one
from bot.planning.expansion import Finding
from bot.render.applicationset import Branch, NotKnown, PullRequest
from bot.render.applicationset import Repository as Listed
from bot.render.applicationset.providers import OwnerAsked, PullsAsked
from tests.planning.argocd.declared import URL, application_set
from tests.planning.conftest import Bench, config_map, statuses, target

SET = "argocd/previews:set"


def previews(**more: Any) -> str:
    template = {
        "metadata": {"name": "preview-{{number}}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": URL, "targetRevision": "HEAD", "path": "web"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
        },
    }
    asked = {"pullRequest": {"github": {"owner": "acme", "repo": "fleet"}, **more}}
    return application_set("previews", asked, template=template)


class Growing:
    """A forge on which a pull request more is open whenever somebody asks."""

    def __init__(self) -> None:
        self.asked = 0

    async def pull_requests(self, of: PullsAsked) -> tuple[PullRequest, ...]:
        assert (of.kind, of.path) == ("github", "acme/fleet")
        self.asked += 1
        return tuple(
            PullRequest(n + 1, f"Change {n}", f"change-{n}", "main", f"{n:040x}", "alice")
            for n in range(self.asked)
        )

    async def repositories(self, of: OwnerAsked) -> tuple[Listed, ...]:
        raise AssertionError(of)

    async def branches(self, repository: Listed, *, every: bool, limit: int) -> tuple[Branch, ...]:
        raise AssertionError(repository, every, limit)

    async def has_path(self, branch: Branch, path: str) -> bool:
        raise AssertionError(branch, path)


class Away(Growing):
    async def pull_requests(self, of: PullsAsked) -> tuple[PullRequest, ...]:
        raise ForgeUnavailable(f"the forge is away, whatever is asked of {of.kind}")


class Owner(Growing):
    """An owner with a repository more whenever somebody lists them; `gone` is why nobody can. The first has no `k8s`."""

    def __init__(self, gone: Exception | None = None) -> None:
        super().__init__()
        self.gone = gone
        self.looks = 0

    async def repositories(self, of: OwnerAsked) -> tuple[Listed, ...]:
        assert of.owner == "acme"
        if self.gone is not None:
            raise self.gone
        self.asked += 1
        return tuple(
            Listed("acme", f"app-{n}", n, f"git@x:acme/app-{n}.git", f"https://x/acme/app-{n}.git", "main")
            for n in range(self.asked + 1)
        )

    async def branches(self, repository: Listed, *, every: bool, limit: int) -> tuple[Branch, ...]:
        assert not every
        assert limit > 0
        self.looks += 1
        return (Branch(repository, "main", f"{repository.id:040x}"),)

    async def has_path(self, branch: Branch, path: str) -> bool:
        assert path == "k8s"
        self.looks += 1
        return branch.repository.id > 0


def fleet(**more: Any) -> str:
    template = {
        "metadata": {"name": "{{repository}}", "labels": {"sha": "{{short_sha}}"}},
        "spec": {
            "project": "default",
            "source": {"repoURL": URL, "targetRevision": "HEAD", "path": "web"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "{{repository}}"},
        },
    }
    filters = [{"pathsExist": ["k8s"]}]
    asked = {"scmProvider": {"github": {"organization": "acme"}, "filters": filters, **more}}
    return application_set("previews", asked, template=template)


def listing(bench: Bench, elsewhere: Elsewhere) -> None:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.elsewhere = elsewhere
    bench.work.commit({"apps/fleet.yaml": fleet(), "web/cm.yaml": config_map("web", "1")})


def previewing(bench: Bench, elsewhere: Elsewhere) -> None:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.elsewhere = elsewhere
    bench.work.commit({"apps/previews.yaml": previews(), "web/cm.yaml": config_map("web", "1")})


async def ask_twice(bench: Bench) -> None:
    """A forge that has one more each time it is asked."""
    async with Repository.open(bench.work.path) as repository:
        side = await bench.side(repository, "HEAD")
        for count in (1, 2):
            async with bench.elsewhere.visit() as errand:
                tree = await repository.tree(side.tree)
                found = await expand_one(repository, tree, bench.finding, bench.renderings(errand))
            assert len(found.targets) == count + 1
            assert not found.may_be_kept


async def test_both_sides_are_told_the_same_and_what_changes_is_the_change(bench: Bench) -> None:
    forge = Growing()
    previewing(bench, Elsewhere(forges=forge))
    bench.work.commit(
        {"web/cm.yaml": config_map("web", "2"), "apps/previews.yaml": previews(values={"a": "b"})}
    )
    assert statuses(await bench.plan()) == {
        "in-cluster/argocd/preview-1": "changed",
        f"in-cluster/{SET}": "unchanged",
    }
    assert forge.asked == 1


async def test_what_was_asked_is_not_remembered(bench: Bench) -> None:
    forge = Growing()
    previewing(bench, Elsewhere(forges=forge))
    await ask_twice(bench)
    assert forge.asked == 2


async def test_without_a_forge_it_is_unknown_and_so_is_all_that_it_made(bench: Bench) -> None:
    previewing(bench, Elsewhere())
    bench.work.commit({"web/cm.yaml": config_map("web", "2")})
    planned = target(await bench.plan(), SET, "in-cluster")
    assert planned.status == "unknown"
    (why,) = planned.diagnostics
    assert "no forge is asked here" in why.message
    assert "where Longshore serves the repository" in why.message


async def test_a_forge_that_is_away_makes_it_unknown_and_the_plan_one_to_make_again(bench: Bench) -> None:
    previewing(bench, Elsewhere(forges=Away()))
    async with Repository.open(bench.work.path) as repository, bench.elsewhere.visit() as errand:
        renderings = bench.renderings(errand)
        tree = await repository.tree((await bench.side(repository, "HEAD")).tree)
        found = await expand_one(repository, tree, bench.finding, renderings)
        assert renderings.is_troubled
    (traced,) = found.targets.values()
    assert "the forge is away" in traced.target.unknown_because


async def test_an_owner_is_listed_once_for_both_sides_and_each_repository_looked_into_once(
    bench: Bench,
) -> None:
    forge = Owner()
    listing(bench, Elsewhere(forges=forge))
    bench.work.commit({"web/cm.yaml": config_map("web", "2"), "apps/fleet.yaml": fleet(values={"a": "b"})})
    assert statuses(await bench.plan()) == {
        "in-cluster/argocd/app-1": "changed",
        f"in-cluster/{SET}": "unchanged",
    }
    assert (forge.asked, forge.looks) == (1, 4)


async def test_a_filter_that_a_change_writes_shows_every_application_that_it_lets_through(
    bench: Bench,
) -> None:
    forge = Owner()
    listing(bench, Elsewhere(forges=forge))
    bench.work.commit({"apps/fleet.yaml": fleet(filters=[{"repositoryMatch": "^app-0$"}])})
    assert statuses(await bench.plan()) == {
        "in-cluster/argocd/app-0": "added",
        "in-cluster/argocd/app-1": "removed",
        f"in-cluster/{SET}": "changed",
    }


async def test_what_an_owner_has_is_not_remembered(bench: Bench) -> None:
    forge = Owner()
    listing(bench, Elsewhere(forges=forge))
    await ask_twice(bench)


@pytest.mark.parametrize(
    ("gone", "is_troubled"),
    [(ForgeUnavailable("the forge is away"), True), (NotKnown("the forge is away"), False)],
)
async def test_an_owner_that_cannot_be_listed_makes_it_unknown_and_removes_nothing(
    bench: Bench, gone: Exception, is_troubled: bool
) -> None:
    listing(bench, Elsewhere(forges=Owner(gone)))
    bench.work.commit({"web/cm.yaml": config_map("web", "2")})
    planned = target(await bench.plan(), SET, "in-cluster")
    assert planned.status == "unknown"
    (why,) = planned.diagnostics
    assert "spec.generators[0].scmProvider: the forge is away" in why.message
    async with Repository.open(bench.work.path) as repository, bench.elsewhere.visit() as errand:
        renderings = bench.renderings(errand)
        tree = await repository.tree((await bench.side(repository, "HEAD")).tree)
        await expand_one(repository, tree, bench.finding, renderings)
        assert renderings.is_troubled is is_troubled


async def test_an_owner_without_a_fitting_repository_makes_it_unknown_and_removes_nothing(
    bench: Bench,
) -> None:
    listing(bench, Elsewhere(forges=Owner()))
    bench.work.commit({"apps/fleet.yaml": fleet(filters=[{"repositoryMatch": "^nothing$"}])})
    plan = await bench.plan()
    assert "removed" not in statuses(plan).values()
    assert target(plan, SET, "in-cluster").status == "unknown"
