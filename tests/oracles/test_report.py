"""What the trials come to."""

from pathlib import Path

import pytest

from oracles.flux.oracle import FLUX
from oracles.report import Result, write
from oracles.trials import Judgement, Outcome, Trial

FEATURE, DEVIATION = next(iter(FLUX.known.items()))


def trial(outcome: Outcome, *why: str, features: tuple[str, ...] = (FEATURE,)) -> Trial:
    return Trial("scene", features, (Judgement("scene/web", outcome, why),))


def result(*trials: Trial) -> Result:
    return Result(FLUX, trials)


def test_a_disagreement_that_nobody_explained_is_a_problem() -> None:
    problems = result(trial(Outcome.DIFFERENT, "only Flux applies it", features=("images",))).problems
    assert problems == ["scene (images): scene/web: different: only Flux applies it"]


def test_a_known_deviation_is_no_problem_and_is_remarked() -> None:
    known = result(trial(DEVIATION.outcome, f"because it {DEVIATION.says}"))
    assert known.problems == []
    assert known.table()[1] == (FEATURE, "1", "", "", "", DEVIATION.reason)


def test_a_known_deviation_in_other_words_is_a_problem() -> None:
    both = result(trial(DEVIATION.outcome, DEVIATION.says), trial(DEVIATION.outcome, "else"))
    assert len(both.problems) == 1


def test_a_known_deviation_that_no_longer_occurs_is_a_problem() -> None:
    (problem,) = result(trial(Outcome.SAME)).problems
    assert "remove it from oracles/flux/known.py" in problem


def test_what_both_refuse_agrees_and_is_told() -> None:
    refused = result(trial(Outcome.REFUSED, "Flux: no", "ours: no", features=("images", "components")))
    assert (refused.problems, len(refused.refusals)) == ([], 1)


def test_the_table_takes_the_place_of_the_one_that_stands_in_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    marks = "<!-- oracles {0}: written by `make oracles ARGS=--write` -->\nold {0}\n<!-- /oracles {0} -->\n"
    page.write_text(f"before\n{marks.format('flux')}{marks.format('argocd')}after\n", encoding="utf-8")
    write(result(trial(Outcome.SAME, features=("images",))), "here", page)
    text = page.read_text(encoding="utf-8")
    assert "| images | 1 | 1 |  |  |  |" in text
    assert "old flux" not in text
    assert "old argocd" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(LookupError, match="no place"):
        write(result(), "here", page)
