"""The part of `config.yaml` about forges: where they are, and as whom they are asked."""

from typing import Literal

from pydantic import Field, model_validator

from bot.config.types import HttpUrl, Model, SecretRef


class GitHubApp(Model):
    """A GitHub App's identity. Preferred over a token: it can write check runs and its rights are narrow."""

    id: int = Field(examples=[123456], ge=1)
    """The App's numeric id."""
    private_key: SecretRef = Field(examples=["${file:/etc/longshore/app.pem}"])
    """The App's private key in PEM form."""


class Forge(Model):
    """One forge to listen to and write to."""

    kind: Literal["github"] = Field(default="github", examples=["github"])
    """What speaks there."""
    api_url: HttpUrl = Field(default="https://api.github.com", examples=["https://api.github.com"])
    """Root of the REST API; `https://HOST/api/v3` for GitHub Enterprise Server."""
    git_url: HttpUrl = Field(default="https://github.com", examples=["https://github.com"])
    """Root under which repositories are cloned and pages are shown."""
    app: GitHubApp | None = None
    """Act as a GitHub App. Give this or `token`."""
    token: SecretRef | None = Field(default=None, examples=["${env:GITHUB_TOKEN}"])
    """Act by a plain token: commit statuses and comments instead of check runs. Give this or `app`."""
    webhook_secrets: tuple[SecretRef, ...] = Field(min_length=1, examples=[["${env:GITHUB_WEBHOOK_SECRET}"]])
    """Secrets a delivery may be signed with; two while one is being replaced."""

    @model_validator(mode="after")
    def _one_identity(self) -> "Forge":
        if (self.app is None) == (self.token is None):
            raise ValueError("give exactly one of `app` and `token`")
        return self
