"""Where GitLab differs from what the core does by default."""

from collections import Counter
from collections.abc import Sequence

from tests.sandbox.forge.core.events import Pushed
from tests.sandbox.forge.core.ways import Ways
from tests.sandbox.forge.gitlab.merging import own_words

MAX_ANNOUNCED = 3


def _kind(push: Pushed) -> tuple[bool, str]:
    action = "created" if push.created else "removed" if push.deleted else "pushed"
    return push.branch is not None, action


def many_refs(pushes: Sequence[Pushed]) -> list[Pushed]:
    """Of more than three branches, or tags, that one push makes, moves or removes, nobody is told."""
    counts = Counter(map(_kind, pushes))
    return [push for push in pushes if counts[_kind(push)] > MAX_ANNOUNCED]


WAYS = Ways(
    pull_refs="refs/merge-requests",
    untold=many_refs,
    merge_words=own_words,
    closes_without_base=False,
    allows_empty=True,
)
