"""What GitHub's own rules ask for: a strict GitHub where it has them, GitHub's words where it has not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.forge.github.forge import GitHubForge, open_github
from bot.forge.github.settings import GitHubSettings
from bot.forge.guards import BranchRules
from bot.forge.owners import Owners
from tests.forge.github.conftest import FLEET, World, rogue

ROOT = "/api/v3/repos/acme/fleet"


@asynccontextmanager
async def telling(answers: dict[str, Any]) -> AsyncIterator[GitHubForge]:
    """A GitHub that knows these answers, by path below the repository; 403 where it is None, else 404."""

    async def handler(request: web.Request) -> web.Response:
        path = request.path.removeprefix(ROOT)
        if path not in answers:
            return web.json_response({"message": "Not Found"}, status=404)
        if answers[path] is None:
            return web.json_response({"message": "Resource not accessible"}, status=403)
        return web.json_response(answers[path])

    async with rogue(handler) as api_url, open_github(GitHubSettings("hub", None, "ghp_x", api_url)) as forge:
        yield forge


def pull() -> dict[str, Any]:
    side = {"ref": "main", "sha": "a" * 40}
    return {"number": 7, "title": "x", "state": "open", "html_url": "", "base": side, "head": side}


def review(number: int, user: int, state: str) -> dict[str, Any]:
    return {"id": number, "state": state, "user": {"login": f"u{user}", "id": user}}


async def test_of_each_person_the_newest_word_counts() -> None:
    answers = {
        "/pulls/7": pull(),
        "/pulls/7/reviews": [
            review(1, 1, "APPROVED"),
            review(2, 2, "APPROVED"),
            review(3, 2, "CHANGES_REQUESTED"),
            review(4, 1, "COMMENTED"),
            review(5, 3, "DISMISSED"),
        ],
        "/rules/branches/main": [
            {"type": "pull_request", "parameters": {"required_approving_review_count": 2}},
        ],
    }
    async with telling(answers) as forge:
        approvals = await forge.approvals(FLEET, 7)
    assert [actor.login for actor in approvals.given] == ["u1"]
    assert approvals.missing == 1


async def test_rulesets_and_classic_protection_both_count() -> None:
    answers: dict[str, Any] = {
        "/rules/branches/main": [
            {
                "type": "required_status_checks",
                "parameters": {"required_status_checks": [{"context": "ci"}, {"context": "lint"}]},
            },
            {"type": "non_fast_forward"},
        ],
        "/branches/main/protection": {
            "required_pull_request_reviews": {
                "required_approving_review_count": 1,
                "require_code_owner_reviews": True,
            },
            "required_status_checks": {"contexts": ["ci"]},
            "allow_force_pushes": {"enabled": True},
        },
    }
    async with telling(answers) as forge:
        both = await forge.branch_rules(FLEET, "main")
    assert both == BranchRules(
        is_protected=True,
        allows_force_push=False,
        approvals=1,
        needs_code_owners=True,
        checks=("ci", "lint"),
    )
    answers["/branches/main/protection"] = None
    async with telling(answers) as forge:
        rules = await forge.branch_rules(FLEET, "main")
    assert (rules.approvals, rules.checks, rules.is_protected) == (0, ("ci", "lint"), True)


async def test_an_environment_says_who_has_to_agree() -> None:
    reviewers = [
        {"type": "User", "reviewer": {"login": "bob"}},
        {"type": "Team", "reviewer": {"slug": "ops"}},
    ]
    rules = [{"type": "wait_timer"}, {"type": "required_reviewers", "reviewers": reviewers}]
    answers: dict[str, Any] = {"/environments/prod": {"name": "prod", "protection_rules": rules}}
    async with telling(answers | {"/environments/dev": {"name": "dev"}, "/environments/x": None}) as forge:
        found = await forge.environment_rules(FLEET, "prod")
        assert found is not None
        assert (found.approvals, found.deployers) == (1, ("bob", "ops"))
        for name in ("dev", "x", "none"):
            assert await forge.environment_rules(FLEET, name) is None


async def test_an_unprotected_branch_asks_for_nothing(world: World) -> None:
    assert await world.forge.branch_rules(FLEET, "main") == BranchRules()


async def test_the_first_file_of_owners_counts_as_the_ref_has_it(world: World) -> None:
    assert await world.forge.code_owners(FLEET, "main") is None
    await world.github.push(
        world.fleet, "x", {".github/CODEOWNERS": b"* @first\n", "CODEOWNERS": b"* @late\n"}
    )
    owners = await world.forge.code_owners(FLEET, "x")
    assert owners is not None
    assert owners.of("a") == [Owners("", ("@first",))]


async def test_a_repository_has_a_number_beside_its_path(world: World) -> None:
    located = await world.forge.locate(FLEET)
    assert (located.number, located.path) == (world.fleet.id, "acme/fleet")
