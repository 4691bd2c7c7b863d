"""Deliveries, step by step, on a strict GitHub and a real API server."""

import pytest

from bot.errors import UserError
from bot.kube import lease as leases
from bot.kube import parent as parents
from bot.kube.applyset import Parent
from bot.kube.clock import SystemClock
from bot.kube.lease import Holder
from bot.kube.parent import CONFIG_MAP
from bot.model.keys import BranchKey, TargetKey
from bot.model.repo import RepoId
from bot.model.steps import Again
from bot.model.target import TargetId
from tests.loops.conftest import House
from tests.stories.manifests import NS, Files, config_map, target, team

CHECK = "longshore/deliver"
APP, WEB = TargetId("staging", "app"), TargetId("staging", "web")
TWO: Files = {
    ".longshore.yaml": team(target("app"), target("web")),
    "app/a.yaml": config_map("a", NS, level="1"),
    "web/b.yaml": config_map("b", NS, level="1"),
}


def key_of(house: House, name: TargetId) -> TargetKey:
    return TargetKey(name, house.branch)


def parent_of(house: House, name: TargetId) -> Parent:
    return Parent.of(house.repo, name, house.world.config.clusters["staging"].namespace)


async def test_a_target_that_is_declared_no_more_is_removed_and_told_so(house: House) -> None:
    await house.push(TWO)
    await house.deliver()
    assert await house.data("b") == {"level": "1"}
    pull = await house.pull({".longshore.yaml": team(target("app"))})
    merged = await house.github.merge_pull(pull)
    await house.deliver()
    assert await house.data("b") is None
    told = house.check(merged, CHECK)
    assert (told.status, told.conclusion, told.title) == ("completed", "success", "1 target delivered")
    [comment] = pull.comments
    assert "1 target delivered" in comment.body
    assert "deleted ConfigMap" in comment.body or "removed" in comment.body


async def test_a_branch_put_back_by_force_deletes_nothing_until_somebody_accepts(house: House) -> None:
    first = await house.push({**TWO, ".longshore.yaml": team(target("app"))})
    await house.deliver()
    await house.push(TWO)
    await house.deliver()
    assert await house.data("b") == {"level": "1"}
    await house.github.force(house.repository, "main", first)
    await house.deliver()
    assert await house.data("b") == {"level": "1"}
    told = house.check(first, CHECK)
    assert told.conclusion == "action_required"
    assert f"--accept {first}" in (told.summary or "")
    client = await house.world.clusters("staging")
    await parents.say(client, parent_of(house, WEB), parents.ACCEPT, first)
    await house.deliver()
    assert await house.data("b") is None


async def test_a_branch_that_declares_nothing_any_more_asks_before_it_deletes(house: House) -> None:
    await house.push(TWO)
    await house.deliver()
    head = await house.push({".longshore.yaml": None})
    await house.deliver()
    assert await house.data("a") == {"level": "1"}
    assert await house.data("b") == {"level": "1"}
    told = house.check(head, CHECK)
    assert told.conclusion == "action_required"
    assert "--allow-prune sha256:" in (told.summary or "")


async def test_a_team_file_that_cannot_be_used_stops_the_whole_branch(house: House) -> None:
    own = {"name": "own", "cluster": "staging", "path": "own", "renderer": "plain"}
    entry = {"forge": "hub", "repository": "acme/fleet", "targets": [own]}
    await house.open(repositories=[entry])
    await house.push({**TWO, "own/o.yaml": config_map("o", NS) + "---\n" + config_map("p", NS)})
    await house.deliver()
    head = await house.push({".longshore.yaml": "targts: []\n", "own/o.yaml": config_map("o", NS)})
    await house.deliver()
    assert await house.data("p") == {"key": "value"}
    assert await house.data("b") == {"level": "1"}
    told = house.check(head, CHECK)
    assert told.conclusion == "failure"
    assert ".longshore.yaml:1: targts: unknown key" in (told.summary or "").replace("\\", "")


async def test_a_record_that_cannot_be_read_concerns_its_own_target_alone(house: House) -> None:
    await house.push(TWO)
    await house.deliver()
    client = await house.world.clusters("staging")
    damaged = parent_of(house, APP)
    garbage = {"binaryData": {"record": "AAAA"}}
    await client.merge(CONFIG_MAP, damaged.namespace, damaged.name, garbage)
    head = await house.push(
        {"app/a.yaml": config_map("a", NS, level="2"), "web/b.yaml": config_map("b", NS, level="2")}
    )
    await house.deliver()
    assert (await house.data("a"), await house.data("b")) == ({"level": "1"}, {"level": "2"})
    assert "cannot be read" in (house.check(head, CHECK).summary or "")


