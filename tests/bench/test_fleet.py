"""The repository that plans are measured on."""

from pathlib import Path

from bench.fleet import KUSTOMIZATIONS, Change, Fleet, edited, files, kustomizations


def test_it_is_the_same_every_time_and_has_300_kustomizations_that_can_be_built(tmp_path: Path) -> None:
    assert files() == files()
    fleet = Fleet.generate(tmp_path / "repo")
    assert len(kustomizations(fleet.repo)) == KUSTOMIZATIONS == 300


def test_every_edition_of_a_change_is_another_one() -> None:
    for change in Change:
        ((path, first),) = edited(change, 1).items()
        assert first not in {files()[path], edited(change, 2)[path]}
