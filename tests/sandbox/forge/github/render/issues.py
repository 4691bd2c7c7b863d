"""Issues, comments and reactions as GitHub shows them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.sandbox.forge.core.conversations import Comment, Pull, Reaction, Thread
from tests.sandbox.forge.github.render.people import maybe_app, user
from tests.sandbox.forge.github.render.pulls import association, label
from tests.sandbox.forge.github.render.repositories import api_url
from tests.sandbox.forge.github.site import Site, maybe_timestamp, node_id, timestamp

Json = dict[str, Any]

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def issue(site: Site, known: Thread) -> Json:
    repository_url = api_url(site, known.repository)
    url = f"{repository_url}/issues/{known.number}"
    kind = "pull" if isinstance(known, Pull) else "issues"
    html_url = f"{site.web}/{known.repository.full_name}/{kind}/{known.number}"
    shown: Json = {
        "id": known.id,
        "node_id": node_id("Issue", known.id),
        "url": url,
        "repository_url": repository_url,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": html_url,
        "number": known.number,
        "state": "open" if known.is_open else "closed",
        "state_reason": None,
        "title": known.title,
        "body": known.body,
        "user": user(site, known.author),
        "labels": [label(site, known.repository, shown) for shown in known.labels],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": len(known.comments),
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.updated_at),
        "closed_at": maybe_timestamp(known.closed_at),
        "author_association": association(known.repository, known.author),
        "performed_via_github_app": maybe_app(site, known.via),
        "reactions": rollup(url, known.reactions),
    }
    if isinstance(known, Pull):
        pull_url = f"{repository_url}/pulls/{known.number}"
        shown["draft"] = known.is_draft
        shown["pull_request"] = {
            "url": pull_url,
            "html_url": html_url,
            "diff_url": f"{html_url}.diff",
            "patch_url": f"{html_url}.patch",
            "merged_at": maybe_timestamp(known.merged_at),
        }
    return shown


def comment(site: Site, known: Comment) -> Json:
    thread = known.thread
    repository_url = api_url(site, thread.repository)
    url = f"{repository_url}/issues/comments/{known.id}"
    kind = "pull" if isinstance(thread, Pull) else "issues"
    page = f"{site.web}/{thread.repository.full_name}/{kind}/{thread.number}"
    return {
        "id": known.id,
        "node_id": node_id("IssueComment", known.id),
        "url": url,
        "html_url": f"{page}#issuecomment-{known.id}",
        "issue_url": f"{repository_url}/issues/{thread.number}",
        "body": known.body,
        "user": user(site, known.author),
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.updated_at),
        "author_association": association(thread.repository, known.author),
        "performed_via_github_app": maybe_app(site, known.via),
        "reactions": rollup(url, known.reactions),
    }


def rollup(url: str, reactions: Sequence[Reaction]) -> Json:
    counts = Counter(reaction.content for reaction in reactions)
    return {
        "url": f"{url}/reactions",
        "total_count": len(reactions),
        **{content: counts[content] for content in REACTIONS},
    }


def reaction(site: Site, known: Reaction) -> Json:
    return {
        "id": known.id,
        "node_id": node_id("Reaction", known.id),
        "user": user(site, known.user),
        "content": known.content,
        "created_at": timestamp(known.created_at),
    }
