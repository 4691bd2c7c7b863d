"""What keys and reasons carry from the process that accepts to the one that works."""

import pytest

from bot.model.keys import RECHECK, asked_by, asker
from bot.model.repo import Actor


def test_who_asked_is_read_back_from_the_reason() -> None:
    ada = Actor("ada.b-c_d", 12)
    assert asker(asked_by(ada)) == ada


@pytest.mark.parametrize("reason", [RECHECK, "", "sweep", f"{RECHECK} by ", f"{RECHECK} by ada 12"])
def test_no_other_reason_names_anybody(reason: str) -> None:
    assert asker(reason) is None
