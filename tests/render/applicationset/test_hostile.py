"""Whatever a manifest or a file holds: Applications, or a reason why not; never an exception."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import Temporary
from bot.git.errors import MissingObject
from bot.model.argocd import ArgoCluster
from bot.model.manifests import canonical_json
from bot.render.applicationset import Clusters, PullRequest, Templates, generate
from bot.render.applicationset.providers import pulls_asked
from tests.render.applicationset.sets import HERE, MemoryWorld, application_set, go_set, made, problem
from tests.render.trees import Link

TEXTS = st.sampled_from(
    (
        "",
        "a",
        "{{name}}",
        "{{.name}}",
        "{{ .a.b | upper }}",
        "{{",
        "{{ range . }}",
        "apps/*",
        "conf/*.yaml",
        "[{a: b}]",
        HERE,
        "In",
        "Exists",
        "missingkey=error",
        "x\udcff",
        "\0",
        "spec: {source: {helm: {$patch: delete}}}",
        "https://kubernetes.default.svc",
    )
)
KEYS = st.sampled_from(
    (
        *("list", "clusters", "git", "matrix", "merge", "plugin", "pullRequest", "scmProvider", "selector"),
        *("elements", "elementsYaml", "generators", "template", "values", "mergeKeys", "flatList"),
        *("repoURL", "revision", "directories", "files", "path", "exclude", "pathParamPrefix"),
        *("matchLabels", "matchExpressions", "key", "operator", "metadata", "name", "labels", "annotations"),
        *("spec", "project", "destination", "source", "sources", "helm", "valuesObject", "syncPolicy"),
        *("goTemplate", "goTemplateOptions", "templatePatch", "strategy", "rollingSync", "steps", "type"),
        *("finalizers", "name", "a", "{{name}}", "path"),
    )
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
ELEMENTS = st.lists(st.dictionaries(KEYS, VALUES, max_size=3), max_size=3)
LEAVES = st.one_of(
    st.fixed_dictionaries({"list": st.fixed_dictionaries({"elements": ELEMENTS})}),
    st.fixed_dictionaries(
        {"clusters": st.fixed_dictionaries({"values": st.dictionaries(KEYS, TEXTS, max_size=2)})}
    ),
    st.fixed_dictionaries(
        {
            "git": st.fixed_dictionaries(
                {"repoURL": st.just(HERE), "revision": TEXTS},
                optional={
                    "files": st.lists(st.fixed_dictionaries({"path": TEXTS}), max_size=2),
                    "directories": st.lists(st.fixed_dictionaries({"path": TEXTS}), max_size=2),
                },
            )
        }
    ),
    st.dictionaries(KEYS, VALUES, max_size=3),
)


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    both = st.lists(inner, min_size=2, max_size=2)
    return st.fixed_dictionaries(
        {"matrix": st.fixed_dictionaries({"generators": both})}
    ) | st.fixed_dictionaries(
        {"merge": st.fixed_dictionaries({"generators": both, "mergeKeys": st.lists(KEYS, max_size=2)})}
    )


GENERATORS = st.lists(LEAVES | combined(LEAVES) | combined(combined(LEAVES)), max_size=2)
SPECS = st.fixed_dictionaries(
    {
        "generators": GENERATORS,
        "template": VALUES
        | st.just({"metadata": {"name": "{{name}}"}, "spec": {"project": "p", "destination": {}}}),
    },
    optional={
        "goTemplate": st.booleans(),
        "goTemplateOptions": st.lists(TEXTS, max_size=1),
        "templatePatch": TEXTS,
        "strategy": VALUES,
        "syncPolicy": VALUES,
    },
)
WORLD = MemoryWorld(
    {
        "apps/one/x.yaml": "",
        "conf/a.yaml": "name: a\na: {b: c}",
        "conf/b.yaml": "- name: 1e400\n- {? [a] : b}",
        "conf/l.yaml": Link("../../etc/passwd"),
    },
    (ArgoCluster("a", "https://a", {"k": "v"}), ArgoCluster("b\udcff", "https://b")),
)


@settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(SPECS | VALUES)
def test_no_manifest_raises_and_what_is_generated_can_be_sent(templates: Templates, spec: Any) -> None:
    manifest = {"metadata": {"name": "s", "namespace": "argocd"}, "spec": spec}
    before = repr(manifest)
    found = asyncio.run(generate(manifest, WORLD, templates))
    templates.close()
    assert repr(manifest) == before
    assert bool(found.problem) is not bool(found.applications)
    assert bool(found.problem) is bool(found.field)
    for application in found.applications:
        assert canonical_json(application)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_file_raises(content: bytes) -> None:
    manifest = application_set(
        f"[{{git: {{repoURL: {HERE}, revision: '', files: [{{path: f}}]}}}}]", name="fixed"
    )
    found = asyncio.run(generate(manifest, MemoryWorld({"f": content}), Templates()))
    assert bool(found.problem) is not bool(found.applications)


@pytest.mark.parametrize("depth", [150, 3000])
async def test_what_is_nested_too_deep_is_a_problem_or_none(templates: Templates, depth: int) -> None:
    deep: Any = "x"
    for _ in range(depth):
        deep = {"a": deep}
    for manifest in (go_set("[]", name="a"), application_set("[]", name="a")):
        manifest["spec"]["generators"] = [
            {"list": {"elements": [{"deep": deep, "name": "a"}]}, "selector": {}}
        ]
        found = await generate(manifest, MemoryWorld(), templates)
        assert bool(found.problem) is not bool(found.applications)


async def test_a_template_reaches_no_file_and_no_variable_of_the_machine(templates: Templates) -> None:
    for text in (
        '{{ env "PATH" }}',
        '{{ .Files.Get "/etc/passwd" }}',
        '{{ include "x" . }}',
        '{{ readFile "x" }}',
    ):
        manifest = go_set("[{list: {elements: [{name: a}]}}]", path=text)
        assert "does not render" in await problem(manifest, templates=templates)


async def test_an_alias_that_grows_in_a_file_is_refused() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
    )
    manifest = application_set(
        f"[{{git: {{repoURL: {HERE}, revision: '', files: [{{path: f}}]}}}}]", name="fixed"
    )
    assert "aliases expand" in await problem(manifest, MemoryWorld({"f": bomb}))


async def test_one_hundred_applications_over_ten_clusters_are_asked_for_in_a_few_questions(
    templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = MemoryWorld(
        known=tuple(ArgoCluster(f"c{i}", f"https://c{i}", {"e": "p"}, secret=f"s{i}") for i in range(10))
    )
    elements = ", ".join(f"{{app: a{i}}}" for i in range(10))
    generators = (
        "[{matrix: {generators: [{clusters: {selector: {matchLabels: {e: p}}, values: {v: '{{.name}}'}}}, "
        f"{{list: {{elements: [{elements}]}}}}]}}}}]"
    )
    manifest = go_set(generators, name="{{.app}}-{{.name}}", path="{{.values.v}}/{{.app}}")
    assert templates.builder is not None
    answer, asked = templates.builder.answer, []

    async def counted(question: Any) -> Any:
        asked.append(question)
        return await answer(question)

    monkeypatch.setattr(templates.builder, "answer", counted)
    assert len((await made(manifest, world, templates)).applications) == 100
    assert len(asked) == 2


async def test_templates_that_make_too_much_text_make_the_set_unknown(templates: Templates) -> None:
    value, elements = "x" * 50_000, ", ".join(f"{{name: n{i}}}" for i in range(300))
    plain = application_set(f"[{{list: {{elements: [{elements}]}}}}]", path=f"{value}{{{{name}}}}")
    assert "more text than Longshore takes" in await problem(plain)
    many = application_set(f"[{{list: {{elements: [{elements}]}}}}]", path="{{name}}" * 10_000)
    assert "more text than Longshore takes" in await problem(many)
    go = go_set(f"[{{list: {{elements: [{elements}]}}}}]", path=f"{value}{{{{.name}}}}")
    assert "longer than Longshore takes" in await problem(go, templates=templates)


async def test_more_to_read_than_longshore_takes_makes_the_set_unknown() -> None:
    text = "- a: " + "x" * 1_000_000
    names = ", ".join(f"{{a{i}: b, text: '{{{{x}}}}'}}" for i in range(70))
    second = f"{{list: {{elementsYaml: '{text}'}}}}"
    manifest = application_set(f"[{{matrix: {{generators: [{{list: {{elements: [{names}]}}}}, {second}]}}}}]")
    assert "MiB to read" in await problem(manifest)


@pytest.mark.parametrize("asked", ["github: {}", "gitlab: {}", "github: {owner: a}"])
async def test_a_forge_is_not_asked_for_a_repository_without_a_name(asked: str) -> None:
    class AskingWorld(MemoryWorld):
        async def pull_requests(self, generator: Any, namespace: str) -> tuple[PullRequest, ...]:
            pulls_asked(generator)
            return ()

    inner = f"{{matrix: {{generators: [{{list: {{elements: [{{b: c}}]}}}}, {{pullRequest: {{{asked}}}}}]}}}}"
    manifest = application_set(f"[{{matrix: {{generators: [{{list: {{elements: [{{a: b}}]}}}}, {inner}]}}}}]")
    assert "is empty" in await problem(manifest, AskingWorld())


async def test_what_nobody_foresaw_is_a_problem_and_what_may_work_later_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class BrokenWorld(MemoryWorld):
        error: Exception = KeyError("x")

        async def clusters(self) -> Clusters:
            raise self.error

    world, manifest = BrokenWorld(), application_set("[{clusters: {}}]")
    assert "something broke in Longshore (KeyError)" in await problem(manifest, world)
    assert "broke" in caplog.text
    for error in (Temporary("later"), MissingObject("fetch it")):
        world.error = error
        with pytest.raises(type(error)):
            await generate(manifest, world, Templates())
