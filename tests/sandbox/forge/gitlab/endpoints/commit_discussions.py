"""What is said about commits: discussions, which cannot be resolved."""

from tests.sandbox.forge.core import comments as core
from tests.sandbox.forge.core.conversations import Comment
from tests.sandbox.forge.gitlab.announcer import Announcer
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.endpoints.notes import body_of
from tests.sandbox.forge.gitlab.errors import forbidden, not_found
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.notes import CommitThread, Detail, Discussion, new_discussion
from tests.sandbox.forge.gitlab.render import notes as render
from tests.sandbox.forge.gitlab.routes import Route, of_project

routes = of_project(Level.REPORTER)

ALL = "/repository/commits/{sha}/discussions"
ONE = ALL + "/{discussion_id}"


def all_routes() -> list[Route]:
    return routes.all


async def _thread(call: Call) -> CommitThread:
    sha = await call.commit(call.part("sha"))
    return call.state.notes.about(call.repository, sha, call.forge.now())


async def _discussion(call: Call) -> tuple[CommitThread, Discussion, list[Comment]]:
    thread = await _thread(call)
    for known, notes in call.state.notes.discussions(thread.comments).items():
        if known.id == call.part("discussion_id"):
            return thread, known, notes
    raise not_found("Discussion")


async def _note(call: Call) -> Comment:
    _, _, notes = await _discussion(call)
    found = next((known for known in notes if known.id == call.number("note_id")), None)
    if found is None:
        raise not_found("Note")
    return found


async def _own(call: Call) -> Comment:
    known = await _note(call)
    if known.author is not call.user and call.principal.level_in(call.repository) < Level.MAINTAINER:
        raise forbidden()
    return known


async def _say(call: Call, thread: CommitThread, discussion: Discussion | None, body: str) -> Comment:
    call.state.limits.charge_note(call.principal.key, call.forge.now().timestamp())
    now, number = call.forge.now(), call.forge.next_id()
    comment = Comment(number, thread, call.user, body, now, now)
    home = discussion or new_discussion(number, is_individual=False)
    call.state.notes.put(comment, Detail(home, kind="DiscussionNote"))
    thread.comments.append(comment)
    await Announcer(call.state).note(comment, call.user, "create")
    return comment


@routes("GET", ALL)
async def list_discussions(call: Call) -> Answer:
    found = list(call.state.notes.discussions((await _thread(call)).comments).items())
    return call.page(found, lambda pair: render.discussion(call.state, *pair))


@routes("GET", ONE)
async def read(call: Call) -> Answer:
    _, discussion, notes = await _discussion(call)
    return Answer(render.discussion(call.state, discussion, notes))


@routes("POST", ALL)
async def start(call: Call) -> Answer:
    body = body_of(call)
    comment = await _say(call, await _thread(call), None, body)
    return Answer(render.discussion(call.state, call.state.notes.of(comment).discussion, [comment]), 201)


@routes("POST", ONE + "/notes")
async def reply(call: Call) -> Answer:
    body = body_of(call)
    thread, discussion, _ = await _discussion(call)
    return Answer(render.note(call.state, await _say(call, thread, discussion, body)), 201)


@routes("GET", ONE + "/notes/{note_id}")
async def read_note(call: Call) -> Answer:
    return Answer(render.note(call.state, await _note(call)))


@routes("PUT", ONE + "/notes/{note_id}")
async def edit(call: Call) -> Answer:
    known, body = await _own(call), body_of(call)
    await core.edit_comment(call.forge, known, body, call.user)
    return Answer(render.note(call.state, known))


@routes("DELETE", ONE + "/notes/{note_id}")
async def delete(call: Call) -> Answer:
    await core.delete_comment(call.forge, await _own(call), call.user)
    return NOTHING
