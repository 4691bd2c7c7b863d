"""What a delivery does to a cluster, what stops it, and how a person goes on."""

import asyncio

import pytest

from tests.stories.manifests import NS, Files, config_map, crd, deployment, secret, target, team, thing
from tests.stories.story import Story
from tests.stories.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


def app(level: str = "1", **more: str) -> Files:
    """One target with a ConfigMap `settings`, and one more for each name."""
    others = {f"app/{name}.yaml": config_map(name, NS, level=value) for name, value in more.items()}
    return {
        ".longshore.yaml": team(target("app")),
        "app/settings.yaml": config_map("settings", NS, level=level),
        **others,
    }


async def test_a_target_waits_for_the_one_it_depends_on(town: Town) -> None:
    story = await town.story("order")
    slow = deployment("slow", NS, annotations={"sandbox.longshore/ready-after": "2s"})
    await story.push(
        {
            ".longshore.yaml": team(target("base"), target("app", dependsOn=["base"])),
            "base/slow.yaml": slow,
            "app/settings.yaml": config_map("settings", NS),
        }
    )
    await story.delivered()
    web = await story.live(f"/apis/apps/v1/namespaces/{story.name}/deployments/slow")
    settings = await story.live("configmaps/settings")
    assert web is not None
    assert settings is not None
    available = next(c for c in web["status"]["conditions"] if c["type"] == "Available")
    assert settings["metadata"]["creationTimestamp"] >= available["lastTransitionTime"]


async def test_a_kind_and_a_namespace_arrive_together_with_what_needs_them(town: Town) -> None:
    story = await town.story("together")
    group = f"{story.name}.example.com"
    fresh = f"{story.name}-fresh"
    await story.push(
        {
            ".longshore.yaml": team(target("app")),
            "app/a-widget.yaml": thing("Widget", "one", fresh, api=f"{group}/v1", spec={"size": 3}),
            "app/b-settings.yaml": config_map("settings", fresh),
            "app/c-namespace.yaml": thing("Namespace", fresh),
            "app/d-kind.yaml": crd(group, "Widget", "widgets"),
        }
    )
    await story.delivered()
    assert await story.live(f"/apis/{group}/v1/namespaces/{fresh}/widgets/one") is not None


async def test_an_immutable_field_fails_with_what_to_do_and_a_retry_goes_on(town: Town) -> None:
    story = await town.story("immutable")
    fixed = thing("ConfigMap", "fixed", NS, immutable=True, data={"level": "1"})
    await story.push({**app(), "app/fixed.yaml": fixed})
    await story.delivered()
    pull = await story.open({"app/fixed.yaml": fixed.replace("'1'", "'2'"), **app("2")})
    await story.planned(pull)
    sha = await story.merge(pull)
    await story.delivered(sha, "failure", "cannot be changed", "give the object another name")
    await story.told_on(pull, "ConfigMap", "fixed", "cannot be changed")
    assert await story.data("settings") == {"level": "1"}, (
        "nothing of a stage is written while any of it is refused"
    )
    async with town.cluster.delete(f"/api/v1/namespaces/{story.name}/configmaps/fixed") as response:
        assert response.status == 200
    await town.bot.command("deliver", story.branch_key, "--retry")
    await story.delivered(sha)
    assert (await story.data("fixed"), await story.data("settings")) == ({"level": "2"}, {"level": "2"})
    await story.told_on(pull, "1 target delivered")


async def test_what_the_operator_did_not_allow_is_refused(town: Town) -> None:
    story = await town.story("narrow")
    outside = {"app/other.yaml": config_map("other", "default")}
    files = {**app(), ".longshore.yaml": team(target("app", cluster="narrow"))}
    await story.push({**files, **outside})
    await story.delivered(None, "failure", "not allowed by the operator", "default/other")
    assert await story.data("settings") is None, "nothing is applied in part"
    await story.push({"app/other.yaml": None})
    await story.delivered()
    assert await story.data("settings") == {"level": "1"}


async def test_what_the_clusters_rbac_forbids_is_told_as_that(town: Town) -> None:
    story = await town.story("limited")
    files = {**app(), ".longshore.yaml": team(target("app", cluster="limited"))}
    await story.push({**files, "app/secret.yaml": secret("hidden", NS, word="unspoken")})
    await story.delivered(None, "failure", "forbidden")
    assert await story.data("settings") is None
    await story.push({"app/secret.yaml": None})
    await story.delivered()
    assert await story.data("settings") == {"level": "1"}


