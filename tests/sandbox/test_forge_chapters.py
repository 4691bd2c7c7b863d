"""The lesser chapters of the API: each operation once, so that the official description has judged its answer."""

import pytest
from gidgethub import BadRequest

from tests.sandbox.forge.acme import Acme

REPOSITORY = "/repos/acme/fleet"


async def test_issue_is_opened_found_by_label_and_closed(acme: Acme) -> None:
    wanted = {"title": "Control", "body": "holds", "labels": ["longshore"]}
    issue = await acme.bot.post(REPOSITORY + "/issues", data=wanted)
    await acme.pull()
    found = await acme.bot.getitem(REPOSITORY + "/issues?labels=longshore&creator=longshore%5Bbot%5D")
    assert [known["number"] for known in found] == [issue["number"]]
    url = f"{REPOSITORY}/issues/{issue['number']}"
    assert "pull_request" not in await acme.bot.getitem(url)
    await acme.bot.patch(url, data={"body": "held", "state": "closed"})
    assert (await acme.bot.getitem(url))["state"] == "closed"
    everything = await acme.bot.getitem(REPOSITORY + "/issues?state=all")
    assert ["pull_request" in known for known in everything] == [True, False]


async def test_labels_of_a_repository_are_made_once(acme: Acme) -> None:
    label = {"name": "hold", "color": "ff0000", "description": "stop"}
    await acme.bot.post(REPOSITORY + "/labels", data=label)
    with pytest.raises(BadRequest) as refusal:
        await acme.bot.post(REPOSITORY + "/labels", data=label)
    assert refusal.value.status_code == 422
    assert [known["color"] for known in await acme.bot.getitem(REPOSITORY + "/labels")] == ["ff0000"]
    pull = await acme.pull()
    url = f"{REPOSITORY}/issues/{pull.number}/labels"
    await acme.bot.post(url, data={"labels": ["HOLD"]})
    assert [known["name"] for known in await acme.bot.getitem(url)] == ["hold"]


async def test_reaction_is_given_once_and_taken_back(acme: Acme) -> None:
    pull = await acme.pull()
    comment = await acme.github.comment(pull, "/plan")
    url = f"{REPOSITORY}/issues/comments/{comment.id}/reactions"
    first = await acme.bot.post(url, data={"content": "rocket"})
    assert (await acme.bot.post(url, data={"content": "rocket"}))["id"] == first["id"]
    await acme.bot.delete(f"{url}/{first['id']}")
    assert comment.reactions == []
    await acme.bot.post(f"{REPOSITORY}/issues/{pull.number}/reactions", data={"content": "+1"})
    shown = await acme.bot.getitem(f"{REPOSITORY}/issues/{pull.number}")
    assert shown["reactions"]["+1"] == 1


async def test_fork_is_compared_and_proposed_by_its_owner(acme: Acme) -> None:
    fork = await acme.github.fork(acme.repository, "bob")
    head = await acme.github.push(fork, "theirs", {"c.yaml": "c: 1\n"}, author="bob")
    compared = await acme.bot.getitem(REPOSITORY + "/compare/main...bob:theirs")
    assert [file["filename"] for file in compared["files"]] == ["c.yaml"]
    pull = await acme.bot.post(
        REPOSITORY + "/pulls", data={"title": "Theirs", "head": "bob:theirs", "base": "main"}
    )
    assert (pull["head"]["sha"], pull["head"]["label"], pull["head"]["repo"]["fork"]) == (
        head,
        "bob:theirs",
        True,
    )
    listed = await acme.bot.getitem(REPOSITORY + "/pulls?head=bob:theirs")
    assert [known["number"] for known in listed] == [pull["number"]]
    run = await acme.bot.post(REPOSITORY + "/check-runs", data={"name": "plan", "head_sha": head})
    assert run["pull_requests"] == []


async def test_pull_request_is_brought_up_to_date_closed_and_reopened(acme: Acme) -> None:
    pull = await acme.pull()
    url = f"{REPOSITORY}/pulls/{pull.number}"
    await acme.github.push(acme.repository, "main", {"new": "1"})
    with pytest.raises(BadRequest, match="expected head sha"):
        await acme.bot.put(url + "/update-branch", data={"expected_head_sha": "0" * 40})
    await acme.bot.put(url + "/update-branch", data={"expected_head_sha": pull.head_sha})
    assert (await acme.bot.getitem(url))["commits"] == 2
    with pytest.raises(BadRequest, match="Not Found"):
        await acme.bot.getitem(url + "/merge")
    for state in ("closed", "open"):
        assert (await acme.bot.patch(url, data={"state": state}))["state"] == state
    await acme.bot.put(url + "/merge", data={})
    await acme.bot.getitem(url + "/merge")


async def test_branches_merge_without_a_pull_request(acme: Acme) -> None:
    await acme.github.push(acme.repository, "side", {"s.yaml": "s: 1\n"})
    data = {"base": "main", "head": "side"}
    merged = await acme.bot.post(REPOSITORY + "/merges", data=data)
    assert len(merged["parents"]) == 2
    assert await acme.bot.post(REPOSITORY + "/merges", data=data) is None
    await acme.github.push(acme.repository, "side", {"a.yaml": "a: side\n"})
    await acme.github.push(acme.repository, "main", {"a.yaml": "a: main\n"})
    with pytest.raises(BadRequest, match="Merge conflict") as refusal:
        await acme.bot.post(REPOSITORY + "/merges", data=data)
    assert refusal.value.status_code == 409


