"""The hands of the people who use the stand-in: whatever they would do in a browser or with git.

The invariant: a hand leads through the same core as an API call, so both cause the same events.
"""

import functools
from collections.abc import Iterable, Mapping

from tests.sandbox.forge.core import comments, pulls
from tests.sandbox.forge.core.conversations import Comment, Label, Pull, Thread
from tests.sandbox.forge.core.deliveries import Delivery, Hook
from tests.sandbox.forge.core.delivering import Status
from tests.sandbox.forge.core.events import PullChanged
from tests.sandbox.forge.core.git_objects import Files
from tests.sandbox.forge.core.people import Role, User
from tests.sandbox.forge.core.pulls import Merge, Proposal
from tests.sandbox.forge.core.repositories import Protection, Repository
from tests.sandbox.forge.github.announcer import Announcer
from tests.sandbox.forge.github.apps import App, Installation, new_private_key
from tests.sandbox.forge.github.checks import CheckRun
from tests.sandbox.forge.github.state import State

DEFAULT_PERMISSIONS: Mapping[str, str] = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "checks": "write",
    "statuses": "write",
    "deployments": "write",
    "actions": "read",
    "administration": "read",
}
DEFAULT_EVENTS = frozenset(
    {
        "push",
        "pull_request",
        "issue_comment",
        "check_run",
        "deployment",
        "deployment_status",
        "status",
    }
)

# Making one takes longer than starting the server: one per name and process is enough.
_private_key = functools.cache(lambda _slug: new_private_key())


