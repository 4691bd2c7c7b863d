"""Whom a generator of pull requests asks, in words that fit every forge."""

from typing import Any

import pytest

from bot.model.repo import PullState
from bot.render.applicationset import NotKnown
from bot.render.applicationset.providers import pulls_asked

FLEET = {"owner": "acme", "repo": "fleet", "api": "https://git.example"}


@pytest.mark.parametrize("kind", ["github", "gitea"])
def test_open_pull_requests_with_all_of_the_labels_are_meant(kind: str) -> None:
    asked = pulls_asked({kind: {**FLEET, "labels": ["preview", "ready"]}})
    assert (asked.kind, asked.api, asked.path) == (kind, "https://git.example", "acme/fleet")
    assert asked.state is PullState.OPEN
    assert [asked.fits(has) for has in (["ready", "x", "preview"], ["preview"], ["Preview", "ready"])] == [
        *(True, False, False)
    ]


@pytest.mark.parametrize(
    ("generator", "why"),
    [
        ({"gitea": {"owner": "acme", "repo": "fleet"}}, "api is empty"),
        ({"gitea": {**FLEET, "repo": ""}}, "repo is empty"),
        ({"bitbucketServer": {"project": "a", "repo": "b", "api": "c"}}, "asks bitbucketServer"),
        ({}, "asks no forge"),
    ],
)
def test_what_cannot_be_asked_is_said(generator: dict[str, Any], why: str) -> None:
    with pytest.raises(NotKnown, match=why):
        pulls_asked(generator)
