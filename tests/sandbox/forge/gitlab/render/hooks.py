"""Webhooks as their owners see them."""

from datetime import datetime
from typing import Any

from tests.sandbox.forge.core.deliveries import Delivery, Hook
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.hooks import EVENTS, HookDetail
from tests.sandbox.forge.gitlab.site import maybe_timestamp, timestamp

Json = dict[str, Any]


def hook(known: Hook, detail: HookDetail, now: datetime) -> Json:
    shown: Json = {
        "id": known.id,
        "url": known.url,
        "name": detail.name,
        "description": detail.description,
        "created_at": maybe_timestamp(known.created_at),
        **{word: known.wants(name) for word, name in EVENTS.items()},
        "repository_update_events": False,
        "enable_ssl_verification": detail.verifies_certificate,
        "alert_status": detail.state_at(now),
        "disabled_until": maybe_timestamp(detail.rests_until),
        "url_variables": [],
        "push_events_branch_filter": detail.branch_filter,
        "branch_filter_strategy": "wildcard" if detail.branch_filter else "all_branches",
        "custom_webhook_template": None,
        "custom_headers": [],
        "token_present": bool(known.secret),
        "signing_token_present": detail.signing_token is not None,
    }
    shown["project_id" if isinstance(detail.place, Repository) else "group_id"] = detail.place.id
    return shown


def event(known: Delivery) -> Json:
    letter = known.letter
    return {
        "id": known.id,
        "url": letter.hook.url,
        "trigger": letter.event.removesuffix(" Hook").lower().replace(" ", "_") + "_hooks",
        "request_headers": dict(letter.headers),
        "request_data": letter.body.decode(errors="replace"),
        "response_headers": {},
        "response_body": known.answer,
        "execution_duration": round(known.duration_s, 6),
        "response_status": str(known.status_code) if known.status_code else "internal error",
        "created_at": timestamp(known.delivered_at),
    }
