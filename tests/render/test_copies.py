"""What an ArtifactGenerator copies, and where to: what `cp` would do, as source-watcher does it."""

from collections.abc import Iterator, Mapping

import pytest

from bot.model.refs import ObjectRef
from bot.model.target import Composition, Copy, CopyStrategy, Output
from bot.model.tree import EntryKind, TreeReader
from bot.render.artifact import ArtifactTree
from bot.render.composed import ComposedTree, FilePlace, Holding, Made, Source
from bot.render.copies import compose
from bot.render.errors import Unrenderable
from tests.render.trees import Content, MemoryTree

REPO: Mapping[str, Content] = {
    "root.yaml": "root",
    "apps/base/web.yaml": "web",
    "apps/base/docs/README.md": "docs",
    "apps/staging/kustomization.yaml": "staging",
    "apps/NOTES.md": "notes",
    "infra/issuer.yaml": "issuer",
}
OTHER: Mapping[str, Content] = {"apps/base/web.yaml": "other web", "apps/base/db.yaml": "other db"}
EVERYTHING = set(REPO)


def copy(source: str, to: str = "", exclude: tuple[str, ...] = (), strategy: str = "Overwrite") -> Copy:
    alias, _, pattern = source.removeprefix("@").partition("/")
    return Copy(alias, pattern, to, exclude, CopyStrategy(strategy))


def composition(*copies: Copy, name: str = "out", path_pattern: str = "") -> Composition:
    generator = ObjectRef("ArtifactGenerator", "flux-system", "split")
    return Composition(generator, "out", (), (Output(name, copies),), path_pattern)


def made(*copies: Copy, repo: Mapping[str, Content] = REPO) -> ComposedTree:
    sources: dict[str, Holding] = {
        "repo": Source(ArtifactTree(MemoryTree(repo))),
        "other": Source(ArtifactTree(MemoryTree(OTHER)), "https://git.example.test/other"),
    }
    return compose(composition(*copies), sources)


def paths(tree: TreeReader, directory: str = "") -> Iterator[str]:
    for name, entry in tree.listing(directory):
        path = f"{directory}/{name}" if directory else name
        assert tree.entry(path) == entry
        if entry.kind is EntryKind.TREE:
            yield from paths(tree, path)
        else:
            yield path


def contents(tree: TreeReader) -> dict[str, str]:
    return {path: tree.read(path).decode() for path in paths(tree)}


@pytest.mark.parametrize(
    ("source", "to", "expected"),
    [
        # A file goes to the name that is given, or into the directory that is.
        ("@repo/root.yaml", "", {"root.yaml"}),
        ("@repo/root.yaml", "renamed.yaml", {"renamed.yaml"}),
        ("@repo/root.yaml", "into/", {"into/root.yaml"}),
        ("@repo/./infra/../root.yaml", "a/b/", {"a/b/root.yaml"}),
        # A directory goes into the one that is given, with its name, slash or no slash.
        ("@repo/infra", "dest", {"dest/infra/issuer.yaml"}),
        ("@repo/infra/", "dest/", {"dest/infra/issuer.yaml"}),
        ("@repo/", "", EVERYTHING),
        ("@repo/", "dest", {f"dest/{path}" for path in EVERYTHING}),
        # `/**` at the end leaves the directory's own name out.
        ("@repo/infra/**", "", {"issuer.yaml"}),
        ("@repo/apps/base/**", "base/", {"base/web.yaml", "base/docs/README.md"}),
        ("@repo/**", "", EVERYTHING),
        # Every other pattern keeps the whole path of what it matches, and `**` is one name.
        ("@repo/*.yaml", "dest/", {"dest/root.yaml"}),
        ("@repo/infra/*", "", {"infra/issuer.yaml"}),
        ("@repo/apps/*/*.yaml", "", {"apps/base/web.yaml", "apps/staging/kustomization.yaml"}),
        ("@repo/**/*.md", "", {"apps/NOTES.md"}),
        ("@repo/ap[p]s/base", "", {"apps/base/web.yaml", "apps/base/docs/README.md"}),
        ("@repo/i*/**", "", {"infra/issuer.yaml"}),
    ],
)
def test_files_go_where_cp_would_put_them(source: str, to: str, expected: set[str]) -> None:
    assert set(paths(made(copy(source, to)))) == expected


