"""Who we are on GitHub: what has to be known of credentials, and an App with tokens for one repository at a time.

The invariant: a token handed out reaches one repository and can do what Longshore needs there, no more; only one that
lists an organisation reaches all of its repositories, and it can do nothing but read. It is used for fifty of its sixty
minutes.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.errors import UserError
from bot.forge.caches import ExpiringCache
from bot.forge.errors import ForgeForbidden, ForgeInvalid, ForgeNotFound
from bot.forge.github.client import GitHubClient
from bot.forge.github.pages import Listing, items
from bot.forge.github.paths import owner_name, repo_variables
from bot.forge.github.settings import AppKey
from bot.forge.github.shapes import App, Installation, Repository, Token, User
from bot.forge.shaped import shaped
from bot.model.repo import Actor, RepoId

TOKEN_LIFETIME_S: Final = 50 * 60.0
INSTALLATION_LIFETIME_S: Final = 10 * 60.0
IDENTITY_LIFETIME_S: Final = 60 * 60.0
MAX_INSTALLATIONS: Final = 1000
MAX_REPOSITORIES: Final = 5000
MAX_CLIENTS: Final = 32

NEEDED: Final[Mapping[str, str]] = {
    "checks": "write",
    "contents": "read",
    "deployments": "write",
    "metadata": "read",
    "pull_requests": "write",
}
OPTIONAL: Final[Mapping[str, str]] = {"actions": "read", "administration": "read"}
"""What reading the rules of environments and classic branch protection takes: used where it was given."""
NEEDED_EVENTS: Final = ("pull_request", "push")
FOR_GIT: Final[Mapping[str, str]] = {"contents": "read", "metadata": "read"}
FOR_COMMITS: Final[Mapping[str, str]] = {"contents": "write", "metadata": "read"}
LEVELS: Final[Mapping[str, int]] = {"read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Access:
    """What one request about a repository is made with."""

    client: GitHubClient
    token: str = field(repr=False)
    expires_at: datetime | None = None


class Auth(Protocol):
    """Credentials, and what only they can tell."""

    async def app_id(self) -> int | None:
        """None where we are no App."""

    async def access(self, repo: RepoId) -> Access: ...

    async def git_access(self, repo: RepoId) -> Access: ...

    async def renewed_git_access(self, repo: RepoId, refused: str) -> Access | None:
        """With another token than the one that Git was refused with; None where there is none."""

    async def expires_at(self) -> datetime | None:
        """When what the operator gave us ends; None where it does not, or GitHub does not say."""

    async def commit_access(self, repo: RepoId) -> Access: ...

    def renew(self, repo: RepoId, refused: Access) -> bool:
        """Forget a token that was refused; whether asking again can help."""

    async def owner_access(self, owner: str) -> Access:
        """What reads an organisation's repositories, all of them with one token."""

    def renew_owner(self, owner: str, refused: Access) -> bool:
        """As `renew`, of such a token."""

    async def identity(self) -> Actor: ...

    async def repository_paths(self) -> Sequence[str]: ...

    async def missing_permissions(self) -> Sequence[str]: ...


