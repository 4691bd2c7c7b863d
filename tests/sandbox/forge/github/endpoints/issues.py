"""Issues, comments, labels and reactions; for all of these a pull request is an issue."""

from typing import Any

from tests.sandbox.forge.core import comments as core
from tests.sandbox.forge.core.conversations import Comment, Label, Pull, Thread
from tests.sandbox.forge.core.events import PullChanged
from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.github.errors import forbidden, invalid, not_found, refused
from tests.sandbox.forge.github.render import issues as render
from tests.sandbox.forge.github.render.pulls import label as render_label
from tests.sandbox.forge.github.routes import of_repository

routes = of_repository()

MAX_COMMENT_CHARACTERS = 65_536
EITHER_WRITE = "issues|pull_requests:write"
EITHER_READ = "issues|pull_requests:read"


def _text(call: Call, *, required: bool = True) -> str:
    body = call.body.must("body", str) if required else call.body.maybe("body", str) or ""
    if required and not body.strip():
        raise refused("IssueComment", "body cannot be blank")
    if len(body) > MAX_COMMENT_CHARACTERS:
        raise refused("IssueComment", f"body is too long (maximum is {MAX_COMMENT_CHARACTERS} characters)")
    return body


# Issues


@routes("POST", "/issues", "issues:write", role=Role.READ, is_content=True)
async def create(call: Call) -> Answer:
    forge, repository = call.state.forge, call.repository
    now = forge.now()
    thread = Thread(
        id=forge.next_id(),
        number=repository.take_number(),
        repository=repository,
        author=call.user,
        title=call.body.must("title", str),
        body=_text(call, required=False),
        created_at=now,
        updated_at=now,
        via=call.via,
    )
    thread.labels += [_label(call, name) for name in call.body.maybe("labels", list) or []]
    repository.threads[thread.number] = thread
    return Answer(render.issue(call.state.site, thread), 201)


@routes("GET", "/issues", "issues:read")
async def list_issues(call: Call) -> Answer:
    wanted = {name for name in call.query("labels").split(",") if name}
    state = call.query("state", "open")
    threads = [
        thread
        for thread in reversed(call.repository.threads.values())
        if (state == "all" or thread.is_open == (state == "open"))
        and wanted <= {label.name for label in thread.labels}
        and call.query("creator", thread.author.login) == thread.author.login
    ]
    return call.page(threads, lambda thread: render.issue(call.state.site, thread))


@routes("GET", "/issues/{issue_number}", EITHER_READ)
async def read(call: Call) -> Answer:
    return Answer(render.issue(call.state.site, call.thread))


@routes("PATCH", "/issues/{issue_number}", "issues:write")
async def update(call: Call) -> Answer:
    thread, now = call.thread, call.state.forge.now()
    thread.title = call.body.maybe("title", str) or thread.title
    if call.body.maybe("body", str) is not None:
        thread.body = _text(call, required=False)
    state = call.body.choice("state", ("open", "closed"), "open" if thread.is_open else "closed")
    if isinstance(thread, Pull) and thread.is_open and state == "closed":
        await call.state.forge.close(thread, call.user)
    thread.is_open, thread.closed_at = state == "open", (now if state == "closed" else None)
    thread.updated_at = now
    return Answer(render.issue(call.state.site, thread))


# Comments


@routes("POST", "/issues/{issue_number}/comments", EITHER_WRITE, role=Role.READ, is_content=True)
async def create_comment(call: Call) -> Answer:
    comment = await core.add_comment(call.state.forge, call.thread, call.user, _text(call), via=call.via)
    return Answer(_shown(call, comment), 201)


@routes("GET", "/issues/{issue_number}/comments", EITHER_READ)
async def list_comments(call: Call) -> Answer:
    return call.page(call.thread.comments, lambda comment: _shown(call, comment))


@routes("GET", "/issues/comments/{comment_id}", EITHER_READ)
async def read_comment(call: Call) -> Answer:
    return Answer(_shown(call, _comment(call)))


@routes("PATCH", "/issues/comments/{comment_id}", EITHER_WRITE, role=Role.READ)
async def update_comment(call: Call) -> Answer:
    comment = _owned_comment(call)
    await core.edit_comment(call.state.forge, comment, _text(call), call.user)
    return Answer(_shown(call, comment))


