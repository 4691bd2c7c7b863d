"""What Flux checks out of a repository whose GitRepository has `spec.sparseCheckout`."""

import pytest

from bot.model.tree import EntryKind, TreeReader
from bot.render.errors import Unrenderable
from bot.render.sparse import with_sparse
from tests.render.trees import Content, Link, MemoryTree

FILES: dict[str, Content] = {
    "README.md": "",
    "apps.yaml": "",
    "apps/a/x.yaml": "",
    "apps/b/y.yaml": "",
    "apps-old/z.yaml": "",
    "infra/deep/in/w.yaml": "",
    "infra/v.yaml": "",
    "link": Link("apps"),
}


def paths(tree: TreeReader, directory: str = "") -> set[str]:
    """Every file of the tree, by listings and by entries alike."""
    found: set[str] = set()
    for name, entry in tree.listing(directory):
        path = f"{directory}/{name}" if directory else name
        assert tree.entry(path) == entry
        found |= paths(tree, path) if entry.kind is EntryKind.TREE else {path}
    return found


@pytest.mark.parametrize(
    ("directories", "expected"),
    [
        ((), set(FILES)),
        (("apps",), {"apps.yaml", "apps/a/x.yaml", "apps/b/y.yaml", "apps-old/z.yaml"}),
        (("apps/",), {"apps/a/x.yaml", "apps/b/y.yaml"}),
        (("./apps/a", "infra/deep"), {"apps/a/x.yaml", "infra/deep/in/w.yaml"}),
        (("infra/deep/in",), {"infra/deep/in/w.yaml"}),
        (("./",), set(FILES)),
    ],
)
def test_what_begins_with_a_directory_is_there_and_nothing_else(
    directories: tuple[str, ...], expected: set[str]
) -> None:
    tree = with_sparse(MemoryTree(FILES), directories)
    assert paths(tree) == expected
    assert {path for path in FILES if tree.entry(path)} == expected


@pytest.mark.parametrize("directory", ["nowhere", "apps/c", "/infra", "README.md/x", "link/a"])
def test_a_directory_that_does_not_exist_leaves_nothing_of_the_source(directory: str) -> None:
    with pytest.raises(Unrenderable) as caught:
        with_sparse(MemoryTree(FILES), ("apps", directory))
    assert f"spec.sparseCheckout names {directory!r}, which does not exist" in caught.value.message


def test_another_choice_makes_another_tree() -> None:
    whole = MemoryTree(FILES)
    ids = {with_sparse(whole, chosen).id for chosen in ((), ("apps",), ("infra",), ("apps", "infra"))}
    assert len(ids) == 4
    assert with_sparse(whole, ("infra",)).listing_id("infra") != whole.listing_id("infra")
