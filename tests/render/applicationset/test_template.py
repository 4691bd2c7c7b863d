"""From parameters to Applications: the template, the patch, and what is written."""

from typing import Any

import pytest
import yaml

from bot.render.applicationset import Templates
from tests.render.applicationset.sets import MemoryWorld, application_set, go_set, made, names, problem

ELEMENT = "[{list: {elements: [{name: a, tier: gold, server: https://a}]}}]"
FINALIZER = "resources-finalizer.argocd.argoproj.io"


async def one(manifest: Any, templates: Templates | None = None) -> dict[str, Any]:
    (application,) = (await made(manifest, templates=templates)).applications
    return application


async def spec(template: str, *, more: str = "") -> dict[str, Any]:
    """The spec of the Application that comes of these fields of a template's spec."""
    whole = yaml.safe_dump(
        {
            "metadata": {"name": "{{name}}"},
            "spec": {"project": "default", "destination": {}, **yaml.safe_load(template)},
        }
    )
    made_of: dict[str, Any] = (await one(application_set(ELEMENT, template=whole, more=more)))["spec"]
    return made_of


async def test_an_application_is_of_the_namespace_of_its_set_and_has_the_finalizer() -> None:
    template = """
    metadata: {name: '{{name}}', namespace: elsewhere, labels: {'tier-{{tier}}': '{{tier}}'}, annotations: {a: b}}
    spec: {project: '{{tier}}', destination: {server: '{{server}}', namespace: ''}, source: {repoURL: x}}
    """
    assert await one(application_set(ELEMENT, template=template)) == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": "a",
            "namespace": "argocd",
            "labels": {"tier-gold": "gold"},
            "annotations": {"a": "b"},
            "finalizers": [FINALIZER],
        },
        "spec": {"project": "gold", "destination": {"server": "https://a"}, "source": {"repoURL": "x"}},
    }


async def test_a_set_that_lies_in_no_namespace_gives_none() -> None:
    manifest = application_set(ELEMENT)
    del manifest["metadata"]["namespace"]
    assert "namespace" not in (await one(manifest))["metadata"]


@pytest.mark.parametrize(
    ("finalizers", "more", "expected"),
    [
        ("[]", "", [FINALIZER]),
        ("[own/finalizer]", "", ["own/finalizer"]),
        ("[]", "syncPolicy: {preserveResourcesOnDeletion: true}", None),
        ("[]", "syncPolicy: {preserveResourcesOnDeletion: false}", [FINALIZER]),
        ("[own/finalizer]", "syncPolicy: {preserveResourcesOnDeletion: true}", ["own/finalizer"]),
    ],
)
async def test_the_finalizer_is_added_where_there_is_none_and_objects_are_not_to_stay(
    finalizers: str, more: str, expected: list[str] | None
) -> None:
    template = f"""
    metadata: {{name: '{{{{name}}}}', finalizers: {finalizers}}}
    spec: {{project: default, destination: {{}}}}
    """
    found = await one(application_set(ELEMENT, template=template, more=more))
    assert found["metadata"].get("finalizers") == expected


