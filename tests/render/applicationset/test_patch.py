"""`templatePatch`, as a strategic merge into each Application."""

from typing import Any

import pytest
import yaml

from bot.render.applicationset import Templates
from tests.render.applicationset.sets import application_set, go_set, made, names, problem

ELEMENT = "[{list: {elements: [{name: a, tier: gold}]}}]"
TEMPLATE = """
metadata: {name: '{{name}}', labels: {kept: x, gone: x}}
spec:
  project: default
  destination: {server: s, namespace: n}
  source: {repoURL: r, path: p, helm: {valueFiles: [a, b], values: v, valuesObject: {scalar: 1, map: {x: 1}, list: [1]}}}
  syncPolicy: {syncOptions: [A=true, B=true], automated: {prune: true}}
"""


def patching(patch: str) -> Any:
    return application_set(ELEMENT, template=TEMPLATE, more=yaml.safe_dump({"templatePatch": patch}))


async def patched(patch: str) -> dict[str, Any]:
    (application,) = (await made(patching(patch))).applications
    return application


async def test_a_patch_is_one_text_and_merged_into_the_application() -> None:
    found = await patched(
        "metadata:\n  labels: {'{{tier}}': '{{name}}', gone: null}\nspec:\n  destination: {name: '{{unknown}}'}\n"
    )
    assert found["metadata"]["labels"] == {"kept": "x", "gold": "a"}
    assert found["spec"]["destination"] == {"server": "s", "namespace": "n", "name": "{{unknown}}"}


async def test_a_patch_may_loop_and_choose(templates: Templates) -> None:
    patch = """
    {{- if eq .tier "gold" }}
    spec:
      sources:
      {{- range .all }}
      - repoURL: {{ . | quote }}
      {{- end }}
    {{- end }}
    """
    elements = "[{list: {elements: [{name: a, tier: gold, all: [x, z]}, {name: b, tier: tin}]}}]"
    found = await made(go_set(elements, more=yaml.safe_dump({"templatePatch": patch})), templates=templates)
    assert [each["spec"].get("sources") for each in found.applications] == [
        [{"repoURL": "x"}, {"repoURL": "z"}],
        None,
    ]


@pytest.mark.parametrize("patch", ["", "# nothing", "null", "{}", "status: null"])
async def test_a_patch_of_nothing_changes_no_spec(patch: str) -> None:
    assert (await patched(patch))["spec"]["source"]["path"] == "p"


async def test_a_null_takes_away_what_it_stands_for() -> None:
    assert "labels" not in (await patched("metadata: {labels: null}"))["metadata"]
    assert (await patched("spec: null"))["spec"] == {"project": "default", "destination": {}}


@pytest.mark.parametrize(
    ("patch", "at", "expected"),
    [
        ("spec: {syncPolicy: {syncOptions: [C=true]}}", "syncPolicy.syncOptions", ["C=true"]),
        ("spec: {source: {helm: {valueFiles: [c]}}}", "source.helm.valueFiles", ["c"]),
        ("spec: {source: {helm: {values: w}}}", "source.helm.values", "w"),
        (
            "spec: {source: {helm: {valuesObject: {scalar: 2, more: {yes: [null], no: null}, gone: null}}}}",
            "source.helm.valuesObject",
            {"scalar": 2, "map": {"x": 1}, "list": [1], "more": {"true": [None]}},
        ),
        (
            "spec: {source: {helm: {valuesObject: {map: 3}}}}",
            "source.helm.valuesObject",
            {"scalar": 1, "map": 3, "list": [1]},
        ),
        ("spec: {source: {helm: {$patch: replace, version: v3}}}", "source.helm", {"version": "v3"}),
        ("spec: {source: {helm: {$patch: delete}}}", "source", {"repoURL": "r", "path": "p"}),
        ("spec: {syncPolicy: {automated: null, syncOptions: null}}", "syncPolicy", None),
        ("spec: {destination: {$retainKeys: [name], name: other}}", "destination", {"name": "other"}),
        ("spec: {project: other}", "project", "default"),
        ("spec: {project: null}", "project", "default"),
        (
            "spec: {source: {helm: {$deleteFromPrimitiveList/valueFiles: [a]}}}",
            "source.helm.valueFiles",
            ["b"],
        ),
        ('{"spec": {"source": {"path": "json"}}}', "source.path", "json"),
        (
            "spec: {info: [{name: a, value: b}, {$patch: delete, name: c, value: d}]}",
            "info",
            [{"name": "a", "value": "b"}],
        ),
        ("unknown: {a: b}\nspec: {none: 1}\nstatus: {x: 1}", "source.path", "p"),
    ],
)
async def test_mappings_are_merged_and_lists_replaced(patch: str, at: str, expected: Any) -> None:
    found: Any = (await patched(patch))["spec"]
    for name in at.split("."):
        found = found.get(name)
    assert found == expected


