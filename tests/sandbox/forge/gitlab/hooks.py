"""Webhooks of projects and groups as GitLab runs them, and how it stops calling one that fails.

The invariant: the fourth failure in a row rests a hook for a minute, each further one twice as long up to a day, and
the fortieth for good; one success forgets them all.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.sandbox.forge.core.deliveries import Delivery, Hook
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.members import Group

TOLERATED = 3
PERMANENT = 39
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(days=1)

# The name in the header by the word in the settings.
EVENTS = {
    "push_events": "Push Hook",
    "tag_push_events": "Tag Push Hook",
    "issues_events": "Issue Hook",
    "confidential_issues_events": "Confidential Issue Hook",
    "merge_requests_events": "Merge Request Hook",
    "note_events": "Note Hook",
    "confidential_note_events": "Confidential Note Hook",
    "job_events": "Job Hook",
    "pipeline_events": "Pipeline Hook",
    "wiki_page_events": "Wiki Page Hook",
    "deployment_events": "Deployment Hook",
    "feature_flag_events": "Feature Flag Hook",
    "releases_events": "Release Hook",
    "emoji_events": "Emoji Hook",
    "resource_access_token_events": "Resource Access Token Hook",
    "milestone_events": "Milestone Hook",
    "vulnerability_events": "Vulnerability Hook",
}


@dataclass(eq=False, slots=True)
class HookDetail:
    """`signing_token` is `whsec_` and 32 bytes in base64; with it deliveries are signed as well."""

    place: Repository | Group
    uuid: str
    signing_token: str | None = None
    verifies_certificate: bool = True
    branch_filter: str | None = None
    name: str | None = None
    description: str | None = None
    failures: int = 0
    backoffs: int = 0
    rests_until: datetime | None = None

    @property
    def is_disabled(self) -> bool:
        return self.failures > PERMANENT

    def state_at(self, now: datetime) -> str:
        if self.is_disabled:
            return "disabled"
        return "temporarily_disabled" if self.rests_until and now < self.rests_until else "executable"


@dataclass(slots=True)
class Hooks:
    details: dict[Hook, HookDetail] = field(default_factory=dict)
    of_groups: dict[Group, list[Hook]] = field(default_factory=dict)

    def of(self, hook: Hook) -> HookDetail:
        return self.details[hook]

    def may_call(self, hook: Hook, now: datetime) -> bool:
        return self.of(hook).state_at(now) == "executable"

    def learn(self, delivery: Delivery) -> None:
        """Any answer but a success or a redirect is a failure, whatever its status."""
        detail = self.details.get(delivery.letter.hook)
        if detail is None:
            return
        if 200 <= delivery.status_code < 400:
            detail.failures, detail.backoffs, detail.rests_until = 0, 0, None
            return
        detail.failures += 1
        if detail.failures > TOLERATED:
            rest = min(FIRST_REST * 2 ** min(detail.backoffs, 11), LONGEST_REST)
            detail.backoffs += 1
            detail.rests_until = delivery.delivered_at + rest
