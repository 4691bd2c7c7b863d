from enum import StrEnum

import pytest

from bot.model.danger import Loss
from bot.model.delivery import Failure, Health, Outcome, Phase
from bot.model.plan import Action, Counts, TargetStatus
from bot.model.rendering import Severity
from bot.report import outcomes, page, phrases


@pytest.mark.parametrize(
    ("words", "nouns"),
    [
        (phrases.SIGNS, Action),
        (page.OBJECT_ICONS, Action),
        (phrases.ICONS, TargetStatus),
        (phrases.LOSSES, Loss),
        (outcomes.PHASES, Phase),
        (outcomes.OUTCOMES, Outcome),
        (outcomes.HEALTHS, Health),
        (outcomes.FAILURES, Failure),
        (outcomes.ADVICE, Failure),
        (phrases.ANNOTATION_TITLES, Severity),
    ],
)
def test_there_are_words_for_every_case(words: dict[StrEnum, object], nouns: type[StrEnum]) -> None:
    assert set(words) == set(nouns)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(), "no object changes"),
        (Counts(added=1), "1 object added"),
        (Counts(changed=2, removed=1), "2 objects changed, 1 removed"),
        (Counts(1200, 1, 1, 1), "1,200 objects added, 1 changed, 1 removed, 1 moved"),
    ],
)
def test_totals_say_what_there_is(counts: Counts, words: str) -> None:
    assert phrases.totals(counts) == words


def test_lists_stay_short() -> None:
    assert phrases.listed([]) == ""
    assert phrases.listed(["a"]) == "a"
    assert phrases.listed(["a", "b", "c"]) == "a, b and c"
    assert phrases.listed([str(i) for i in range(9)], 2) == "0, 1 and 7 more"


@pytest.mark.parametrize(("duration_s", "words"), [(0.25, "0.2 s"), (12.4, "12 s"), (600.0, "10 min")])
def test_durations_are_rounded(duration_s: float, words: str) -> None:
    assert phrases.seconds(duration_s) == words