async def test_an_object_of_another_manager_is_not_taken(town: Town) -> None:
    story = await town.story("conflict")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"level": "7"}}
    path = f"/api/v1/namespaces/{story.name}/configmaps/settings?fieldManager=somebody&force=true"
    headers = {"Content-Type": "application/apply-patch+yaml"}
    async with town.cluster.patch(path, json=body, headers=headers) as response:
        assert response.status == 201
    await story.push(app())
    await story.delivered(None, "failure", "owned by another manager", "somebody")
    assert await story.data("settings") == {"level": "7"}


async def test_what_does_not_become_healthy_in_time_has_failed(town: Town) -> None:
    story = await town.story("stuck")
    await story.push(
        {
            ".longshore.yaml": team(
                target("app", timeout="3s"), target("after", path="after", dependsOn=["app"])
            ),
            "app/web.yaml": deployment("web", NS, annotations={"sandbox.longshore/pod": "stuck"}),
            "after/settings.yaml": config_map("settings", NS),
        }
    )
    verdict = await story.delivered(None, "failure", "not healthy after 3 s", "waits for")
    assert "1 failed" in verdict.title
    assert await story.data("settings") is None, "what waits for it does not start"
    patient = team(target("app"), target("after", path="after", dependsOn=["app"]))
    await story.push({".longshore.yaml": patient, "app/web.yaml": deployment("web", NS)})
    await story.delivered()
    assert await story.data("settings") is not None


async def test_a_big_deletion_asks_first_and_the_named_command_lets_exactly_that_go(town: Town) -> None:
    story = await town.story("guard")
    many = {f"n{n}": "1" for n in range(8)}
    await story.push(app(**many))
    await story.delivered()
    pull = await story.open({f"app/{name}.yaml": None for name in many})
    await story.planned(pull, "8 objects removed")
    sha = await story.merge(pull)
    await story.delivered(sha, "action_required", "--allow-prune")
    assert await story.data("n0") == {"level": "1"}
    body = await story.told_on(pull, "8 objects", "--allow-prune")
    await story.obey(body)
    await story.delivered(sha)
    assert [await story.data(name) for name in many] == [None] * 8
    assert await story.data("settings") == {"level": "1"}
    await story.told_on(pull, "deleted ConfigMap")


async def test_an_answer_for_one_deletion_is_none_for_another(town: Town) -> None:
    story = await town.story("guard2")
    many = {f"n{n}": "1" for n in range(8)}
    await story.push(app(**many, last="1"))
    await story.delivered()
    first = await story.push({f"app/{name}.yaml": None for name in many})
    asked = await story.delivered(first, "action_required", "--allow-prune")
    second = await story.push({"app/last.yaml": None})
    await story.delivered(second, "action_required", "--allow-prune")
    with pytest.raises(AssertionError, match="no deletion asks"):
        await story.obey(asked.words or "")
    assert await story.data("n0") == {"level": "1"}


async def test_a_target_that_vanishes_takes_its_objects_with_it(town: Town) -> None:
    story = await town.story("vanished")
    two = team(target("app"), target("gone"))
    await story.push({**app(), ".longshore.yaml": two, "gone/settings.yaml": config_map("gone", NS)})
    await story.delivered()
    pull = await story.open({".longshore.yaml": team(target("app")), "gone/settings.yaml": None})
    await story.planned(pull, "1 object removed")
    sha = await story.merge(pull)
    await story.delivered(sha)
    await story.comes_to(lambda: gone(story, "gone"), "what the target had is gone")
    assert await story.data("settings") == {"level": "1"}
    await story.told_on(pull, "deleted ConfigMap")


async def test_an_object_that_moves_between_targets_is_not_deleted(town: Town) -> None:
    story = await town.story("moved")
    two = team(target("app"), target("other"))
    files = {**app(), ".longshore.yaml": two, "other/more.yaml": config_map("more", NS)}
    await story.push(files)
    await story.delivered()
    before = await story.live("configmaps/more")
    pull = await story.open(
        {
            "other/more.yaml": None,
            "app/more.yaml": config_map("more", NS),
            "other/keep.yaml": config_map("keep", NS),
        }
    )
    await story.planned(pull, "moved")
    await story.delivered(await story.merge(pull))
    after = await story.live("configmaps/more")
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["labels"] != before["metadata"]["labels"]


async def test_labels_of_ours_on_objects_that_we_did_not_make_prove_nothing(town: Town) -> None:
    story = await town.story("labels")
    await story.push(app(old="1"))
    await story.delivered()
    ours = await story.live("configmaps/old")
    assert ours is not None
    copy = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "copy", "labels": ours["metadata"]["labels"]},
        "data": {"level": "9"},
    }
    await story.put("configmaps", copy)
    await story.push({"app/old.yaml": None})
    await story.delivered()
    assert await story.data("old") is None
    assert await story.data("copy") == {"level": "9"}


