"""A page for people: what a pull request looks like on GitHub, for whoever watches the demo in a browser."""

from aiohttp import web

from tests.sandbox.forge.core.conversations import Thread
from tests.sandbox.forge.core.pages import link, page, said, words
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.checks import latest
from tests.sandbox.forge.github.state import State


class Pages:
    def __init__(self, state: State) -> None:
        self._state = state

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/", self._home)
        app.router.add_get("/{owner}/{repo}", self._repository)
        app.router.add_get("/{owner}/{repo}/{kind:pull|issues}/{number:[0-9]+}", self._thread)
        app.router.add_get("/{owner}/{repo}/runs/{number:[0-9]+}", self._check_run)

    def _found(self, request: web.Request) -> Repository:
        found = self._state.forge.repository("{owner}/{repo}".format(**request.match_info))
        if found is None:
            raise web.HTTPNotFound
        return found

    async def _home(self, _request: web.Request) -> web.Response:
        rows = [link(f"/{known.full_name}", known.full_name) for known in self._state.forge.repositories]
        return page("Repositories", rows)

    async def _repository(self, request: web.Request) -> web.Response:
        known = self._found(request)
        rows = [link(_path(thread), f"#{thread.number} {thread.title}") for thread in known.threads.values()]
        clone = f"git clone {self._state.site.web}/{known.full_name}.git"
        return page(known.full_name, [words(clone), *rows])

    async def _thread(self, request: web.Request) -> web.Response:
        known = self._found(request)
        thread = known.threads.get(int(request.match_info["number"]))
        if thread is None:
            raise web.HTTPNotFound
        blocks = [said(thread.author.login, thread.body or "")]
        blocks += [said(comment.author.login, comment.body) for comment in thread.comments]
        pull = known.pull(thread.number)
        runs = self._state.checks.of_commit(known, pull.head_sha) if pull else []
        blocks += [
            link(f"/{known.full_name}/runs/{run.id}", f"{run.name}: {run.conclusion or run.status}")
            for run in latest(runs)
        ]
        return page(f"#{thread.number} {thread.title}", blocks)

    async def _check_run(self, request: web.Request) -> web.Response:
        run = self._state.checks.runs.get(int(request.match_info["number"]))
        if run is None or run.repository is not self._found(request):
            raise web.HTTPNotFound
        notes = [
            f"{note['path']}:{note['start_line']} {note['annotation_level']}: {note['message']}"
            for note in run.annotations
        ]
        parts = [run.title, run.summary, run.text, *notes]
        title = f"{run.name}: {run.conclusion or run.status}"
        return page(title, [words(part) for part in parts if part])


def _path(thread: Thread) -> str:
    return f"/{thread.repository.full_name}/issues/{thread.number}"
