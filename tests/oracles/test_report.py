"""What the trials come to."""

from pathlib import Path

import pytest

from oracles.judge import Judgement, Outcome
from oracles.known import KNOWN
from oracles.report import Result, write
from oracles.scene import Scene
from oracles.trial import Trial

FEATURE, DEVIATION = next(iter(KNOWN.items()))


def trial(outcome: Outcome, *why: str, features: tuple[str, ...] = (FEATURE,)) -> Trial:
    scene = Scene("scene", "http://127.0.0.1:1/scene.git", features, {})
    return Trial(scene, (Judgement("scene/web", outcome, why),))


def test_a_disagreement_that_nobody_explained_is_a_problem() -> None:
    problems = Result([trial(Outcome.DIFFERENT, "only Flux applies it", features=("images",))]).problems
    assert problems == ["scene (images): scene/web: different: only Flux applies it"]


def test_a_known_deviation_is_no_problem_and_is_remarked() -> None:
    result = Result([trial(DEVIATION.outcome, f"because it {DEVIATION.says}")])
    assert result.problems == []
    assert result.table()[1] == (FEATURE, "1", "", "", "", DEVIATION.reason)


def test_a_known_deviation_in_other_words_is_a_problem() -> None:
    assert (
        len(Result([trial(DEVIATION.outcome, DEVIATION.says), trial(DEVIATION.outcome, "else")]).problems)
        == 1
    )


def test_a_known_deviation_that_no_longer_occurs_is_a_problem() -> None:
    (problem,) = Result([trial(Outcome.SAME)]).problems
    assert "remove it from oracles/known.py" in problem


def test_what_both_refuse_agrees_and_is_told() -> None:
    result = Result([trial(Outcome.REFUSED, "Flux: no", "ours: no", features=("images", "components"))])
    assert (result.problems, len(result.refusals)) == ([], 1)


def test_the_table_takes_the_place_of_the_one_that_stands_in_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    place = (
        "before\n<!-- oracles: written by `make oracles ARGS=--write` -->\nold\n<!-- /oracles -->\nafter\n"
    )
    page.write_text(place, encoding="utf-8")
    write(Result([trial(Outcome.SAME, features=("images",))]), "here", page)
    text = page.read_text(encoding="utf-8")
    assert "| images | 1 | 1 |  |  |  |" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(LookupError, match="no place"):
        write(Result([]), "here", page)
