"""Merge requests: made, read, changed, closed."""

from collections.abc import Callable

from tests.sandbox.forge.core import pulls as core
from tests.sandbox.forge.core.conversations import Label, Mergeability, Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.pulls import Reason, RefusedError
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab import looking
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import ApiError, conflict, forbidden, invalid, not_found, unauthorized
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.render import commits as render_commits
from tests.sandbox.forge.gitlab.render import people
from tests.sandbox.forge.gitlab.render import requests as render
from tests.sandbox.forge.gitlab.routes import Route, of_project, of_request

routes = of_project()
single = of_request()

MAX_TITLE_CHARACTERS = 255
MAX_DESCRIPTION_CHARACTERS = 1_048_576
DRAFTS = ("Draft:", "draft:", "[Draft]", "(Draft)")


def all_routes() -> list[Route]:
    return [*routes.all, *single.all]


async def whole(call: Call, pull: Pull) -> dict[str, object]:
    return render.whole(call.state, pull, await looking.sight(call.state, pull, call.principal.user))


async def wake_check(call: Call, pull: Pull) -> None:
    """Asking sets the background work off: first what follows creation, then the test merge; the next one sees it."""
    request = call.state.requests.of(pull)
    if request.is_preparing:
        request.is_preparing, request.prepared_at = False, call.forge.now()
        request.is_checking = True
    elif pull.is_open and pull.head_sha and pull.mergeability is Mergeability.UNKNOWN:
        request.is_checking = True
        await core.probe_merge(call.forge, pull)
        request.is_checking = False


@single("GET", "")
async def read(call: Call) -> Answer:
    pull = call.pull
    await wake_check(call, pull)
    shown = await whole(call, pull)
    if not call.params.is_on("include_diverged_commits_count"):
        shown.pop("diverged_commits_count", None)
    if call.params.is_on("include_rebase_in_progress"):
        shown["rebase_in_progress"] = False
    return Answer(shown)


@routes("GET", "/merge_requests")
async def list_requests(call: Call) -> Answer:
    params = call.params
    order = params.choice("order_by", ("created_at", "updated_at", "title", "merged_at"), "created_at")
    keys = {
        "created_at": lambda pull: (pull.created_at, pull.id),
        "updated_at": lambda pull: (pull.updated_at, pull.id),
        "title": lambda pull: (pull.title, pull.id),
        "merged_at": lambda pull: (pull.merged_at or pull.created_at, pull.id),
    }
    found = list(filter(_filter(call), call.repository.pulls))
    descends = params.choice("sort", ("asc", "desc"), "desc") == "desc"
    found.sort(key=keys[order or "created_at"], reverse=descends)
    answer = call.page(found, lambda pull: pull)
    user = call.principal.user
    shown = []
    for pull in answer.body:
        if params.is_on("with_merge_status_recheck"):
            await wake_check(call, pull)
        shown.append(render.basic(call.state, pull, await looking.sight(call.state, pull, user)))
    return Answer(shown, headers=answer.headers)


def _filter(call: Call) -> Callable[[Pull], bool]:
    """Read before anything is looked at: a wrong value is refused also where there is nothing to filter."""
    params, user = call.params, call.principal.user
    state = params.choice("state", ("opened", "closed", "locked", "merged", "all"), "all")
    scope = params.choice("scope", ("created_by_me", "assigned_to_me", "all"))
    author, target, source = (
        params.text(name) for name in ("author_username", "target_branch", "source_branch")
    )
    draft, labels, iids = params.choice("wip", ("yes", "no")), params.texts("labels"), params.numbers("iids")
    after, before = params.moment("updated_after"), params.moment("updated_before")

    def is_asked_for(pull: Pull) -> bool:
        return (
            state in ("all", render.state_of(pull))
            and target in (None, pull.base)
            and source in (None, pull.head)
            and author in (None, pull.author.login)
            and (scope != "created_by_me" or pull.author is user)
            and (scope != "assigned_to_me" or user in call.state.requests.of(pull).assignees)
            and (draft is None or (draft == "yes") is pull.is_draft)
            and (labels is None or set(labels) <= {label.name for label in pull.labels})
            and (iids is None or pull.number in iids)
            and (after is None or pull.updated_at >= after)
            and (before is None or pull.updated_at <= before)
        )

    return is_asked_for


@routes("POST", "/merge_requests", Level.REPORTER)
async def create(call: Call) -> Answer:
    """Where it is made is where it comes from; `target_project_id` is where it goes."""
    params, source = call.params, call.repository
    params.require("title", "source_branch", "target_branch")
    target = _target(call)
    if source is not target and call.principal.level_in(source) < Level.DEVELOPER:
        raise forbidden()
    if source is target and call.principal.level_in(source) < Level.DEVELOPER:
        raise forbidden()
    title, is_draft = _title(params.must("title"))
    _limit(title, params.text("description"))
    base, head = params.must("target_branch"), params.must("source_branch")
    if source is target and base == head:
        raise conflict(["You can't use same project/branch for source and target"])
    proposal = core.Proposal(title, base, head, source, params.text("description"), is_draft)
    try:
        pull = await core.open_pull(call.forge, target, proposal, call.user)
    except RefusedError as refusal:
        raise _refusal(call, refusal, proposal, target) from refusal
    request = call.state.requests.of(pull)
    request.force_removes_source = params.flag("remove_source_branch")
    request.squash = params.is_on("squash")
    _set_people(call, pull)
    _set_labels(call, pull)
    return Answer(await whole(call, pull), 201)


