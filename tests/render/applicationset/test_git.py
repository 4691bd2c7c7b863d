"""The git generator: which directories and files match, what they give, and what is noted of the tree."""

from collections.abc import Mapping

import pytest

from bot.render.applicationset import Templates, generate
from tests.render.applicationset.sets import (
    HERE,
    MemoryWorld,
    application_set,
    go_set,
    made,
    names,
    paths,
    problem,
)
from tests.render.trees import Content, Link, Submodule

DIRECTORIES: Mapping[str, Content] = {
    "apps/one/x.yaml": "",
    "apps/two/deep/x.yaml": "",
    "apps/Three_3/x.yaml": "",
    "apps/.hidden/x.yaml": "",
    "apps/file.yaml": "",
    "apps/link": Link("one"),
    "other/one/x.yaml": "",
}


def directories(*items: str, more: str = "") -> str:
    listed = ", ".join(items)
    return f"[{{git: {{repoURL: {HERE}, revision: HEAD, directories: [{listed}]{more}}}}}]"


def files(*items: str, more: str = "") -> str:
    return directories(*items, more=more).replace("directories:", "files:")


async def chosen(generators: str, tree: Mapping[str, Content], placeholder: str = "path") -> list[str]:
    """The values of one parameter."""
    manifest = application_set(
        generators, name="{{path.basenameNormalized}}.{{path[0]}}", path=f"{{{{{placeholder}}}}}"
    )
    found = await generate(manifest, MemoryWorld(tree), Templates())
    assert not found.problem or found.problem.startswith("it generates no"), found.problem
    return sorted(paths(found).values())


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["{path: apps/*}"], ["apps/Three_3", "apps/one", "apps/two"]),
        (["{path: '*'}"], ["apps", "other"]),
        (["{path: '*/one'}"], ["apps/one", "other/one"]),
        (["{path: apps/**}"], ["apps/Three_3", "apps/one", "apps/two"]),
        (["{path: apps/*/*}"], ["apps/two/deep"]),
        (["{path: apps/t*}"], ["apps/two"]),
        (["{path: 'apps/[a-z]*'}"], ["apps/one", "apps/two"]),
        (["{path: 'apps/[^a-z]*'}"], ["apps/Three_3"]),
        (["{path: 'apps/on?'}"], ["apps/one"]),
        (["{path: apps/two}"], ["apps/two"]),
        (["{path: 'apps/{one,two}'}"], []),
        (["{path: ./apps/*}"], []),
        (["{path: apps/*/}"], []),
        (["{path: apps/.hidden}"], []),
        (["{path: apps/link}"], []),
        (["{path: 'apps/[one'}"], []),
        (["{path: apps/*}", "{path: apps/one, exclude: true}"], ["apps/Three_3", "apps/two"]),
        (["{path: apps/one, exclude: true}", "{path: apps/*}"], ["apps/Three_3", "apps/two"]),
        (["{path: apps/one}", "{path: apps/o*}"], ["apps/one"]),
    ],
)
async def test_directories_match_as_go_matches_paths_and_what_is_excluded_wins(
    items: list[str], expected: list[str]
) -> None:
    assert await chosen(directories(*items), DIRECTORIES) == expected


async def test_a_directory_gives_its_path_and_the_parts_of_it(templates: Templates) -> None:
    text = "{path}|{path.basename}|{path.basenameNormalized}|{path[0]}|{path[1]}|{path[2]}|{path.filename}"
    plain = text.replace("{", "{{").replace("}", "}}")
    assert await chosen(directories("{path: apps/T*}"), DIRECTORIES, plain[2:-2]) == [
        "apps/Three_3|Three_3|three-3|apps|Three_3|{{path[2]}}|{{path.filename}}"
    ]
    manifest = go_set(
        directories("{path: apps/T*}"),
        name="{{.path.basenameNormalized}}",
        path='{{.path.path}}|{{.path.basename}}|{{join "+" .path.segments}}',
    )
    found = await made(manifest, MemoryWorld(DIRECTORIES), templates)
    assert paths(found) == {"three-3": "apps/Three_3|Three_3|apps+Three_3"}