async def test_two_clusters_get_what_is_theirs_and_an_environment_each(town: Town) -> None:
    story = await town.story("two")
    await story.push(
        {
            ".longshore.yaml": team(target("app"), target("app", cluster="production", path="prod")),
            "app/settings.yaml": config_map("settings", NS),
            "prod/settings.yaml": config_map("production", NS),
        }
    )
    sha = await story.head()
    await story.delivered(sha)
    assert sorted(story.deployments()) == [("production", sha, "success"), ("staging", sha, "success")]


async def test_a_cluster_that_cannot_be_reached_delays_only_its_own(town: Town) -> None:
    story = await town.story("lost")
    both = team(target("app"), target("far", cluster="lost", path="app"))
    await story.push({**app(), ".longshore.yaml": both})
    await story.comes_to(lambda: story.data("settings"), "staging has it")
    verdict = await story.delivered(None, "failure", "lost", "cannot be")
    assert "1 delivered" in verdict.title


async def test_a_branch_forced_backwards_waits_until_somebody_accepts_it(town: Town) -> None:
    story = await town.story("backwards")
    first = await story.push(app("1"))
    await story.delivered()
    await story.push(app("2"))
    await story.delivered()
    await town.forge.force(story.repo, "main", first)
    aside = await story.push(app("3"))
    verdict = await story.delivered(aside, "action_required", "was rewritten", "--accept")
    assert await story.data("settings") == {"level": "2"}
    await story.obey(verdict.words or "")
    await story.delivered(aside)
    assert await story.data("settings") == {"level": "3"}


async def test_a_branch_forced_back_to_what_was_delivered_before_waits_as_well(town: Town) -> None:
    story = await town.story("back")
    first = await story.push(app("1"))
    await story.delivered()
    second = await story.push(app("2"))
    await story.delivered()
    before = story.verdict(first, "longshore/deliver")
    await town.forge.force(story.repo, "main", first)
    verdict = await story.delivered(first, "action_required", "was rewritten", "--accept")
    assert before != verdict
    assert await story.data("settings") == {"level": "2"}
    await story.obey(verdict.words or "")
    await story.delivered(first)
    assert await story.data("settings") == {"level": "1"}
    assert second != first


async def test_every_pull_request_of_a_range_is_told(town: Town) -> None:
    story = await town.story("range", app())
    await story.delivered()
    one = await story.open({"app/one.yaml": config_map("one", NS)})
    two = await story.open({"app/two.yaml": config_map("two", NS)})
    await asyncio.gather(story.planned(one), story.planned(two))
    await story.merge(one)
    sha = await story.merge(two)
    await story.delivered(sha)
    await asyncio.gather(story.told_on(one, "1 target"), story.told_on(two, "1 target delivered"))
    assert (await story.data("one"), await story.data("two")) == ({"key": "value"}, {"key": "value"})


async def test_what_flux_delivers_is_answered_so(town: Town) -> None:
    story = await town.story("flux")
    api = "kustomize.toolkit.fluxcd.io/v1"
    sync = thing(
        "Kustomization",
        "apps",
        "flux-system",
        api=api,
        spec={
            "interval": "10m",
            "path": "./apps",
            "prune": True,
            "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
        },
    )
    source = thing(
        "GitRepository",
        "flux-system",
        "flux-system",
        api="source.toolkit.fluxcd.io/v1",
        spec={"interval": "1m", "url": town.forge.clone_url(story.repo), "ref": {"branch": "main"}},
    )
    await story.push(
        {
            "clusters/staging/flux-system/gotk-sync.yaml": source
            + "---\n"
            + thing(
                "Kustomization",
                "flux-system",
                "flux-system",
                api=api,
                spec={
                    "interval": "10m",
                    "path": "./clusters/staging",
                    "prune": True,
                    "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
                },
            ),
            "clusters/staging/apps.yaml": sync,
            "apps/settings.yaml": config_map("settings", NS),
        }
    )
    pull = await story.open({"apps/settings.yaml": config_map("settings", NS, level="2")})
    await story.planned(pull, "Flux applies this", "1 object changed")
    sha = await story.merge(pull)
    await story.delivered(sha, "neutral", "delivered by Flux")
    await story.told_on(pull, "delivered by Flux")
    assert await story.data("settings") is None


async def gone(story: Story, name: str) -> bool:
    return await story.data(name) is None
