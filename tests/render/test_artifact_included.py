"""A GitRepository that includes another one."""

import pytest

from bot.model.target import Found
from bot.model.tree import EntryKind, TreeReader
from bot.render.artifact import ArtifactTree
from bot.render.errors import Unrenderable
from bot.render.included import Include, with_includes
from bot.render.trace import trace
from tests.render.trees import Link, MemoryTree, config_map, target

OTHER = MemoryTree(
    {
        "deploy/kustomization.yaml": "resources: [cm.yaml]",
        "deploy/cm.yaml": config_map("far"),
        "x.png": "",
        "l": Link("x"),
    }
)


def including(to_path: str, from_path: str = "", **files: str) -> TreeReader:
    tree = MemoryTree({"app/kustomization.yaml": "resources: [../vendor/base/deploy]", **files})
    return with_includes(tree, [Include(ArtifactTree(OTHER), from_path, to_path)])


def every(tree: TreeReader, directory: str = "") -> list[str]:
    found = []
    for name, entry in tree.listing(directory):
        path = f"{directory}/{name}" if directory else name
        assert tree.entry(path) == entry
        found += every(tree, path) if entry.kind is EntryKind.TREE else [path]
    return found


@pytest.mark.parametrize(
    ("from_path", "to_path", "there"),
    [
        ("", "vendor/base", ["vendor/base/deploy/cm.yaml", "vendor/base/deploy/kustomization.yaml"]),
        ("./", "/vendor/./base/", ["vendor/base/deploy/cm.yaml", "vendor/base/deploy/kustomization.yaml"]),
        ("deploy", "base", ["base/cm.yaml", "base/kustomization.yaml"]),
        ("/deploy/../../deploy", "../app/base", ["app/base/cm.yaml", "app/base/kustomization.yaml"]),
        ("deploy/cm.yaml", "app/far.yaml", ["app/far.yaml"]),
    ],
)
def test_what_flux_gets_of_the_other_stands_at_its_path(
    from_path: str, to_path: str, there: list[str]
) -> None:
    tree = including(to_path, from_path)
    assert every(tree) == sorted([*there, "app/kustomization.yaml"])
    for path in there:
        assert tree.read(path) == OTHER.read("deploy/" + path.rpartition("/")[2].replace("far", "cm"))
    tree.prefetch(every(tree))
    assert tree.entry("nowhere") is None
    assert tree.listing("nowhere") == ()


@pytest.mark.parametrize(
    ("from_path", "to_path"),
    [
        ("", ""),
        ("", ".."),
        ("", "app"),
        ("", "app/kustomization.yaml"),
        ("", "app/kustomization.yaml/x"),
        ("gone", "b"),
    ],
)
def test_what_flux_cannot_copy_is_refused(from_path: str, to_path: str) -> None:
    with pytest.raises(Unrenderable):
        including(to_path, from_path)


def test_what_is_hidden_in_the_other_is_not_included() -> None:
    with pytest.raises(Unrenderable):
        including("x.png", "x.png")


def test_a_change_in_the_other_changes_what_lies_above_it_and_nothing_beside() -> None:
    def of(other: MemoryTree) -> TreeReader:
        return with_includes(MemoryTree({"a/x": "", "b/x": ""}), [Include(other, "", "a/b/c")])

    one, two = of(OTHER), of(MemoryTree({"deploy/cm.yaml": config_map("further")}))
    for path in ("", "a", "a/b"):
        assert one.listing_id(path) != two.listing_id(path)
        assert one.entry(path) != two.entry(path)
    assert one.id != two.id
    assert (one.listing_id("b"), one.entry("b")) == (two.listing_id("b"), two.entry("b"))


def test_includes_are_laid_over_one_another_in_order() -> None:
    first = Include(MemoryTree({"a.yaml": "1"}), "", "x")
    second = Include(MemoryTree({"b.yaml": "2"}), "", "x/y")
    assert every(with_includes(MemoryTree({}), [first, second])) == ["x/a.yaml", "x/y/b.yaml"]
    with pytest.raises(Unrenderable, match="in the way"):
        with_includes(MemoryTree({}), [second, first])


def test_a_target_is_traced_through_what_is_included_and_our_ignore_file_counts_there_too() -> None:
    wanted = target(found=Found.FLUX_KUSTOMIZATION)
    found = trace(including("vendor/base"), wanted)
    assert not found.diagnostics
    assert "vendor/base/deploy/cm.yaml" in [entry.path for entry in found.entries]
    hidden = trace(including("vendor/base", **{".sourceignore": "/vendor/**/cm.yaml"}), wanted)
    assert "is ignored, so Flux does not get it" in hidden.diagnostics[0].message