async def test_a_prefix_keeps_two_git_generators_apart(templates: Templates) -> None:
    more = ", pathParamPrefix: my"
    plain = application_set(
        directories("{path: apps/one}", more=more),
        name="{{my.path.basename}}",
        path="{{my.path}} {{path}} {{my.path[1]}}",
    )
    assert paths(await made(plain, MemoryWorld(DIRECTORIES))) == {"one": "apps/one {{path}} one"}
    go = go_set(
        directories("{path: apps/one}", more=more), name="{{.my.path.basename}}", path="{{.my.path.path}}"
    )
    assert paths(await made(go, MemoryWorld(DIRECTORIES), templates)) == {"one": "apps/one"}


async def test_values_are_made_of_the_other_parameters_and_never_of_themselves(templates: Templates) -> None:
    plain = directories(
        "{path: apps/one}", more=", values: {a: '{{path.basename}}!', b: '{{values.a}}', c: plain}"
    )
    name, path = "{{path.basename}}", "{{values.a}}{{values.b}}{{values.c}}"
    assert paths(await made(application_set(plain, name=name, path=path), MemoryWorld(DIRECTORIES))) == {
        "one": "one!{{values.a}}plain"
    }
    go = go_set(
        directories("{path: apps/one}", more=", values: {a: '{{.path.basename}}!'}"),
        name="{{.path.basename}}",
        path="{{.values.a}}",
    )
    assert paths(await made(go, MemoryWorld(DIRECTORIES), templates)) == {"one": "one!"}


CONFIGS: Mapping[str, Content] = {
    "conf/a.yaml": "name: a\nnested: {i: 1.5, deep: {t: true}}\nnone: null\nlist: [x]\nempty: {}\n",
    "conf/b.json": '[{"name": "b1"}, {"name": "b2"}]',
    "conf/sub/c.yaml": "name: c\n---\nname: second\n",
    "conf/.dot/d.yaml": "name: d\n",
    "conf/link.yaml": Link("a.yaml"),
}


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["{path: conf/sub/c.yaml}"], ["c"]),
        (["{path: conf/*.yaml}"], ["a", "a", "c", "d"]),
        (["{path: '*.json'}"], ["b1", "b2"]),
        (["{path: '**/*.json'}"], ["b1", "b2"]),
        (["{path: conf/sub}"], ["c"]),
        (["{path: conf/sub/}"], ["c"]),
        (["{path: ./conf/../conf/sub}"], ["c"]),
        (["{path: 'conf/[ab].*'}"], ["a", "b1", "b2"]),
        (["{path: 'conf/[!a].json'}"], ["b1", "b2"]),
        (["{path: 'conf/{a,b}.yaml'}"], []),
        (["{path: conf/none.yaml}"], []),
        (["{path: conf}", "{path: conf/*.yaml, exclude: true}"], ["b1", "b2"]),
        (["{path: conf/sub, exclude: true}", "{path: conf/sub}", "{path: conf/b.json}"], ["b1", "b2"]),
    ],
)
async def test_files_match_as_git_lists_them_across_directories(
    items: list[str], expected: list[str]
) -> None:
    manifest = application_set(files(*items), name="{{name}}.{{path.filename}}", path="{{name}}")
    found = await generate(manifest, MemoryWorld(CONFIGS), Templates())
    assert not found.problem or found.problem.startswith("it generates no"), found.problem
    assert sorted(paths(found).values()) == expected


async def test_a_file_gives_what_it_holds_flat_as_text_to_plain_templates() -> None:
    path = "{{nested.i}} {{nested.deep.t}} {{none}} {{list.0}} {{list}} {{nested}} {{empty}}"
    found = await made(application_set(files("{path: conf/a.yaml}"), path=path), MemoryWorld(CONFIGS))
    assert paths(found) == {"a": "1.5 true <nil> x {{list}} {{nested}} {{empty}}"}


async def test_a_file_gives_what_it_holds_as_it_is_to_go_templates(templates: Templates) -> None:
    path = (
        "{{.nested.deep.t}} {{index .list 0}} {{.path.filename}} {{.path.filenameNormalized}} {{.path.path}}"
    )
    found = await made(go_set(files("{path: conf/a.yaml}"), path=path), MemoryWorld(CONFIGS), templates)
    assert paths(found) == {"a": "true x a.yaml a.yaml conf"}


