"""What people do on GitHub and nowhere else: Apps, installations, hooks, checks."""

import functools
from collections.abc import Iterable, Mapping

from tests.sandbox.forge.core.deliveries import Hook
from tests.sandbox.forge.core.delivering import Status
from tests.sandbox.forge.core.people import Role, User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.core.standin import StandIn
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


class GitHubHands(StandIn):
    def __init__(self, state: State) -> None:
        super().__init__(state.forge, state.violations)
        self.state = state
        self._announcer = Announcer(state)
        state.forge.listeners.append(self._announcer)

    # People and Apps

    def token(self, login: str, *, cap: Role = Role.ADMIN, scopes: tuple[str, ...] | None = ("repo",)) -> str:
        """A personal access token: what its person may do, up to `cap`; classic, or (scopes None) fine-grained."""
        prefix = "github_pat_" if scopes is None else "ghp_"
        return self.forge.issue_token(login, prefix, cap=cap, scopes=scopes).text

    def create_org(self, login: str) -> User:
        """Make the owner of that name an organisation, whose repositories can be listed."""
        owner = self.user(login)
        owner.is_organization = True
        return owner

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

    # Checks and statuses

    def check_runs(self, repository: Repository, sha: str) -> list[CheckRun]:
        return self.state.checks.of_commit(repository, sha)

    def statuses(self, repository: Repository, sha: str) -> list[Status]:
        return [status for status in repository.statuses if status.sha == sha]

    def rerequest(self, run: CheckRun, author: str = "alice") -> None:
        """Press "Re-run" on a check."""
        self._announcer.check_run(run, "rerequested", self.user(author), only=run.app)
