"""Sources that mean harm, or nothing at all: the answer is always a target or a reason, and soon."""

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.release import Chart, ChartKind, Release, ValuesFile
from bot.model.rendering import Severity
from bot.model.target import RendererKind
from bot.render.argocd.concrete import concrete
from bot.render.argocd.values import in_chart
from bot.render.errors import Unrenderable
from bot.render.key import content_key
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.argocd.applications import application, failure, made, rendered
from tests.render.helm.releases import chart
from tests.render.trees import Content, Link, MemoryTree, config_map

FILES: dict[str, Content] = {
    **chart({"a.yaml": config_map("a")}, at="chart"),
    "kustomized/kustomization.yaml": "resources: [a.yaml]",
    "kustomized/a.yaml": config_map("a"),
    "plain/a.yaml": config_map("a"),
    "plain/loop": Link("../plain"),
    "values.yaml": "a: 1",
}
NAMES = [
    "apiVersions",
    "commonAnnotations",
    "commonAnnotationsEnvsubst",
    "commonLabels",
    "components",
    "directory",
    "env",
    "exclude",
    "fileParameters",
    "forceCommonLabels",
    "forceString",
    "helm",
    "ignoreMissingComponents",
    "ignoreMissingValueFiles",
    "images",
    "include",
    "jsonnet",
    "kubeVersion",
    "kustomize",
    "labelIncludeTemplates",
    "labelWithoutSelector",
    "name",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "options",
    "parameters",
    "patch",
    "patches",
    "path",
    "plugin",
    "recurse",
    "releaseName",
    "replicas",
    "count",
    "skipCrds",
    "skipTests",
    "target",
    "value",
    "valueFiles",
    "values",
    "valuesObject",
    "version",
]
TEXTS = st.sampled_from(
    [
        "",
        "a",
        "../values.yaml",
        "/values.yaml",
        "/**/*.yaml",
        "$a/b",
        "${",
        "*",
        "[",
        "{a,b",
        "a=b:c",
        "-x",
        "\0",
        "a: [b",
        "http://[",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(NAMES), below, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from(["chart", "kustomized", "plain", "", "none", "plain/loop"]),
    kind=st.sampled_from(["helm", "kustomize", "directory", "plugin", "other"]),
    options=VALUES | st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5),
    override=VALUES,
)
def test_whatever_a_source_says_there_is_an_answer(path: str, kind: str, options: Any, override: Any) -> None:
    text = str({kind: override}).replace("None", "null")
    tree = MemoryTree({**FILES, f"{path or '.'}/.argocd-source.yaml".removeprefix("./"): text})
    found = concrete(tree, application(path, **{kind: options}))
    read = found.joined(trace(tree, found.target))
    assert read.is_refused or found.target.renderer is not RendererKind.DETECT
    assert content_key(read, found.target, {})


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"valueFiles": ["a"] * 3000}, "helm.valueFiles has more than"),
        ({"parameters": [{}] * 3000}, "helm.parameters has more than"),
        ({"parameters": [{"name": "a", "value": "$ARGOCD_APP_NAME" * 10_000}]}, "longer than"),
        ({"values": "a: &a [1]\n" + "\n".join(f"b{n}: [*a, *a]" for n in range(3))}, ""),
        ({"values": "a: " + "[" * 300}, "helm.values"),
    ],
)
def test_more_than_anybody_needs_is_refused(options: dict[str, Any], field: str) -> None:
    found = made(FILES, application("chart", helm=options)).diagnostics
    assert field in " ".join(d.message for d in found)


def test_a_path_of_any_length_does_not_multiply() -> None:
    target = application("chart", helm={"valueFiles": ["$ARGOCD_APP_SOURCE_PATH"]})
    target = replace(target, options={**target.options, "path": "x" * 5000})
    assert "longer than" in made(FILES, target).diagnostics[0].message


@pytest.mark.parametrize(
    "pattern", ["*" * 500, "{" * 30 + "a,b" + "}" * 30, "*a" * 200 + "b", "[a-z]*" * 100]
)
def test_patterns_take_no_longer_than_their_length(pattern: str) -> None:
    files: dict[str, Content] = {f"plain/{'a' * 100}{n}.yaml": config_map("a") for n in range(300)}
    start = time.process_time()
    target = made(files, application("plain", directory={"include": pattern})).target
    trace(MemoryTree(files), target)
    assert time.process_time() - start < 20


