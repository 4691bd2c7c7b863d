"""Mirrors against a real git server over HTTP."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web

from bot.git.errors import (
    AuthenticationFailed,
    MirrorBusy,
    MirrorDamaged,
    RefNotFound,
    RepositoryMoved,
    RepositoryNotFound,
    RepositoryTooLarge,
    TransferTimeout,
    Unavailable,
    UnknownRevision,
)
from bot.git.lock import locked
from bot.git.mirror import PACKS_BEFORE_REPACK, Mirror
from bot.git.remote import BRANCHES, TAGS, Credentials, Remote, pull_head
from bot.git.transfer import TransferLimits
from bot.model.repo import RepoId, Sha
from tests.git.conftest import TOKEN, GitServer
from tests.git.repos import Work, contents

REPO = RepoId("github", "acme/fleet")
QUICK = TransferLimits(timeout_s=20, attempts=3, backoff_s=0.01, wait_s=10)


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirrors", REPO, QUICK)


@pytest.fixture
def origin(server: GitServer, work: Work) -> Work:
    """A work tree whose pushes the server serves."""
    work.git("remote", "add", "origin", str(server.publish()))
    work.commit({"apps/web.yaml": "kind: Deployment\n"}, "first")
    work.git("push", "-q", "origin", "main")
    return work


async def test_fetches_branches_and_tags_and_reads_them(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    origin.git("tag", "v1")
    origin.git("push", "-q", "origin", "v1", "main:feature/x")
    await mirror.fetch(server.remote())
    async with mirror.open() as repository:
        head = await repository.resolve("main")
        assert head == origin.head() == await repository.resolve("v1")
        assert (await repository.branch("feature/x")).ref == "refs/forge/heads/feature/x"
        tree = await repository.tree(await repository.tree_of(head))
        assert tree.read("apps/web.yaml") == b"kind: Deployment\n"


async def test_a_fetch_with_nothing_new_is_one_question(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    await mirror.fetch(server.remote())
    server.requests.clear()
    await mirror.fetch(server.remote())
    assert server.requests == [
        "GET /acme/fleet.git/info/refs?service=git-upload-pack",
        "POST /acme/fleet.git/git-upload-pack",
    ]


async def test_follows_a_forced_push_and_drops_deleted_branches(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    origin.git("push", "-q", "origin", "main:gone")
    old = Sha(origin.commit({"a": "1"}))
    origin.git("push", "-q", "origin", "main")
    await mirror.fetch(server.remote())
    origin.git("reset", "-q", "--hard", "HEAD~1")
    new = origin.commit({"a": "2"})
    origin.git("push", "-q", "--force", "origin", "main", ":gone")
    await mirror.fetch(server.remote())
    async with mirror.open() as repository:
        assert (await repository.branch("main")).sha == new
        with pytest.raises(UnknownRevision):
            await repository.branch("gone")
        assert await repository.contains(old)
        assert not await repository.is_reachable(old)


async def test_a_branch_may_become_a_directory_of_branches(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    origin.git("push", "-q", "origin", "main:release")
    await mirror.fetch(server.remote())
    origin.git("push", "-q", "origin", ":release")
    origin.git("push", "-q", "origin", "main:release/1")
    await mirror.fetch(server.remote())
    async with mirror.open() as repository:
        assert (await repository.branch("release/1")).sha == origin.head()


async def test_a_pull_request_is_fetched_by_number_and_is_not_reachable(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    origin.git("checkout", "-q", "-b", "fork")
    head = Sha(origin.commit({"a": "fork"}))
    origin.git("push", "-q", "origin", "HEAD:refs/pull/7/head")
    await mirror.fetch(server.remote(), (BRANCHES, TAGS, pull_head("refs/pull/7/head", 7)))
    async with mirror.open() as repository:
        assert await repository.pull_head(7) == head
        assert not await repository.is_reachable(head)
        with pytest.raises(UnknownRevision):
            await repository.pull_head(8)
        await mirror.forget_pull(7)
        await mirror.forget_pull(8)
        with pytest.raises(UnknownRevision):
            await repository.pull_head(7)


async def test_an_empty_repository_can_be_mirrored(server: GitServer, mirror: Mirror) -> None:
    server.publish()
    await mirror.fetch(server.remote())
    async with mirror.open() as repository:
        with pytest.raises(UnknownRevision, match="no branch"):
            await repository.branch("main")


async def test_refuses_by_the_forge_have_names(server: GitServer, origin: Work, mirror: Mirror) -> None:
    with pytest.raises(AuthenticationFailed):
        await mirror.fetch(server.remote(credentials=Credentials("x-access-token", "expired")))
    with pytest.raises(AuthenticationFailed):
        await mirror.fetch(server.remote(credentials=None))
    with pytest.raises(RepositoryNotFound):
        await mirror.fetch(server.remote("acme/other"))
    with pytest.raises(RefNotFound):
        await mirror.fetch(server.remote(), (pull_head("refs/pull/9/head", 9),))
    await mirror.fetch(server.remote())


async def test_a_redirect_is_not_followed(server: GitServer, origin: Work, mirror: Mirror) -> None:
    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": "http://127.0.0.1:1/elsewhere"})

    server.fault = redirect
    with pytest.raises(RepositoryMoved):
        await mirror.fetch(server.remote())
    assert len(server.requests) == 1


async def test_tries_again_only_what_may_pass(server: GitServer, origin: Work, mirror: Mirror) -> None:
    async def fail_twice(request: web.Request) -> web.Response | None:
        return web.Response(status=503) if len(server.requests) <= 2 else None

    server.fault = fail_twice
    await mirror.fetch(server.remote())

    async def always(request: web.Request) -> web.Response:
        return web.Response(status=502)

    server.fault = always
    server.requests.clear()
    with pytest.raises(Unavailable):
        await mirror.fetch(server.remote())
    assert len(server.requests) == QUICK.attempts
    with pytest.raises(Unavailable):
        await mirror.fetch(Remote("http://127.0.0.1:1/acme/fleet.git"))


async def test_a_transfer_that_stands_still_times_out(
    server: GitServer, origin: Work, tmp_path: Path
) -> None:
    async def stall(request: web.Request) -> None:
        await asyncio.sleep(30)

    server.fault = stall
    mirror = Mirror(tmp_path / "mirrors", REPO, TransferLimits(timeout_s=0.5))
    with pytest.raises(TransferTimeout):
        await mirror.fetch(server.remote())
    assert len(server.requests) == 1


async def test_the_token_is_in_no_argument_file_or_error(
    server: GitServer, origin: Work, mirror: Mirror, tmp_path: Path
) -> None:
    seen: list[bytes] = []

    async def look(request: web.Request) -> None:
        seen.extend(_command_lines().values())

    server.fault = look
    await mirror.fetch(server.remote())
    assert any(b"info/refs" in line or b"fleet.git" in line for line in seen)
    secrets = (TOKEN.encode(), server.remote().credentials.header.rpartition(" ")[2].encode())  # type: ignore[union-attr]
    files = [content for content, _ in contents(tmp_path / "mirrors").values()]
    assert not [line for line in [*seen, *files] if any(secret in line for secret in secrets)]

    async def forbid(request: web.Request) -> web.Response:
        return web.Response(status=403)

    server.fault = forbid
    with pytest.raises(AuthenticationFailed) as caught:
        await mirror.fetch(server.remote())
    assert not any(secret.decode() in repr(caught.getrepr()) for secret in secrets)
    assert TOKEN not in repr(server.remote())


async def test_a_killed_git_is_cleared_up_and_tried_again(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    async def kill_the_first(request: web.Request) -> None:
        if len(server.requests) != 2:
            return
        (mirror.git_dir / "packed-refs.lock").touch()
        ours = str(mirror.git_dir).encode()
        pids = [pid for pid, line in _command_lines().items() if b"\0fetch\0" in line and ours in line]
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(30)

    server.fault = kill_the_first
    await mirror.fetch(server.remote())
    async with mirror.open() as repository:
        assert await repository.resolve("main") == origin.head()
    assert not list(mirror.git_dir.rglob("*.lock"))


def _command_lines() -> dict[int, bytes]:
    lines = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines[int(entry.parent.name)] = entry.read_bytes()
    return lines


async def test_a_cancelled_fetch_ends_git_and_is_looked_over_next_time(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    asked = asyncio.Event()

    async def stall(request: web.Request) -> None:
        asked.set()
        await asyncio.sleep(30)

    server.fault = stall
    fetching = asyncio.create_task(mirror.fetch(server.remote()))
    await asked.wait()
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert not [line for line in _command_lines().values() if str(mirror.git_dir).encode() in line]
    mark = mirror.git_dir.parent / "fetching"
    assert mark.exists()
    server.fault = None
    await mirror.fetch(server.remote())
    assert not mark.exists()


async def test_what_a_killed_worker_leaves_behind_is_mended(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    await mirror.fetch(server.remote())
    home = mirror.git_dir.parent
    (home / "fetching").touch()
    (mirror.git_dir / "refs/forge/heads/main.lock").touch()
    (mirror.git_dir / "objects/pack/tmp_pack_x").write_bytes(b"half")
    origin.commit({"b": "2"})
    origin.git("push", "-q", "origin", "main")
    await mirror.fetch(server.remote())
    async with mirror.open() as repository:
        assert await repository.resolve("main") == origin.head()
    assert not (home / "fetching").exists()
    assert not list(mirror.git_dir.rglob("tmp_*"))


@pytest.mark.parametrize("damage", ["pack", "ref", "config", "everything"])
async def test_a_broken_mirror_is_made_anew(
    server: GitServer, origin: Work, mirror: Mirror, damage: str
) -> None:
    await mirror.fetch(server.remote())
    if damage == "pack":
        for pack in (mirror.git_dir / "objects/pack").iterdir():
            pack.unlink()
    elif damage == "ref":
        (mirror.git_dir / "refs/forge/heads/main").write_bytes(b"")
    elif damage == "config":
        (mirror.git_dir / "config").write_text("[core\n")
    else:
        for path in mirror.git_dir.iterdir():
            path.rename(mirror.git_dir.parent / f"moved-{path.name}")
    await mirror.fetch(server.remote())
    async with mirror.open() as repository:
        tree = await repository.tree(await repository.tree_of(await repository.resolve("main")))
        assert tree.read("apps/web.yaml") == b"kind: Deployment\n"


async def test_a_reader_that_misses_an_object_has_the_mirror_mended(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    await mirror.fetch(server.remote())
    blob = origin.git("rev-parse", "HEAD:apps/web.yaml")
    pack = next((mirror.git_dir / "objects/pack").glob("*.pack"))
    loose = pack.read_bytes()
    for path in (mirror.git_dir / "objects/pack").iterdir():
        path.unlink()
    Work(mirror.git_dir).git("unpack-objects", "-q", stdin=loose)
    (mirror.git_dir / "objects" / blob[:2] / blob[2:]).unlink()
    await mirror.fetch(server.remote())
    with pytest.raises(MirrorDamaged):
        await _read(mirror)
    await mirror.fetch(server.remote())
    assert await _read(mirror) == b"kind: Deployment\n"


async def _read(mirror: Mirror) -> bytes:
    async with mirror.open() as repository:
        tree = await repository.tree(await repository.tree_of(await repository.resolve("main")))
        return tree.read("apps/web.yaml")


async def test_a_mirror_never_fetched_says_so(mirror: Mirror) -> None:
    with pytest.raises(MirrorDamaged, match="github:acme/fleet"):
        async with mirror.open():
            pass


async def test_one_fetch_at_a_time_across_processes(server: GitServer, origin: Work, tmp_path: Path) -> None:
    mirrors = [Mirror(tmp_path / "mirrors", REPO, QUICK) for _ in range(3)]
    await asyncio.gather(*(mirror.fetch(server.remote()) for mirror in mirrors))
    impatient = Mirror(tmp_path / "mirrors", REPO, TransferLimits(wait_s=0.05))
    async with locked(mirrors[0].git_dir.parent / "lock", wait_s=1):
        started = time.monotonic()
        with pytest.raises(MirrorBusy):
            await impatient.fetch(server.remote())
        assert time.monotonic() - started < 5


async def test_a_repository_above_the_cap_is_not_kept(
    server: GitServer, origin: Work, tmp_path: Path
) -> None:
    origin.commit({"big": os.urandom(300_000)})
    origin.git("push", "-q", "origin", "main")
    for size_bytes in (100_000, 200):
        mirror = Mirror(tmp_path / "mirrors", REPO, TransferLimits(size_bytes=size_bytes, backoff_s=0.01))
        with pytest.raises(RepositoryTooLarge):
            await mirror.fetch(server.remote())
        assert not list((mirror.git_dir / "objects/pack").glob("*.pack"))


async def test_many_small_packs_become_one_and_nothing_is_lost(
    server: GitServer, origin: Work, mirror: Mirror
) -> None:
    await mirror.fetch(server.remote())
    tree = origin.git("rev-parse", "HEAD^{tree}")
    packs = mirror.git_dir / "objects/pack"
    commits = [origin.git("commit-tree", tree, "-m", str(number)) for number in range(PACKS_BEFORE_REPACK)]
    for commit in commits:
        origin.git("pack-objects", "-q", str(packs / "pack"), stdin=f"{commit}\n".encode())
    origin.commit({"b": "2"})
    origin.git("push", "-q", "origin", "main")
    await mirror.fetch(server.remote())
    assert len(list(packs.glob("*.pack"))) <= 2
    async with mirror.open() as repository:
        assert await repository.resolve("main") == origin.head()
        assert await repository.contains(Sha(commits[0]))


async def test_names_that_file_systems_confuse_get_mirrors_of_their_own(tmp_path: Path) -> None:
    paths = ["a/b", "a-b", "a/B-", "a/b/../c", "a/" + "x" * 300]
    homes = {Mirror(tmp_path, RepoId("f", path)).git_dir.parent for path in paths}
    assert len(homes) == len(paths)
    assert all(home.parent == tmp_path and len(home.name) < 120 for home in homes)


@pytest.mark.parametrize(
    "url", ["file:///etc", "ext::sh -c id", "https://u:p@forge/x", "ssh://forge/x", "https://f/\nx"]
)
def test_only_plain_http_addresses_are_fetched_from(url: str) -> None:
    with pytest.raises(ValueError):
        Remote(url)


async def test_a_host_whose_name_nobody_knows_is_told_as_such(mirror: Mirror) -> None:
    # NB: a label of 64 letters is refused before anybody is asked.
    with pytest.raises(Unavailable, match="the name of its host cannot be looked up"):
        await mirror.fetch(Remote(f"https://{'a' * 64}.invalid/acme/fleet.git"))
