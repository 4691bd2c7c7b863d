"""The part of `config.yaml` about forges: where they are, and as whom they are asked."""

from typing import Literal

from pydantic import Field, model_validator

from bot.config.types import HttpUrl, Model, SecretRef

Kind = Literal["github", "gitlab", "gitea"]
Tier = Literal["free", "premium", "ultimate"]

_GIT_URLS: dict[Kind, str] = {"github": "https://github.com", "gitlab": "https://gitlab.com"}
_API_PATHS: dict[Kind, str] = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}
_PUBLIC_API = "https://api.github.com"


class GitHubApp(Model):
    """A GitHub App's identity. Preferred over a token: it can write check runs and its rights are narrow."""

    id: int = Field(examples=[123456], ge=1)
    """The App's numeric id."""
    private_key: SecretRef = Field(examples=["${file:/etc/longshore/app.pem}"])
    """The App's private key in PEM form."""


class Forge(Model):
    """One forge to listen to and write to."""

    kind: Kind = Field(default="github", examples=["github"])
    """What speaks there: `github`, `gitlab`, or (experimental) `gitea`, which is Forgejo as well."""
    git_url: HttpUrl | None = Field(default=None, examples=["https://github.com"])
    """Root under which repositories are cloned and pages are shown. Left out: github.com or gitlab.com."""
    api_url: HttpUrl | None = Field(default=None, examples=["https://api.github.com"])
    """Root of the REST API. Left out: where the kind has it, `HOST/api/v3` (GitHub Enterprise) or `HOST/api/v4`."""
    app: GitHubApp | None = None
    """Act as a GitHub App. Give this or `token`."""
    token: SecretRef | None = Field(default=None, examples=["${file:/etc/longshore/forge-token}"])
    """Act by a plain token: on GitHub a person's (commit statuses and comments instead of check runs), on GitLab a
    project's, a group's or a person's with the scope `api`. On GitLab a file may be replaced while Longshore runs."""
    webhook_secrets: tuple[SecretRef, ...] = Field(min_length=1, examples=[["${env:GITHUB_WEBHOOK_SECRET}"]])
    """Secrets a delivery may be signed with; two while one is being replaced. On GitLab the hook's secret token, or its
    signing token (`whsec_...`)."""
    tier: Tier = "free"
    """What this GitLab was paid for (`free`, `premium`, `ultimate`), since it does not tell: rules of approval and of
    environments are read from premium on, external status checks answered on ultimate."""
    findings: Literal["comment", "thread"] = "comment"
    """`thread`: on GitLab, errors among a plan's findings also open a thread that has to be resolved."""

    @model_validator(mode="after")
    def _one_identity(self) -> "Forge":
        if (self.app is None) == (self.token is None):
            raise ValueError("give exactly one of `app` and `token`")
        if self.kind != "github" and self.app is not None:
            raise ValueError(f"a forge of kind {self.kind} has no `app`; give a `token`")
        if self.kind not in _GIT_URLS and self.git_url is None:
            raise ValueError(f"a forge of kind {self.kind} needs its `gitUrl`")
        if self.kind != "gitlab" and (self.tier != "free" or self.findings != "comment"):
            raise ValueError("`tier` and `findings` are for forges of kind gitlab")
        return self

    @property
    def git_root(self) -> str:
        return (self.git_url or _GIT_URLS.get(self.kind, "")).rstrip("/")

    @property
    def api_root(self) -> str:
        if self.api_url is not None:
            return self.api_url
        if self.kind == "github" and self.git_root == _GIT_URLS["github"]:
            return _PUBLIC_API
        return self.git_root + _API_PATHS[self.kind]
