"""Under which ref a mirror keeps what is wanted."""

from bot.git.wanted import Wanted, wanted_by_controller
from bot.model.release import GitRef


def test_a_range_that_reads_tags_leniently_is_kept_beside_one_that_does_not() -> None:
    strict = wanted_by_controller(GitRef(semver=">=1 <2"))
    lenient = wanted_by_controller(GitRef(semver=">=1 <2", revision=">=1 <2"))
    assert lenient == Wanted(strict.shown, semver=strict.semver, is_lenient=True)
    assert lenient.kept_as != strict.kept_as
