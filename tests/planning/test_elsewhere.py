"""What lies outside of the repository: charts in repositories and registries, other Git repositories, remote bases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.git.foreign import ForeignRepositories
from bot.model.hosts import Hosts
from bot.model.plan import Plan, TargetPlan
from bot.model.rendering import Severity
from bot.planning.elsewhere import Elsewhere
from bot.planning.once import Late
from bot.registry import Downloads, Limits
from tests.git.conftest import CREDENTIALS, GitServer
from tests.git.repos import Work
from tests.planning.conftest import Bench, config_map, kustomization, target
from tests.planning.test_flux import flux
from tests.planning.test_releases import release, release_plan
from tests.sandbox.registry.charts import pack, write_index
from tests.sandbox.registry.shop import Shop, saying, shop_in

LOOPBACK = Hosts(("127.0.0.1:*",))


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    directory = tmp_path / "shop"
    directory.mkdir()
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        pack(directory, "web", version)
    write_index(directory)
    async with shop_in(directory) as opened:
        yield opened


def elsewhere(home: Path, hosts: Hosts, limits: Limits | None = None) -> Elsewhere:
    return Elsewhere(
        Late(lambda: Downloads(home / "charts", hosts, limits=limits)),
        Late(lambda: ForeignRepositories(home / "git", hosts, lambda _: CREDENTIALS)),
    )


@pytest_asyncio.fixture
async def fleet(bench: Bench, tmp_path: Path) -> AsyncIterator[Bench]:
    bench.elsewhere = elsewhere(tmp_path, LOOPBACK)
    bench.work.commit(
        {
            "clusters/staging/flux-system/gotk-sync.yaml": flux("flux-system", "clusters/staging"),
            "clusters/staging/flux-system/kustomization.yaml": kustomization("gotk-sync.yaml"),
            "clusters/staging/apps.yaml": flux("apps", "apps"),
            "apps/own.yaml": config_map("own", namespace="shop"),
        }
    )
    yield bench
    await bench.elsewhere.close()


@pytest.fixture
def other(git_server: GitServer, tmp_path: Path) -> Work:
    """A repository of somebody else: `main` and `v1.0.0`."""
    bare = git_server.publish("acme/platform")
    work = Work.init(tmp_path / "other")
    work.git("remote", "add", "origin", str(bare))
    Work(bare).git("config", "uploadpack.allowFilter", "true")
    work.commit(
        {"base/kustomization.yaml": kustomization("cm.yaml"), "base/cm.yaml": config_map("theirs", "1")}
    )
    work.git("tag", "v1.0.0")
    work.commit({"base/cm.yaml": config_map("theirs", "2")})
    work.git("push", "-q", "origin", "main", "--tags")
    return work


def from_repository(shop: Shop, version: str, more: str = "") -> dict[str, str]:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: far, namespace: shop}\n"
        f"spec: {{interval: 1h, url: '{shop.url}'}}\n"
    )
    chart = f"chart: {{spec: {{chart: web, version: '{version}', sourceRef: {{kind: HelmRepository, name: far}}}}}}"
    return {"apps/far.yaml": release("far", more, chart=chart), "apps/source.yaml": source}


def foreign(git_server: GitServer, ref: str) -> str:
    return (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: platform, namespace: flux-system}\n"
        f"spec: {{interval: 1m, url: '{git_server.remote('acme/platform').url}', ref: {{{ref}}}}}\n"
    )


def errors(planned: TargetPlan) -> list[str]:
    return [d.message for d in planned.diagnostics if d.severity is Severity.ERROR]


def data(plan: Plan, name: str) -> list[object]:
    return [f.new for c in target(plan, name, "staging").changes for f in c.fields]


async def test_a_chart_of_a_repository_is_resolved_fetched_and_shown(fleet: Bench, shop: Shop) -> None:
    fleet.work.commit(from_repository(shop, "1.0.x"))
    fleet.work.commit(from_repository(shop, "1.x"))
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    far = release_plan(plan, "far")
    assert far.status == "changed"
    [material] = far.materials
    assert material.old
    assert material.new
    assert (material.old.name, material.old.version, material.new.version) == ("chart web", "1.0.0", "1.1.0")
    assert material.new.digest.startswith("sha256:")
    assert far.changes


async def test_nothing_is_asked_for_a_release_that_does_not_change(fleet: Bench, shop: Shop) -> None:
    fleet.work.commit(from_repository(shop, "1.0.x"))
    fleet.work.commit({"apps/own.yaml": config_map("own", "2", namespace="shop")})
    plan = await fleet.plan()
    assert release_plan(plan, "far").status == "unchanged"
    assert shop.asked == []


async def test_a_repository_that_does_not_answer_makes_its_release_unknown_and_no_other(
    fleet: Bench, shop: Shop
) -> None:
    shop.instead["/index.yaml"] = saying(503)
    fleet.work.commit(from_repository(shop, "1.0.0"))
    fleet.work.commit(
        {**from_repository(shop, "1.1.0"), "apps/own.yaml": config_map("own", "2", namespace="shop")}
    )
    plan = await fleet.plan()
    far = release_plan(plan, "far")
    assert far.status == "unknown"
    assert [(f.path, f.old, f.new) for f in far.declared] == [("chart.version", "1.0.0", "1.1.0")]
    [reason] = errors(far)
    assert shop.address in reason
    assert target(plan, "flux-system/apps", "staging").status == "changed"


async def test_a_version_that_does_not_exist_is_named_with_those_that_do(fleet: Bench, shop: Shop) -> None:
    fleet.work.commit(from_repository(shop, "1.0.0"))
    fleet.work.commit(from_repository(shop, "1.7.0"))
    [reason] = errors(release_plan(await fleet.plan(), "far"))
    assert "1.7.0" in reason
    assert "1.1.0" in reason


async def test_another_repository_is_rendered_at_the_revision_that_is_named(
    fleet: Bench,
    git_server: GitServer,
    other: Work,
) -> None:
    platform = flux("platform", "base", "  targetNamespace: shop\n", source="platform")
    fleet.work.commit(
        {"clusters/staging/p.yaml": platform, "clusters/staging/s.yaml": foreign(git_server, "tag: v1.0.0")}
    )
    fleet.work.commit({"clusters/staging/s.yaml": foreign(git_server, "branch: main")})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert data(plan, "flux-system/platform") == ["2"]


async def test_what_another_repository_declares_is_followed(
    fleet: Bench,
    git_server: GitServer,
    other: Work,
) -> None:
    other.commit(
        {
            "clusters/all/kustomization.yaml": kustomization("k.yaml"),
            "clusters/all/k.yaml": flux("theirs", "apps"),
        }
    )
    other.git("push", "-q", "origin", "main")
    fleet.work.commit(
        {
            "clusters/staging/p.yaml": flux("platform", "clusters/all", source="platform"),
            "clusters/staging/s.yaml": foreign(git_server, "branch: main"),
        }
    )
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert target(plan, "flux-system/theirs", "staging").status == "added"


async def test_a_host_that_nobody_allowed_is_not_asked(fleet: Bench, tmp_path: Path) -> None:
    fleet.elsewhere = elsewhere(tmp_path / "nobody", Hosts(()))
    source = "url: https://git.example.test/acme/platform, ref: {branch: main}"
    fleet.work.commit(
        {
            "clusters/staging/p.yaml": flux("platform", "base", source="platform"),
            "clusters/staging/s.yaml": (
                "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
                f"metadata: {{name: platform, namespace: flux-system}}\nspec: {{interval: 1m, {source}}}\n"
            ),
            "apps/kustomization.yaml": kustomization(
                "own.yaml", "https://git.example.test/acme/base//deploy?ref=v1"
            ),
        }
    )
    plan = await fleet.plan()
    [reason] = errors(target(plan, "flux-system/platform", "staging"))
    assert "sources.hosts" in reason
    [reason] = errors(target(plan, "flux-system/apps", "staging"))
    assert "sources.hosts" in reason


async def test_a_remote_base_is_rendered_at_the_commit_its_ref_leads_to(
    fleet: Bench,
    git_server: GitServer,
    other: Work,
) -> None:
    base = f"{git_server.remote('acme/platform').url}//base?ref="
    fleet.work.commit({"apps/kustomization.yaml": kustomization("own.yaml", f"{base}v1.0.0")})
    fleet.work.commit({"apps/kustomization.yaml": kustomization("own.yaml", f"{base}main")})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert data(plan, "flux-system/apps") == ["2"]
