"""A page for people: what a merge request looks like, for whoever watches the demo in a browser."""

from aiohttp import web

from tests.sandbox.forge.core.pages import link, page, said, words
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.render.requests import title_of
from tests.sandbox.forge.gitlab.state import State


class Pages:
    def __init__(self, state: State) -> None:
        self._state = state

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/", self._home)
        app.router.add_get("/{project:.+}/-/merge_requests/{number:[0-9]+}", self._merge_request)
        app.router.add_get("/{project:.+}/-/pipelines/{number:[0-9]+}", self._pipeline)
        app.router.add_get("/{project:.+}", self._project)

    def _found(self, request: web.Request) -> Repository:
        forge, path = self._state.forge, request.match_info["project"]
        found = forge.repository(path) or forge.renamed(path)
        if found is None:
            raise web.HTTPNotFound
        return found

    async def _home(self, _request: web.Request) -> web.Response:
        rows = [link(f"/{known.full_name}", known.full_name) for known in self._state.forge.repositories]
        return page("Projects", rows)

    async def _project(self, request: web.Request) -> web.Response:
        known = self._found(request)
        at = f"/{known.full_name}/-/merge_requests"
        rows = [link(f"{at}/{pull.number}", f"!{pull.number} {title_of(pull)}") for pull in known.pulls]
        return page(
            known.full_name, [words(f"git clone {self._state.site.web}/{known.full_name}.git"), *rows]
        )

    async def _merge_request(self, request: web.Request) -> web.Response:
        known = self._found(request)
        pull = known.pull(int(request.match_info["number"]))
        if pull is None:
            raise web.HTTPNotFound
        blocks = [said(pull.author.login, pull.body or "")]
        blocks += [said(comment.author.login, comment.body) for comment in pull.comments]
        statuses = self._state.pipelines.statuses(known, pull.head_sha)
        blocks += [
            link(f"/{known.full_name}/-/pipelines/{status.pipeline.id}", f"{status.name}: {status.state}")
            for status in statuses
            if not status.is_retried
        ]
        return page(f"!{pull.number} {title_of(pull)}", blocks)

    async def _pipeline(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        found = next((p for p in self._state.pipelines.of(self._found(request)) if p.id == number), None)
        if found is None:
            raise web.HTTPNotFound
        rows = [words(f"{s.name}: {s.state}: {s.description or ''}") for s in found.statuses]
        return page(f"Pipeline #{found.iid}: {found.state}", rows)
