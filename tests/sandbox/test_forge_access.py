"""Who may do what on the stand-in: tokens, installations, roles and scopes, as narrow as GitHub makes them."""

from datetime import timedelta

import pytest
from gidgethub import BadRequest

from tests.sandbox.forge import Role
from tests.sandbox.forge.acme import Acme
from tests.sandbox.forge.github.apps import signed_jwt

REPOSITORY = "/repos/acme/fleet"


def status(refusal: pytest.ExceptionInfo[BadRequest]) -> int:
    return refusal.value.status_code


async def test_unknown_token_is_401_even_for_a_private_repository(acme: Acme) -> None:
    with pytest.raises(BadRequest, match="Bad credentials") as refusal:
        await acme.client("ghs_nobody").getitem(REPOSITORY)
    assert status(refusal) == 401


async def test_private_repository_without_access_is_404_not_403(acme: Acme) -> None:
    stranger = acme.client(acme.github.token("mallory"))
    for url in (REPOSITORY, REPOSITORY + "/pulls", REPOSITORY + "/branches"):
        with pytest.raises(BadRequest, match="Not Found") as refusal:
            await stranger.getitem(url)
        assert status(refusal) == 404


async def test_public_repository_is_read_by_everyone_and_written_by_none(acme: Acme) -> None:
    await acme.github.create_repo("acme/open", private=False, files={"a": "1"})
    stranger = acme.client(acme.github.token("mallory"))
    assert (await stranger.getitem("/repos/acme/open"))["private"] is False
    for client in (stranger, acme.bot):
        with pytest.raises(BadRequest, match="Resource not accessible") as refusal:
            await client.put("/repos/acme/open/contents/b", data={"message": "m", "content": "Yg=="})
        assert status(refusal) == 403


async def test_installation_token_expires_after_an_hour(acme: Acme) -> None:
    token = await acme.installation_token()
    acme.github.forge.advance(timedelta(minutes=59).total_seconds())
    await acme.client(token).getitem(REPOSITORY)
    acme.github.forge.advance(timedelta(minutes=2).total_seconds())
    with pytest.raises(BadRequest, match="Bad credentials"):
        await acme.client(token).getitem(REPOSITORY)


async def test_token_reaches_only_the_repositories_it_was_narrowed_to(acme: Acme) -> None:
    other = await acme.github.create_repo("acme/other", files={"a": "1"})
    acme.github.select(acme.installation, other, is_covered=True)
    await acme.bot.getitem("/repos/acme/other")
    narrowed = acme.client(await acme.installation_token(repositories=["fleet"]))
    await narrowed.getitem(REPOSITORY)
    with pytest.raises(BadRequest, match="Not Found"):
        await narrowed.getitem("/repos/acme/other")


async def test_token_may_only_what_it_was_narrowed_to(acme: Acme) -> None:
    narrowed = acme.client(await acme.installation_token(permissions={"contents": "read"}))
    await narrowed.getitem(REPOSITORY + "/branches")
    content = {"message": "m", "content": "YQ=="}
    with pytest.raises(BadRequest, match="Resource not accessible by integration") as refusal:
        await narrowed.put(REPOSITORY + "/contents/new", data=content)
    assert status(refusal) == 403
    with pytest.raises(BadRequest, match="Resource not accessible by integration"):
        await narrowed.getitem(REPOSITORY + "/pulls")


@pytest.mark.parametrize(
    "narrowed",
    [{"repositories": ["nowhere"]}, {"repository_ids": [1]}, {"permissions": {"packages": "write"}}],
)
async def test_token_cannot_be_asked_for_more_than_was_granted(
    acme: Acme, narrowed: dict[str, object]
) -> None:
    with pytest.raises(BadRequest) as refusal:
        await acme.installation_token(**narrowed)
    assert status(refusal) == 422


@pytest.mark.parametrize(
    ("lifetime_s", "issued_ago_s"),
    [(-10, 60), (700, 60), (60, -300)],
    ids=["expired", "too long", "in the future"],
)
async def test_jwt_out_of_bounds_is_401(acme: Acme, lifetime_s: int, issued_ago_s: int) -> None:
    jwt = signed_jwt(acme.app, lifetime_s=lifetime_s, issued_ago_s=issued_ago_s)
    with pytest.raises(BadRequest) as refusal:
        await acme.client().getitem("/app", jwt=jwt)
    assert status(refusal) == 401


async def test_jwt_of_another_key_is_401(acme: Acme) -> None:
    other = acme.github.create_app("other")
    other.id, other_id = acme.app.id, other.id
    forged = signed_jwt(other)
    other.id = other_id
    with pytest.raises(BadRequest, match="could not be decoded"):
        await acme.client().getitem("/app", jwt=forged)


async def test_suspended_installation_is_shut_out(acme: Acme) -> None:
    acme.github.suspend(acme.installation)
    with pytest.raises(BadRequest, match="suspended") as refusal:
        await acme.bot.getitem(REPOSITORY)
    assert status(refusal) == 403


async def test_checks_are_for_apps_only(acme: Acme) -> None:
    owner = acme.client(acme.github.token("acme"))
    run = {"name": "plan", "head_sha": await acme.github.head(acme.repository)}
    with pytest.raises(BadRequest, match="You must authenticate via a GitHub App") as refusal:
        await owner.post(REPOSITORY + "/check-runs", data=run)
    assert status(refusal) == 403


async def test_token_is_capped_below_its_person(acme: Acme) -> None:
    capped = acme.client(acme.github.token("acme", cap=Role.READ))
    with pytest.raises(BadRequest, match="Resource not accessible by personal access token"):
        await capped.put(REPOSITORY + "/contents/new", data={"message": "m", "content": "YQ=="})


async def test_classic_token_reaches_as_far_as_its_scopes(acme: Acme) -> None:
    await acme.github.create_repo("acme/open", private=False, files={"a": "1"})
    reached = {}
    for scopes in (("repo",), ("public_repo",), (), None):
        client = acme.client(acme.github.token("acme", scopes=scopes))
        reached[scopes] = [known["name"] async for known in client.getiter("/user/repos")]
    assert reached == {
        ("repo",): ["fleet", "open"],
        ("public_repo",): ["open"],
        (): ["open"],
        None: ["fleet", "open"],
    }
    url = acme.github.api_url + "/user"
    headers = {"Authorization": f"Bearer {acme.github.token('acme', scopes=('repo', 'workflow'))}"}
    async with acme.session.get(url, headers=headers) as answer:
        assert answer.headers["X-OAuth-Scopes"] == "repo, workflow"


async def test_request_without_a_user_agent_is_refused(acme: Acme) -> None:
    async with acme.session.get(acme.github.api_url + "/app", skip_auto_headers=["User-Agent"]) as answer:
        assert answer.status == 403
