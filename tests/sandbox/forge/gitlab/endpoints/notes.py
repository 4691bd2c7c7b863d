"""Notes on merge requests, the discussions they form, and emoji."""

from typing import Any

from tests.sandbox.forge.core import comments as core
from tests.sandbox.forge.core.conversations import Comment, Reaction
from tests.sandbox.forge.gitlab.announcer import Announcer
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import bad_request, forbidden, invalid, message, not_found
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.notes import Detail, Discussion, new_discussion
from tests.sandbox.forge.gitlab.render import notes as render
from tests.sandbox.forge.gitlab.routes import Route, of_request

routes = of_request(Level.GUEST)

MAX_NOTE_CHARACTERS = 1_000_000
MAX_NOTES = 5000


def all_routes() -> list[Route]:
    return routes.all


def _visible(call: Call) -> list[Comment]:
    sees_internal = call.principal.level_in(call.repository) >= Level.PLANNER
    return call.state.notes.visible(call.pull.comments, with_internal=sees_internal)


def _note(call: Call) -> Comment:
    number = call.number("note_id")
    found = next((known for known in _visible(call) if known.id == number), None)
    if found is None:
        raise not_found("Note")
    return found


def body_of(call: Call) -> str:
    call.params.require("body")
    body = call.params.text("body") or ""
    if not body.strip():
        raise message(400, '400 Bad request - Note {:note=>["can\'t be blank"]}')
    if len(body) > MAX_NOTE_CHARACTERS:
        raise invalid({"note": [f"is too long (maximum is {MAX_NOTE_CHARACTERS} characters)"]})
    return body


def _own(call: Call) -> Comment:
    known = _note(call)
    is_mine = known.author is call.user or call.principal.level_in(call.repository) >= Level.MAINTAINER
    if call.state.notes.of(known).is_system or not is_mine:
        raise forbidden()
    return known


@routes("GET", "/notes")
async def list_notes(call: Call) -> Answer:
    order = call.params.choice("order_by", ("created_at", "updated_at"), "created_at")
    found = sorted(
        _visible(call),
        key=lambda known: (getattr(known, order or "created_at"), known.id),
        reverse=_descends(call),
    )
    kind = call.params.choice("activity_filter", ("all_notes", "only_comments", "only_activity"), "all_notes")
    if kind != "all_notes":
        found = [k for k in found if call.state.notes.of(k).is_system is (kind == "only_activity")]
    return call.page(found, lambda known: render.note(call.state, known))


def _descends(call: Call) -> bool:
    return call.params.choice("sort", ("asc", "desc"), "desc") == "desc"


@routes("GET", "/notes/{note_id}")
async def read(call: Call) -> Answer:
    return Answer(render.note(call.state, _note(call)))


async def say(call: Call, detail: Detail, body: str, number: int | None = None) -> Comment:
    """The detail is known before anybody is told."""
    call.state.limits.charge_note(call.principal.key, call.forge.now().timestamp())
    now, pull = call.forge.now(), call.pull
    if sum(not call.state.notes.of(known).is_system for known in pull.comments) >= MAX_NOTES:
        raise message(400, '400 Bad request - Note {:base=>["Maximum number of comments exceeded"]}')
    comment = Comment(number or call.forge.next_id(), pull, call.user, body, now, now)
    call.state.notes.put(comment, detail)
    pull.comments.append(comment)
    pull.updated_at = now
    await Announcer(call.state).note(comment, call.user, "create")
    return comment


@routes("POST", "/notes")
async def create(call: Call) -> Answer:
    body, number = body_of(call), call.forge.next_id()
    is_internal = call.params.is_on("internal") or call.params.is_on("confidential")
    sha = call.params.text("merge_request_diff_head_sha")
    if sha is not None and sha != call.pull.head_sha:
        raise bad_request("Merge request diff head SHA does not match")
    detail = Detail(new_discussion(number, is_individual=True), is_internal=is_internal)
    return Answer(render.note(call.state, await say(call, detail, body, number)), 201)


@routes("PUT", "/notes/{note_id}")
async def edit(call: Call) -> Answer:
    known, body = _own(call), body_of(call)
    await core.edit_comment(call.forge, known, body, call.user)
    return Answer(render.note(call.state, known))


@routes("DELETE", "/notes/{note_id}")
async def delete(call: Call) -> Answer:
    await core.delete_comment(call.forge, _own(call), call.user)
    return NOTHING


# Discussions


def _discussion(call: Call) -> tuple[Discussion, list[Comment]]:
    wanted = call.part("discussion_id")
    for known, notes in call.state.notes.discussions(_visible(call)).items():
        if known.id == wanted:
            return known, notes
    raise not_found("Discussion")


@routes("GET", "/discussions")
async def list_discussions(call: Call) -> Answer:
    found = list(call.state.notes.discussions(_visible(call)).items())
    return call.page(found, lambda pair: render.discussion(call.state, *pair))


@routes("GET", "/discussions/{discussion_id}")
async def read_discussion(call: Call) -> Answer:
    return Answer(render.discussion(call.state, *_discussion(call)))


@routes("POST", "/discussions")
async def start(call: Call) -> Answer:
    body, number = body_of(call), call.forge.next_id()
    position = call.params.object("position")
    kind = "DiscussionNote"
    if position is not None:
        kind = "DiffNote"
        _check_position(call, position)
    detail = Detail(new_discussion(number, is_individual=False), kind=kind, position=position)
    comment = await say(call, detail, body, number)
    return Answer(render.discussion(call.state, detail.discussion, [comment]), 201)