def _target(call: Call) -> Repository:
    number = call.params.number("target_project_id")
    if number is None:
        return call.repository
    found = call.forge.by_id(number)
    if found is None or not call.principal.sees(found):
        raise not_found("Project")
    if found is not call.repository and call.repository.fork_of is not found:
        raise invalid({"validate_fork": ["Source project is not a fork of the target project"]})
    return found


def _title(given: str) -> tuple[str, bool]:
    """A title says whether it is a draft; the core keeps the two apart."""
    for prefix in DRAFTS:
        if given.startswith(prefix):
            return given.removeprefix(prefix).strip(), True
    return given, False


def _limit(title: str, description: str | None) -> None:
    if len(title) > MAX_TITLE_CHARACTERS:
        raise invalid({"title": [f"is too long (maximum is {MAX_TITLE_CHARACTERS} characters)"]})
    if description is not None and len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise invalid({"description": [f"is too long (maximum is {MAX_DESCRIPTION_CHARACTERS} characters)"]})


def _refusal(call: Call, refusal: RefusedError, proposal: core.Proposal, target: Repository) -> ApiError:
    if refusal.reason is Reason.DUPLICATE:
        same = (proposal.base, proposal.head, proposal.head_repository)
        number = next(
            pull.number
            for pull in target.pulls
            if pull.is_open and (pull.base, pull.head, pull.head_repository) == same
        )
        return conflict([f"Another open merge request already exists for this source branch: !{number}"])
    if refusal.reason is Reason.BAD_HEAD:
        return invalid({"source_branch": ["does not exist"]})
    if refusal.reason is Reason.BAD_BASE:
        return invalid({"target_branch": ["does not exist"]})
    return ApiError(422, {"message": str(refusal)})


def _set_people(call: Call, pull: Pull) -> None:
    request = call.state.requests.of(pull)
    by_id = {user.id: user for user in call.forge.users.values()}
    for name, people_ in (("assignee_ids", request.assignees), ("reviewer_ids", request.reviewers)):
        numbers = call.params.numbers(name)
        if numbers is not None:
            people_[:] = [by_id[number] for number in numbers if number in by_id]
    single_ = call.params.number("assignee_id")
    if single_ is not None:
        request.assignees[:] = [by_id[single_]] if single_ in by_id else []


def _set_labels(call: Call, pull: Pull) -> None:
    def label(name: str) -> Label:
        labels = pull.repository.labels
        return labels.setdefault(name.lower(), Label(call.forge.next_id(), name, "6699cc"))

    whole_set = call.params.texts("labels")
    if whole_set is not None:
        pull.labels[:] = [label(name) for name in whole_set]
    for name in call.params.texts("add_labels") or []:
        if label(name) not in pull.labels:
            pull.labels.append(label(name))
    gone = {name.lower() for name in call.params.texts("remove_labels") or []}
    pull.labels[:] = [known for known in pull.labels if known.name.lower() not in gone]


def _may_edit(call: Call, pull: Pull, user: User) -> bool:
    return pull.author is user or call.principal.level_in(pull.repository) >= Level.DEVELOPER


@single("PUT", "", Level.REPORTER)
async def update(call: Call) -> Answer:
    pull, params, forge, user = call.pull, call.params, call.forge, call.user
    if not _may_edit(call, pull, user):
        raise forbidden()
    given = params.text("title")
    title, is_draft = _title(given) if given is not None else (None, pull.is_draft)
    body = params.text("description")
    _limit(title or "", body)
    base = params.text("target_branch")
    try:
        if base is not None and base != pull.base:
            await core.retarget(forge, pull, base, user)
        if is_draft is not pull.is_draft:
            await core.set_draft(forge, pull, user, is_draft=is_draft)
        await core.rewrite(forge, pull, user, title=title, body=body)
        event = params.choice("state_event", ("close", "reopen"))
        if event == "close" and pull.is_open:
            await forge.close(pull, user)
        elif event == "reopen" and not pull.is_open:
            await core.reopen(forge, pull, user)
    except RefusedError as refusal:
        raise ApiError(422, {"message": str(refusal)}) from refusal
    request = call.state.requests.of(pull)
    request.squash = params.flag("squash", default=request.squash) or False
    request.force_removes_source = params.flag("remove_source_branch", default=request.force_removes_source)
    _set_people(call, pull)
    _set_labels(call, pull)
    return Answer(await whole(call, pull))


@single("DELETE", "", Level.OWNER)
async def delete(call: Call) -> Answer:
    del call.repository.threads[call.pull.number]
    return NOTHING


@single("GET", "/commits")
async def list_commits(call: Call) -> Answer:
    pull, state = call.pull, call.state
    listed = await looking.commits_of(pull, call.merge_request.newest)
    return call.page(listed, lambda known: render_commits.commit(state, pull.repository, known))


@single("GET", "/participants")
async def participants(call: Call) -> Answer:
    pull = call.pull
    found = dict.fromkeys([pull.author, *(comment.author for comment in pull.comments)])
    return call.page(list(found), lambda user: people.user(call.site, user))


def must_be_merger(call: Call) -> User:
    """GitLab answers 401, not 403, to somebody known who may not merge."""
    if not looking.may_merge(call.state, call.repository, call.pull.base, call.user):
        raise unauthorized()
    return call.user
