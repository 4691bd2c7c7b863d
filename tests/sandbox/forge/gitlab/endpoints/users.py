"""Users, and what the instance says of itself."""

from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.errors import not_found
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render import people as render
from tests.sandbox.forge.gitlab.routes import Route, Routes
from tests.sandbox.forge.gitlab.site import VERSION

routes = Routes(level=Level.NONE)


def all_routes() -> list[Route]:
    return routes.all


@routes("GET", "/user", scopes=("read_user",))
async def current(call: Call) -> Answer:
    return Answer(render.current_user(call.site, call.user, call.forge.now()))


@routes("GET", "/users", scopes=("read_user",))
async def find(call: Call) -> Answer:
    wanted, searched = call.params.text("username"), call.params.text("search")
    found = [known for known in call.forge.users.values() if not known.is_organization]
    if wanted is not None:
        found = [known for known in found if known.login.lower() == wanted.lower()]
    if searched is not None:
        found = [known for known in found if searched.lower() in known.login.lower()]
    found.sort(key=lambda known: known.id, reverse=True)
    return call.page(found, lambda known: render.user(call.site, known))


@routes("GET", "/users/{user_id}", scopes=("read_user",))
async def read(call: Call) -> Answer:
    number = call.number("user_id")
    known = next((user for user in call.forge.users.values() if user.id == number), None)
    if known is None or known.is_organization:
        raise not_found("User")
    shown = render.user(call.site, known)
    return Answer({**shown, "bot": known.is_bot, "created_at": None})


@routes("GET", "/version", scopes=("read_user",))
async def version(call: Call) -> Answer:
    return Answer({"version": VERSION, "revision": "0badcafe123"})


@routes("GET", "/metadata", scopes=("read_user",))
async def metadata(call: Call) -> Answer:
    kas = {"enabled": False, "externalUrl": None, "externalK8sProxyUrl": None, "version": None}
    return Answer({"version": VERSION, "revision": "0badcafe123", "kas": kas, "enterprise": True})