def _check_position(call: Call, position: dict[str, Any]) -> None:
    newest = call.merge_request.versions
    known = {(v.base, v.start, v.head) for v in newest}
    given = tuple(position.get(name) for name in ("base_sha", "start_sha", "head_sha"))
    if position.get("position_type") not in {"text", "image", "file"}:
        raise bad_request("position[position_type] does not have a valid value")
    if given not in known:
        raise message(
            400, '400 Bad request - Note {:line_code=>["can\'t be blank", "must be a valid line code"]}'
        )


@routes("POST", "/discussions/{discussion_id}/notes")
async def reply(call: Call) -> Answer:
    body, (discussion, notes) = body_of(call), _discussion(call)
    if call.state.notes.of(notes[0]).is_system:
        raise bad_request("System notes cannot be replied to")
    # A remark that is answered becomes a thread.
    discussion.is_individual = False
    first = call.state.notes.of(notes[0])
    first.kind = first.kind or "DiscussionNote"
    detail = Detail(discussion, kind=first.kind, position=first.position, is_internal=first.is_internal)
    return Answer(render.note(call.state, await say(call, detail, body)), 201)


@routes("PUT", "/discussions/{discussion_id}", Level.REPORTER)
async def resolve(call: Call) -> Answer:
    call.params.require("resolved")
    discussion, notes = _discussion(call)
    if not discussion.is_resolvable:
        raise forbidden("The discussion is not resolvable")
    _may_resolve(call, notes[0])
    for known in notes:
        _set_resolved(call, known, is_resolved=call.params.is_on("resolved"))
    return Answer(render.discussion(call.state, discussion, notes))


def _may_resolve(call: Call, known: Comment) -> None:
    is_theirs = call.user in (known.author, call.pull.author)
    if not is_theirs and call.principal.level_in(call.repository) < Level.DEVELOPER:
        raise forbidden()


def _set_resolved(call: Call, known: Comment, *, is_resolved: bool) -> None:
    detail = call.state.notes.of(known)
    if detail.is_resolvable:
        detail.resolved_by = call.user if is_resolved else None
        detail.resolved_at = call.forge.now() if is_resolved else None


@routes("PUT", "/discussions/{discussion_id}/notes/{note_id}")
async def edit_in_discussion(call: Call) -> Answer:
    known = _note(call)
    if call.params.has("body") == call.params.has("resolved"):
        raise bad_request("body, resolved are mutually exclusive")
    if call.params.has("body"):
        body = body_of(call)
        await core.edit_comment(call.forge, _own(call), body, call.user)
    else:
        _may_resolve(call, known)
        _set_resolved(call, known, is_resolved=call.params.is_on("resolved"))
    return Answer(render.note(call.state, known))


@routes("DELETE", "/discussions/{discussion_id}/notes/{note_id}")
async def delete_in_discussion(call: Call) -> Answer:
    await core.delete_comment(call.forge, _own(call), call.user)
    return NOTHING


# Emoji


async def _award(call: Call, comment: Comment | None) -> Answer:
    call.params.require("name")
    name, awarded = call.params.must("name"), comment or call.pull
    if any((known.user, known.content) == (call.user, name) for known in awarded.reactions):
        raise message(404, "404 Award Emoji Name has already been taken Not Found")
    if not name.replace("_", "").replace("-", "").isalnum():
        raise message(404, "404 Award Emoji Name is not a valid emoji name Not Found")
    reaction, _ = core.react(call.forge, awarded.reactions, call.user, name)
    await Announcer(call.state).emoji(reaction, comment, call.pull, "award")
    return Answer(render.award(call.site, reaction, awarded), 201)


def _awarded(call: Call, reactions: list[Reaction]) -> Reaction:
    number = call.number("award_id")
    found = next((known for known in reactions if known.id == number), None)
    if found is None:
        raise not_found("Award Emoji")
    return found


async def _revoke(call: Call, comment: Comment | None) -> Answer:
    reactions = (comment or call.pull).reactions
    known = _awarded(call, reactions)
    if known.user is not call.user:
        raise forbidden()
    reactions.remove(known)
    await Announcer(call.state).emoji(known, comment, call.pull, "revoke")
    return NOTHING


@routes("GET", "/award_emoji")
async def list_awards(call: Call) -> Answer:
    return call.page(call.pull.reactions, lambda known: render.award(call.site, known, call.pull))


@routes("POST", "/award_emoji")
async def award(call: Call) -> Answer:
    return await _award(call, None)


@routes("DELETE", "/award_emoji/{award_id}")
async def revoke(call: Call) -> Answer:
    return await _revoke(call, None)


@routes("GET", "/notes/{note_id}/award_emoji")
async def list_note_awards(call: Call) -> Answer:
    note = _note(call)
    return call.page(note.reactions, lambda known: render.award(call.site, known, note))


@routes("POST", "/notes/{note_id}/award_emoji")
async def award_note(call: Call) -> Answer:
    return await _award(call, _note(call))


@routes("DELETE", "/notes/{note_id}/award_emoji/{award_id}")
async def revoke_note(call: Call) -> Answer:
    return await _revoke(call, _note(call))
