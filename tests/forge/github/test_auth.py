"""Who we are: Apps with narrow tokens that are renewed in time, plain tokens, and what either of them lacks."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.errors import UserError
from bot.forge.commits import FileChange, NewCommit
from bot.forge.errors import ForgeForbidden, ForgeNotFound, ForgeUnauthorized
from bot.forge.github.forge import open_github
from bot.forge.github.settings import AppKey, GitHubSettings
from bot.model.repo import RepoId
from tests.forge.github.conftest import FILES, FLEET, World, Worlds, rogue
from tests.sandbox.forge.core.people import Role, Token
from tests.sandbox.forge.github.apps import Installation


def minted(world: World) -> list[Token]:
    every = world.github.forge.tokens._by_text.values()
    return [token for token in every if isinstance(token.source, Installation)]


async def test_a_token_reaches_one_repository_and_has_what_is_needed_only(worlds: Worlds) -> None:
    needed = {
        "checks": "write",
        "contents": "read",
        "deployments": "write",
        "metadata": "read",
        "pull_requests": "write",
    }
    world = await worlds.app(**needed | {"contents": "write", "issues": "write", "actions": "write"})
    await world.forge.default_branch(FLEET)
    (token,) = minted(world)
    assert token.repositories == frozenset({world.fleet})
    assert token.permissions == needed | {"actions": "read"}


async def test_only_a_commit_is_made_with_a_token_that_may_write_contents(as_app: World) -> None:
    parent = await as_app.head()
    changes = (FileChange("a.yaml", b"a: 1\n", is_new=True),)
    await as_app.forge.commit(FLEET, NewCommit("bot/x", parent, "Add", changes, expected=None))
    first, *rest = [token.permissions for token in minted(as_app)]
    assert {"contents": "write", "metadata": "read"} in (first, *rest)
    assert all(permissions != first for permissions in rest)


async def test_git_gets_a_token_that_reads_only(as_app: World) -> None:
    credentials = await as_app.forge.git_credentials(FLEET)
    (token,) = minted(as_app)
    assert (credentials.username, credentials.password) == ("x-access-token", token.text)
    assert token.permissions == {"contents": "read", "metadata": "read"}
    assert token.repositories == frozenset({as_app.fleet})
    assert credentials.expires_at is not None
    assert credentials.expires_at - datetime.now(UTC) < timedelta(hours=1)
    assert token.text not in repr(credentials)


async def test_git_gets_the_plain_token_where_there_is_no_app(with_token: World) -> None:
    credentials = await with_token.forge.git_credentials(FLEET)
    assert credentials.password.startswith("ghp_")
    assert credentials.expires_at is None


async def test_git_that_is_refused_gets_another_token_of_the_app_one_for_many(as_app: World) -> None:
    refused = await as_app.forge.git_credentials(FLEET)
    renewed = await asyncio.gather(*(as_app.forge.renewed_git_credentials(FLEET, refused) for _ in range(4)))
    assert {one.password for one in renewed if one} == {minted(as_app)[-1].text} != {refused.password}
    assert len(minted(as_app)) == 2


async def test_git_that_is_refused_has_no_other_plain_token(with_token: World) -> None:
    refused = await with_token.forge.git_credentials(FLEET)
    assert await with_token.forge.renewed_git_credentials(FLEET, refused) is None


async def test_of_many_at_once_one_asks_for_the_token(as_app: World) -> None:
    await asyncio.gather(*(as_app.forge.default_branch(FLEET) for _ in range(8)))
    assert len(minted(as_app)) == 1
    assert as_app.requests.count("GET /repos/acme/fleet/installation") == 1


async def test_a_permission_that_was_not_granted_is_not_asked_for(worlds: Worlds) -> None:
    world = await worlds.app(metadata="read", contents="write", checks="read")
    assert await world.forge.default_branch(FLEET) == "main"
    (token,) = minted(world)
    assert token.permissions == {"metadata": "read", "contents": "read"}


async def test_a_token_that_github_no_longer_takes_is_renewed_once(as_app: World) -> None:
    await as_app.forge.default_branch(FLEET)
    (old,) = minted(as_app)
    old.is_revoked = True
    assert await as_app.forge.default_branch(FLEET) == "main"
    assert len(minted(as_app)) == 2


async def test_a_refused_token_takes_its_sibling_for_git_along(as_app: World) -> None:
    before = await as_app.forge.git_credentials(FLEET)
    await as_app.forge.default_branch(FLEET)
    for token in minted(as_app):
        token.is_revoked = True
    await as_app.forge.default_branch(FLEET)
    assert (await as_app.forge.git_credentials(FLEET)).password != before.password


async def test_many_who_are_refused_at_once_renew_once(as_app: World) -> None:
    await as_app.forge.default_branch(FLEET)
    minted(as_app)[0].is_revoked = True
    await asyncio.gather(*(as_app.forge.default_branch(FLEET) for _ in range(8)))
    assert len(minted(as_app)) == 2


async def test_credentials_that_stay_refused_are_said_and_not_tried_for_ever(as_app: World) -> None:
    as_app.github.faults.answer("GET", r"/repos/acme/fleet$", 401, times=10)
    with pytest.raises(ForgeUnauthorized) as caught:
        await as_app.forge.default_branch(FLEET)
    assert as_app.requests.count("GET /repos/acme/fleet") == 2
    assert "private key" in caught.value.hint
    assert isinstance(caught.value, UserError)


async def test_a_plain_token_that_is_refused_is_not_tried_again(with_token: World) -> None:
    with_token.github.faults.answer("GET", r"/repos/acme/fleet$", 401, times=10)
    with pytest.raises(ForgeUnauthorized):
        await with_token.forge.default_branch(FLEET)
    assert with_token.requests.count("GET /repos/acme/fleet") == 1


async def test_an_unknown_token_is_unauthorized(worlds: Worlds) -> None:
    forge = await worlds.open(worlds.settings(token="ghp_unknown"))
    with pytest.raises(ForgeUnauthorized):
        await forge.identity()
    with pytest.raises(ForgeUnauthorized):
        await forge.missing_permissions()


async def test_a_repository_without_the_app_is_said_to_be_so(as_app: World) -> None:
    await as_app.github.create_repo("acme/other", files=FILES)
    with pytest.raises(ForgeNotFound, match="not installed on acme/other"):
        await as_app.forge.default_branch(RepoId("hub", "acme/other"))


async def test_a_suspended_installation_gives_no_token(as_app: World) -> None:
    await as_app.forge.default_branch(FLEET)
    assert as_app.installation is not None
    as_app.github.suspend(as_app.installation)
    minted(as_app)[0].is_revoked = True
    with pytest.raises(ForgeNotFound):
        await as_app.forge.default_branch(FLEET)
    as_app.github.unsuspend(as_app.installation)
    assert await as_app.forge.default_branch(FLEET) == "main"


async def test_a_repository_taken_from_the_installation_is_not_found(as_app: World) -> None:
    await as_app.forge.default_branch(FLEET)
    assert as_app.installation is not None
    as_app.github.select(as_app.installation, as_app.fleet, is_covered=False)
    with pytest.raises((ForgeNotFound, ForgeForbidden)):
        await as_app.forge.default_branch(FLEET)


async def test_repositories_are_those_of_every_installation_that_is_not_suspended(as_app: World) -> None:
    github = as_app.github
    assert as_app.app is not None
    for owner, is_suspended in (("umbrella", False), ("sleepy", True)):
        await github.create_repo(f"{owner}/infra", files=None)
        installation = github.install(as_app.app, owner)
        if is_suspended:
            github.suspend(installation)
    assert set(await as_app.forge.repositories()) == {FLEET, RepoId("hub", "umbrella/infra")}


async def test_repositories_of_a_plain_token_are_those_its_person_sees(with_token: World) -> None:
    await with_token.github.create_repo("acme/hidden", files=None)
    assert await with_token.forge.repositories() == [FLEET]


async def test_repositories_of_a_plain_token_are_all_but_the_archived() -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.path == "/api/v3/user/repos"
        page = int(request.query.get("page", "1"))
        names = [{"full_name": f"acme/{page}-{n}", "archived": n % 2 == 0} for n in range(4)]
        link = f'<{request.url.with_query(page=str(page + 1))}>; rel="next"'
        return web.json_response(names, headers={"Link": link} if page < 3 else {})

    async with rogue(handler) as api_url, open_github(GitHubSettings("hub", None, "ghp_x", api_url)) as forge:
        found = await forge.repositories()
    assert [repo.path for repo in found] == [f"acme/{page}-{n}" for page in (1, 2, 3) for n in (1, 3)]


async def test_an_app_that_is_installed_nowhere_says_so(worlds: Worlds) -> None:
    world = await worlds.app()
    assert world.installation is not None
    world.github.uninstall(world.installation)
    with pytest.raises(ForgeForbidden, match="installed nowhere"):
        await world.forge.identity()
    assert await world.forge.repositories() == []


async def test_an_app_with_all_it_needs_lacks_nothing(worlds: Worlds) -> None:
    app = worlds.github.create_app(hook_url=f"{worlds.github.url}/nobody-listens", hook_secret="s")
    worlds.github.install(app, "acme", [worlds.fleet])
    forge = await worlds.open(worlds.settings(app=AppKey(str(app.id), app.private_key)))
    assert await forge.missing_permissions() == []


async def test_what_an_app_and_its_installation_lack_is_said_with_the_place_to_grant_it(
    worlds: Worlds,
) -> None:
    world = await worlds.app(metadata="read", contents="read", pull_requests="read")
    missing = "\n".join(await world.forge.missing_permissions())
    for words in (
        "does not ask for checks: write",
        "the installation for acme lacks pull_requests: write",
        "does not subscribe to the event push",
    ):
        assert words in missing
    assert "contents" not in missing
    assert "http" in missing


async def test_a_suspended_installation_is_missing(as_app: World) -> None:
    assert as_app.installation is not None
    as_app.github.suspend(as_app.installation)
    assert "suspended" in "\n".join(await as_app.forge.missing_permissions())


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"X-OAuth-Scopes": "repo, gist"}, None),
        ({}, None),
        ({"X-OAuth-Scopes": "public_repo"}, "public_repo only"),
        ({"X-OAuth-Scopes": "gist"}, "lacks the scope `repo`"),
        ({"X-OAuth-Scopes": ""}, "lacks the scope `repo`"),
    ],
)
async def test_what_a_plain_token_lacks_is_read_off_its_scopes(
    headers: dict[str, str], words: str | None
) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.json_response({"login": "bot", "id": 1}, headers=headers)

    async with rogue(handler) as api_url, open_github(GitHubSettings("hub", None, "ghp_x", api_url)) as forge:
        missing = await forge.missing_permissions()
    assert (words is None and not missing) or (words is not None and words in missing[0])


@pytest.mark.parametrize(
    ("said", "expires_at"),
    [
        ("2026-12-07 19:07:53 UTC", datetime(2026, 12, 7, 19, 7, 53, tzinfo=UTC)),
        ("2026-12-07 19:07:53 +0200", datetime(2026, 12, 7, 17, 7, 53, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
async def test_when_a_plain_token_ends_is_read_off_the_answer(
    said: str | None, expires_at: datetime | None
) -> None:
    headers = {} if said is None else {"GitHub-Authentication-Token-Expiration": said}

    async def handler(_request: web.Request) -> web.Response:
        return web.json_response({"login": "bot", "id": 1}, headers=headers)

    async with rogue(handler) as api_url, open_github(GitHubSettings("hub", None, "ghp_x", api_url)) as forge:
        assert await forge.credentials_expire() == expires_at


async def test_an_app_s_key_does_not_end(as_app: World) -> None:
    assert await as_app.forge.credentials_expire() is None


async def test_secrets_are_not_in_what_is_printed() -> None:
    settings = GitHubSettings("hub", token="ghp_secret")
    assert "secret" not in repr(settings)
    assert "PRIVATE" not in repr(AppKey("1", "-----BEGIN RSA PRIVATE KEY-----"))


@pytest.mark.parametrize("both", [True, False])
def test_credentials_are_of_exactly_one_kind(*, both: bool) -> None:
    with pytest.raises(UserError, match=r"forge hub.*forges\.hub"):
        GitHubSettings("hub", AppKey("1", "key") if both else None, "ghp_x" if both else None)


@pytest.mark.parametrize(
    "pem", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
async def test_a_private_key_that_is_none_is_said_at_the_start(pem: str) -> None:
    with pytest.raises(UserError, match="App 7"):
        async with open_github(GitHubSettings("hub", AppKey("7", pem))):
            pytest.fail("opened with a bad key")


async def test_a_key_of_another_app_is_unauthorized(worlds: Worlds) -> None:
    one, two = worlds.github.create_app("one"), worlds.github.create_app("two")
    forge = await worlds.open(worlds.settings(app=AppKey(str(one.id), two.private_key)))
    with pytest.raises(ForgeUnauthorized):
        await forge.missing_permissions()


async def test_git_reads_a_fork_through_the_base_repository(world: World) -> None:
    fork = await world.github.fork(world.fleet, "mallory")
    head = await world.github.push(fork, "x", {"a.yaml": b""}, author="mallory")
    pull = await world.github.open_pull(world.fleet, "x", author="mallory", source=fork)
    world.github.give_role(world.fleet, "mallory", Role.NONE)
    url = world.forge.git_url(FLEET)
    assert url == world.github.clone_url(world.fleet)
    credentials = await world.forge.git_credentials(FLEET)
    address = url.replace("://", f"://{credentials.username}:{credentials.password}@")
    process = await asyncio.create_subprocess_exec(
        "git", "ls-remote", address, world.forge.pull_head_ref(pull.number), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output.decode().split() == [head, f"refs/pull/{pull.number}/head"]


@pytest.mark.parametrize(("role", "is_enough"), [(Role.READ, False), (Role.WRITE, True)])
async def test_a_token_whose_user_may_not_write_is_told_so_for_each_repository(
    worlds: Worlds, role: Role, is_enough: bool
) -> None:
    worlds.github.give_role(worlds.fleet, "reader", role)
    forge = await worlds.open(worlds.settings(token=worlds.github.token("reader")))
    missing = await forge.missing_in(FLEET)
    assert (list(missing) == []) is is_enough
    assert is_enough or "needs write access there" in missing[0]


async def test_what_an_app_may_do_it_may_do_in_each_repository(as_app: World) -> None:
    assert list(await as_app.forge.missing_in(FLEET)) == []
