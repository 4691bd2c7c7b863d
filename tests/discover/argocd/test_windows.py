"""Which sync windows of an AppProject are for an Application, and what is said of them."""

from typing import Any

import pytest

from bot.model.rendering import Severity
from tests.discover.argocd.examples import Json, application, said, spec
from tests.discover.argocd.test_projects import project

WINDOW: Json = {"kind": "deny", "schedule": "0 22 * * *", "duration": "1h"}


def times(*windows: Json) -> list[str]:
    manifest = application(spec(project="team", destination={"name": "prod-eu", "namespace": "shop"}))
    return [message for _, message in said(manifest, project(syncWindows=list(windows)))]


@pytest.mark.parametrize(
    ("lists", "falls_in"),
    [
        ({}, False),
        ({"applications": ["web"]}, True),
        ({"applications": ["w*"]}, True),
        ({"applications": ["*"]}, True),
        ({"applications": ["other"]}, False),
        ({"applications": ["!other"]}, False),
        ({"clusters": ["prod-*"]}, True),
        ({"clusters": ["https://*"]}, False),
        ({"namespaces": ["shop"]}, True),
        ({"applications": ["other"], "namespaces": ["shop"]}, True),
        ({"applications": ["other"], "namespaces": ["shop"], "andOperator": True}, False),
        ({"applications": ["web"], "clusters": ["*"], "namespaces": ["shop"], "andOperator": True}, True),
        ({"andOperator": True}, False),
    ],
)
def test_a_window_is_for_what_its_lists_name(lists: Json, falls_in: bool) -> None:
    assert bool(times({**WINDOW, **lists})) is falls_in


def test_windows_are_said_with_their_times() -> None:
    several = [{**WINDOW, "duration": f"{n}h", "namespaces": ["*"]} for n in range(1, 6)]
    assert times(*several) == [
        (
            "falls in sync windows of AppProject argocd/team, deny at '0 22 * * *' for 1h, deny at '0 22 * * *' for 2h, "
            "deny at '0 22 * * *' for 3h and 2 more: Argo CD may put a sync off"
        )
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("signatureKeys", [{"keyID": "4AEE18F83AFDEB23"}]),
        (
            "sourceIntegrity",
            {
                "git": {
                    "policies": [
                        {"repos": [{"url": "*"}], "gpg": {"mode": "head", "keys": ["4AEE18F83AFDEB23"]}}
                    ]
                }
            },
        ),
    ],
)
def test_that_commits_have_to_be_signed_is_said(field: str, value: Any) -> None:
    manifest = application(spec(project="team"))
    assert said(manifest, project(**{field: value})) == [
        (Severity.NOTICE, f"takes signed commits only, as spec.{field} of AppProject argocd/team demands")
    ]
