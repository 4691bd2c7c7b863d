"""Every vendor's webhooks by the `kind` of its forge in `config.yaml`. Loads no client library."""

from collections.abc import Mapping
from typing import Final

from bot.forge.github import webhooks as github
from bot.forge.gitlab import webhooks as gitlab
from bot.forge.webhooks import WebhookDialect

DIALECTS: Final[Mapping[str, WebhookDialect]] = {
    "github": github,
    "gitlab": gitlab,
    "gitea": github,
}