@pytest.mark.parametrize(
    ("source", "exclude", "expected"),
    [
        ("@repo/apps/**", ("*.md",), {"base/web.yaml", "staging/kustomization.yaml"}),
        ("@repo/apps/**", ("base/**",), {"NOTES.md", "staging/kustomization.yaml"}),
        ("@repo/apps/**", ("apps/base",), {"NOTES.md", "staging/kustomization.yaml"}),
        ("@repo/apps/**", ("**/docs/**", "NOTES.md"), {"base/web.yaml", "staging/kustomization.yaml"}),
        ("@repo/apps/**", ("{base,staging}",), {"NOTES.md"}),
        ("@repo/apps", ("base",), {"apps/NOTES.md", "apps/staging/kustomization.yaml"}),
        ("@repo/root.yaml", ("*.yaml",), set()),
    ],
)
def test_excludes_are_for_paths_from_the_root_from_the_pattern_and_for_names(
    source: str, exclude: tuple[str, ...], expected: set[str]
) -> None:
    tree = made(copy(source, "", exclude))
    assert set(paths(tree)) == expected
    assert tree.entry("base/docs") is None or "**/docs/**" not in exclude


@pytest.mark.parametrize(
    ("copied", "reason"),
    [
        (copy("@repo/missing.yaml"), "'missing.yaml' does not exist in the source"),
        (copy("@repo/missing/**"), "no file of the source matches"),
        (copy("@repo/*.json"), "no file of the source matches"),
        (copy("@repo/apps//**"), "no file of the source matches"),
        (copy("@repo/["), "the pattern has no meaning: a bracket is not closed"),
        (copy("@repo/infra/**", "", ("*.yaml",)), "every file that matches is excluded"),
        (copy("@repo/infra/**", "", ("[",)), "exclude '[' has a bracket that nothing closes"),
        (copy("@nobody/x"), "no source has the alias nobody"),
        (copy("@repo/../x"), "'../x' leads out of the tree"),
        (copy("@repo/root.yaml", "../x"), "'../x' leads out of the tree"),
        (copy("@repo//root.yaml"), "'/root.yaml' leads out of the tree"),
        (copy("@repo/root.yaml", "", strategy="Extract"), "strategy Extract: Longshore unpacks no archives"),
        (copy("@repo/root.yaml", "", strategy="Extract"), "keep what the archive holds as files"),
    ],
)
def test_what_the_generator_refuses_makes_no_artifact(copied: Copy, reason: str) -> None:
    with pytest.raises(Unrenderable) as caught:
        made(copied)
    assert reason in caught.value.message
    assert caught.value.message.startswith("ArtifactGenerator flux-system/split cannot make the artifact out")


def test_a_later_copy_overwrites_files_and_leaves_the_others() -> None:
    tree = made(copy("@repo/apps/base/**", "base/"), copy("@other/apps/**", ""))
    assert contents(tree) == {
        "base/web.yaml": "other web",
        "base/db.yaml": "other db",
        "base/docs/README.md": "docs",
    }
    assert tree.places("base/web.yaml") == (
        FilePlace("https://git.example.test/other", "apps/base/web.yaml"),
    )
    assert tree.places("base/docs/README.md") == (FilePlace("", "apps/base/docs/README.md"),)


def test_a_file_goes_into_a_directory_that_an_earlier_copy_made() -> None:
    tree = made(copy("@repo/infra/**", "dest/sub/"), copy("@repo/root.yaml", "dest/sub"))
    assert set(paths(tree)) == {"dest/sub/issuer.yaml", "dest/sub/root.yaml"}


@pytest.mark.parametrize(
    "copies",
    [
        (copy("@repo/root.yaml", "x"), copy("@repo/infra/**", "x/")),
        (copy("@repo/infra/**", "x/issuer.yaml/"), copy("@repo/infra/**", "x/")),
    ],
)
def test_a_file_where_a_directory_is_makes_no_artifact(copies: tuple[Copy, ...]) -> None:
    with pytest.raises(Unrenderable, match="is a file in one copy and a directory in another"):
        made(*copies)


def test_merged_files_are_put_together_as_helm_does_with_values() -> None:
    repo = {
        "values.yaml": "a: {b: 1, c: 2}\nlist: [1, 2]\n",
        "prod.yaml": "a: {c: 3}\nlist: [9]\n---\nmore: 'yes'\n",
    }
    tree = made(
        copy("@repo/values.yaml"), copy("@repo/prod.yaml", "values.yaml", strategy="Merge"), repo=repo
    )
    merged = 'a:\n  b: 1\n  c: 3\nlist:\n- 9\nmore: "yes"\n'
    assert contents(tree) == {"values.yaml": merged}
    assert [place.path for place in tree.places("values.yaml")] == ["values.yaml", "prod.yaml"]


def test_there_is_nothing_to_merge_with_where_no_file_is() -> None:
    assert contents(made(copy("@repo/root.yaml", "x.yaml", strategy="Merge"))) == {"x.yaml": "root"}


def test_what_is_no_mapping_cannot_be_merged() -> None:
    with pytest.raises(Unrenderable, match="holds something else than a mapping"):
        made(copy("@repo/root.yaml"), copy("@repo/root.yaml", strategy="Merge"))


