"""What a git process is told about the world: everything it needs, nothing the machine or a repository slips in.

The one invariant: no setting that names a program (hook, filter, diff or merge driver, file system monitor, askpass,
credential helper) takes effect, and no network is used unless the caller names the protocols.
"""

import os
from collections.abc import Mapping

_BASE = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "GIT_OPTIONAL_LOCKS": "0",
    # A forge merges and serves what the commits say; replace refs are one user's local overlay.
    "GIT_NO_REPLACE_OBJECTS": "1",
    # Partial clones fetch what is missing behind one's back. Older gits ignore the first and obey the second.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}

_CONFIG = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.sshCommand": "false",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    # Ownership decides nothing here: the setting protects from configuration that runs programs, and none does.
    "safe.directory": "*",
}

_PROXY_AND_TRUST = (
    *("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)


def offline(config: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a git process that stays on this machine. `config` adds settings for this run."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        **_BASE,
        **_as_environment({**_CONFIG, **(config or {})}),
    }


def online(config: Mapping[str, str]) -> dict[str, str]:
    """As `offline`, but HTTP is allowed, by way of the proxy and trust store this process was started with."""
    passed = {name: os.environ[name] for name in _PROXY_AND_TRUST if name in os.environ}
    return {**offline(config), **passed, "GIT_ALLOW_PROTOCOL": "http:https"}


def _as_environment(config: Mapping[str, str]) -> dict[str, str]:
    """Settings by environment, so that a credential among them stands in no argument list and no file."""
    variables = {"GIT_CONFIG_COUNT": str(len(config))}
    for number, (key, value) in enumerate(config.items()):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables
