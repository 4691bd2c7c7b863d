"""Both kinds of templates, one text at a time."""

from typing import Any

import pytest

from bot.model.argocd import ArgoCluster
from bot.proc.confine import Layers
from bot.proc.sandbox import layers
from bot.render.applicationset import Templates
from bot.render.applicationset.dialect import Faulty, Plain
from bot.render.applicationset.errors import Ungenerated
from bot.render.applicationset.params import Params, TextList, Texts, go_text
from bot.render.applicationset.templates import GoTemplates
from tests.render.applicationset.sets import MemoryWorld, go_set, made, names, paths, problem

PARAMS: Params = {
    "name": "web",
    "empty": "",
    "values.tier": "gold",
    "path[0]": "apps",
    "number": 3,
    "two words": "both",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{name}}", "web"),
        ("{{ name }}-{{\tvalues.tier}}", "web-gold"),
        ("a{{name}}b{{name}}c", "awebbwebc"),
        ("{{path[0]}}/{{two words}}", "apps/both"),
        ("[{{empty}}]", "[]"),
        ("{{unknown}}", "{{unknown}}"),
        ("{{ unknown }}", "{{ unknown }}"),
        ("{{number}}", "{{number}}"),
        ("{{}}{{ }}", "{{}}{{ }}"),
        ("{{.name}}", "{{.name}}"),
        ("{{name | upper}}", "{{name | upper}}"),
        ("{{{name}}}", "{{{name}}}"),
        ("{{ {{name}} }}", "{{ {{name}} }}"),
        ("{{name", "{{name"),
        ("name}}", "name}}"),
        ("{{\nname}}", "{{\nname}}"),
        ("{{\nname}} {{name}}", "web web"),
        ("{{ü{{name}}}}", "{{ü{{name}}}}"),
    ],
)
async def test_a_plain_placeholder_is_replaced_where_the_parameter_is_text_and_else_stays(
    text: str, expected: str
) -> None:
    assert await Plain().rendered([text], [PARAMS]) == [[expected]]


async def test_a_plain_placeholder_without_an_end_is_an_error_once_another_has_one() -> None:
    ((found,),) = await Plain().rendered(["{{name}} {{name"], [PARAMS])
    assert isinstance(found, Faulty)


GO: dict[str, tuple[str, str]] = {
    "a path": ("{{ .path.basename }}", "web"),
    "an index": ("{{ index .path.segments 1 }}", "web"),
    "a function of sprig": ('{{ .path.basename | upper | replace "W" "x" }}', "xEB"),
    "normalize": ('{{ normalize "A_b C.d-" }}', "a-b-c.d"),
    "slugify": ('{{ slugify "feature/A_b  and more" }}', "feature-a-b-and-more"),
    "slugify between words": ('{{ slugify 10 true "some long/branch name" }}', "some-long"),
    "slugify anywhere": ('{{ slugify 6 false "some long" }}', "some-l"),
    "slugify of other letters": ('{{ slugify "smörgås" }}', "sm-rg-s"),
    "toYaml": ("{{ toYaml .labels }}", "env: prod\nteam: a"),
    "fromYaml": ('{{ (fromYaml "a: {b: 3}").a.b }}', "3"),
    "fromYamlArray": ('{{ index (fromYamlArray "[x, z]") 1 }}', "z"),
    "keys, by name": ('{{ keys (dict "b" 1 "a" 2) | join "," }}', "a,b"),
    "values, by the keys' names": ('{{ values (dict "b" 1 "a" 2) | join "," }}', "2,1"),
    "a large number": ("{{ .count }}", "1e+06"),
    "a whole number": ("{{ int .count }}", "1000000"),
    "dig in what anything may be in": ('{{ dig "a" "none" .free }}', "none"),
    "a range over a map": ("{{ range $k, $v := .labels }}{{ $k }}={{ $v }};{{ end }}", "env=prod;team=a;"),
    "a template of its own": ('{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" .count }}', "[1e+06]"),
    "a text that is no template": ("}} {", "}} {"),
    "the time of a time": ('{{ dateInZone "2006" (toDate "2006-01-02" "2024-05-06") "UTC" }}', "2024"),
}
GO_PARAMS: Params = {
    "path": {"basename": "web", "segments": TextList(["apps", "web"])},
    "labels": Texts({"team": "a", "env": "prod"}),
    "free": {"b": None},
    "count": 1000000,
}


async def test_go_templates_have_the_functions_of_the_controller(templates: Templates) -> None:
    dialect = GoTemplates(templates, ())
    (found,) = await dialect.rendered([text for text, _ in GO.values()], [GO_PARAMS])
    assert dict(zip(GO, found, strict=True)) == {name: expected for name, (_, expected) in GO.items()}


@pytest.mark.parametrize(
    "text",
    [
        '{{ env "HOME" }}',
        '{{ expandenv "$HOME" }}',
        '{{ getHostByName "localhost" }}',
        "{{ .path",
        '{{ fail "no" }}',
        '{{ hasKey .labels "env" }}',
        '{{ get .labels "env" }}',
        '{{ slugify "ten" "x" }}',
        '{{ fromYaml "[a]" }}',
        "{{ .path.basename.deeper }}",
        '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}',
        "{{ range until 3000000 }}xxxxxxxx{{ end }}",
    ],
)
async def test_what_the_controller_refuses_is_an_error_of_the_text(templates: Templates, text: str) -> None:
    ((found, other),) = await GoTemplates(templates, ()).rendered([text, "{{ 1 }}"], [GO_PARAMS])
    assert isinstance(found, Faulty)
    assert other == "1"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ["<no value>", "<no value>"]),
        (("missingkey=zero",), ["", "<no value>"]),
        (("missingkey=error",), [None, None]),
    ],
)
async def test_a_missing_parameter_is_what_the_options_say(
    templates: Templates, options: tuple[str, ...], expected: list[str | None]
) -> None:
    (found,) = await GoTemplates(templates, options).rendered(["{{ .labels.no }}", "{{ .no }}"], [GO_PARAMS])
    assert [None if isinstance(each, Faulty) else each for each in found] == expected
    assert all(each.lacks_parameter for each in found if isinstance(each, Faulty))


@pytest.mark.parametrize(
    "text",
    [
        "{{ now }}",
        "{{ uuidv4 }}",
        "{{ randAlphaNum 5 }}",
        '{{ ago "x" }}',
        '{{ date "2006" "today" }}',
        '{{ durationRound (toDate "2006" "2020") }}',
        '{{ printf "%p" . }}',
        '{{ printf "100%% of %-[1]*[2]p" 9 . }}',
        '{{ printf "%d" (toDate "2006 MST" "2020 XYZ") }}',
        '{{ list (semver "1.2.3") | printf "%#v" }}',
        '{{ genPrivateKey "ecdsa" | sha256sum }}',
        '{{ list "a" "b" | join "" | shuffle }}',
    ],
)
async def test_a_template_that_gives_something_else_each_time_makes_the_set_unknown(
    templates: Templates, text: str
) -> None:
    said = await problem(go_set(f"[{{list: {{elements: [{{name: '{text}'}}]}}}}]"), templates=templates)
    assert "no name that an Application can have" in said
    said = await problem(go_set("[{list: {elements: [{a: b}]}}]", name=text), templates=templates)
    assert "gives something else each time" in said


async def test_a_text_that_is_the_same_each_time_is_taken(templates: Templates) -> None:
    for text, expected in (
        ('{{ durationRound "100h" }}', "4d"),
        ('{{ printf "100%% prod %-6v|%q" (semver "1.2.3") .a }}', '100% prod 1.2.3 |"b"'),
        ('{{ printf "%x-%d" .a 7 }}', "62-7"),
    ):
        manifest = go_set("[{list: {elements: [{a: b}]}}]", name="x", path=text)
        assert paths(await made(manifest, templates=templates)) == {"x": expected}


async def test_an_option_that_go_does_not_know_makes_the_set_unknown(templates: Templates) -> None:
    manifest = go_set("[{list: {elements: [{name: a}]}}]")
    manifest["spec"]["goTemplateOptions"] = ["nonsense"]
    assert "unrecognized option" in await problem(manifest, templates=templates)


@pytest.mark.parametrize(
    "text",
    [
        "{{ range until 2000000000 }}{{ end }}",
        '{{ repeat 2000000000 "x" | len }}',
        "{{ range $i := 2000000000000 }}{{ end }}",
    ],
)
async def test_a_template_that_takes_too_much_makes_its_set_unknown_and_no_other(text: str) -> None:
    greedy = go_set("[{list: {elements: [{name: a}]}}]", name=text)
    plain = go_set("[{list: {elements: [{name: a}]}}]")
    templates = Templates.here(layers(), timeout_s=1.0)
    assert "spec.template: rendering its templates takes more than" in await problem(
        greedy, templates=templates
    )
    assert names(await made(plain, templates=templates)) == ["a"]
    templates.close()


async def test_without_the_program_sets_with_go_templates_are_unknown_with_the_way_out() -> None:
    with pytest.raises(Ungenerated) as caught:
        await Templates().ask((), (), ())
    assert caught.value.hint == "run `make tools`"
    assert "is not installed" in await problem(go_set("[{list: {elements: [{name: a}]}}]"))


async def test_a_program_that_is_missing_is_not_looked_for_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("LONGSHORE_ARGOCD_TEMPLATE", str(tmp_path / "none"))
    assert Templates.here(Layers()).builder is None


async def test_a_parameter_that_is_no_unicode_makes_the_set_unknown(templates: Templates) -> None:
    world = MemoryWorld(known=(ArgoCluster("a\udcff", "https://a"),))
    assert "is no Unicode" in await problem(go_set("[{clusters: {}}]"), world, templates)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "<nil>"),
        (True, "true"),
        (0, "0"),
        (8080, "8080"),
        (100000, "100000"),
        (1000000, "1e+06"),
        (1234567, "1.234567e+06"),
        (123456789, "1.23456789e+08"),
        (-2000000, "-2e+06"),
        (1e21, "1e+21"),
        (123456789012345678901, "1.2345678901234568e+20"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (1.5, "1.5"),
        (-0.25, "-0.25"),
        ({"b": 1, "a": None}, "map[a:<nil> b:1]"),
        (["x", [], {}], "[x [] map[]]"),
    ],
)
def test_a_value_reads_as_go_prints_it(value: Any, expected: str) -> None:
    assert go_text(value) == expected