async def test_the_path_of_a_file_covers_what_it_says_of_path() -> None:
    tree = {"A_b.yaml": "path: mine\npath.basename: mine\nname: x"}
    found = await made(
        application_set(files("{path: A_b.yaml}"), path="{{path}} {{path.basename}} {{path[0]}}"),
        MemoryWorld(tree),
    )
    assert paths(found) == {"x": ". . ."}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ["{{name}}"]),
        ("# nothing\n", ["{{name}}"]),
        ("null", ["{{name}}"]),
        ("[]", []),
        ("[null, {name: x}]", ["x", "{{name}}"]),
        ("- {name: x}\n- {name: z}\n", ["x", "z"]),
    ],
)
async def test_an_empty_file_is_one_set_and_an_empty_list_is_none(content: str, expected: list[str]) -> None:
    template = "{{name}}" if "{{name}}" not in expected else "fixed-{{path.basename}}"
    manifest = application_set(files("{path: '*.yaml'}"), name=template, path="{{name}}")
    found = await generate(manifest, MemoryWorld({"d/f.yaml": content}), Templates())
    if len(expected) == 2 and "{{name}}" in expected:
        assert "two of its Applications have the name fixed-d" in found.problem
    else:
        assert sorted(paths(found).values()) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("just text", "must hold a mapping, or a list of them"),
        ("[a, b]", "must hold a mapping, or a list of them"),
        ("a: [", "d/f.yaml: line "),
        ("a: .inf", "d/f.yaml"),
        (Link("../../x"), "leaves the repository"),
        (Link("none.yaml"), "leads to a file that does not exist"),
        (Link("."), "is not a file"),
        (Submodule(), "is a Git submodule"),
        (b"\xff", "d/f.yaml"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
    ],
)
async def test_a_file_that_cannot_be_read_makes_the_set_unknown(content: Content, expected: str) -> None:
    manifest = application_set(files("{path: '*.yaml'}"))
    said = await problem(manifest, MemoryWorld({"d/f.yaml": content}))
    assert said.startswith("spec.generators[0].git.files")
    assert expected in said


@pytest.mark.parametrize(
    ("generators", "expected"),
    [
        (files("{path: ':(glob)**/x.yaml'}"), "files[0].path: begins with a colon"),
        (files("{path: ../x.yaml}"), "files[0].path: leads out of the repository"),
        (files("{path: /x.yaml}"), "files[0].path: is an absolute path"),
        (files("{path: module/x.yaml}"), "module is a Git submodule"),
        (directories("{path: module/*}"), "module is a Git submodule"),
        (directories("{path: '*/*'}"), "module is a Git submodule"),
        (directories("{path: module/x}"), "module is a Git submodule"),
        (directories(), "needs directories or files"),
        (
            "[{git: {repoURL: https://other.example/x, revision: v1, directories: [{path: '*'}]}}]",
            "not at hand",
        ),
        ("[{git: {repoURL: x, directories: [{path: '*'}]}}]", "git.revision: is missing"),
        (directories("{path: 'odd/*'}"), "is no Unicode text"),
        (files("{path: 'odd'}"), "is no Unicode text"),
    ],
)
async def test_what_git_refuses_or_nobody_sees_makes_the_set_unknown(generators: str, expected: str) -> None:
    world = MemoryWorld({"module": Submodule(), "odd/\udcff/x.yaml": "", "a/b.yaml": ""})
    assert expected in await problem(application_set(generators), world)


async def test_a_submodule_is_a_directory_like_another_where_nothing_looks_inside() -> None:
    world = MemoryWorld({"apps/module": Submodule(), "apps/one/x": ""})
    manifest = application_set(directories("{path: apps/*}"), name="{{path.basename}}")
    assert names(await made(manifest, world)) == ["module", "one"]


async def test_directories_are_looked_at_and_files_passed_over_where_there_are_both() -> None:
    manifest = application_set(
        directories("{path: apps/o*}", more=", files: [{path: nonsense}]"), name="{{path.basename}}"
    )
    assert names(await made(manifest, MemoryWorld(DIRECTORIES))) == ["one"]
