"""The generators that combine others: matrix and merge."""

import pytest

from bot.model.argocd import ArgoCluster
from bot.render.applicationset import Templates
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

ONE = "list: {elements: [{name: a}, {name: b}]}"
OTHER = "list: {elements: [{tier: gold}, {tier: tin}]}"
WORLD = MemoryWorld(
    {"apps/a/x": "", "apps/b/x": "", "apps/b/.hidden/x": "", "a.yaml": "kind: small"},
    (
        ArgoCluster("eu", "https://eu", {"zone": "eu"}, secret="a"),
        ArgoCluster("us", "https://us", {"zone": "us"}, secret="b"),
    ),
)
GIT = f"repoURL: {HERE}, revision: HEAD"


async def test_a_matrix_gives_every_pair() -> None:
    manifest = application_set(
        f"[{{matrix: {{generators: [{{{ONE}}}, {{{OTHER}}}]}}}}]", name="{{name}}-{{tier}}"
    )
    assert names(await made(manifest)) == ["a-gold", "a-tin", "b-gold", "b-tin"]


async def test_the_second_generator_of_a_matrix_is_a_template_of_the_first_ones_parameters(
    templates: Templates,
) -> None:
    second = f"git: {{{GIT}, directories: [{{path: 'apps/{{{{NAME}}}}'}}], values: {{zone: '{{{{NAME}}}}'}}}}"
    manifest = f"[{{matrix: {{generators: [{{{ONE}}}, {{{second}}}]}}}}]"
    plain = application_set(manifest.replace("NAME", "name"), path="{{path}} {{values.zone}}")
    go = go_set(manifest.replace("NAME", ".name"), path="{{.path.path}} {{.values.zone}}")
    expected = {"a": "apps/a a", "b": "apps/b b"}
    assert paths(await made(plain, WORLD)) == expected
    assert paths(await made(go, WORLD, templates)) == expected


async def test_whatever_is_text_in_the_second_generator_is_a_template(templates: Templates) -> None:
    first = "list: {elements: [{name: a, wanted: {zone: us}, more: [{team: x}, {team: z}]}]}"
    for second, name, expected in (
        ("clusters: {selector: {matchLabels: {zone: '{{.wanted.zone}}'}}}", "{{.name}}", ["a"]),
        ("list: {elementsYaml: '{{.more | toJson}}'}", "{{.name}}-{{.team}}", ["a-x", "a-z"]),
        ("list: {elements: [{'{{.name}}': '{{.name}}!', gone: null}]}", "{{.name}}-{{len .a}}", ["a-2"]),
        (f"git: {{{GIT}, files: [{{path: '{{{{.name}}}}.yaml'}}]}}", "{{.kind}}", ["small"]),
    ):
        manifest = go_set(f"[{{matrix: {{generators: [{{{first}}}, {{{second}}}]}}}}]", name=name)
        assert names(await made(manifest, WORLD, templates)) == expected


async def test_values_of_the_second_generator_may_need_its_own_parameters(templates: Templates) -> None:
    second = "clusters: {selector: {matchLabels: {zone: us}}, values: {both: '{{N}}-{{M}}', own: '{{N}}'}}"
    manifest = f"[{{matrix: {{generators: [{{list: {{elements: [{{first: x}}]}}}}, {{{second}}}]}}}}]"
    plain = application_set(
        manifest.replace("{{N}}", "{{first}}").replace("{{M}}", "{{metadata.labels.zone}}"),
        path="{{values.both}}",
    )
    go = go_set(
        manifest.replace("{{N}}", "{{.server}}").replace("{{M}}", "{{.metadata.labels.zone}}"),
        path="{{.values.both}} {{.values.own}}",
    )
    assert paths(await made(plain, WORLD)) == {"us": "x-us"}
    assert paths(await made(go, WORLD, templates)) == {"us": "https://us-us https://us"}


async def test_a_parameter_of_both_generators_is_the_first_ones_for_go_and_must_agree_for_plain_templates(
    templates: Templates,
) -> None:
    generators = (
        "[{list: {elements: [{name: a, v: {x: '1'}}]}}, {list: {elements: [{name: b, v: {x: '2', z: '3'}}]}}]"
    )
    go = go_set(f"[{{matrix: {{generators: {generators}}}}}]", path="{{.v.x}}{{.v.z}}")
    assert paths(await made(go, templates=templates)) == {"a": "13"}
    plain = application_set(f"[{{matrix: {{generators: [{{{ONE}}}, {{{ONE}}}]}}}}]")
    assert "both generators give the parameter name" in await problem(plain)
    agreeing = "[{list: {elements: [{name: a}]}}, {list: {elements: [{name: a}]}}]"
    assert names(await made(application_set(f"[{{matrix: {{generators: {agreeing}}}}}]"))) == ["a"]


