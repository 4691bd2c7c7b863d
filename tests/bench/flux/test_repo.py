"""The Flux repository that plans are measured on."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from bench.flux import charts
from bench.flux.files import KUSTOMIZATIONS, RELEASES, files
from bench.flux.pairs import Checkouts
from bench.flux.repo import Change, Estate, edited

FLUX = ("GitRepository", "HelmRelease", "Kustomization")


def test_it_is_the_same_every_time() -> None:
    assert files() == files()


def test_it_declares_250_kustomizations_whose_paths_exist() -> None:
    found = files()
    paths = [
        document["spec"]["path"]
        for path, text in found.items()
        if path.endswith("flux.yaml") or path.startswith("clusters/")
        for document in yaml.safe_load_all(text)
        if document["apiVersion"].startswith("kustomize.toolkit.fluxcd.io/")
    ]
    assert len(paths) == KUSTOMIZATIONS == 250
    for directory in paths:
        assert any(path.startswith(f"{directory.removeprefix('./')}/") for path in found)


def test_a_release_for_each_controller_and_each_overlay_makes_170() -> None:
    found = files()
    releases = [path for path in found if path.endswith("/release.yaml")]
    by_place = Counter(path.partition("/")[0] for path in releases)
    assert by_place["infrastructure"] + 2 * by_place["apps"] == RELEASES == 170


def test_every_chart_that_a_release_names_is_there() -> None:
    found = files()
    named = {
        yaml.safe_load(text)["spec"]["chart"]["spec"]["chart"]
        for path, text in found.items()
        if path.endswith("/release.yaml")
    }
    assert named == {f"./charts/{name}" for name in charts.NAMES}
    assert all(f"charts/{name}/Chart.yaml" in found for name in charts.NAMES)


def test_no_placeholder_is_left_in_a_file() -> None:
    assert not [
        path for path, text in files().items() if any(f"@{word}" in text for word in ("name", "path"))
    ]
    assert not [path for path, text in charts.files().items() if "#HEAD" in text or "#POD" in text]


@pytest.mark.parametrize("change", Change)
def test_every_edition_of_a_change_is_another_one(change: Change) -> None:
    (path, first), (_, second) = edited(change, 1), edited(change, 2)
    assert len({files()[path], first, second}) == 3


def test_a_pair_lies_on_disk_as_it_was_committed_and_its_head_goes_again(tmp_path: Path) -> None:
    estate = Estate.generate(tmp_path / "repo")
    head = estate.head(Change.NOTHING, 1)
    checkouts = Checkouts(estate.repo, tmp_path / "checkouts", "clusters/main")
    with checkouts.pair(estate.base, head) as pair:
        before, after = (side / "README.md" for side in (pair.before, pair.after))
        assert (before.read_text(), after.read_text()) == ("# Estate\n", edited(Change.NOTHING, 1)[1])
    assert (pair.before.exists(), pair.after.exists()) == (True, False)
