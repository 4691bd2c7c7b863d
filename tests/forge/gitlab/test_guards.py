"""What a strict GitLab's own rules ask for, by tier."""

from bot.forge.gitlab.settings import Tier
from bot.forge.guards import BranchRules
from bot.forge.owners import Owners
from tests.forge.gitlab.conftest import FLEET, World
from tests.sandbox.forge import Level
from tests.sandbox.forge import Tier as Paid


async def test_who_approved_is_known_on_every_tier(world: World) -> None:
    pull = await world.opened()
    world.gitlab.give_level(world.fleet, "bob", Level.DEVELOPER)
    assert (await world.forge.approvals(FLEET, pull.number)).given == ()
    await world.gitlab.approve(pull, "bob")
    approvals = await world.forge.approvals(FLEET, pull.number)
    assert [actor.login for actor in approvals.given] == ["bob"]
    assert (approvals.rules, approvals.missing) == ((), 0)


async def test_which_approvals_are_needed_is_known_where_there_are_rules(world: World) -> None:
    world.gitlab.tier = Paid.PREMIUM
    forge = await world.open(world.settings(tier=Tier.PREMIUM))
    for login in ("bob", "carol"):
        world.gitlab.give_level(world.fleet, login, Level.DEVELOPER)
    world.gitlab.require_approvals(world.fleet, 2)
    pull = await world.opened()
    assert (await forge.approvals(FLEET, pull.number)).missing == 2
    await world.gitlab.approve(pull, "bob")
    assert (await forge.approvals(FLEET, pull.number)).missing == 1
    await world.gitlab.approve(pull, "carol")
    assert (await forge.approvals(FLEET, pull.number)).missing == 0


async def test_a_protected_branch_is_told_also_by_a_pattern(world: World) -> None:
    world.gitlab.protect_branch(world.fleet, "release/*", force_push=True)
    world.gitlab.protect_branch(world.fleet, "a[b]", code_owners=True)
    assert await world.forge.branch_rules(FLEET, "release/1") == BranchRules(True, allows_force_push=True)
    assert await world.forge.branch_rules(FLEET, "feature") == BranchRules(False)
    assert not (await world.forge.branch_rules(FLEET, "ab")).is_protected


async def test_a_branch_waits_for_pipelines_and_approvals_where_it_has_to(world: World) -> None:
    world.gitlab.tier = Paid.PREMIUM
    forge = await world.open(world.settings(tier=Tier.PREMIUM))
    world.gitlab.protect(world.fleet, "main", "ci")
    world.gitlab.require_approvals(world.fleet, 3)
    rules = await forge.branch_rules(FLEET, "main")
    assert (rules.is_protected, rules.approvals, rules.checks) == (True, 3, ("*",))
    assert not rules.allows_force_push


async def test_who_is_no_maintainer_still_learns_that_a_branch_is_protected(world: World) -> None:
    world.gitlab.protect_branch(world.fleet, "main")
    poor = world.gitlab.project_token(world.fleet, "poor", level=Level.DEVELOPER)
    forge = await world.open(world.settings(read=lambda: poor.bearer.text))
    assert (await forge.branch_rules(FLEET, "main")).is_protected
    assert not (await forge.branch_rules(FLEET, "none")).is_protected


async def test_what_an_environment_asks_for_is_known_where_it_is_protected(world: World) -> None:
    world.gitlab.tier = Paid.PREMIUM
    forge = await world.open(world.settings(tier=Tier.PREMIUM))
    assert await forge.environment_rules(FLEET, "prod/eu") is None
    async with world.gitlab_client() as admin:
        await admin.call(
            "POST",
            f"/projects/{world.fleet.id}/protected_environments",
            data={
                "name": "prod/eu",
                "deploy_access_levels": [{"access_level": 40}],
                "approval_rules": [{"access_level": 40, "required_approvals": 2}],
            },
        )
    rules = await forge.environment_rules(FLEET, "prod/eu")
    assert rules is not None
    assert (rules.name, rules.approvals, rules.deployers) == ("prod/eu", 2, ("Maintainers",))
    assert await world.forge.environment_rules(FLEET, "prod/eu") is None, "the free tier has no such thing"


async def test_the_first_file_of_owners_counts_as_the_ref_has_it(world: World) -> None:
    assert await world.forge.code_owners(FLEET, "main") is None
    await world.gitlab.push(world.fleet, "x", {".gitlab/CODEOWNERS": b"* @late\n"})
    await world.gitlab.push(world.fleet, "y", {"docs/CODEOWNERS": b"[Apps][2]\napps/ @bob\n"})
    late, apps = [await world.forge.code_owners(FLEET, ref) for ref in ("x", "y")]
    assert late is not None
    assert apps is not None
    assert late.of("a") == [Owners("", ("@late",))]
    assert apps.of("apps/web.yaml") == [Owners("Apps", ("@bob",), 2)]