class AppAuth:
    """A GitHub App: one client, with its own rate budget, for each installation."""

    def __init__(self, key: AppKey, connect: Callable[[AppKey | None], GitHubClient]) -> None:
        _refuse_bad_key(key)
        self._connect = connect
        self._as_app = connect(key)
        self._clients: OrderedDict[int, GitHubClient] = OrderedDict()
        self._installations = ExpiringCache[str, Installation](lifetime_s=INSTALLATION_LIFETIME_S)
        self._tokens = ExpiringCache[tuple[str, str], Access](lifetime_s=TOKEN_LIFETIME_S)
        self._apps = ExpiringCache[int, App](lifetime_s=IDENTITY_LIFETIME_S)
        self._bots = ExpiringCache[int, Actor](lifetime_s=IDENTITY_LIFETIME_S)

    async def app_id(self) -> int | None:
        return (await self._who()).id

    async def access(self, repo: RepoId) -> Access:
        return await self._token_for(repo, "api", {**NEEDED, **OPTIONAL})

    async def git_access(self, repo: RepoId) -> Access:
        return await self._token_for(repo, "git", FOR_GIT)

    async def renewed_git_access(self, repo: RepoId, refused: str) -> Access | None:
        # Of many who were refused with one token, the first makes room for the next one.
        if (known := await self.git_access(repo)).token != refused:
            return known
        self._tokens.forget((repo.path, "git"), known)
        self._installations.forget(repo.path)
        return await self.git_access(repo)

    async def expires_at(self) -> datetime | None:
        # A key ends when somebody takes it away.
        return None

    async def commit_access(self, repo: RepoId) -> Access:
        return await self._token_for(repo, "commits", FOR_COMMITS)

    async def _token_for(self, repo: RepoId, use: str, levels: Mapping[str, str]) -> Access:
        return await self._tokens.get((repo.path, use), lambda: self._token(repo, levels))

    def renew(self, repo: RepoId, refused: Access) -> bool:
        # Of many who were refused with one token, the first makes room for the next one.
        if any(self._tokens.forget((repo.path, use), refused) for use in ("api", "commits")):
            # What ended it ended its siblings as well, and may have changed the installation.
            for use in ("api", "commits", "git"):
                self._tokens.forget((repo.path, use))
            self._installations.forget(repo.path)
        return True

    async def owner_access(self, owner: str) -> Access:
        return await self._tokens.get((owner.lower(), "owner"), lambda: self._owner_token(owner))

    def renew_owner(self, owner: str, refused: Access) -> bool:
        self._tokens.forget((owner.lower(), "owner"), refused)
        return True

    async def _owner_token(self, owner: str) -> Access:
        try:
            answer, _ = await self._as_app.call("GET", "/orgs/{org}/installation", {"org": owner_name(owner)})
        except ForgeNotFound as error:
            raise ForgeNotFound(
                f"the App is not installed for the organisation {owner}",
                hint="install it there; the repositories of a person cannot be listed",
            ) from error
        return await self._mint(shaped(answer, Installation), {"permissions": FOR_GIT})

    async def identity(self) -> Actor:
        app = await self._who()
        return await self._bots.get(app.id, lambda: self._bot(app))

    async def _bot(self, app: App) -> Actor:
        active = [known for known in await self._all_installations() if known.suspended_at is None]
        if not active:
            raise ForgeForbidden(
                f"the App {app.slug} is installed nowhere",
                hint=f"install it from {app.html_url}",
            )
        access = await self._mint(active[0], {"permissions": {"metadata": "read"}})
        answer, _ = await access.client.call(
            "GET", "/users/{login}", {"login": f"{app.slug}[bot]"}, token=access.token
        )
        return shaped(answer, User).actor

    async def repository_paths(self) -> Sequence[str]:
        paths: list[str] = []
        for installation in await self._all_installations():
            if installation.suspended_at is not None:
                continue
            access = await self._mint(installation, {"permissions": {"metadata": "read"}})
            listing = Listing("/installation/repositories?per_page=100", key="repositories")
            found = await items(
                access.client, listing, Repository, token=access.token, limit=MAX_REPOSITORIES
            )
            paths += [repository.full_name for repository in found if not repository.archived]
        return paths

    async def missing_permissions(self) -> Sequence[str]:
        app = await self._who()
        missing = [
            f"the App {app.slug} does not ask for {name}: {level}; add it under {app.html_url}"
            for name, level in _lacking(app.permissions)
        ]
        missing += [
            f"the App {app.slug} does not subscribe to the event {event}; add it under {app.html_url}"
            for event in NEEDED_EVENTS
            if event not in app.events
        ]
        for installation in await self._all_installations():
            owner = installation.owner
            if installation.suspended_at is not None:
                missing.append(f"the installation for {owner} is suspended; see {installation.html_url}")
            missing += [
                f"the installation for {owner} lacks {name}: {level}; accept it at {installation.html_url}"
                for name, level in _lacking(installation.permissions)
            ]
        return missing

    async def _token(self, repo: RepoId, levels: Mapping[str, str]) -> Access:
        installation = await self._installations.get(repo.path, lambda: self._find_installation(repo))
        # What was not granted is left out, as GitHub refuses to make a token with it: a request that needs it will
        # say so by itself, and the others work.
        granted = {
            name: level
            for name, level in levels.items()
            if _level(installation.permissions, name) >= LEVELS[level]
        }
        try:
            return await self._mint(
                installation, {"repositories": [repo.path.partition("/")[2]], "permissions": granted}
            )
        except (ForgeInvalid, ForgeNotFound, ForgeForbidden) as error:
            self._installations.forget(repo.path)
            raise ForgeNotFound(
                f"GitHub gives the App no token for {repo.path}: {error.message}",
                hint="was the repository renamed, or taken from the App's installation?",
            ) from error

    async def _find_installation(self, repo: RepoId) -> Installation:
        try:
            answer, _ = await self._as_app.call(
                "GET", "/repos/{owner}/{repo}/installation", repo_variables(repo)
            )
        except ForgeNotFound as error:
            raise ForgeNotFound(
                f"the App is not installed on {repo.path}",
                hint="install it there; if it is there, was the repository renamed?",
            ) from error
        return shaped(answer, Installation)

    async def _mint(self, installation: Installation, body: Mapping[str, object]) -> Access:
        # Making a token twice does no harm: both expire.
        answer, _ = await self._as_app.call(
            "POST",
            "/app/installations/{id}/access_tokens",
            {"id": installation.id},
            data=body,
            repeatable=True,
        )
        token = shaped(answer, Token)
        return Access(self._client(installation.id), token.token, token.expires_at)

    def _client(self, installation: int) -> GitHubClient:
        client = self._clients.pop(installation, None) or self._connect(None)
        self._clients[installation] = client
        while len(self._clients) > MAX_CLIENTS:
            self._clients.popitem(last=False)
        return client

    async def _who(self) -> App:
        return await self._apps.get(0, self._ask_who)

    async def _ask_who(self) -> App:
        answer, _ = await self._as_app.call("GET", "/app")
        return shaped(answer, App)

    async def _all_installations(self) -> Sequence[Installation]:
        listing = Listing("/app/installations?per_page=100")
        return await items(self._as_app, listing, Installation, limit=MAX_INSTALLATIONS)


def _lacking(granted: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, level) for name, level in NEEDED.items() if _level(granted, name) < LEVELS[level]]


def _level(granted: Mapping[str, str], name: str) -> int:
    return LEVELS.get(granted.get(name, ""), 0)


def _refuse_bad_key(key: AppKey) -> None:
    try:
        usable = isinstance(load_pem_private_key(key.private_key.encode(), password=None), RSAPrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        usable = False
    if not usable:
        raise UserError(
            f"the private key of App {key.app_id} is no RSA key in PEM form",
            hint="use the .pem file that GitHub gave you, whole and unencrypted",
        )