def test_the_artifact_is_held_to_the_list_of_names_and_to_no_ignore_file_of_its_own() -> None:
    repo = {
        "apps/.sourceignore": "skipped\n",
        "apps/skipped": "x",
        "apps/a/logo.png": "x",
        "apps/b.yaml": "x",
    }
    inside = made(copy("@repo/apps/**"), repo=repo)
    assert set(paths(inside)) == {".sourceignore", "a/logo.png", "b.yaml"}
    assert set(paths(ArtifactTree(inside, is_composed=True))) == {".sourceignore", "b.yaml"}


def test_an_artifact_can_be_made_of_another() -> None:
    inner = made(copy("@repo/apps/**", "deploy/"))
    outer = compose(
        composition(copy("@inner/deploy/base/web.yaml")),
        {"inner": Made(ArtifactTree(inner, is_composed=True), inner)},
    )
    assert contents(outer) == {"web.yaml": "web"}
    assert outer.places("web.yaml") == (FilePlace("", "apps/base/web.yaml"),)


def test_reading_costs_no_more_than_what_is_read() -> None:
    repo = MemoryTree(REPO)
    tree = compose(composition(copy("@repo/**")), {"repo": Source(repo)})
    assert repo.reads == 0
    assert tree.read("apps/base/web.yaml") == b"web"
    assert repo.reads == 1


def test_the_same_sources_give_the_same_tree_and_others_another() -> None:
    first, again = made(copy("@repo/apps/**")), made(copy("@repo/apps/**"))
    assert first.id == again.id
    assert first.id != made(copy("@repo/apps/**"), repo={**REPO, "apps/new": "x"}).id
    assert first.id != made(copy("@repo/apps/**", "x/")).id


APPS: Mapping[str, Content] = {
    "apps/Web/envs/prod/k.yaml": "web prod",
    "apps/Web/envs/dev/k.yaml": "web dev",
    "apps/db/envs/prod/k.yaml": "db prod",
    "apps/README": "x",
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("web-prod", "web prod"), ("web-dev", "web dev"), ("db-prod", "db prod")],
)
def test_a_path_pattern_makes_an_artifact_of_each_directory(name: str, expected: str) -> None:
    got = Composition(
        ObjectRef("ArtifactGenerator", "flux-system", "split"),
        name,
        (),
        (Output("{app}-{env}", (copy("@repo/apps/{app}/envs/{env}/**", "{env}/"),)),),
        "@repo/apps/{app}/envs/{env}",
    )
    tree = compose(got, {"repo": Source(MemoryTree(APPS))})
    assert list(contents(tree).values()) == [expected]


@pytest.mark.parametrize(
    ("files", "pattern", "name", "reason"),
    [
        (
            APPS,
            "@repo/apps/{app}",
            "other",
            "no directory that @repo/apps/{app} matches gives an artifact this name",
        ),
        ({"apps/A/x": "", "apps/a/x": ""}, "@repo/apps/{app}", "{app}", "apps/A and apps/a both give"),
        ({"apps/.git-x/x": ""}, "@repo/apps/{app}", "{app}", "'.git-x' cannot be the value of app"),
        ({"apps/a_b/x": ""}, "@repo/apps/{app}", "{app}", "gives an artifact no name: 'a_b'"),
        (APPS, "@repo/{app}/{app}", "{app}", "app is there twice"),
        (APPS, "@repo/{app", "{app}", "has no other"),
        (APPS, "@repo/{}", "{app}", "'' is no name of a variable"),
        (APPS, "@repo/apps/{app}", "{env}", "the pathPattern has no variable env"),
        (APPS, "@nobody/{app}", "{app}", "no source has the alias nobody"),
        (APPS, "@repo/{a}{b}{c}", "{a}", "has more than 2 variables"),
    ],
)
def test_a_path_pattern_that_gives_no_artifact_says_why(
    files: Mapping[str, Content], pattern: str, name: str, reason: str
) -> None:
    got = Composition(
        ObjectRef("ArtifactGenerator", "flux-system", "split"),
        "a",
        (),
        (Output(name, (copy("@repo/apps/**"),)),),
        pattern,
    )
    with pytest.raises(Unrenderable) as caught:
        compose(got, {"repo": Source(MemoryTree(files))})
    assert reason in caught.value.message


def test_no_number_of_copies_keeps_a_plan_busy() -> None:
    wide = {f"d{i}/f{j}.yaml": "x" for i in range(50) for j in range(50)}
    with pytest.raises(Unrenderable, match="files and directories have to be looked at"):
        made(*[copy("@repo/*/*", "x/")] * 1000, repo=wide)
