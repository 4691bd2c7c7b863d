"""Forges in config.yaml: where they are when little is said, and what does not go together."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.config.forges import Forge

HOOK = {"webhookSecrets": ["${env:HOOK}"]}
TOKEN = {"token": "${env:TOKEN}"}
APP = {"app": {"id": 1, "privateKey": "${env:KEY}"}}


@pytest.mark.parametrize(
    ("given", "git_root", "api_root"),
    [
        ({}, "https://github.com", "https://api.github.com"),
        ({"gitUrl": "https://github.com/"}, "https://github.com", "https://api.github.com"),
        ({"gitUrl": "https://ghe.example"}, "https://ghe.example", "https://ghe.example/api/v3"),
        (
            {"gitUrl": "https://ghe.example", "apiUrl": "https://api.ghe.example"},
            "https://ghe.example",
            "https://api.ghe.example",
        ),
        (
            {"kind": "gitea", "gitUrl": "https://gitea.example/git"},
            "https://gitea.example/git",
            "https://gitea.example/git/api/v1",
        ),
        ({"kind": "gitlab"}, "https://gitlab.com", "https://gitlab.com/api/v4"),
        (
            {"kind": "gitlab", "gitUrl": "https://git.example/lab/"},
            "https://git.example/lab",
            "https://git.example/lab/api/v4",
        ),
        (
            {
                "kind": "gitlab",
                "gitUrl": "https://git.example",
                "apiUrl": "http://gitlab.internal:8080/api/v4",
            },
            "https://git.example",
            "http://gitlab.internal:8080/api/v4",
        ),
    ],
)
def test_what_is_left_out_follows_from_the_kind(given: dict[str, Any], git_root: str, api_root: str) -> None:
    forge = Forge.model_validate({**TOKEN, **HOOK, **given})
    assert (forge.git_root, forge.api_root) == (git_root, api_root)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "exactly one of `app` and `token`"),
        ({**APP, **TOKEN}, "exactly one of `app` and `token`"),
        ({**APP, "kind": "gitlab"}, "has no `app`"),
        ({**TOKEN, "tier": "premium"}, "for forges of kind gitlab"),
        ({**TOKEN, "findings": "thread"}, "for forges of kind gitlab"),
        ({**TOKEN, "kind": "gitlab", "tier": "gold"}, "'free', 'premium' or 'ultimate'"),
        ({**TOKEN, "kind": "svn"}, "'github', 'gitlab' or 'gitea'"),
        ({**TOKEN, "kind": "gitea"}, "needs its `gitUrl`"),
        ({**APP, "kind": "gitea", "gitUrl": "https://gitea.example"}, "has no `app`"),
        ({"kind": "gitlab", "token": "glpat-something"}, "write a reference"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Forge.model_validate({**HOOK, **given})
