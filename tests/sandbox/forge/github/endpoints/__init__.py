"""GitHub's REST API, one module per chapter of its documentation."""

from tests.sandbox.forge.github.endpoints import (
    apps,
    checks,
    commits,
    contents,
    deployments,
    git_data,
    hooks,
    issues,
    orgs,
    pulls,
    repositories,
    statuses,
)
from tests.sandbox.forge.github.routes import Route

CHAPTERS = (
    apps,
    checks,
    commits,
    contents,
    deployments,
    git_data,
    hooks,
    issues,
    orgs,
    pulls,
    repositories,
    statuses,
)


def all_routes() -> list[Route]:
    """The most literal first: `/pulls/comments` before `/pulls/{number}`."""
    routes = [route for chapter in CHAPTERS for route in chapter.routes.all]
    return sorted(routes, key=lambda route: route.literal_length, reverse=True)