async def test_file_is_deleted_and_a_missing_one_is_not(acme: Acme) -> None:
    url = REPOSITORY + "/contents/a.yaml"
    read = await acme.bot.getitem(url)
    await acme.bot.delete(url, data={"message": "m", "sha": read["sha"]})
    with pytest.raises(BadRequest, match="Not Found"):
        await acme.bot.getitem(url)
    with pytest.raises(BadRequest, match="Not Found"):
        await acme.bot.delete(url, data={"message": "m", "sha": read["sha"]})


async def test_protection_of_a_branch_is_shown_where_there_is_one(acme: Acme) -> None:
    url = REPOSITORY + "/branches/main/protection"
    with pytest.raises(BadRequest, match="Branch not protected"):
        await acme.bot.getitem(url)
    acme.github.protect(acme.repository, "main", "plan")
    assert (await acme.bot.getitem(url))["required_status_checks"]["contexts"] == ["plan"]
    assert (await acme.bot.getitem(REPOSITORY + "/branches/main"))["protected"] is True
    assert await acme.bot.getitem(REPOSITORY + "/rules/branches/main") == []


async def test_check_suite_gathers_its_runs(acme: Acme) -> None:
    head = await acme.github.head(acme.repository)
    run = await acme.bot.post(REPOSITORY + "/check-runs", data={"name": "plan", "head_sha": head})
    url = f"{REPOSITORY}/check-suites/{run['check_suite']['id']}"
    assert (await acme.bot.getitem(url))["status"] == "queued"
    runs = await acme.bot.getitem(url + "/check-runs")
    assert [known["id"] for known in runs["check_runs"]] == [run["id"]]
    assert (await acme.bot.getitem(f"{REPOSITORY}/check-runs/{run['id']}"))["name"] == "plan"
    await acme.bot.post(f"{REPOSITORY}/check-runs/{run['id']}/rerequest", data=b"")


async def test_deployment_and_environment_are_read_one_by_one(acme: Acme) -> None:
    wanted = {"ref": "main", "environment": "staging", "required_contexts": []}
    made = await acme.bot.post(REPOSITORY + "/deployments", data=wanted)
    assert (await acme.bot.getitem(f"{REPOSITORY}/deployments/{made['id']}"))["ref"] == "main"
    assert (await acme.bot.getitem(REPOSITORY + "/environments/staging"))["name"] == "staging"


async def test_hooks_are_made_listed_and_removed_and_show_no_secret(acme: Acme) -> None:
    owner = acme.client(acme.github.token("acme"))
    config = {"url": f"{acme.github.url}/nowhere", "content_type": "json", "secret": "quiet"}
    hook = await owner.post(REPOSITORY + "/hooks", data={"config": config, "events": ["push"]})
    with pytest.raises(BadRequest, match="already exists"):
        await owner.post(REPOSITORY + "/hooks", data={"config": config})
    listed = await owner.getitem(REPOSITORY + "/hooks")
    assert [known["config"]["secret"] for known in listed] == ["********"]
    await acme.github.settle()
    deliveries = f"{REPOSITORY}/hooks/{hook['id']}/deliveries"
    (ping,) = await owner.getitem(deliveries)
    assert (ping["event"], ping["status_code"]) == ("ping", 404)
    await owner.getitem(f"{deliveries}/{ping['id']}")
    await owner.delete(f"{REPOSITORY}/hooks/{hook['id']}")
    assert await owner.getitem(REPOSITORY + "/hooks") == []


async def test_app_points_its_own_hook_elsewhere(acme: Acme) -> None:
    app = acme.github.create_app("other", hook_url=f"{acme.github.url}/nowhere", hook_secret="quiet")
    acme.github.state.apps.apps[acme.app.id].hook = app.hook
    client, jwt = acme.client(), acme.jwt
    elsewhere = f"{acme.github.url}/elsewhere"
    await client.patch("/app/hook/config", data={"url": elsewhere}, jwt=jwt)
    assert (await client.getitem("/app/hook/config", jwt=jwt))["url"] == elsewhere


async def test_token_is_given_back(acme: Acme) -> None:
    bot = acme.client(acme.minted())
    await bot.delete("/installation/token")
    with pytest.raises(BadRequest, match="Bad credentials"):
        await bot.getitem(REPOSITORY)


async def test_installation_is_read_by_its_number(acme: Acme) -> None:
    url = f"/app/installations/{acme.installation.id}"
    assert (await acme.client().getitem(url, jwt=acme.jwt))["account"]["login"] == "acme"


async def test_bot_finds_its_own_account_and_the_version(acme: Acme) -> None:
    account = await acme.bot.getitem("/users/longshore%5Bbot%5D")
    assert account["type"] == "Bot"
    assert "installed_version" in await acme.bot.getitem("/meta")