@routes("DELETE", "/issues/comments/{comment_id}", EITHER_WRITE, role=Role.READ)
async def delete_comment(call: Call) -> Answer:
    await core.delete_comment(call.state.forge, _owned_comment(call), call.user)
    return Answer(status=204)


def _shown(call: Call, comment: Comment) -> dict[str, Any]:
    return render.comment(call.state.site, comment)


def _comment(call: Call) -> Comment:
    number = call.number("comment_id")
    for thread in call.repository.threads.values():
        for comment in thread.comments:
            if comment.id == number:
                return comment
    raise not_found()


def _owned_comment(call: Call) -> Comment:
    """One's own, or anybody's for those who may write."""
    comment = _comment(call)
    if comment.author is not call.user and call.principal.role_in(call.repository) < Role.WRITE:
        raise forbidden("Must have admin rights to Repository.")
    return comment


# Labels


def _label(call: Call, name: str) -> Label:
    """The repository's label of that name, made on first use."""
    if not isinstance(name, str) or not name:
        raise invalid("Label", "name")
    repository = call.repository
    return repository.labels.setdefault(name.lower(), Label(call.state.forge.next_id(), name))


async def _announce_label(call: Call, thread: Thread, label: Label, action: str) -> None:
    if isinstance(thread, Pull):
        await call.state.forge.emit(PullChanged(thread, call.user, action, {"label": label}))


@routes("POST", "/issues/{issue_number}/labels", EITHER_WRITE)
async def add_labels(call: Call) -> Answer:
    thread = call.thread
    for name in call.body.must("labels", list):
        label = _label(call, name)
        if label not in thread.labels:
            thread.labels.append(label)
            await _announce_label(call, thread, label, "labeled")
    return _labels(call, thread)


@routes("GET", "/issues/{issue_number}/labels", EITHER_READ)
async def list_labels(call: Call) -> Answer:
    return _labels(call, call.thread)


@routes("DELETE", "/issues/{issue_number}/labels/{name}", EITHER_WRITE)
async def remove_label(call: Call) -> Answer:
    thread = call.thread
    for label in thread.labels:
        if label.name.lower() == call.param("name").lower():
            thread.labels.remove(label)
            await _announce_label(call, thread, label, "unlabeled")
            return _labels(call, thread)
    raise not_found()


def _labels(call: Call, thread: Thread) -> Answer:
    return call.page(thread.labels, lambda label: render_label(call.state.site, thread.repository, label))


@routes("GET", "/labels", EITHER_READ)
async def list_repository_labels(call: Call) -> Answer:
    known = list(call.repository.labels.values())
    return call.page(known, lambda label: render_label(call.state.site, call.repository, label))


@routes("POST", "/labels", EITHER_WRITE)
async def create_label(call: Call) -> Answer:
    name = call.body.must("name", str)
    if name.lower() in call.repository.labels:
        raise invalid("Label", "name", "already_exists")
    label = _label(call, name)
    label.color = call.body.maybe("color", str) or label.color
    label.description = call.body.maybe("description", str)
    return Answer(render_label(call.state.site, call.repository, label), 201)


# Reactions


@routes("POST", "/issues/comments/{comment_id}/reactions", EITHER_WRITE, role=Role.READ)
async def react_to_comment(call: Call) -> Answer:
    return _react(call, _comment(call))


@routes("POST", "/issues/{issue_number}/reactions", EITHER_WRITE, role=Role.READ)
async def react_to_issue(call: Call) -> Answer:
    return _react(call, call.thread)


@routes("GET", "/issues/comments/{comment_id}/reactions", EITHER_READ)
async def list_reactions(call: Call) -> Answer:
    return call.page(_comment(call).reactions, lambda known: render.reaction(call.state.site, known))


@routes("DELETE", "/issues/comments/{comment_id}/reactions/{reaction_id}", EITHER_WRITE, role=Role.READ)
async def delete_reaction(call: Call) -> Answer:
    comment, number = _comment(call), call.number("reaction_id")
    for reaction in comment.reactions:
        if reaction.id == number and reaction.user is call.user:
            comment.reactions.remove(reaction)
            return Answer(status=204)
    raise not_found()


def _react(call: Call, target: Comment | Thread) -> Answer:
    content = call.body.must("content", str)
    if content not in render.REACTIONS:
        raise invalid("Reaction", "content")
    reaction, is_new = core.react(call.state.forge, target.reactions, call.user, content)
    return Answer(render.reaction(call.state.site, reaction), 201 if is_new else 200)
