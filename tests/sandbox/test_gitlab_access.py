"""Who may do what on the stand-in GitLab: tokens, scopes, levels, groups, tiers, as python-gitlab finds out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import gitlab as python_gitlab
import pytest

from tests.sandbox.forge import Level, Tier
from tests.sandbox.forge.gitlab.contract import Contract
from tests.sandbox.forge.gitlab.endpoints import all_routes
from tests.sandbox.laboratory import PATH, Laboratory


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


# The description


async def test_every_route_is_written_down_and_nothing_else(gitlab_contract: Contract) -> None:
    routes = [f"{route.method} {route.template}" for route in all_routes()]
    assert len(routes) == len(set(routes))
    assert sorted(routes) == sorted(gitlab_contract.operations)


async def test_unknown_parameter_and_operation_are_violations(lab: Laboratory) -> None:
    project = await lab.project()
    await lab.ask(lab.bot.http_get, f"/projects/{project.id}", {"colour": "red"})
    await lab.refused(404, lab.bot.http_get, f"/projects/{project.id}/wikis")
    unknown, missing = lab.gitlab.take_violations()
    assert "unknown parameter colour" in unknown
    assert "no such operation" in missing


async def test_parameter_of_the_wrong_kind_is_a_violation_and_refused(lab: Laboratory) -> None:
    project = await lab.project()
    said = await lab.refused(400, project.mergerequests.list, state="merry", get_all=False)
    assert "state does not have a valid value" in said
    assert len(lab.gitlab.take_violations()) == 1


# Tokens


@pytest.mark.parametrize("text", ["glpat-nobody", None])
async def test_unknown_token_is_401(lab: Laboratory, text: str | None) -> None:
    said = await lab.refused(401, lab.client(text).http_get, "/user")
    assert said == "401 Unauthorized"


async def test_expired_and_revoked_tokens_say_so(lab: Laboratory) -> None:
    lab.gitlab.forge.advance(timedelta(days=366).total_seconds())
    client = lab.client(lab.token.bearer.text)
    with pytest.raises(python_gitlab.GitlabAuthenticationError) as refusal:
        await lab.ask(client.http_get, "/user")
    assert b"Token is expired" in (refusal.value.response_body or b"")


async def test_scope_that_is_lacking_is_403_and_named(lab: Laboratory) -> None:
    lab.gitlab.give_level(lab.repository, "carol", Level.MAINTAINER)
    reader = lab.client(lab.gitlab.token("carol", scopes=("read_api",)))
    project = await lab.project(reader)
    with pytest.raises(python_gitlab.GitlabError) as refusal:
        await lab.ask(project.hooks.create, {"url": "http://127.0.0.1/x"})
    assert refusal.value.response_code == 403
    assert b"insufficient_scope" in (refusal.value.response_body or b"")


async def test_rotation_gives_a_new_token_and_ends_the_old_one(lab: Laboratory) -> None:
    made = await lab.ask(lab.bot.personal_access_tokens.rotate, "self", expires_at=in_days(30))
    assert (made["token"][:6], made["user_id"], made["expires_at"]) == ("glpat-", lab.us.id, in_days(30))
    await lab.ask(lab.client(made["token"]).http_get, "/user")
    await lab.refused(401, lab.bot.http_get, "/user")


async def test_using_what_was_rotated_away_revokes_the_whole_family(lab: Laboratory) -> None:
    made = await lab.ask(lab.bot.personal_access_tokens.rotate, "self")
    await lab.refused(401, lab.bot.http_get, "/user")
    await lab.refused(401, lab.client(made["token"]).http_get, "/user")


async def test_project_token_is_a_bot_that_is_a_member(lab: Laboratory) -> None:
    me = await lab.get("/user")
    assert (me["bot"], me["username"].startswith(f"project_{lab.repository.id}_bot_")) == (True, True)
    project = await lab.project()
    member = await lab.ask(project.members_all.get, me["id"])
    assert member.access_level == Level.MAINTAINER
    tokens = await lab.ask(project.access_tokens.list)
    assert [(known.name, known.active) for known in tokens] == [("longshore", True)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scopes": ["api", "everything"]}, "scopes does not have a valid value"),
        ({"expires_at": None}, "expires_at is missing"),
        ({"expires_at": in_days(-1)}, "must be in the future"),
        ({"expires_at": in_days(500)}, "must be before"),
    ],
)
async def test_impossible_token_is_refused(lab: Laboratory, changed: dict[str, Any], said: str) -> None:
    alice = lab.client(lab.gitlab.token("alice"))
    project = await lab.project(alice)
    wanted = {"name": "x", "scopes": ["api"], "expires_at": in_days(10), **changed}
    assert said in await lab.refused(400, project.access_tokens.create, wanted)


async def test_bot_makes_no_bots(lab: Laboratory) -> None:
    project = await lab.project()
    wanted = {"name": "x", "scopes": ["api"], "expires_at": in_days(10)}
    await lab.refused(403, project.access_tokens.create, wanted)


# Projects and groups


async def test_private_project_does_not_exist_for_strangers(lab: Laboratory) -> None:
    stranger = lab.client(lab.gitlab.token("mallory"))
    for client in (stranger, lab.client(None)):
        assert await lab.refused(404, client.projects.get, PATH) == "404 Project Not Found"


async def test_public_project_is_read_by_everybody_and_written_by_none(lab: Laboratory) -> None:
    await lab.gitlab.create_repo("acme/open", private=False, files={"a": "1"})
    anybody, stranger = lab.client(None), lab.client(lab.gitlab.token("mallory"))
    project = await lab.ask(anybody.projects.get, "acme/open")
    assert project.visibility == "public"
    await lab.refused(
        401, anybody.projects.get(project.id, lazy=True).branches.create, {"branch": "x", "ref": "main"}
    )
    await lab.refused(
        403, stranger.projects.get(project.id, lazy=True).branches.create, {"branch": "x", "ref": "main"}
    )


async def test_level_in_a_group_holds_below_it(lab: Laboratory) -> None:
    lab.gitlab.give_level("acme", "carol", Level.DEVELOPER)
    carol = lab.client(lab.gitlab.token("carol"))
    project = await lab.project(carol)
    assert project.permissions["group_access"]["access_level"] == Level.DEVELOPER
    assert (await lab.ask(project.members_all.get, lab.gitlab.user("carol").id)).access_level == 30
    await lab.refused(404, project.members.get, lab.gitlab.user("carol").id)


async def test_group_token_reaches_every_project_of_its_subgroups(lab: Laboratory) -> None:
    other = await lab.gitlab.create_repo("acme/web/site", files={"a": "1"})
    token = lab.gitlab.group_token("acme")
    client = lab.client(token.bearer.text)
    group = await lab.ask(client.groups.get, "acme")
    found = await lab.ask(group.projects.list, include_subgroups=True, get_all=True)
    assert {known.path_with_namespace for known in found} == {PATH, other.full_name}
    assert await lab.ask(group.projects.list, get_all=True) == []


async def test_moved_project_is_read_by_way_of_its_number_and_not_written(lab: Laboratory) -> None:
    lab.gitlab.rename(lab.repository, "acme/web/flotilla")
    project = await lab.project()
    assert (project.path_with_namespace, project.id) == ("acme/web/flotilla", lab.repository.id)
    old = lab.bot.projects.get(PATH, lazy=True)
    said = await lab.refused(405, old.branches.create, {"branch": "x", "ref": "main"})
    assert "moved projects" in said


async def test_what_is_not_paid_for_is_not_found(lab: Laboratory) -> None:
    project = await lab.project()
    await lab.refused(404, project.approvalrules.list, get_all=True)
    await lab.refused(404, project.external_status_checks.list, get_all=True)
    lab.gitlab.tier = Tier.PREMIUM
    assert await lab.ask(project.approvalrules.list, get_all=True) == []
    await lab.refused(404, project.external_status_checks.list, get_all=True)
    lab.gitlab.tier = Tier.ULTIMATE
    assert await lab.ask(project.external_status_checks.list, get_all=True) == []


# Pages and limits


async def test_pages_are_counted_and_linked(lab: Laboratory) -> None:
    pull = await lab.pull()
    for number in range(25):
        await lab.gitlab.comment(pull, f"note {number}")
    url = f"/projects/{lab.repository.id}/merge_requests/{pull.number}/notes"
    answer = await lab.ask(lab.bot.http_request, "get", url, query_data={"sort": "asc", "per_page": 10})
    headers = answer.headers
    assert (headers["X-Total"], headers["X-Total-Pages"], headers["X-Next-Page"]) == ("25", "3", "2")
    request = await lab.request(pull)
    found = await lab.ask(request.notes.list, get_all=True, per_page=10, sort="asc")
    assert [note.body for note in found] == [f"note {number}" for number in range(25)]


async def test_walk_by_key_misses_nothing_while_projects_come_and_go(lab: Laboratory) -> None:
    names = [f"acme/p{number}" for number in range(5)]
    for name in names:
        await lab.gitlab.create_repo(name)
    client = lab.client(lab.gitlab.group_token("acme").bearer.text)

    def walk() -> list[str]:
        listing = client.projects.list(
            iterator=True, pagination="keyset", order_by="id", sort="asc", per_page=2, membership=True
        )
        return [project.path_with_namespace for project in listing]

    assert await lab.ask(walk) == [PATH, *names]
    await lab.refused(405, client.projects.list, pagination="keyset", order_by="star_count", get_all=False)


async def test_offset_ends_where_keys_begin(lab: Laboratory) -> None:
    said = await lab.refused(405, lab.bot.http_get, "/projects", {"page": 1000, "per_page": 100})
    assert "keyset" in said


async def test_limit_is_told_on_every_answer_and_refused_in_plain_text(lab: Laboratory) -> None:
    lab.gitlab.state.limits.per_minute = 3
    answers = [await lab.ask(lab.bot.http_request, "get", "/user") for _ in range(3)]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0"]
    with pytest.raises(python_gitlab.GitlabHttpError) as refusal:
        await lab.ask(lab.bot.http_request, "get", "/user", obey_rate_limit=False)
    assert (refusal.value.response_code, refusal.value.response_body) == (429, b"Retry later\n")
    lab.gitlab.forge.advance(61)
    await lab.ask(lab.bot.http_get, "/user")
