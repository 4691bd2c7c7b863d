"""Check runs and suites as GitHub shows them."""

from typing import Any

from tests.sandbox.forge.core.git_objects import Commit
from tests.sandbox.forge.github.checks import CheckRun, CheckSuite, pulls_of
from tests.sandbox.forge.github.render.commits import simple_commit
from tests.sandbox.forge.github.render.people import app
from tests.sandbox.forge.github.render.pulls import minimal_pull
from tests.sandbox.forge.github.render.repositories import api_url, repository
from tests.sandbox.forge.github.site import Site, maybe_timestamp, node_id, timestamp

Json = dict[str, Any]


def check_run(site: Site, known: CheckRun) -> Json:
    url = f"{api_url(site, known.repository)}/check-runs/{known.id}"
    page = f"{site.web}/{known.repository.full_name}/runs/{known.id}"
    pulls = pulls_of(known.repository, known.head_sha)
    return {
        "id": known.id,
        "node_id": node_id("CheckRun", known.id),
        "head_sha": known.head_sha,
        "external_id": known.external_id,
        "url": url,
        "html_url": page,
        "details_url": known.details_url or page,
        "status": known.status,
        "conclusion": known.conclusion,
        "started_at": timestamp(known.started_at),
        "completed_at": maybe_timestamp(known.completed_at),
        "output": {
            "title": known.title,
            "summary": known.summary,
            "text": known.text,
            "annotations_count": len(known.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "name": known.name,
        "check_suite": {"id": known.suite.id},
        "app": app(site, known.app),
        "pull_requests": [minimal_pull(site, pull) for pull in pulls],
    }


def hook_check_run(site: Site, known: CheckRun) -> Json:
    return {**check_run(site, known), "check_suite": _hook_suite(site, known.suite)}


def _suite(site: Site, known: CheckSuite) -> Json:
    pulls = pulls_of(known.repository, known.head_sha)
    return {
        "id": known.id,
        "node_id": node_id("CheckSuite", known.id),
        "head_branch": known.head_branch,
        "head_sha": known.head_sha,
        "status": known.status,
        "conclusion": known.conclusion,
        "url": f"{api_url(site, known.repository)}/check-suites/{known.id}",
        "before": known.before,
        "after": known.head_sha,
        "pull_requests": [minimal_pull(site, pull) for pull in pulls],
        "app": app(site, known.app),
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.created_at),
    }


def _hook_suite(site: Site, known: CheckSuite) -> Json:
    return {**_suite(site, known), "repository": repository(site, known.repository)}


def check_suite(site: Site, known: CheckSuite, head: Commit) -> Json:
    return {
        **_suite(site, known),
        "repository": repository(site, known.repository),
        "head_commit": simple_commit(head),
        "latest_check_runs_count": len(known.latest_runs),
        "check_runs_url": f"{api_url(site, known.repository)}/check-suites/{known.id}/check-runs",
    }


def hook_check_suite(site: Site, known: CheckSuite, head: Commit) -> Json:
    shown = check_suite(site, known, head)
    del shown["repository"]
    return {**shown, "rerequestable": True, "runs_rerequestable": True}


def annotation(site: Site, known: CheckRun, shown: Json) -> Json:
    path = shown["path"]
    return {
        "path": path,
        "start_line": shown["start_line"],
        "end_line": shown["end_line"],
        "start_column": shown.get("start_column"),
        "end_column": shown.get("end_column"),
        "annotation_level": shown["annotation_level"],
        "title": shown.get("title"),
        "message": shown["message"],
        "raw_details": shown.get("raw_details"),
        "blob_href": f"{api_url(site, known.repository)}/contents/{path}?ref={known.head_sha}",
    }
