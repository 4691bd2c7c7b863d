"""Hooks and what became of their deliveries: an App's own, and a repository's."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.sandbox.forge.core.deliveries import Delivery, Hook
from tests.sandbox.forge.github.announcer import Announcer
from tests.sandbox.forge.github.call import MAX_PER_PAGE, Answer, Call
from tests.sandbox.forge.github.errors import ApiError, invalid, not_found, unprocessable
from tests.sandbox.forge.github.render import hooks as render
from tests.sandbox.forge.github.routes import Routes

routes = Routes()

REPOSITORY_HOOK = "/repos/{owner}/{repo}/hooks/{hook_id}"


def _app_hook(call: Call) -> Hook:
    if call.principal.token is not None:
        raise ApiError(401, "A JSON web token could not be decoded")
    if call.app.hook is None:
        raise not_found()
    return call.app.hook


def _repository_hook(call: Call) -> Hook:
    number = call.number("hook_id")
    for hook in call.repository.hooks:
        if hook.id == number:
            return hook
    raise not_found()


@routes("GET", "/app/hook/config")
async def read_config(call: Call) -> Answer:
    return Answer(render.config(_app_hook(call)))


@routes("PATCH", "/app/hook/config")
async def update_config(call: Call) -> Answer:
    hook = _app_hook(call)
    _configure(hook, call.body.fields)
    return Answer(render.config(hook))


def _configure(hook: Hook, config: Mapping[str, Any]) -> None:
    hook.url = config.get("url") or hook.url
    hook.secret = config.get("secret") or hook.secret


@routes("GET", "/repos/{owner}/{repo}/hooks", "repository_hooks:read")
async def list_hooks(call: Call) -> Answer:
    return call.page(call.repository.hooks, lambda hook: render.hook(call.state.site, call.repository, hook))


@routes("POST", "/repos/{owner}/{repo}/hooks", "repository_hooks:write")
async def create(call: Call) -> Answer:
    config = call.body.maybe("config", dict) or {}
    if not config.get("url"):
        raise invalid("Hook", "url", "missing_field")
    if any(hook.url == config["url"] for hook in call.repository.hooks):
        raise unprocessable("Hook already exists on this repository")
    forge = call.state.forge
    events = frozenset(call.body.maybe("events", list) or ["push"])
    active = call.body.maybe("active", bool) is not False
    hook = Hook(forge.next_id(), config["url"], config.get("secret") or "", events, active)
    call.repository.hooks.append(hook)
    Announcer(call.state).ping(hook, call.repository, call.user)
    return Answer(render.hook(call.state.site, call.repository, hook), 201)


@routes("DELETE", REPOSITORY_HOOK, "repository_hooks:write")
async def delete(call: Call) -> Answer:
    call.repository.hooks.remove(_repository_hook(call))
    return Answer(status=204)


@routes("GET", "/app/hook/deliveries")
async def list_app_deliveries(call: Call) -> Answer:
    return _listed(call, _app_hook(call))


@routes("GET", REPOSITORY_HOOK + "/deliveries", "repository_hooks:read")
async def list_deliveries(call: Call) -> Answer:
    return _listed(call, _repository_hook(call))


def _listed(call: Call, hook: Hook) -> Answer:
    """Newest first, by cursor and not by page."""
    deliveries = _deliveries(call, hook)[::-1]
    status = call.query("status")
    if status:
        deliveries = [
            known for known in deliveries if (200 <= known.status_code < 400) == (status == "success")
        ]
    cursor, size = call.query("cursor"), min(int(call.query("per_page", "30")), MAX_PER_PAGE)
    if cursor:
        if not cursor.isdigit():
            raise ApiError(400, "Invalid cursor")
        deliveries = [known for known in deliveries if known.id <= int(cursor)]
    headers = {}
    if len(deliveries) > size:
        path = call.request.path.removeprefix("/api/v3")
        query = f"per_page={size}&cursor={deliveries[size].id}" + (f"&status={status}" if status else "")
        headers["Link"] = f'<{call.state.site.api}{path}?{query}>; rel="next"'
    return Answer([render.delivery_item(known) for known in deliveries[:size]], headers=headers)


def _deliveries(call: Call, hook: Hook) -> Sequence[Delivery]:
    return [known for known in call.state.forge.post_office.log if known.letter.hook is hook]


def _delivery(call: Call, hook: Hook) -> Delivery:
    number = call.number("delivery_id")
    for known in _deliveries(call, hook):
        if known.id == number:
            return known
    raise not_found()


@routes("GET", "/app/hook/deliveries/{delivery_id}")
async def read_app_delivery(call: Call) -> Answer:
    return Answer(render.delivery(_delivery(call, _app_hook(call))))


@routes("GET", REPOSITORY_HOOK + "/deliveries/{delivery_id}", "repository_hooks:read")
async def read_delivery(call: Call) -> Answer:
    return Answer(render.delivery(_delivery(call, _repository_hook(call))))


@routes("POST", "/app/hook/deliveries/{delivery_id}/attempts")
async def redeliver_app(call: Call) -> Answer:
    return _redeliver(call, _app_hook(call))


@routes("POST", REPOSITORY_HOOK + "/deliveries/{delivery_id}/attempts", "repository_hooks:write")
async def redeliver(call: Call) -> Answer:
    return _redeliver(call, _repository_hook(call))


def _redeliver(call: Call, hook: Hook) -> Answer:
    call.state.forge.post_office.post(_delivery(call, hook).letter, is_redelivery=True)
    return Answer({}, 202)