@pytest.mark.parametrize(
    ("own", "patch", "expected"),
    [
        ("[]", "[x/y]", ["resources-finalizer.argocd.argoproj.io", "x/y"]),
        ("[a/a, b/b, c/c]", "[b/b, z/z]", ["a/a", "b/b", "z/z", "c/c"]),
        ("[a/a]", "[a/a, a/a]", ["a/a"]),
    ],
)
async def test_finalizers_are_put_together(own: str, patch: str, expected: list[str]) -> None:
    template = TEMPLATE.replace("labels:", f"finalizers: {own}, labels:")
    more = yaml.safe_dump({"templatePatch": f"metadata: {{finalizers: {patch}}}"})
    (found,) = (await made(application_set(ELEMENT, template=template, more=more))).applications
    assert sorted(found["metadata"]["finalizers"]) == sorted(expected)


async def test_a_patch_may_rename_the_application_but_not_move_it() -> None:
    found = await patched("metadata: {name: other, namespace: elsewhere}")
    assert (found["metadata"]["name"], found["metadata"]["namespace"]) == ("other", "argocd")


async def test_a_patch_may_start_an_operation() -> None:
    assert (await patched("operation: {sync: {prune: true}}"))["operation"] == {"sync": {"prune": True}}


async def test_a_patch_is_rendered_for_a_set_without_parameters_too(templates: Templates) -> None:
    more = yaml.safe_dump({"templatePatch": "metadata: {labels: {a: '{{ len . }}'}}"})
    found = await made(go_set("[{list: {elements: [{}]}}]", name="fixed", more=more), templates=templates)
    assert names(found) == ["fixed"]
    assert found.applications[0]["metadata"]["labels"] == {"a": "0"}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ("just text", "must render to a mapping"),
        ("[a]", "must render to a mapping"),
        ("a: [", "renders to text that is no YAML"),
        ("{a: b}", "begins like JSON and is none"),
        ("spec: text", "spec.templatePatch.spec: must be a mapping, not text"),
        ("spec: {source: {path: 3}}", "spec.templatePatch.spec.source.path: must be text, not a number"),
        ("spec: {source: {repourl: x}}", "must be written repoURL"),
        ("spec: {source: {helm: {valuesObject: {map: {y: 2}}}}}", "Argo CD cannot merge this"),
        ("spec: {source: {helm: {valuesObject: {list: [2]}}}}", "Argo CD cannot merge this"),
        ("spec: {source: {$patch: merge}}", "$patch: must be replace or delete"),
        ("spec: {destination: {$retainKeys: [x], name: a}}", "$retainKeys: must name every key"),
        ("spec: {source: {helm: {$setElementOrder/valueFiles: [a]}}}", "which Longshore does not read"),
        ("metadata: {name: null}", "an Application has no name"),
    ],
)
async def test_a_patch_that_argo_cd_refuses_makes_the_set_unknown(patch: str, expected: str) -> None:
    assert expected in await problem(patching(patch))


async def test_a_patch_that_does_not_render_is_named(templates: Templates) -> None:
    more = yaml.safe_dump({"templatePatch": "{{ .none }}"})
    said = await problem(go_set(ELEMENT, more=more), templates=templates)
    assert said.startswith("spec.templatePatch: its template does not render")
