"""Real git against the stand-in over HTTP: what it serves, to whom, and what a push sets off."""

import os
from pathlib import Path

import pytest

from tests.sandbox.forge import File, Role
from tests.sandbox.forge.acme import Acme
from tests.sandbox.gituser import Git


@pytest.fixture
def git(acme: Acme, tmp_path: Path) -> Git:
    return Git(tmp_path / "bob", acme.github.token("acme"))


async def test_pull_request_heads_are_fetched_also_those_of_forks(acme: Acme, git: Git) -> None:
    fork = await acme.github.fork(acme.repository, "bob")
    head = await acme.github.push(fork, "theirs", {"c.yaml": "c: 1\n"}, author="bob")
    pull = await acme.github.open_pull(acme.repository, "theirs", source=fork, author="bob")
    await git("init", "-q")
    url = acme.github.clone_url(acme.repository)
    await git("fetch", "-q", url, f"refs/pull/{pull.number}/head:refs/heads/theirs")
    assert await git("rev-parse", "theirs") == head
    moved = await acme.github.push(fork, "theirs", {"c.yaml": "c: 2\n"}, author="bob")
    await git("fetch", "-q", url, f"refs/pull/{pull.number}/head")
    assert await git("rev-parse", "FETCH_HEAD") == moved


async def test_merge_result_is_fetched_once_mergeability_is_known(acme: Acme, git: Git) -> None:
    pull = await acme.pull()
    for _ in range(2):
        await acme.bot.getitem(f"/repos/acme/fleet/pulls/{pull.number}")
    await git("init", "-q")
    await git("fetch", "-q", acme.github.clone_url(acme.repository), f"refs/pull/{pull.number}/merge")
    assert await git("rev-parse", "FETCH_HEAD^2") == pull.head_sha


async def test_partial_clone_fetches_what_it_lacks_by_id(acme: Acme, git: Git) -> None:
    url = acme.github.clone_url(acme.repository)
    await git("clone", "-q", "--bare", "--filter=blob:none", url, ".")
    assert "?" in await git("rev-list", "--objects", "--missing=print", "main")
    assert await git("cat-file", "blob", "main:a.yaml") == "a: 1"
    first = await acme.github.head(acme.repository)
    second = await acme.github.push(acme.repository, "main", {"a.yaml": "a: 2\n"})
    await git("fetch", "-q", url, second)
    assert await git("rev-parse", f"{second}^") == first


async def test_large_push_may_come_compressed_and_in_chunks(acme: Acme, git: Git) -> None:
    await git("clone", "-q", acme.github.clone_url(acme.repository), ".")
    for number in range(50):
        (git.directory / f"{number}.yaml").write_text(f"n: {number}\n" * 2000)
    await git("add", ".")
    await git("commit", "-qm", "Many")
    await git("-c", "http.postBuffer=1000", "push", "-q")
    assert await acme.github.head(acme.repository) == await git("rev-parse", "HEAD")


async def test_without_a_token_a_private_repository_asks_for_one(acme: Acme, tmp_path: Path) -> None:
    url = acme.github.clone_url(acme.repository) + "/info/refs?service=git-upload-pack"
    async with acme.session.get(url) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
    code, output = await Git(tmp_path / "nobody", None).try_(
        "ls-remote", acme.github.clone_url(acme.repository)
    )
    assert code != 0, output


async def test_bearer_and_installation_tokens_open_it_too(acme: Acme, tmp_path: Path) -> None:
    token = await acme.installation_token(permissions={"contents": "read"})
    url = acme.github.clone_url(acme.repository) + "/info/refs?service=git-upload-pack"
    async with acme.session.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 200
    assert "refs/heads/main" in await Git(tmp_path / "bot", token)(
        "ls-remote", acme.github.clone_url(acme.repository)
    )


async def test_repository_one_cannot_see_is_not_found(acme: Acme, tmp_path: Path) -> None:
    stranger = Git(tmp_path / "mallory", acme.github.token("mallory"))
    for url in (acme.github.clone_url(acme.repository), f"{acme.github.url}/acme/nowhere.git"):
        code, output = await stranger.try_("ls-remote", url)
        assert code != 0
        assert "not found" in output


async def test_public_repository_is_cloned_by_anyone_and_pushed_by_none(acme: Acme, tmp_path: Path) -> None:
    public = await acme.github.create_repo("acme/open", private=False, files={"a": "1"})
    nobody = Git(tmp_path / "nobody", None)
    await nobody("clone", "-q", acme.github.clone_url(public), ".")
    code, _ = await nobody.try_("push", "-q", "origin", "HEAD:new")
    assert code != 0


@pytest.mark.parametrize("kind", ["capped person", "narrowed installation", "reader"])
async def test_token_that_may_only_read_cannot_push(acme: Acme, tmp_path: Path, kind: str) -> None:
    acme.github.give_role(acme.repository, "rita", Role.READ)
    tokens = {
        "capped person": acme.github.token("acme", cap=Role.READ),
        "narrowed installation": await acme.installation_token(permissions={"contents": "read"}),
        "reader": acme.github.token("rita"),
    }
    reader = Git(tmp_path / "reader", tokens[kind])
    await reader("clone", "-q", acme.github.clone_url(acme.repository), ".")
    code, output = await reader.try_("push", "origin", "HEAD:new")
    assert code != 0
    assert "403" in output
    assert list(await acme.repository.store.refs("refs/heads")) == ["refs/heads/main"]


async def test_modes_and_strange_names_survive(acme: Acme, git: Git) -> None:
    strange = b'caf\xe9 "x".yaml'.decode("utf-8", "surrogateescape")
    files: dict[str, str | bytes | File | None] = {
        "run.sh": File(b"#!/bin/sh\n", "100755"),
        "link": File(b"a.yaml", "120000"),
        strange: "x",
    }
    await acme.github.push(acme.repository, "main", files)
    await git("clone", "-q", acme.github.clone_url(acme.repository), ".")
    listing = await git("-c", "core.quotePath=true", "ls-files", "-s")
    modes = {line.split()[3]: line.split()[0] for line in listing.splitlines()}
    assert (modes["run.sh"], modes["link"]) == ("100755", "120000")
    assert (git.directory / os.fsencode(strange).decode("utf-8", "surrogateescape")).exists()


async def test_deleted_head_or_base_branch_closes_the_pull_request(acme: Acme, git: Git) -> None:
    await acme.github.push(acme.repository, "base", {"b": "1"})
    first = await acme.pull("one")
    await acme.github.push(acme.repository, "two", {"c": "1"})
    second = await acme.github.open_pull(acme.repository, "two", base="base")
    await acme.github.force(acme.repository, "one", None)
    await acme.github.force(acme.repository, "base", None)
    assert (first.is_open, second.is_open) == (False, False)
