"""GitLab's REST API, one module per chapter of its documentation."""

from tests.sandbox.forge.gitlab.endpoints import (
    approvals,
    branches,
    commit_discussions,
    commits,
    committing,
    deployments,
    diffs,
    files,
    groups,
    hooks,
    merge_requests,
    merging,
    notes,
    pipelines,
    projects,
    protection,
    status_checks,
    tokens,
    trains,
    users,
)
from tests.sandbox.forge.gitlab.routes import Route

CHAPTERS = (
    approvals,
    branches,
    commit_discussions,
    commits,
    committing,
    deployments,
    diffs,
    files,
    groups,
    hooks,
    merge_requests,
    merging,
    notes,
    pipelines,
    projects,
    protection,
    status_checks,
    tokens,
    trains,
    users,
)


def all_routes() -> list[Route]:
    """The most literal first: `/merge_requests/1/merge` before `/merge_requests/{iid}`."""
    routes = [route for chapter in CHAPTERS for route in chapter.all_routes()]
    return sorted(routes, key=lambda route: route.literal_length, reverse=True)
