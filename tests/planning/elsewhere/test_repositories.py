"""Other people's Git repositories: as sources of Flux, and as remote bases."""

from pathlib import Path

from bot.model.hosts import Hosts
from tests.git.conftest import GitServer
from tests.git.repos import Work
from tests.planning.conftest import Bench, kustomization, target
from tests.planning.elsewhere.declared import elsewhere, errors, made_of, new_values, source
from tests.planning.test_flux import flux

PLATFORM = "flux-system/platform"


def platform(git_server: GitServer, ref: str) -> str:
    url = git_server.remote("acme/platform").url
    return source("GitRepository", "platform", f"url: '{url}', ref: {{{ref}}}")


def address(git_server: GitServer) -> str:
    return git_server.remote("acme/platform").url.removesuffix(".git")


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
    assert new_values(plan, PLATFORM) == ["2"]
    assert made_of(target(plan, PLATFORM, "staging")) == [
        (
            f"repository {address(git_server)}",
            ("v1.0.0", other.git("rev-parse", "v1.0.0")),
            ("main", other.head()),
        )
    ]


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
    [reason] = errors(target(plan, PLATFORM, "staging"))
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
    assert made_of(target(plan, "flux-system/apps", "staging")) == [
        (
            f"repository {address(git_server)}",
            ("v1.0.0", other.git("rev-parse", "v1.0.0")),
            ("main", other.head()),
        )
    ]


async def test_a_commit_that_holds_the_same_files_is_told_apart_though_nothing_is_rendered_anew(
    fleet: Bench, git_server: GitServer, other: Work
) -> None:
    other.git("checkout", "-q", "v1.0.0")
    other.commit({"README.md": "x"})
    other.git("tag", "v1.0.1")
    other.git("push", "-q", "origin", "--tags")
    theirs = flux("platform", "base", "  targetNamespace: shop\n", source="platform")
    start = fleet.work.head()
    for tag in ("v1.0.0", "v1.0.1"):
        fleet.work.commit(
            {
                "clusters/staging/p.yaml": theirs,
                "clusters/staging/s.yaml": platform(git_server, f"tag: {tag}"),
            }
        )
        plan = await fleet.plan(start)
        [(_, _, new)] = made_of(target(plan, PLATFORM, "staging"))
        assert new == (tag, other.git("rev-parse", tag))
    assert sum(PLATFORM in name for name in fleet.rendered) == 1
