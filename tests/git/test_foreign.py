"""Other people's repositories, read from a real git server over HTTP."""

import asyncio
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import LongshoreError, Temporary
from bot.git.address import Address
from bot.git.errors import (
    BadRef,
    HostNotAllowed,
    MirrorDamaged,
    MissingObject,
    NoRoom,
    NoSuchVersion,
    NotKnownOffline,
    RefNotFound,
    RepositoryMoved,
    RepositoryNotFound,
    RepositoryTooLarge,
    TooManySources,
    Unavailable,
    UnknownRevision,
)
from bot.git.foreign import ForeignLimits, ForeignRepositories
from bot.git.mirror import Mirror
from bot.git.remote import Credentials, Remote
from bot.git.room import make_room
from bot.git.transfer import TransferLimits
from bot.model.hosts import Hosts
from bot.model.release import GitRef
from bot.model.remote import RemoteKind, RemoteRef
from bot.model.target import GitSource
from tests.git.conftest import CREDENTIALS, TOKEN, GitServer
from tests.git.repos import Work, contents

LOOPBACK = Hosts(("127.0.0.1:*",))
QUICK = ForeignLimits(TransferLimits(timeout_s=20, attempts=2, backoff_s=0.01, wait_s=10))


@pytest.fixture
def origin(server: GitServer, work: Work) -> Work:
    """A repository of somebody else, with two releases and a branch beside."""
    bare = server.publish()
    Work(bare).git("config", "uploadpack.allowFilter", "true")
    work.git("remote", "add", "origin", str(bare))
    work.commit({"app.yaml": "release: 1.0.0\n"})
    work.git("tag", "v1.0.0")
    work.commit({"app.yaml": "release: 1.1.0\n"})
    work.git("tag", "-a", "-m", "notes", "1.1.0")
    work.commit({"app.yaml": "release: none\n"})
    work.git("push", "-q", "origin", "main", "main:master", "main:release/x", "--tags")
    return work


@pytest.fixture
def foreign(tmp_path: Path, server: GitServer) -> ForeignRepositories:
    return ForeignRepositories(tmp_path / "foreign", LOOPBACK, lambda _: CREDENTIALS, limits=QUICK)


def source(server: GitServer, **ref: str) -> GitSource:
    return GitSource(server.remote().url, GitRef(**ref))


def remote(server: GitServer, revision: str = "") -> RemoteRef:
    return RemoteRef(RemoteKind.REPOSITORY, server.remote().url, revision)


async def read(foreign: ForeignRepositories, wanted: GitSource | RemoteRef) -> str:
    async with foreign.open(wanted) as found:
        assert found.identity.endswith(f"@{found.commit}")
        return found.tree.read("app.yaml").decode().strip()