class Hands:
    def __init__(self, state: State) -> None:
        self.state = state
        self.forge = state.forge
        self._announcer = Announcer(state)
        state.forge.listeners.append(self._announcer)

    # People and Apps

    def user(self, login: str) -> User:
        return self.forge.user(login)

    def token(self, login: str, *, cap: Role = Role.ADMIN, scopes: tuple[str, ...] | None = ("repo",)) -> str:
        """A personal access token: what its person may do, up to `cap`; classic, or (scopes None) fine-grained."""
        prefix = "github_pat_" if scopes is None else "ghp_"
        return self.forge.issue_token(login, prefix, cap=cap, scopes=scopes).text

    def give_role(self, repository: Repository, login: str, role: Role) -> None:
        repository.roles[self.user(login)] = role

    def create_app(
        self,
        slug: str = "longshore",
        *,
        permissions: Mapping[str, str] = DEFAULT_PERMISSIONS,
        events: Iterable[str] = DEFAULT_EVENTS,
        hook_url: str | None = None,
        hook_secret: str = "",
    ) -> App:
        forge = self.forge
        bot = forge.add_user(User(forge.next_id(), f"{slug}[bot]", f"{slug}[bot]", is_bot=True))
        hook = Hook(forge.next_id(), hook_url, hook_secret, frozenset(events)) if hook_url else None
        number = forge.next_id()
        app = App(
            number,
            slug,
            slug.title(),
            self.user("octo"),
            bot,
            _private_key(slug),
            permissions,
            hook,
            forge.now(),
        )
        self.state.apps.apps[app.id] = app
        if hook is not None:
            self._announcer.ping(hook, app, app.owner)
        return app

    def install(
        self, app: App, account: str, repositories: Iterable[Repository] | None = None
    ) -> Installation:
        """On the repositories given, or on all that the account has and will have."""
        chosen = set(repositories) if repositories is not None else None
        forge = self.forge
        known = Installation(
            forge.next_id(), app, self.user(account), dict(app.permissions), forge.now(), chosen
        )
        self.state.apps.installations[known.id] = known
        self._announcer.installation(known, "created")
        return known

    def uninstall(self, installation: Installation) -> None:
        self._announcer.installation(installation, "deleted")
        del self.state.apps.installations[installation.id]

    def suspend(self, installation: Installation) -> None:
        installation.suspended_at = self.forge.now()
        self._announcer.installation(installation, "suspend")

    def unsuspend(self, installation: Installation) -> None:
        installation.suspended_at = None
        self._announcer.installation(installation, "unsuspend")

    def select(self, installation: Installation, repository: Repository, *, is_covered: bool) -> None:
        """Add a repository to an installation on selected ones, or take it away."""
        if installation.repositories is None:
            raise ValueError("the installation is on all repositories")
        if is_covered:
            installation.repositories.add(repository)
        else:
            installation.repositories.discard(repository)
        self._announcer.installation_repositories(
            installation, "added" if is_covered else "removed", repository
        )

    def add_hook(self, repository: Repository, url: str, secret: str, events: Iterable[str] = ("*",)) -> Hook:
        hook = Hook(self.forge.next_id(), url, secret, frozenset(events))
        repository.hooks.append(hook)
        self._announcer.ping(hook, repository, repository.owner)
        return hook

    # Repositories and branches

    async def create_repo(
        self,
        full_name: str,
        *,
        private: bool = True,
        default_branch: str = "main",
        files: Files | None = None,
    ) -> Repository:
        return await self.forge.create_repository(
            full_name, is_private=private, default_branch=default_branch, files=files
        )

    async def fork(self, repository: Repository, owner: str) -> Repository:
        return await self.forge.fork(repository, self.user(owner))

    async def push(
        self,
        repository: Repository,
        branch: str,
        files: Files,
        message: str = "Change files",
        author: str = "alice",
    ) -> str:
        """Commit these files (None removes one) onto a branch, which starts at the default branch if it is new."""
        return await self.forge.push_files(repository, branch, files, message, self.user(author))

    async def force(
        self, repository: Repository, branch: str, sha: str | None, author: str = "alice"
    ) -> None:
        """Put a branch somewhere else by force, or (None) delete it."""
        await self.forge.move_ref(repository, f"refs/heads/{branch}", sha, self.user(author))

    async def head(self, repository: Repository, branch: str | None = None) -> str:
        sha = await repository.store.resolve(f"refs/heads/{branch or repository.default_branch}")
        if sha is None:
            raise LookupError(f"{repository.full_name} has no branch {branch}")
        return sha

    def protect(self, repository: Repository, branch: str, *contexts: str) -> None:
        repository.protections[branch] = Protection(contexts)

    # Pull requests

    async def open_pull(
        self,
        repository: Repository,
        head: str,
        title: str = "A change",
        *,
        base: str | None = None,
        body: str | None = None,
        author: str = "alice",
        source: Repository | None = None,
        draft: bool = False,
    ) -> Pull:
        """`source` is the fork where the head branch is, if it is in one."""
        proposal = Proposal(
            title, base or repository.default_branch, head, source or repository, body, is_draft=draft
        )
        return await pulls.open_pull(self.forge, repository, proposal, self.user(author))

    async def merge_pull(self, pull: Pull, method: str = "merge", author: str = "alice") -> str:
        return await pulls.merge_pull(self.forge, pull, Merge(method), self.user(author))

    async def close_pull(self, pull: Pull, author: str = "alice") -> None:
        await self.forge.close(pull, self.user(author))

    async def reopen_pull(self, pull: Pull, author: str = "alice") -> None:
        await pulls.reopen(self.forge, pull, self.user(author))

    async def set_base(self, pull: Pull, base: str, author: str = "alice") -> None:
        await pulls.retarget(self.forge, pull, base, self.user(author))

    async def edit_pull(
        self, pull: Pull, *, title: str | None = None, body: str | None = None, author: str = "alice"
    ) -> None:
        await pulls.rewrite(self.forge, pull, self.user(author), title=title, body=body)

    async def set_draft(self, pull: Pull, *, draft: bool, author: str = "alice") -> None:
        await pulls.set_draft(self.forge, pull, self.user(author), is_draft=draft)

    async def label(self, pull: Pull, name: str, author: str = "alice") -> None:
        known = pull.repository.labels.setdefault(name.lower(), Label(self.forge.next_id(), name))
        pull.labels.append(known)
        await self.forge.emit(PullChanged(pull, self.user(author), "labeled", {"label": known}))

    # What is said

    async def comment(self, thread: Thread, body: str, author: str = "alice") -> Comment:
        return await comments.add_comment(self.forge, thread, self.user(author), body)

    async def edit_comment(self, comment: Comment, body: str, author: str = "alice") -> None:
        await comments.edit_comment(self.forge, comment, body, self.user(author))

    async def delete_comment(self, comment: Comment, author: str = "alice") -> None:
        await comments.delete_comment(self.forge, comment, self.user(author))

    # Checks, statuses, deliveries

    def check_runs(self, repository: Repository, sha: str) -> list[CheckRun]:
        return self.state.checks.of_commit(repository, sha)

    def statuses(self, repository: Repository, sha: str) -> list[Status]:
        return [status for status in repository.statuses if status.sha == sha]

    def rerequest(self, run: CheckRun, author: str = "alice") -> None:
        """Press "Re-run" on a check."""
        self._announcer.check_run(run, "rerequested", self.user(author), only=run.app)

    def redeliver(self, delivery: Delivery) -> None:
        """Press "Redeliver" on a delivery: the same GUID, headers and body once more."""
        self.forge.post_office.post(delivery.letter, is_redelivery=True)