def test_a_pattern_for_too_many_files_is_refused() -> None:
    files: dict[str, Content] = {f"plain/{'a' * 200}{n}.yaml": "" for n in range(200)}
    target = made(files, application("plain", directory={"include": "*" * 5000})).target
    assert "take too long" in trace(MemoryTree(files), target).diagnostics[0].message


def test_directories_without_end_are_no_place_for_a_pattern() -> None:
    files: dict[str, Content] = {"/".join(["d"] * depth) + "/a.yaml": "a: 1" for depth in range(1, 60)}
    found = made({**FILES, **files}, application("chart", helm={"valueFiles": ["/**/a.yaml"]}))
    assert "directories" in found.diagnostics[0].message


async def test_a_link_in_a_circle_below_a_pattern_ends(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {**FILES, "round/self": Link("../round"), "round/a.yaml": "a: 1"}
    found = made(files, application("chart", helm={"valueFiles": ["/round/**/a.yaml"]}))
    assert found.diagnostics
    assert "directories" in found.diagnostics[0].message


@pytest.mark.parametrize(
    "pattern", ["/" + "**/" * 40 + "nope", "/" + "**/*/" * 15 + "nope", "/**/*a" + "*a" * 100]
)
def test_directories_that_repeat_in_a_pattern_do_not_multiply(pattern: str) -> None:
    files: dict[str, Content] = {f"many/{'a' * 200}{n}": "" for n in range(1000)}
    start = time.process_time()
    options = {"valueFiles": [pattern], "ignoreMissingValueFiles": True}
    files |= chart({"a.yaml": config_map("a")}, at="chart")
    found = made(files, application("chart", helm=options))
    assert not found.diagnostics
    assert time.process_time() - start < 5


@pytest.mark.parametrize("pattern", ["/*/" + "*/" * 20 + "nope", "/**/*/**/nope", "/" + "a*/" * 40 + "nope"])
def test_links_in_circles_do_not_multiply_what_a_pattern_of_files_looks_at(pattern: str) -> None:
    files: dict[str, Content] = {**FILES, **{f"round{n}": Link(".") for n in range(20)}}
    start = time.process_time()
    found = made(files, application("chart", helm={"valueFiles": [pattern]}))
    assert found.diagnostics[0].severity is Severity.ERROR
    assert len(found.entries) < 5_000
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "helm",
    [
        {"valueFiles": ["a,/etc/passwd"]},
        {"valueFiles": ["*.yaml"]},
        {"valueFiles": ["a,b.yaml"]},
        {"fileParameters": [{"name": "a", "path": "a,b.yaml"}]},
        {"fileParameters": [{"name": "a=/etc/passwd,b", "path": "values.yaml"}]},
    ],
)
async def test_no_text_is_a_second_file_to_helm(sandbox: Sandbox, helm: dict[str, Any]) -> None:
    files: dict[str, Content] = {**FILES, "chart/a,b.yaml": "a: 1", "chart/values.yaml": ""}
    assert "comma" in failure(await rendered(sandbox, files, application("chart", helm=helm)))


async def test_nothing_of_a_failing_chart_is_quoted(sandbox: Sandbox) -> None:
    files = chart({"a.yaml": "{{ fail .Values.secret }}"}, at="app")
    found = await rendered(
        sandbox, files, application(helm={"parameters": [{"name": "secret", "value": "hunter2"}]})
    )
    assert "hunter2" not in failure(found)


@pytest.mark.parametrize("name", ["--post-renderer=/bin/sh", "a b", "$(id)", "a\n", "x" * 60])
async def test_no_name_of_a_release_is_another_option(sandbox: Sandbox, name: str) -> None:
    found = await rendered(sandbox, FILES, application("chart", helm={"releaseName": name}))
    assert "no name that Helm takes" in failure(found)


def test_patterns_over_a_fetched_chart_are_bounded_together() -> None:
    files = {f"{'deep/' * 20}{number}.yaml": b"" for number in range(2_000)}
    patterns = tuple(ValuesFile(f"{'**/*' * 100}{number}", is_pattern=True) for number in range(200))
    many = Release("web", "dest", Chart(ChartKind.REPOSITORY, "web"), values_files=patterns)
    began = time.process_time()
    with pytest.raises(Unrenderable, match="patterns take too long"):
        in_chart(replace(many, ignores_missing_files=True), files)
    assert time.process_time() - began < 5
