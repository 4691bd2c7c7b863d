"""Sync options: Argo CD looks for exact texts among them, and passes over everything else without a word."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

from bot.discover.schema import shown

CREATES_NAMESPACE = "CreateNamespace=true"
NEVER_PRUNES = "Prune=false"
_TRUTHS = ("true", "false")
_CONFIRMED = ("true", "false", "confirm")
KNOWN: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "ApplyOutOfSyncOnly",
            "ClientSideApplyMigration",
            "CreateNamespace",
            "FailOnSharedResource",
            "Force",
            "PruneLast",
            "Replace",
            "RespectIgnoreDifferences",
            "ServerSideApply",
            "SkipDryRunOnMissingResource",
            "Validate",
        ),
        _TRUTHS,
    ),
    "Prune": _CONFIRMED,
    "Delete": _CONFIRMED,
    "PrunePropagationPolicy": ("foreground", "background", "orphan"),
}


def passed_over(options: Sequence[str]) -> Iterator[str]:
    """The options that do nothing, each with what was meant, where that can be guessed."""
    for index, option in enumerate(options):
        name, _, value = option.partition("=")
        if value in KNOWN.get(name, ()):
            continue
        spelled = {known.lower(): known for known in KNOWN}
        near = difflib.get_close_matches(name.strip().lower()[:60], spelled, n=1)
        meant = _meant(spelled[near[0]], value) if near else ""
        yield f"spec.syncPolicy.syncOptions[{index}], {shown(option)}{meant}"


def _meant(name: str, value: str) -> str:
    plain = value.strip().lower()
    likely = plain if plain in KNOWN[name] else KNOWN[name][0]
    return f" (did you mean {name}={likely}?)"