async def test_a_removal_that_has_to_wait_for_its_lease_does_not_keep_the_loops_awake(house: House) -> None:
    await house.push(TWO)
    await house.deliver()
    await house.push({".longshore.yaml": team(target("app"))})
    client = await house.world.clusters("staging")
    step = key_of(house, WEB).step
    async with leases.held(client, parent_of(house, WEB), Holder("another", SystemClock())):
        await house.step(house.branch.deliver)
        assert house.woken == [step]
        assert isinstance(await house.step(step), Again)
        house.woken.clear()
        await house.step(house.branch.deliver)
        assert isinstance(await house.step(step), Again)
        assert house.woken == [step], (
            "the deliver loop has been told once, and is not woken for the same again"
        )


async def test_a_delivery_that_is_overtaken_leaves_no_check_running(house: House) -> None:
    first = await house.push(TWO)
    await house.step(house.branch.deliver)
    assert house.check(first, CHECK).status == "in_progress"
    second = await house.push({"web/b.yaml": config_map("b", NS, level="2")})
    await house.deliver()
    overtaken = house.check(first, CHECK)
    assert (overtaken.status, overtaken.conclusion) == ("completed", "cancelled")
    assert second[:12] in (overtaken.title or "")
    assert house.check(second, CHECK).conclusion == "success"


async def test_a_delivery_is_told_on_no_pull_request_that_was_delivered_before(house: House) -> None:
    await house.push(TWO)
    await house.deliver()
    web = await house.pull({"web/b.yaml": config_map("b", NS, level="2")}, "web")
    await house.github.merge_pull(web)
    await house.deliver()
    [before] = [c.body for c in web.comments]
    app = await house.pull({"app/a.yaml": config_map("a", NS, level="2")}, "app")
    await house.github.merge_pull(app)
    await house.deliver()
    assert [c.body for c in web.comments] == [before]
    assert len(app.comments) == 1


async def test_pull_requests_of_a_delivery_that_failed_are_told_when_it_ends_well(house: House) -> None:
    await house.push(TWO)
    await house.deliver()
    broken = await house.pull({"app/a.yaml": "a: 1\n"}, "broken")
    await house.github.merge_pull(broken)
    await house.deliver()
    assert "delivered" not in broken.comments[0].body.split("\n")[1]
    mending = await house.pull({"app/a.yaml": config_map("a", NS, level="3")}, "mending")
    await house.github.merge_pull(mending)
    await house.deliver()
    assert "1 target delivered" in broken.comments[0].body
    assert "1 target delivered" in mending.comments[0].body


async def test_a_cluster_that_was_not_given_is_named_to_nobody(house: House) -> None:
    others = {**house.config["clusters"]["staging"], "allow": [{"repository": "others/*"}]}
    await house.open(clusters={**house.config["clusters"], "vault": others})
    head = await house.push({**TWO, ".longshore.yaml": team(target("app", cluster="stagin"))})
    await house.deliver()
    said = house.check(head, CHECK).summary or ""
    assert "is given to this repository (given: staging)" in said
    assert "vault" not in said


async def test_a_repository_that_is_gone_is_a_matter_for_the_operator(house: House) -> None:
    gone = RepoId("hub", "acme/gone")
    await house.open(repositories=[{"forge": "hub", "repository": "acme/gone"}])
    with pytest.raises(UserError, match="the forge does not show it to us"):
        await house.step(BranchKey(gone, "main").deliver)


async def test_one_commit_that_heads_two_delivery_branches_is_told_for_each(house: House) -> None:
    repository = {"forge": "hub", "repository": "acme/fleet", "branches": ["main", "live"]}
    await house.open(repositories=[repository])
    head = await house.push({"README.md": "nothing to deliver\n"})
    await house.github.force(house.repository, "live", head)
    for branch in ("main", "live", "main", "live"):
        await house.step(BranchKey(house.repo, branch).deliver)
    runs = [run.name for run in house.github.check_runs(house.repository, head)]
    assert runs == [f"{CHECK}/main", f"{CHECK}/live"]


async def test_a_pull_request_that_the_forge_names_late_is_told_all_the_same(house: House) -> None:
    await house.push(TWO)
    await house.deliver()
    pull = await house.pull({"web/b.yaml": config_map("b", NS, level="2")})
    await house.github.merge_pull(pull)
    merged_at, pull.merged_at = pull.merged_at, None
    await house.deliver()
    assert await house.data("b") == {"level": "2"}
    assert not pull.comments
    pull.merged_at = merged_at
    await house.deliver()
    [comment] = pull.comments
    assert "1 target delivered" in comment.body
    await house.deliver()
    assert len(pull.comments) == 1
