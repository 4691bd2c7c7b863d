"""What a connection to one GitLab needs; `bot.config` is mapped onto it by `bot.forge.opening`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum


class Tier(IntEnum):
    """What was paid for, smallest first. GitLab does not tell it to those who use it."""

    FREE = 1
    PREMIUM = 2
    ULTIMATE = 3


@dataclass(frozen=True, slots=True)
class GitLabSettings:
    """One GitLab, as the bot of a project or group access token, or as a person.

    `token` reads the token anew: it may be replaced while we run. `api_url` is the root of the REST API and the only
    place it is sent to; `git_url` is what `/GROUP/NAME.git` is appended to. `wants_threads`: findings also get a
    discussion that has to be resolved. `timeout_s` bounds one request, not its repetitions.
    """

    name: str
    token: Callable[[], str] = field(repr=False)
    api_url: str = "https://gitlab.com/api/v4"
    git_url: str = "https://gitlab.com"
    tier: Tier = Tier.FREE
    wants_threads: bool = False
    timeout_s: float = 15.0
