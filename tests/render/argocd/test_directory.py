"""Directories of manifests: which files Argo CD reads, and what it makes of what it finds in them."""

import pytest

from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.argocd.applications import application, failure, key, made, manifests, remarks, rendered
from tests.render.trees import Content, Link, MemoryTree, Submodule, config_map

NESTED: dict[str, Content] = {
    "app/a.yaml": config_map("a"),
    "app/b.yml": config_map("b"),
    "app/c.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}',
    "app/.hidden/h.yaml": config_map("h"),
    "app/sub/d.yaml": config_map("d"),
    "app/sub/deep/e.yaml": config_map("e"),
    "app/UP.YAML": config_map("up"),
    "app/notes.txt": config_map("notes"),
}


def names(found: object) -> str:
    return " ".join(sorted(name.partition("/")[2] for name in found))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "a b c"),
        ({"recurse": True}, "a b c d e h"),
        ({"recurse": True, "include": "*.yaml"}, "a d e h"),
        ({"recurse": True, "include": "**/*.yaml"}, "d e h"),
        ({"recurse": True, "include": "sub/*"}, "d e"),
        ({"recurse": True, "include": "{a.yaml,sub/d.yaml}"}, "a d"),
        ({"include": "[ab].y*ml"}, "a b"),
        ({"recurse": True, "exclude": "sub/**"}, "a b c h"),
        ({"recurse": True, "include": "*.yaml", "exclude": "{sub/*,.hidden/*}"}, "a"),
        ({"exclude": "["}, "a b c"),
        ({"include": "["}, ""),
    ],
)
async def test_patterns_and_recursion_choose_the_files(
    sandbox: Sandbox, options: dict[str, object], expected: str
) -> None:
    found = await rendered(sandbox, NESTED, application(directory=options))
    assert names(manifests(found)) == expected


async def test_a_file_with_the_skip_mark_anywhere_is_not_read(sandbox: Sandbox) -> None:
    files = {
        "app/a.yaml": config_map("a"),
        "app/b.yaml": "# +argocd:skip-file-rendering\n" + config_map("b"),
        "app/c.yaml": config_map("c", note="'+argocd:skip-file-rendering'"),
    }
    assert names(manifests(await rendered(sandbox, files, application()))) == "a"


@pytest.mark.parametrize(
    "text", ["foo: bar\n", "- a\n- b\n", "just text\n", "a: [b\n", "", "# nothing\n", "---\n---\n"]
)
async def test_a_file_that_is_no_manifest_is_passed_over(sandbox: Sandbox, text: str) -> None:
    found = await rendered(sandbox, {"app/a.yaml": config_map("a"), "app/values.yaml": text}, application())
    assert names(manifests(found)) == "a"


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("a.yaml", config_map("a") + "---\nfoo: bar\n", "kind is missing"),
        ("a.yaml", config_map("a") + "---\na: [b\n", "did not find expected"),
        ("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ .Values.x }}\n", ""),
        ("a.json", "[]", "kind is missing"),
        ("a.json", '{"kind": "A"}\n{"kind": "B"}', "JSON"),
        ("a.yaml", "kind: ConfigMap\nmetadata: {name: a}\n", "apiVersion is missing"),
        ("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "metadata.name is missing"),
        ("a.jsonnet", "{}", "Jsonnet"),
    ],
)
async def test_a_broken_manifest_is_an_error_at_its_file(
    sandbox: Sandbox, file: str, text: str, reason: str
) -> None:
    found = await rendered(sandbox, {f"app/{file}": text}, application())
    assert reason in failure(found)
    assert f"app/{file}" in {d.file for d in found.diagnostics}


async def test_lists_are_taken_apart_whatever_they_are_called(sandbox: Sandbox) -> None:
    item = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}}"
    files = {
        "app/a.yaml": f"apiVersion: v1\nkind: List\nitems: [{item % 'a'}, {item % 'b'}]\n",
        "app/b.yaml": f"apiVersion: x/v1\nkind: Bag\nitems: [{item % 'c'}]\n",
        "app/c.yaml": "apiVersion: v1\nkind: ConfigMapList\nitems: null\n",
    }
    assert names(manifests(await rendered(sandbox, files, application()))) == "a b c"


async def test_of_equal_objects_the_last_counts_and_it_is_said(sandbox: Sandbox) -> None:
    files = {"app/a.yaml": config_map("a", v="one"), "app/b.yaml": config_map("a", v="two")}
    found = await rendered(sandbox, files, application())
    assert manifests(found)["ConfigMap/a"]["data"]["v"] == "two"
    assert "declared 2 times" in remarks(found)


async def test_a_key_that_is_there_twice_has_its_last_value(sandbox: Sandbox) -> None:
    found = await rendered(
        sandbox,
        {"app/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: one\n  k: two\n"},
        application(),
    )
    assert manifests(found)["ConfigMap/a"]["data"] == {"k": "two"}


async def test_links_to_files_are_read_and_links_to_directories_are_not(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        "app/a.yaml": Link("../shared/a.yaml"),
        "app/more": Link("../shared"),
        "app/dir.yaml": Link("../shared"),
        "app/gone.yaml": Link("nowhere.yaml"),
        "shared/a.yaml": config_map("a"),
        "shared/b.yaml": config_map("b"),
    }
    found = await rendered(sandbox, files, application(directory={"recurse": True}))
    assert names(manifests(found)) == "a"


async def test_a_link_out_of_the_repository_makes_the_target_unknown(sandbox: Sandbox) -> None:
    found = await rendered(sandbox, {"app/a.yaml": Link("../../etc/passwd")}, application())
    assert "leaves the repository" in failure(found)


async def test_a_path_that_is_a_link_holds_nothing_and_it_is_said(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {"app": Link("real"), "real/a.yaml": config_map("a")}
    found = await rendered(sandbox, files, application())
    assert not found.objects
    assert "symbolic link" in remarks(found)


def test_a_submodule_below_a_recursive_directory_is_unknown() -> None:
    files: dict[str, Content] = {"app/a.yaml": config_map("a"), "app/sub": Submodule()}
    tree = MemoryTree(files)
    assert trace(tree, made(files, application(directory={"recurse": True})).target).is_refused
    assert not trace(tree, made(files, application(directory={"include": "*"})).target).is_refused


def test_the_key_follows_what_is_selected_and_nothing_else() -> None:
    before = key(NESTED, application())
    assert key(NESTED | {"app/README.md": "x"}, application()) == before
    assert key(NESTED | {"app/sub/new.yaml": config_map("n")}, application()) == before
    assert key(NESTED | {"app/new.yaml": config_map("n")}, application()) != before
    assert key(NESTED, application(directory={"recurse": True})) != before
    assert key(NESTED, application(namespace="other")) != before