async def test_values_of_two_generators_are_put_together(templates: Templates) -> None:
    first = "clusters: {selector: {matchLabels: {zone: us}}, values: {a: x}}"
    second = f"git: {{{GIT}, directories: [{{path: apps/a}}], values: {{b: z}}}}"
    manifest = go_set(
        f"[{{matrix: {{generators: [{{{first}}}, {{{second}}}]}}}}]", path="{{.values.a}}{{.values.b}}"
    )
    assert paths(await made(manifest, WORLD, templates)) == {"us": "xz"}


async def test_a_map_of_text_and_one_of_anything_cannot_be_put_together(templates: Templates) -> None:
    first = "list: {elements: [{values: {a: x}}]}"
    second = "clusters: {values: {b: z}}"
    manifest = go_set(f"[{{matrix: {{generators: [{{{first}}}, {{{second}}}]}}}}]")
    assert "is a map of text in one generator" in await problem(manifest, WORLD, templates)


async def test_a_matrix_of_a_matrix_is_as_deep_as_it_goes() -> None:
    inner = f"matrix: {{generators: [{{{ONE}}}, {{{OTHER}}}]}}"
    third = "list: {elements: [{zone: eu}]}"
    outer = f"[{{matrix: {{generators: [{{{inner}}}, {{{third}}}]}}}}]"
    assert names(await made(application_set(outer, name="{{name}}-{{tier}}-{{zone}}"))) == [
        "a-gold-eu",
        "a-tin-eu",
        "b-gold-eu",
        "b-tin-eu",
    ]
    deepest = f"matrix: {{generators: [{{{inner}}}, {{{third}}}]}}"
    said = await problem(application_set(f"[{{matrix: {{generators: [{{{deepest}}}, {{{third}}}]}}}}]"))
    assert said.startswith("spec.generators[0].matrix.generators[0].matrix.generators[0]: names no generator")


async def test_what_is_combined_below_another_combination_need_not_be_whole() -> None:
    git = f"git: {{repoURL: {HERE}, directories: [{{path: apps/*}}, {{}}], template: {{}}}}"
    inner = f"matrix: {{generators: [{{{git}}}, {{{OTHER}}}]}}"
    outer = f"[{{matrix: {{generators: [{{{inner}}}, {{list: {{elements: [{{a: b}}]}}}}]}}}}]"
    found = await made(application_set(outer, name="{{path.basename}}-{{tier}}"), WORLD)
    assert names(found) == ["a-gold", "a-tin", "b-gold", "b-tin"]
    assert WORLD.asked[-1] == (HERE, "")


async def test_selectors_choose_in_each_generator_and_in_the_whole(templates: Templates) -> None:
    first = f"{ONE}, selector: {{matchLabels: {{name: a}}}}"
    manifest = go_set(
        f"[{{matrix: {{generators: [{{{first}}}, {{{OTHER}}}]}}, selector: {{matchLabels: {{tier: tin}}}}}}]",
        name="{{.name}}-{{.tier}}",
    )
    assert names(await made(manifest, templates=templates)) == ["a-tin"]


MERGED = """
- merge:
    mergeKeys: [KEYS]
    generators:
    - list: {elements: [{name: a, tier: tin, deep: {x: '1'}}, {name: b, tier: tin}]}
    - list: {elements: [{name: b, tier: gold}, {name: c, tier: gold}]}
    - list: {elements: [{name: a, deep: {z: '2'}}]}
"""


async def test_a_merge_lays_later_sets_over_those_of_the_first_with_the_same_keys(
    templates: Templates,
) -> None:
    go = go_set(
        MERGED.replace("KEYS", "name"), path='{{.tier}}{{ with (index . "deep") }}{{.x}}{{.z}}{{ end }}'
    )
    assert paths(await made(go, templates=templates)) == {"a": "tin12", "b": "gold"}
    plain = MERGED.replace("KEYS", "name").replace("deep: {x: '1'}", "values: {x: '1'}")
    plain = plain.replace("deep: {z: '2'}", "values: {z: '2'}")
    assert paths(await made(application_set(plain, path="{{tier}}{{values.x}}{{values.z}}"))) == {
        "a": "tin12",
        "b": "gold{{values.x}}{{values.z}}",
    }


