import pytest

from bot.model.tree import EntryKind
from bot.render.artifact import ArtifactTree
from tests.render.trees import Link, MemoryTree, Submodule


@pytest.mark.parametrize(
    ("ignore", "hidden"),
    [
        ("", set()),
        ("# comment\n\n   \n", set()),
        ("a.yaml", {"a.yaml", "x/a.yaml", "x/y/a.yaml"}),
        ("/a.yaml", {"a.yaml"}),
        ("x/a.yaml", {"x/a.yaml"}),
        ("x", {"x/a.yaml", "x/b.yaml", "x/y/a.yaml"}),
        ("x/", {"x/a.yaml", "x/b.yaml", "x/y/a.yaml"}),
        ("a.yaml/", set()),
        ("*.yaml", {"a.yaml", "x/a.yaml", "x/b.yaml", "x/y/a.yaml"}),
        ("**/a.yaml", {"a.yaml", "x/a.yaml", "x/y/a.yaml"}),
        ("x/**/a.yaml", {"x/a.yaml", "x/y/a.yaml"}),
        ("x/*/a.yaml", {"x/y/a.yaml"}),
        ("[ab].yaml", {"a.yaml", "x/a.yaml", "x/b.yaml", "x/y/a.yaml"}),
        ("[^a].yaml", {"x/b.yaml"}),
        ("?.yaml", {"a.yaml", "x/a.yaml", "x/b.yaml", "x/y/a.yaml"}),
        ("\\a.yaml", {"a.yaml", "x/a.yaml", "x/y/a.yaml"}),
        ("/*\n!/x", {"a.yaml", "c.txt"}),
        ("*.yaml\n!b.yaml", {"a.yaml", "x/a.yaml", "x/y/a.yaml"}),
        ("!b.yaml\n*.yaml", {"a.yaml", "x/a.yaml", "x/b.yaml", "x/y/a.yaml"}),
        ("[", set()),
    ],
)
def test_an_ignore_file_reads_like_a_gitignore(ignore: str, hidden: set[str]) -> None:
    files = ("a.yaml", "x/a.yaml", "x/b.yaml", "x/y/a.yaml", "c.txt")
    tree = ArtifactTree(MemoryTree({**dict.fromkeys(files, ""), ".sourceignore": ignore}))
    assert {path for path in files if tree.entry(path) is None} == hidden


def test_an_ignore_file_speaks_for_what_lies_below_it_and_over_those_above() -> None:
    tree = ArtifactTree(
        MemoryTree(
            {
                ".sourceignore": "a.yaml",
                "x/.sourceignore": "!a.yaml\n/b.yaml",
                "a.yaml": "",
                "b.yaml": "",
                "x/a.yaml": "",
                "x/b.yaml": "",
                "x/y/b.yaml": "",
            }
        )
    )
    assert [name for name, _ in tree.listing("x")] == [".sourceignore", "a.yaml", "y"]
    assert tree.entry("a.yaml") is None
    assert tree.entry("b.yaml") is not None
    assert tree.entry("x/y/b.yaml") is not None


def test_what_source_controller_always_leaves_out_can_be_taken_back_in() -> None:
    files = {
        ".github/a.yaml": "",
        "x/.sops.yaml": "",
        "logo.png": "",
        "x/cloudbuild.yaml": "",
        "x/a.zip": "",
        "a.yaml": "",
    }
    plain = ArtifactTree(MemoryTree(files))
    assert [path for path in files if plain.entry(path) is not None] == ["a.yaml"]
    wanted = ArtifactTree(MemoryTree({**files, ".sourceignore": "!*.png"}))
    assert [path for path in files if wanted.entry(path) is not None] == ["logo.png", "a.yaml"]


def test_links_submodules_and_what_holds_nothing_else_are_left_out() -> None:
    tree = ArtifactTree(
        MemoryTree(
            {"link": Link("dir"), "module": Submodule(), "dir/a.yaml": "", "empty/in/it": Link("../../dir")}
        )
    )
    assert [(name, entry.kind) for name, entry in tree.listing("")] == [("dir", EntryKind.TREE)]
    assert tree.why_hidden("link/a.yaml") == "link is a symbolic link, so Flux does not get it"
    assert tree.why_hidden("nothing/there") == ""
