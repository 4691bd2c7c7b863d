"""The ways in which forges differ where the core has to know: told once by a face, when it starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.events import Pushed

MAX_ANNOUNCED_TAGS = 3


def many_tags(pushes: Sequence[Pushed]) -> list[Pushed]:
    """GitHub says nothing at all about the tags of a push that moves more than three of them."""
    tags = [push for push in pushes if push.branch is None]
    return tags if len(tags) > MAX_ANNOUNCED_TAGS else []


def title_and_body(pull: Pull, method: str) -> tuple[str, str]:
    """GitHub's own words for a merge."""
    if method == "squash":
        return f"{pull.title} (#{pull.number})", ""
    owner = pull.head_repository.owner.login if pull.head_repository else "unknown"
    return f"Merge pull request #{pull.number} from {owner}/{pull.head}", pull.title


@dataclass(frozen=True, slots=True)
class Ways:
    # Where a repository keeps the heads of its pull requests; nobody can push there.
    pull_refs: str = "refs/pull"
    # Which of the moves of one push nobody is told of.
    untold: Callable[[Sequence[Pushed]], list[Pushed]] = many_tags
    # Title and body of a merge by "merge" or "squash" when nobody wrote any.
    merge_words: Callable[[Pull, str], tuple[str, str]] = title_and_body
    # Whether a pull request ends with the branch it was for.
    closes_without_base: bool = True
    # Whether a pull request may bring nothing new, or come from a branch that is not there yet.
    allows_empty: bool = False
