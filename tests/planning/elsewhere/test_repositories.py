"""Other people's Git repositories: as sources of Flux, and as remote bases."""

from pathlib import Path

from bot.model.hosts import Hosts
from tests.git.conftest import GitServer
from tests.git.repos import Work
from tests.planning.conftest import Bench, kustomization, target
from tests.planning.elsewhere.declared import elsewhere, errors, new_values, source
from tests.planning.test_flux import flux


def platform(git_server: GitServer, ref: str) -> str:
    url = git_server.remote("acme/platform").url
    return source("GitRepository", "platform", f"url: '{url}', ref: {{{ref}}}")


async def test_another_repository_is_rendered_at_the_revision_that_is_named(
    fleet: Bench,
    git_server: GitServer,
    other: Work,
) -> None:
    theirs = flux("platform", "base", "  targetNamespace: shop\n", source="platform")
    fleet.work.commit(
        {"clusters/staging/p.yaml": theirs, "clusters/staging/s.yaml": platform(git_server, "tag: v1.0.0")}
    )
    fleet.work.commit({"clusters/staging/s.yaml": platform(git_server, "branch: main")})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert new_values(plan, "flux-system/platform") == ["2"]


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
            "clusters/staging/s.yaml": platform(git_server, "branch: main"),
        }
    )
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert target(plan, "flux-system/theirs", "staging").status == "added"


async def test_a_host_that_nobody_allowed_is_not_asked(fleet: Bench, tmp_path: Path) -> None:
    fleet.elsewhere = elsewhere(tmp_path / "nobody", Hosts(()))
    where = "url: https://git.example.test/acme/platform, ref: {branch: main}"
    fleet.work.commit(
        {
            "clusters/staging/p.yaml": flux("platform", "base", source="platform"),
            "clusters/staging/s.yaml": source("GitRepository", "platform", where),
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
    assert new_values(plan, "flux-system/apps") == ["2"]
