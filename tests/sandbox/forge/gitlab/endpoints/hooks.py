"""Webhooks of projects and groups: made, changed, tried, and what became of their deliveries."""

import base64
import binascii

from tests.sandbox.forge.core.deliveries import Delivery, Hook
from tests.sandbox.forge.core.events import Pushed
from tests.sandbox.forge.core.git_objects import ABSENT
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab import hooking
from tests.sandbox.forge.gitlab.announcer import Announcer
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import invalid, not_found, unprocessable
from tests.sandbox.forge.gitlab.hooks import EVENTS
from tests.sandbox.forge.gitlab.mail import SIGNING_PREFIX, Mail
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render import events
from tests.sandbox.forge.gitlab.render import hooks as render
from tests.sandbox.forge.gitlab.routes import Route, Routes, of_project
from tests.sandbox.forge.gitlab.tiers import Tier

routes = of_project(Level.MAINTAINER)
of_group = Routes("/groups/{id}", Level.OWNER)

SIGNING_KEY_BYTES = 32


def all_routes() -> list[Route]:
    return [*routes.all, *of_group.all]


def _hooks(call: Call) -> list[Hook]:
    if call.found is not None:
        return call.repository.hooks
    call.state.tier.must_be(Tier.PREMIUM)
    return call.state.hooks.of_groups.setdefault(call.group, [])


def _hook(call: Call) -> Hook:
    number = call.number("hook_id")
    found = next((known for known in _hooks(call) if known.id == number), None)
    if found is None:
        raise not_found()
    return found


def _shown(call: Call, known: Hook) -> dict[str, object]:
    return render.hook(known, call.state.hooks.of(known), call.forge.now())


@of_group("GET", "/hooks")
@routes("GET", "/hooks")
async def list_hooks(call: Call) -> Answer:
    return call.page(_hooks(call), lambda known: _shown(call, known))


@of_group("GET", "/hooks/{hook_id}")
@routes("GET", "/hooks/{hook_id}")
async def read(call: Call) -> Answer:
    return Answer(_shown(call, _hook(call)))


@of_group("POST", "/hooks")
@routes("POST", "/hooks")
async def create(call: Call) -> Answer:
    call.params.require("url")
    url = _url(call)
    place = call.found or call.group
    hooks, now = _hooks(call), call.forge.now()
    made = Hook(
        call.forge.next_id(), url, call.params.text("token") or "", _events(call, frozenset()), created_at=now
    )
    call.state.hooks.details[made] = hooking.new_detail(place, _signing_token(call))
    _describe(call, made)
    hooks.append(made)
    return Answer(_shown(call, made), 201)


def _url(call: Call) -> str:
    url = call.params.must("url")
    if not url.startswith(("http://", "https://")):
        raise unprocessable("Invalid url given")
    return url


def _signing_token(call: Call) -> str | None:
    given = call.params.text("signing_token")
    if not given:
        return None
    try:
        key = base64.b64decode(given.removeprefix(SIGNING_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not given.startswith(SIGNING_PREFIX) or len(key) != SIGNING_KEY_BYTES:
        raise invalid({"signing_token": ["is invalid"]})
    return given


def _events(call: Call, before: frozenset[str]) -> frozenset[str]:
    """A push is what a hook hears of when nothing is said."""
    found = set()
    for word, name in EVENTS.items():
        default = name in before if before else word == "push_events"
        if call.params.flag(word, default=default):
            found.add(name)
    return frozenset(found)


def _describe(call: Call, known: Hook) -> None:
    detail, params = call.state.hooks.of(known), call.params
    detail.branch_filter = params.text("push_events_branch_filter", detail.branch_filter)
    detail.name = params.text("name", detail.name)
    detail.description = params.text("description", detail.description)
    detail.verifies_certificate = params.flag("enable_ssl_verification", default=True) or False


@of_group("PUT", "/hooks/{hook_id}")
@routes("PUT", "/hooks/{hook_id}")
async def update(call: Call) -> Answer:
    known = _hook(call)
    if call.params.has("url"):
        known.url = _url(call)
    known.secret = call.params.text("token", known.secret) or ""
    known.events = _events(call, known.events)
    if call.params.has("signing_token"):
        call.state.hooks.of(known).signing_token = _signing_token(call)
    _describe(call, known)
    return Answer(_shown(call, known))


@of_group("DELETE", "/hooks/{hook_id}")
@routes("DELETE", "/hooks/{hook_id}")
async def delete(call: Call) -> Answer:
    _hooks(call).remove(_hook(call))
    return NOTHING


# Deliveries


def _log(call: Call) -> list[Delivery]:
    """The newest first."""
    known = _hook(call)
    return [delivery for delivery in reversed(call.forge.post_office.log) if delivery.letter.hook is known]


@of_group("GET", "/hooks/{hook_id}/events")
@routes("GET", "/hooks/{hook_id}/events")
async def list_events(call: Call) -> Answer:
    statuses = call.params.texts("status") or []

    def is_asked_for(known: Delivery) -> bool:
        words = {str(known.status_code)}
        if 200 <= known.status_code < 300:
            words.add("successful")
        words |= {"client_failure"} if 400 <= known.status_code < 500 else set()
        words |= {"server_failure"} if known.status_code >= 500 or known.status_code == 0 else set()
        return not statuses or bool(words & set(statuses))

    return call.page([known for known in _log(call) if is_asked_for(known)], render.event)


@of_group("POST", "/hooks/{hook_id}/events/{event_id}/resend")
@routes("POST", "/hooks/{hook_id}/events/{event_id}/resend")
async def resend(call: Call) -> Answer:
    """The same event with the same idempotency key, whether the hook rests or not; signed anew."""
    number = call.number("event_id")
    found = next((known for known in _log(call) if known.id == number), None)
    if found is None:
        raise not_found()
    again = await call.forge.post_office.deliver(found.letter)
    if again.status_code == 0:
        raise unprocessable("failed to connect")
    return Answer({"response_status": again.status_code}, 201)


@routes("POST", "/hooks/{hook_id}/test/{trigger}")
async def test(call: Call) -> Answer:
    """A push of the newest commit, or an event about the newest merge request."""
    hook, repository = _hook(call), call.repository
    if call.part("trigger") not in EVENTS:
        raise not_found()
    event = EVENTS[call.part("trigger")]
    payload = await _sample(call, repository, event)
    again = await call.forge.post_office.deliver(Mail(call.state).letter(hook, event, payload, repository))
    if not 200 <= again.status_code < 300:
        raise unprocessable("Hook execution failed")
    return Answer({"message": "201 Created"}, 201)


async def _sample(call: Call, repository: Repository, event: str) -> dict[str, object]:
    head = await repository.store.resolve(f"refs/heads/{repository.default_branch}")
    if head is None:
        raise unprocessable("Ensure the project has at least one commit.")
    if event == "Merge Request Hook":
        if not repository.pulls:
            raise unprocessable("Ensure the project has merge requests.")
        return await Announcer(call.state).sample_request(repository.pulls[-1], call.user)
    pushed = Pushed(repository, call.user, f"refs/heads/{repository.default_branch}", ABSENT, head)
    return events.push(call.state, pushed, [], 0)
