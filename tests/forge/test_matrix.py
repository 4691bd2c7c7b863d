"""The documentation's table of what each forge can do is the one the code has."""

from pathlib import Path

from bot.forge.base import Feature
from bot.forge.matrix import WORDS, forges, table

PAGE = Path(__file__).parents[2] / "docs" / "forges.md"


def test_every_feature_has_words() -> None:
    assert set(WORDS) == set(Feature)


def test_the_page_has_the_table_as_the_code_has_it() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), f"put this into {PAGE.name}:\n{table()}"


def test_what_stands_in_is_said_in_the_page() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    said = {sentence for one in forges().values() for sentence in one.degraded}
    assert [sentence for sentence in said if sentence not in text] == []