async def test_a_set_without_parameters_leaves_the_template_as_it_stands() -> None:
    found = await one(application_set("[{list: {elements: [{}]}}]", name="plain", path="{{name}}"))
    assert found["metadata"] == {"name": "plain", "namespace": "argocd"}
    assert found["spec"]["source"]["path"] == "{{name}}"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (
            "source: {repoURL: x, helm: {valuesObject: {'{{name}}': ['{{tier}}', null, 1], gone: null, n: {m: null}}}}",
            {"source": {"repoURL": "x", "helm": {"valuesObject": {"a": ["gold", None, 1], "n": {}}}}},
        ),
        (
            "source: {repoURL: '{{name}}', helm: {values: \"x: {{tier}}\\n\", skipCrds: false, valueFiles: []}}",
            {"source": {"repoURL": "a", "helm": {"values": "x: gold\n"}}},
        ),
        ("source: {repoURL: x, kustomize: {}, helm: {}}", {"source": {"repoURL": "x"}}),
        ("source: {repoURL: x, directory: {recurse: false}}", {"source": {"repoURL": "x"}}),
        (
            "source: {repoURL: x, directory: {include: '{{name}}', jsonnet: {}}}",
            {"source": {"repoURL": "x", "directory": {"include": "a"}}},
        ),
        (
            "sources: [{repoURL: x, kustomize: {}, directory: {recurse: true, jsonnet: {libs: [l]}}}, {repoURL: z, ref: r}]",
            {
                "sources": [
                    {
                        "repoURL": "x",
                        "kustomize": {},
                        "directory": {"recurse": True, "jsonnet": {"libs": ["l"]}},
                    },
                    {"repoURL": "z", "ref": "r"},
                ]
            },
        ),
        (
            "source: {repoURL: x, plugin: {env: [], parameters: [{name: '{{name}}', string: '', array: [], map: {}}]}}",
            {
                "source": {
                    "repoURL": "x",
                    "plugin": {"parameters": [{"name": "a", "string": "", "array": [], "map": {}}]},
                }
            },
        ),
        ("syncPolicy: {}", {}),
        ("syncPolicy: {syncOptions: []}", {}),
        (
            "syncPolicy: {automated: {prune: false}, retry: {limit: 0, backoff: {factor: 0}}}",
            {"syncPolicy": {"automated": {"prune": False}, "retry": {"backoff": {"factor": 0}}}},
        ),
        ("syncPolicy: {automated: {}}", {"syncPolicy": {"automated": {}}}),
        ("revisionHistoryLimit: 0", {"revisionHistoryLimit": 0}),
        ("info: [{name: '{{name}}', value: ''}]", {"info": [{"name": "a", "value": ""}]}),
        (
            "unknown: {a: '{{name}}'}, ignoreDifferences: [{kind: '{{name}}'}]",
            {"ignoreDifferences": [{"kind": "a"}]},
        ),
    ],
)
async def test_what_says_nothing_is_not_written_and_every_text_is_a_template(
    template: str, expected: dict[str, Any]
) -> None:
    assert await spec(f"{{{template}}}") == {"project": "default", "destination": {}, **expected}


async def test_a_generator_s_own_template_covers_that_of_the_set_and_leaves_what_it_does_not_say() -> None:
    own = """
    metadata: {labels: {own: '{{name}}', shared: own}, annotations: {}}
    spec: {project: '', destination: {namespace: own}, source: {repoURL: '', path: own}, syncPolicy: {automated: {prune: false}}}
    """
    generators = yaml.safe_dump([{"list": {"elements": [{"name": "a"}], "template": yaml.safe_load(own)}}])
    template = """
    metadata: {name: '{{name}}', labels: {shared: base, base: b}, annotations: {c: d}}
    spec:
      project: base
      destination: {server: s, namespace: base}
      source: {repoURL: base, path: base, targetRevision: v1}
      syncPolicy: {automated: {prune: true, selfHeal: true}}
    """
    found = await one(application_set(generators, template=template))
    assert found["metadata"]["labels"] == {"own": "a", "shared": "own", "base": "b"}
    assert found["metadata"]["annotations"] == {"c": "d"}
    assert found["spec"] == {
        "project": "base",
        "destination": {"server": "s", "namespace": "own"},
        "source": {"repoURL": "base", "path": "own", "targetRevision": "v1"},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }


async def test_lists_of_two_templates_are_not_put_together() -> None:
    own = yaml.safe_dump(
        [
            {
                "list": {
                    "elements": [{"name": "a"}],
                    "template": {
                        "metadata": {},
                        "spec": {"project": "", "destination": {}, "sources": [{"repoURL": "own"}]},
                    },
                }
            }
        ]
    )
    template = """
    metadata: {name: '{{name}}'}
    spec: {project: p, destination: {}, sources: [{repoURL: base}, {repoURL: other}], info: [{name: a, value: b}]}
    """
    found = await one(application_set(own, template=template))
    assert found["spec"]["sources"] == [{"repoURL": "own"}]
    assert found["spec"]["info"] == [{"name": "a", "value": "b"}]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{metadata: {}, spec: {project: p, destination: {}}}", "an Application has no name"),
        ("{metadata: {name: Upper}, spec: {project: p, destination: {}}}", "Upper is no name"),
        ("{metadata: {name: a_b}, spec: {project: p, destination: {}}}", "a_b is no name"),
        (f"{{metadata: {{name: {'a' * 254}}}, spec: {{project: p, destination: {{}}}}}}", "is no name"),
        ("{metadata: {name: a}, spec: {project: '', destination: {}}}", "the Application a has no project"),
        ("{metadata: {name: a}, spec: {destination: {}}}", "spec.template.spec.project: is missing"),
        ("{metadata: {name: a}, spec: {project: p}}", "spec.template.spec.destination: is missing"),
        ("{metadata: {name: a}}", "spec.template.spec: is missing"),
        ("{metadata: {name: 3}, spec: {project: p, destination: {}}}", "must be text, not a number"),
        (
            "{metadata: {name: a, labels: {k: 'a b'}}, spec: {project: p, destination: {}}}",
            "cannot have the label k",
        ),
        (
            "{metadata: {name: a, annotations: {'a b': c}}, spec: {project: p, destination: {}}}",
            "cannot have the annotation a b",
        ),
        (
            "{metadata: {name: a, finalizers: ['a b']}, spec: {project: p, destination: {}}}",
            "cannot have the finalizer a b",
        ),
        (
            "{metadata: {name: a}, spec: {project: p, destination: {}, revisionHistoryLimit: 1.5}}",
            "must be a whole number",
        ),
        (
            "{metadata: {name: a}, spec: {project: p, destination: {}, source: {path: x}}}",
            "source.repoURL: is missing",
        ),
    ],
)
async def test_an_application_that_nobody_would_take_makes_the_set_unknown(
    template: str, expected: str
) -> None:
    assert expected in await problem(application_set(ELEMENT, template=template))


async def test_two_applications_of_one_name_make_the_set_unknown() -> None:
    elements = "[{list: {elements: [{name: a}]}}, {list: {elements: [{name: a}]}}]"
    assert "two of its Applications have the name a" in await problem(application_set(elements))


async def test_a_template_that_does_not_render_is_named_with_its_field(templates: Templates) -> None:
    said = await problem(go_set(ELEMENT, path="{{.none}}"), templates=templates)
    assert said.startswith("spec.template.spec.source.path: its template does not render: ")
    assert 'map has no entry for key "none"' in said


async def test_annotations_that_are_too_large_make_the_set_unknown() -> None:
    template = f"{{metadata: {{name: a, annotations: {{a: '{'x' * 300_000}'}}}}, spec: {{project: p, destination: {{}}}}}}"
    assert "are too large" in await problem(application_set(ELEMENT, template=template))


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ({}, "spec: must be a mapping, not empty"),
        ({"spec": []}, "spec: must be a mapping, not a list"),
        ({"spec": {"template": {}}}, "spec.generators: is missing"),
        ({"spec": {"generators": []}}, "spec.template: is missing"),
        ({"metadata": 3, "spec": {"generators": {}, "template": {}}}, "spec.generators: must be a list"),
    ],
)
async def test_a_set_that_is_misshapen_is_unknown(manifest: dict[str, Any], expected: str) -> None:
    assert expected in await problem(manifest)


async def test_generators_are_put_one_behind_another_and_applications_ordered_by_name() -> None:
    elements = "[{list: {elements: [{name: c}]}}, {list: {elements: [{name: b}]}, clusters: {}}]"
    assert names(await made(application_set(elements), MemoryWorld())) == ["b", "c", "in-cluster"]


async def test_the_same_input_gives_the_same_output(templates: Templates) -> None:
    manifest = go_set("[{clusters: {}}]", path='{{ keys . | join "-" }}')
    found = [await made(manifest, templates=templates) for _ in range(5)]
    assert all(each == found[0] for each in found)