async def test_flux_s_refs_lead_to_the_commit_that_flux_would_take(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    assert await read(foreign, source(server)) == "release: none"
    assert await read(foreign, source(server, branch="release/x")) == "release: none"
    assert await read(foreign, source(server, tag="v1.0.0", branch="main")) == "release: 1.0.0"
    assert await read(foreign, source(server, tag="1.1.0")) == "release: 1.1.0"
    assert await read(foreign, source(server, semver=">=1.0.0 <1.1.0", tag="1.1.0")) == "release: 1.0.0"
    assert await read(foreign, source(server, semver="1.x")) == "release: 1.1.0"
    assert await read(foreign, source(server, name="refs/tags/1.1.0^{}", semver="1.0.x")) == "release: 1.1.0"
    first = origin.git("rev-parse", "v1.0.0")
    assert await read(foreign, source(server, commit=first, tag="1.1.0")) == "release: 1.0.0"
    assert await read(foreign, source(server, commit=first, branch="release/x")) == "release: 1.0.0"


async def test_a_revision_of_kustomize_is_a_tag_a_branch_or_a_commit(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    origin.git("push", "-q", "origin", "v1.0.0:refs/heads/1.1.0")
    assert await read(foreign, remote(server)) == "release: none"
    assert await read(foreign, remote(server, "v1.0.0")) == "release: 1.0.0"
    assert await read(foreign, remote(server, "1.1.0")) == "release: 1.1.0"
    assert await read(foreign, remote(server, "release/x")) == "release: none"
    assert await read(foreign, remote(server, origin.git("rev-parse", "v1.0.0"))) == "release: 1.0.0"


async def test_a_revision_of_argo_cd_is_a_branch_before_it_is_a_tag(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    origin.git("push", "-q", "origin", "v1.0.0:refs/heads/1.1.0")
    assert await read(foreign, source(server, revision="HEAD")) == "release: none"
    assert await read(foreign, source(server, revision="1.1.0")) == "release: 1.0.0"
    assert await read(foreign, source(server, revision="refs/tags/1.1.0")) == "release: 1.1.0"
    assert await read(foreign, source(server, revision="v1.0.0")) == "release: 1.0.0"
    assert await read(foreign, source(server, revision=origin.git("rev-parse", "v1.0.0"))) == "release: 1.0.0"


async def test_a_range_of_argo_cd_takes_short_versions_and_names_after_all(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    origin.git("push", "-q", "origin", "v1.0.0:refs/heads/9.x", "main:refs/tags/v2.5")
    assert await read(foreign, source(server, semver="2.x", revision="2.x")) == "release: none"
    assert await read(foreign, source(server, semver="9.x", revision="9.x")) == "release: 1.0.0"
    assert await read(foreign, source(server, semver="1.0.*", revision="1.0.*")) == "release: 1.0.0"


async def test_only_the_commit_itself_is_fetched_not_its_history(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    async with foreign.open(source(server, branch="main")) as found:
        assert len(await found.repository.first_parents(found.commit, 9)) == 1


async def test_a_commit_that_no_branch_or_tag_contains_is_refused(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    fork = origin.commit({"app.yaml": "release: evil\n"})
    origin.git("push", "-q", "origin", "HEAD:refs/pull/7/head")
    with pytest.raises(UnknownRevision, match="on no branch or tag of http://127"):
        await read(foreign, source(server, commit=fork))
    with pytest.raises(UnknownRevision):
        await read(foreign, remote(server, fork))
    assert await read(foreign, source(server, name="refs/pull/7/head")) == "release: evil"
    with pytest.raises(UnknownRevision):
        await read(foreign, remote(server, fork))


async def test_the_history_is_asked_without_files_where_the_forge_can(
    server: GitServer, origin: Work, foreign: ForeignRepositories, tmp_path: Path
) -> None:
    def objects() -> str:
        graph = next((tmp_path / "foreign/graphs").iterdir()) / "repo.git"
        return Work(graph).git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")

    wanted = source(server, commit=origin.git("rev-parse", "v1.0.0"))
    assert await read(foreign, wanted) == "release: 1.0.0"
    assert set(objects().split()) == {"commit", "tag"}
    shutil.rmtree(tmp_path / "foreign")
    Work(server.root / "acme/fleet.git").git("config", "uploadpack.allowFilter", "false")
    assert await read(foreign, wanted) == "release: 1.0.0"
    assert "blob" in objects()


async def test_a_commit_of_one_branch_must_be_on_that_branch(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    beside = origin.commit({"app.yaml": "release: beside\n"})
    origin.git("push", "-q", "origin", "HEAD:beside")
    assert await read(foreign, source(server, commit=beside)) == "release: beside"
    with pytest.raises(UnknownRevision, match="not on branch main"):
        await read(foreign, source(server, commit=beside, branch="main"))


async def test_a_known_commit_is_not_asked_for_again_even_by_another_process(
    server: GitServer, origin: Work, foreign: ForeignRepositories, tmp_path: Path
) -> None:
    wanted = source(server, commit=origin.git("rev-parse", "v1.0.0"))
    await read(foreign, wanted)
    server.requests.clear()
    other = ForeignRepositories(tmp_path / "foreign", LOOPBACK, lambda _: CREDENTIALS, limits=QUICK)
    assert await read(foreign, wanted) == await read(other, wanted) == "release: 1.0.0"
    assert server.requests == []


async def test_what_a_ref_leads_to_is_asked_once_in_a_while(
    server: GitServer, origin: Work, foreign: ForeignRepositories, tmp_path: Path
) -> None:
    wanted = source(server, branch="main")
    await read(foreign, wanted)
    origin.commit({"app.yaml": "release: newer\n"})
    origin.git("push", "-q", "origin", "main")
    server.requests.clear()
    assert await read(foreign, wanted) == "release: none"
    assert server.requests == []
    forgetful = ForeignRepositories(
        tmp_path / "foreign", LOOPBACK, lambda _: CREDENTIALS, limits=ForeignLimits(QUICK.transfer, fresh_s=0)
    )
    assert await read(forgetful, wanted) == "release: newer"


async def test_many_askers_at_once_ask_the_forge_once(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    await asyncio.gather(*(read(foreign, source(server, branch="main")) for _ in range(5)))
    assert sum(request.startswith("GET") for request in server.requests) == 1


async def test_a_visit_sees_one_commit_however_long_it_lasts(
    server: GitServer, origin: Work, tmp_path: Path
) -> None:
    limits = ForeignLimits(QUICK.transfer, fresh_s=0, sources=2)
    foreign = ForeignRepositories(tmp_path / "foreign", LOOPBACK, lambda _: CREDENTIALS, limits=limits)
    async with foreign.visit() as visit:
        before = await visit.tree(source(server, branch="main"))
        origin.commit({"app.yaml": "release: newer\n"})
        origin.git("push", "-q", "origin", "main")
        after = await visit.tree(source(server, branch="main"))
        assert before is after
        with pytest.raises(RefNotFound):
            await visit.tree(source(server, branch="gone"))
        server.requests.clear()
        with pytest.raises(RefNotFound, match="has no branch gone"):
            await visit.tree(source(server, branch="gone"))
        assert server.requests == []
        with pytest.raises(TooManySources):
            await visit.tree(source(server, tag="v1.0.0"))


async def test_offline_knows_what_was_fetched_before(
    server: GitServer, origin: Work, foreign: ForeignRepositories, tmp_path: Path
) -> None:
    await read(foreign, source(server, semver="1.x"))
    await read(foreign, source(server, branch="main"))
    server.requests.clear()
    offline = ForeignRepositories(tmp_path / "foreign", LOOPBACK, limits=QUICK, offline=True)
    assert await read(offline, source(server, semver="1.x")) == "release: 1.1.0"
    assert await read(offline, source(server, branch="main")) == "release: none"
    with pytest.raises(NotKnownOffline, match=r"tag v1\.0\.0 of http"):
        await read(offline, source(server, tag="v1.0.0"))
    assert server.requests == []


async def test_a_host_that_nobody_allowed_is_not_asked_nor_read(
    server: GitServer, origin: Work, foreign: ForeignRepositories, tmp_path: Path
) -> None:
    await read(foreign, source(server, branch="main"))
    server.requests.clear()
    strict = ForeignRepositories(tmp_path / "foreign", Hosts(("github.com",)), limits=QUICK)
    with pytest.raises(HostNotAllowed, match=r"`127\.0\.0\.1:\d+` to `sources\.hosts`"):
        await read(strict, source(server, branch="main"))
    assert server.requests == []


async def test_no_message_holds_a_password(server: GitServer, origin: Work, tmp_path: Path) -> None:
    token = f"bot:{TOKEN}@"
    address = server.remote().url.replace("://", f"://{token}")
    foreign = ForeignRepositories(tmp_path / "a", Hosts(), limits=QUICK)
    with pytest.raises(HostNotAllowed) as refused:
        await read(foreign, GitSource(address))
    anonymous = ForeignRepositories(tmp_path / "b", LOOPBACK, limits=QUICK)
    with pytest.raises(LongshoreError, match="not shown to us") as failed:
        await read(anonymous, GitSource(address))
    assert "sources.credentials" in failed.value.hint
    assert TOKEN not in str(refused.value) + str(failed.value)
    assert not any(TOKEN.encode() in content for content, _ in contents(tmp_path / "b").values())


async def test_credentials_are_asked_for_by_url(server: GitServer, origin: Work, tmp_path: Path) -> None:
    asked: list[str] = []

    def credentials(url: str) -> Credentials | None:
        asked.append(url)
        return CREDENTIALS

    foreign = ForeignRepositories(tmp_path / "foreign", LOOPBACK, credentials, limits=QUICK)
    await read(foreign, source(server, branch="main"))
    assert asked == [server.remote().url]


@pytest.mark.parametrize(
    ("ref", "error"),
    [
        ({"branch": "nowhere"}, RefNotFound),
        ({"tag": "v9"}, RefNotFound),
        ({"semver": "2.x"}, NoSuchVersion),
        ({"semver": "not a range"}, NoSuchVersion),
        ({"commit": "abc123"}, BadRef),
        ({"commit": "1" * 40}, UnknownRevision),
        ({"name": "main"}, BadRef),
        ({"branch": "--upload-pack=touch"}, BadRef),
        ({"branch": "a:refs/heads/b"}, BadRef),
        ({"branch": "a b"}, BadRef),
        ({"tag": "a..b"}, BadRef),
        ({"tag": "*"}, BadRef),
    ],
)
async def test_what_is_not_there_or_no_ref_is_said(
    server: GitServer,
    origin: Work,
    foreign: ForeignRepositories,
    ref: dict[str, str],
    error: type[LongshoreError],
) -> None:
    with pytest.raises(error):
        await read(foreign, source(server, **ref))


async def test_a_repository_that_is_not_there_is_said_once_for_a_while(
    server: GitServer, foreign: ForeignRepositories
) -> None:
    with pytest.raises(RepositoryNotFound, match="not shown to us"):
        await read(foreign, source(server))
    server.requests.clear()
    with pytest.raises(RepositoryNotFound):
        await read(foreign, source(server))
    assert server.requests == []


async def test_a_forge_that_is_down_is_left_alone_for_a_while(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    async def down(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    server.fault = down
    with pytest.raises(Unavailable):
        await read(foreign, source(server, branch="main"))
    server.requests.clear()
    with pytest.raises(Temporary):
        await read(foreign, source(server, tag="v1.0.0"))
    assert server.requests == []


async def test_a_redirect_is_not_followed(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        return web.Response(status=301, headers={"Location": f"http://127.0.0.1:1{request.path_qs}"})

    server.fault = moved
    with pytest.raises(RepositoryMoved):
        await read(foreign, source(server))


async def test_a_name_without_git_at_its_end_may_need_it(
    server: GitServer, origin: Work, foreign: ForeignRepositories
) -> None:
    """GitLab redirects; the name with `.git` is one repository with the name without."""

    async def redirect(request: web.Request) -> web.StreamResponse | None:
        if "/fleet.git/" in request.path:
            return None
        return web.Response(status=301, headers={"Location": request.path_qs.replace("fleet/", "fleet.git/")})

    server.fault = redirect
    short = server.remote().url.removesuffix(".git")
    assert await read(foreign, GitSource(short, GitRef(tag="v1.0.0"))) == "release: 1.0.0"
    server.requests.clear()
    assert await read(foreign, GitSource(f"{short}.git", GitRef(tag="v1.0.0"))) == "release: 1.0.0"
    assert server.requests == []


async def test_a_repository_above_the_cap_is_refused(server: GitServer, origin: Work, tmp_path: Path) -> None:
    origin.commit({"big": os.urandom(300_000)})
    origin.git("push", "-q", "origin", "main")
    limits = ForeignLimits(TransferLimits(size_bytes=100_000, attempts=1))
    foreign = ForeignRepositories(tmp_path / "foreign", LOOPBACK, lambda _: CREDENTIALS, limits=limits)
    with pytest.raises((RepositoryTooLarge, Unavailable)):
        await read(foreign, source(server, branch="main"))
    assert sum(len(content) for content, _ in contents(tmp_path / "foreign").values()) < 200_000


async def test_a_mirror_that_was_damaged_or_lost_is_fetched_again(
    server: GitServer, origin: Work, foreign: ForeignRepositories, tmp_path: Path
) -> None:
    wanted = source(server, commit=origin.git("rev-parse", "v1.0.0"))
    await read(foreign, wanted)
    for name in contents(tmp_path / "foreign"):
        if name.startswith("trees/") and name.endswith(".pack"):
            file = tmp_path / "foreign" / name
            file.chmod(0o600)
            file.write_bytes(file.read_bytes()[:40])
    assert await read(foreign, wanted) == "release: 1.0.0"
    shutil.rmtree(tmp_path / "foreign")
    assert await read(foreign, wanted) == "release: 1.0.0"


async def test_a_reader_s_complaint_has_the_mirror_looked_over(
    server: GitServer, origin: Work, foreign: ForeignRepositories, tmp_path: Path
) -> None:
    wanted = source(server, commit=origin.git("rev-parse", "v1.0.0"))
    with pytest.raises(MirrorDamaged):
        async with foreign.open(wanted):
            raise MissingObject("a blob is not there")
    server.requests.clear()
    assert await read(foreign, wanted) == "release: 1.0.0"
    assert server.requests


async def test_the_addresses_that_were_looked_at_are_the_ones_that_are_asked(
    server: GitServer, origin: Work, tmp_path: Path
) -> None:
    url = server.remote().url.replace("127.0.0.1", "nowhere.example")
    mirror = Mirror(tmp_path, Address.of(url), QUICK.transfer)
    await mirror.fetch(Remote(url, CREDENTIALS, ("127.0.0.1",)))
    assert await mirror.commit("refs/forge/heads/main") == origin.head()


async def test_the_least_recently_used_mirrors_make_room(
    server: GitServer, origin: Work, foreign: ForeignRepositories, tmp_path: Path
) -> None:
    home = tmp_path / "foreign"
    await read(foreign, source(server, branch="main"))
    await make_room(home, 0)
    assert list(home.glob("trees/*/repo.git"))  # in use a moment ago
    for used in home.glob("trees/*/used"):
        os.utime(used, (time.time() - 7200, time.time() - 7200))
    await make_room(home, 1_000_000)
    assert list(home.glob("trees/*/repo.git"))
    await make_room(home, 0)
    assert not list(home.glob("trees/*/repo.git"))
    fresh = ForeignRepositories(home, LOOPBACK, lambda _: CREDENTIALS, limits=QUICK)
    assert await read(fresh, source(server, branch="main")) == "release: none"


async def test_mirrors_that_are_in_use_may_not_outgrow_what_all_may_hold(
    server: GitServer, origin: Work, tmp_path: Path
) -> None:
    home = tmp_path / "foreign"
    foreign = ForeignRepositories(home, LOOPBACK, lambda _: CREDENTIALS, limits=replace(QUICK, total_bytes=1))
    assert await read(foreign, source(server, branch="main")) == "release: none"
    with pytest.raises(NoRoom):
        await read(foreign, source(server, branch="release/x"))
    for used in home.glob("trees/*/used"):
        os.utime(used, (time.time() - 7200, time.time() - 7200))
    later = ForeignRepositories(home, LOOPBACK, lambda _: CREDENTIALS, limits=replace(QUICK, total_bytes=1))
    assert await read(later, source(server, branch="release/x")) == "release: none"
