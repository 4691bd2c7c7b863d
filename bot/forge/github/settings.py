"""What a connection to one GitHub needs; `bot.config` is mapped onto it by the process that opens the forge."""

from dataclasses import dataclass, field
from enum import Enum

from bot.errors import UserError


@dataclass(frozen=True, slots=True)
class AppKey:
    """A GitHub App: its id (or client id) and its private key as PEM text."""

    app_id: str
    private_key: str = field(repr=False)


class Face(Enum):
    """Whose answers are like GitHub's."""

    GITHUB = "github"
    GITEA = "gitea"


@dataclass(frozen=True, slots=True)
class GitHubSettings:
    """One GitHub, as an App or with a plain token.

    `api_url` is the root of the REST API and the only place that credentials are sent to; `git_url` is what
    `/OWNER/NAME.git` is appended to. `timeout_s` bounds one request, not its repetitions.
    """

    name: str
    app: AppKey | None = None
    token: str | None = field(default=None, repr=False)
    api_url: str = "https://api.github.com"
    git_url: str = "https://github.com"
    timeout_s: float = 15.0
    face: Face = Face.GITHUB

    def __post_init__(self) -> None:
        if (self.app is None) is (self.token is None):
            raise UserError(
                f"forge {self.name}: it needs credentials of one kind",
                hint=f"give either `app` or `token` under forges.{self.name}",
            )
