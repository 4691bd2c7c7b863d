"""Hooks and deliveries as GitHub shows them; a secret is never shown."""

import json
from typing import Any

from tests.sandbox.forge.core.deliveries import Delivery, Hook
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.render.repositories import api_url
from tests.sandbox.forge.github.site import Site, timestamp

Json = dict[str, Any]


def config(known: Hook) -> Json:
    shown = {"url": known.url, "content_type": "json", "insecure_ssl": "0"}
    return {**shown, "secret": "********"} if known.secret else shown


def hook(site: Site, repository: Repository, known: Hook) -> Json:
    url = f"{api_url(site, repository)}/hooks/{known.id}"
    moment = timestamp(repository.created_at)
    return {
        "type": "Repository",
        "id": known.id,
        "name": "web",
        "active": known.is_active,
        "events": sorted(known.events),
        "config": config(known),
        "updated_at": moment,
        "created_at": moment,
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {"code": None, "status": "unused", "message": None},
    }


def delivery_item(known: Delivery) -> Json:
    letter = known.letter
    return {
        "id": known.id,
        "guid": letter.guid,
        "delivered_at": timestamp(known.delivered_at),
        "redelivery": known.is_redelivery,
        "duration": round(known.duration_s, 3),
        "status": known.status,
        "status_code": known.status_code,
        "event": letter.event,
        "action": letter.action,
        "installation_id": letter.installation_id,
        "repository_id": letter.repository_id,
        "throttled_at": None,
    }


def delivery(known: Delivery) -> Json:
    letter = known.letter
    return {
        **delivery_item(known),
        "url": letter.hook.url,
        "request": {"headers": dict(letter.headers), "payload": json.loads(letter.body)},
        "response": {"headers": {}, "payload": known.answer},
    }