async def test_what_is_merged_is_neither_the_manifest_s_own_nor_shared_by_an_anchor(
    templates: Templates,
) -> None:
    generators = """
    - merge:
        mergeKeys: [name]
        generators:
        - list: {elements: [{name: a, deep: &deep {x: '1'}}, {name: b, deep: *deep}]}
        - list: {elements: [{name: a, deep: {x: '2'}}]}
    """
    manifest = go_set(generators, path="{{.deep.x}}")
    for _ in range(2):
        assert paths(await made(manifest, templates=templates)) == {"a": "2", "b": "1"}


async def test_a_file_that_is_read_for_each_pair_gives_each_its_own(templates: Templates) -> None:
    first = "list: {elements: [{name: a, deep: {x: '1'}}, {name: b, deep: {z: '2'}}]}"
    second = f"git: {{{GIT}, files: [{{path: deep.yaml}}]}}"
    manifest = go_set(
        f"[{{matrix: {{generators: [{{{first}}}, {{{second}}}]}}}}]", path='{{ keys .deep | join "," }}'
    )
    world = MemoryWorld({"deep.yaml": "deep: {w: '0'}"})
    assert paths(await made(manifest, world, templates)) == {"a": "w,x", "b": "w,z"}


async def test_a_set_without_a_merge_key_has_none_and_a_number_is_no_text(templates: Templates) -> None:
    generators = """
    - merge:
        mergeKeys: [id, missing]
        generators:
        - list: {elements: [{name: a, id: 1}, {name: b, id: '1'}, {name: c}]}
        - list: {elements: [{id: 1.0, tier: gold}, {id: null, tier: tin}]}
    """
    path = '{{ if hasKey . "tier" }}{{.tier}}{{ else }}none{{ end }}'
    found = await made(go_set(generators, path=path), templates=templates)
    assert paths(found) == {"a": "gold", "b": "none", "c": "tin"}


@pytest.mark.parametrize(
    ("generator", "expected"),
    [
        (f"matrix: {{generators: [{{{ONE}}}]}}", "needs exactly two generators"),
        (f"matrix: {{generators: [{{{ONE}}}, {{{ONE}}}, {{{ONE}}}]}}", "needs exactly two generators"),
        ("matrix: {}", "matrix.generators: is missing"),
        (f"matrix: {{generators: [{{{ONE}}}, {{}}]}}", "generators[1]: names no generator"),
        (f"matrix: {{generators: [{{{ONE}}}, {{{ONE}, clusters: {{}}}}]}}", "must be one generator, not 2"),
        (f"matrix: {{generators: [{{{ONE}}}, {{plugin: {{configMapRef: {{name: x}}}}}}]}}", "asks a plugin"),
        (f"matrix: {{generators: [{{{ONE}}}, {{matrix: 3}}]}}", "generators[1].matrix: must be a mapping"),
        (f"matrix: {{generators: [{{{ONE}}}, {{list: {{elements: []}}}}]}}", "generates no Applications"),
        (f"merge: {{mergeKeys: [name], generators: [{{{ONE}}}]}}", "needs two generators or more"),
        (f"merge: {{generators: [{{{ONE}}}, {{{ONE}}}]}}", "mergeKeys: is missing"),
        (f"merge: {{mergeKeys: [], generators: [{{{ONE}}}, {{{ONE}}}]}}", "needs mergeKeys"),
        (
            f"merge: {{mergeKeys: [none], generators: [{{{ONE}}}, {{{ONE}}}]}}",
            "generators[0]: two sets of parameters have the same none",
        ),
    ],
)
async def test_a_combination_that_is_none_makes_the_set_unknown(generator: str, expected: str) -> None:
    assert expected in await problem(application_set(f"[{{{generator}}}]"))


async def test_files_are_asked_for_once_for_all_pairs() -> None:
    world = MemoryWorld(WORLD.files, WORLD.known)
    second = f"git: {{{GIT}, directories: [{{path: 'apps/{{{{name}}}}'}}]}}"
    await made(application_set(f"[{{matrix: {{generators: [{{{ONE}}}, {{{second}}}]}}}}]"), world)
    assert world.asked == [(HERE, "HEAD")]


async def test_more_sets_than_longshore_takes_make_the_set_unknown() -> None:
    many = ", ".join(f"{{n{i}: a, name: x{i}}}" for i in range(80))
    other = ", ".join(f"{{m: z{i}}}" for i in range(80))
    matrix = (
        f"[{{matrix: {{generators: [{{list: {{elements: [{many}]}}}}, {{list: {{elements: [{other}]}}}}]}}}}]"
    )
    assert "more than 5000 sets of parameters" in await problem(
        application_set(matrix, name="{{name}}-{{m}}")
    )
