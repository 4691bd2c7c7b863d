"""Plans that asked the forge: what it answers is part of them, and news of it wakes them."""

from typing import Any

from bot.loops.head import head_of
from bot.model.keys import BranchKey, PullKey
from bot.model.repo import RepoId
from bot.model.steps import Done
from tests.loops.conftest import House
from tests.planning.argocd.declared import application_set
from tests.sandbox.forge.core.repositories import Repository
from tests.stories.manifests import NS, config_map

CHANGE = {"web/a.yaml": config_map("a", NS, level="2")}


def deployed(house: House, name: str, generator: dict[str, Any]) -> str:
    """What is in `web`, for everything that the generator gives."""
    template = {
        "metadata": {"name": name},
        "spec": {
            "project": "default",
            "source": {
                "repoURL": house.github.clone_url(house.repository),
                "targetRevision": "HEAD",
                "path": "web",
            },
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NS},
        },
    }
    return application_set("fleet", generator, template=template)


async def serve(house: House, generator: dict[str, Any], name: str) -> None:
    """From here on the operator lets it ask about all that `acme` has."""
    house.github.create_org("acme")
    repositories = [{**house.config["repositories"][0], "argocd": {"asks": ["acme/*"]}}]
    await house.open(repositories=repositories)
    await house.push(
        {"argocd/fleet.yaml": deployed(house, name, generator), "web/a.yaml": config_map("a", NS, level="1")}
    )


async def shop(house: House, name: str) -> Repository:
    made = await house.github.create_repo(name, files={"k8s/a.yaml": b""})
    house.github.select(house.installation, made, is_covered=True)
    return made


async def test_a_plan_says_what_each_repository_of_an_owner_gets_and_is_made_anew_for_another_one(
    house: House,
) -> None:
    asked = {"github": {"organization": "acme", "api": house.github.api_url}}
    await serve(house, {"scmProvider": {**asked, "filters": [{"pathsExist": ["k8s"]}]}}, "web-{{repository}}")
    await shop(house, "acme/shop")
    pull = await house.pull(CHANGE)
    assert await house.plan(pull) == Done()
    (comment,) = pull.comments
    assert "argocd/web-shop" in comment.body
    assert "web-fleet" not in comment.body
    before = comment.body
    assert await house.plan(pull) == Done()
    assert comment.body == before
    await shop(house, "acme/docs")
    assert await house.plan(pull) == Done()
    assert "argocd/web-docs" in comment.body
    assert "argocd/web-shop" in comment.body


async def test_an_owner_that_the_operator_did_not_name_is_unknown_with_the_way_out(house: House) -> None:
    asked = {"github": {"organization": "other", "api": house.github.api_url}}
    await serve(house, {"scmProvider": asked}, "web-{{repository}}")
    house.github.create_org("other")
    await house.github.create_repo("other/secret", private=False, files={"a.yaml": b""})
    pull = await house.pull(CHANGE)
    assert await house.plan(pull) == Done()
    (comment,) = pull.comments
    assert "scmProvider: it asks for all repositories of an owner" in comment.body
    assert "argocd.asks" in comment.body
    assert "secret" not in comment.body


async def test_what_asked_about_pull_requests_is_remembered_and_nothing_beside_it(house: House) -> None:
    asked = {"github": {"owner": "acme", "repo": "shop", "api": house.github.api_url}}
    await serve(house, {"pullRequest": asked}, "web-{{number}}")
    made = await shop(house, "acme/shop")
    await house.github.push(made, "x", {"x.yaml": b""})
    await house.github.open_pull(made, "x")
    assert await house.world.askers.of(RepoId("hub", "acme/shop")) == ()
    pull = await house.pull(CHANGE)
    assert await house.plan(pull) == Done()
    plan = PullKey(house.repo, pull.number).plan
    assert await house.world.askers.of(RepoId("hub", "acme/shop")) == (plan,)
    source = BranchKey(house.repo, "main")
    async with head_of(house.world, source, house.world.config.repositories[0]):
        pass
    assert await house.world.askers.of(RepoId("hub", "acme/shop")) == (source.deliver, plan)
    assert await house.world.askers.of(house.repo) == ()
