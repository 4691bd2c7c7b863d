from collections.abc import Mapping

import pytest

from bot.model.tree import EntryKind
from bot.render.artifact import ArtifactTree
from tests.render.trees import Content, Link, MemoryTree, Submodule


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


DEFAULTS = {
    ".github/a.yaml": "",
    "x/.sops.yaml": "",
    "logo.png": "",
    "x/cloudbuild.yaml": "",
    "x/a.zip": "",
}
GIT = {".gitignore": "", "x/.gitattributes": "", ".gitmodules": ""}


def shown(tree: ArtifactTree, files: Mapping[str, Content]) -> list[str]:
    return [path for path in files if tree.entry(path) is not None]


def test_a_list_of_names_is_left_out_where_nothing_else_is_said() -> None:
    files = {**DEFAULTS, **GIT, "a.yaml": ""}
    for tree in (
        ArtifactTree(MemoryTree(files)),
        ArtifactTree(MemoryTree({**files, ".sourceignore": "# none"})),
    ):
        assert shown(tree, files) == ["a.yaml"]
        assert tree.wants_any


@pytest.mark.parametrize("file", [".sourceignore", "y/z/.sourceignore"])
def test_any_pattern_anywhere_replaces_that_list_but_for_what_is_git_s(file: str) -> None:
    files = {**DEFAULTS, **GIT, "a.yaml": ""}
    tree = ArtifactTree(MemoryTree({**files, file: "unheard-of"}))
    assert shown(tree, files) == [*DEFAULTS, "a.yaml"]
    assert tree.first_that_ignores() == file
    back = ArtifactTree(MemoryTree({**files, ".sourceignore": "!.gitignore"}))
    assert shown(back, GIT) == [".gitignore"]


def test_the_source_s_own_patterns_replace_it_too_and_have_the_last_word() -> None:
    files = {**DEFAULTS, **GIT, "a.yaml": "", "x/a.yaml": "", "b.yaml": ""}
    tree = ArtifactTree(
        MemoryTree({**files, "x/.sourceignore": "a.yaml"}), "# comment\n/*\n!/x\n!a.yaml\n*.zip\n"
    )
    # go-git's patterns speak of files: `!a.yaml` takes one back in below an ignored directory as well.
    assert shown(tree, files) == [
        *(".github/a.yaml", "x/.sops.yaml", "x/cloudbuild.yaml", "x/.gitattributes"),
        *("a.yaml", "x/a.yaml"),
    ]
    assert not tree.wants_any


def test_links_submodules_and_what_holds_nothing_else_are_left_out() -> None:
    tree = ArtifactTree(
        MemoryTree(
            {"link": Link("dir"), "module": Submodule(), "dir/a.yaml": "", "empty/in/it": Link("../../dir")}
        )
    )
    assert [(name, entry.kind) for name, entry in tree.listing("")] == [("dir", EntryKind.TREE)]
    assert tree.why_hidden("link/a.yaml") == "link is a symbolic link, so Flux does not get it"
    assert tree.why_hidden("nothing/there") == ""
