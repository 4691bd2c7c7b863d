"""What each forge can do, as the table in the documentation: written from the capabilities that the adapters use."""

from collections.abc import Mapping
from typing import Final

from bot.forge.base import Capabilities, Feature

WORDS: Final[Mapping[Feature, tuple[str, str]]] = {
    Feature.CHECKS: ("check runs with summary and text", "a commit status of one line, and the comment"),
    Feature.ANNOTATIONS: ("remarks on lines of the change", "the comment"),
    Feature.REMARKS: (
        "a remark on the commit, for a delivery that no pull request shows",
        "the check run or status",
    ),
    Feature.STATUS_CHECKS: ("a verdict the forge itself asks for", "the check or status, made required"),
    Feature.THREADS: ("findings as a thread to be resolved", "the comment"),
    Feature.DEPLOYMENTS: ("deployments and environments", "the comment"),
    Feature.REACTIONS: ("reactions", "-"),
    Feature.DRAFTS: ("drafts", "-"),
    Feature.MERGE_REFS: ("a ref with the trial merge (not needed: the merge result is computed here)", "-"),
    Feature.COMMITS: ("commits made through the API", "none are made"),
    Feature.SIGNED_COMMITS: ("commits of ours signed by the forge", "unsigned commits, attributed to us"),
    Feature.APPROVAL_RULES: ("which approvals are needed", "who approved, and nothing that asks for it"),
    Feature.ENVIRONMENT_RULES: ("who may deploy to an environment", "nothing is known of it"),
    Feature.CODE_OWNERS: ("owners of files are asked by the forge", "CODEOWNERS is read all the same"),
    Feature.LISTINGS: (
        "repositories of an owner and pull requests, for ApplicationSets",
        "such ApplicationSets are unknown",
    ),
    Feature.MERGE_TRAINS: (
        "a plan of what a queue of merges is about to merge",
        "a plan of each by itself; no check for the queue, which must not require one",
    ),
}
"""What a feature is, and what stands in for it where it is missing."""


def forges() -> Mapping[str, Capabilities]:
    """By how an operator would call it."""
    # Loads the adapters; only the documentation needs all of them at once.
    from bot.forge.github import capabilities as github  # noqa: PLC0415
    from bot.forge.github import gitea  # noqa: PLC0415
    from bot.forge.gitlab import capabilities as gitlab  # noqa: PLC0415
    from bot.forge.gitlab.settings import Tier  # noqa: PLC0415

    return {
        "GitHub App": github.capabilities(is_app=True),
        "GitHub token": github.capabilities(is_app=False),
        "Gitea (experimental)": gitea.capabilities(),
        **{f"GitLab {tier.name.title()}": gitlab.capabilities(tier) for tier in Tier},
    }


def table() -> str:
    """Markdown: a row for each feature, a column for each forge, and one for what stands in."""
    columns = forges()
    head = ["what Longshore uses", *columns, "without it"]
    rows = [
        [words, *("yes" if one.has(feature) else "-" for one in columns.values()), instead]
        for feature, (words, instead) in WORDS.items()
    ]
    limits = [
        "characters in a comment",
        *(f"{one.comment.code_points:,}" for one in columns.values()),
        "cut, and said",
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *rows, limits])
