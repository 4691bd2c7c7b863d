"""Cars of merge trains."""

from typing import Any

from tests.sandbox.forge.gitlab.render import commits, people, requests
from tests.sandbox.forge.gitlab.site import maybe_timestamp, timestamp
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.trains import Car

Json = dict[str, Any]


def car(state: State, known: Car) -> Json:
    pull = known.pull
    return {
        "id": known.id,
        "merge_request": {
            "id": pull.id,
            "iid": pull.number,
            "project_id": pull.repository.id,
            "title": requests.title_of(pull),
            "description": pull.body,
            "state": requests.state_of(pull),
            "created_at": timestamp(pull.created_at),
            "updated_at": timestamp(pull.updated_at),
            "web_url": requests.address(state, pull),
        },
        "user": people.user(state.site, known.user),
        "pipeline": commits.pipeline(state, known.pipeline) if known.pipeline else None,
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.updated_at),
        "target_branch": pull.base,
        "status": known.state,
        "merged_at": maybe_timestamp(known.merged_at),
        "duration": None,
    }
