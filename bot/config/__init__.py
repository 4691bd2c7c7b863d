"""What the operator (`config.yaml`) and the team (`.longshore.yaml`) declare, checked whole before anything runs.

Every mistake is reported at once, with file, line, field and the nearest valid key. Secrets never stand in a file of
ours: a field that needs one holds a reference to a file or an environment variable.
"""

from bot.config.clusters import Allow, Cluster
from bot.config.forges import Forge
from bot.config.load import load, parse_operator, parse_team
from bot.config.operator import Config
from bot.config.problems import ConfigError, Problem
from bot.config.repositories import RepositoryConfig
from bot.config.team import TEAM_FILE, TargetConfig, TeamConfig

__all__ = [
    "TEAM_FILE",
    "Allow",
    "Cluster",
    "Config",
    "ConfigError",
    "Forge",
    "Problem",
    "RepositoryConfig",
    "TargetConfig",
    "TeamConfig",
    "load",
    "parse_operator",
    "parse_team",
]
