"""The generators list and clusters, and the selectors."""

from typing import Any

import pytest

from bot.model.argocd import ArgoCluster
from bot.render.applicationset import Templates
from tests.render.applicationset.sets import (
    MemoryWorld,
    application_set,
    go_set,
    made,
    names,
    paths,
    problem,
)

CLUSTERS = (
    ArgoCluster("Prod_EU", "https://eu", {"env": "prod", "zone": "eu"}, {"owner": "ops"}, "fleet", "b"),
    ArgoCluster("staging", "https://staging", {"env": "staging"}, secret="a"),
)
WORLD = MemoryWorld(known=CLUSTERS)
LOCAL = ArgoCluster("home", "https://kubernetes.default.svc", {"env": "prod"}, secret="c")


async def test_a_list_gives_one_set_for_each_element() -> None:
    elements = "[{list: {elements: [{name: b, values: {tier: gold}}, {name: a, values: {tier: tin}}]}}]"
    found = await made(application_set(elements, path="apps/{{values.tier}}"))
    assert paths(found) == {"a": "apps/tin", "b": "apps/gold"}
    assert names(found) == ["a", "b"]


async def test_elements_in_yaml_come_behind_the_others(templates: Templates) -> None:
    elements = "[{list: {elements: [{name: a, i: 1}], elementsYaml: '[{name: b, i: 2}]'}}]"
    assert paths(await made(go_set(elements, path="{{.i}}"), templates=templates)) == {"a": "1", "b": "2"}


async def test_elements_in_yaml_may_hold_more_than_text_which_plain_templates_leave() -> None:
    elements = "[{list: {elementsYaml: '[{name: b, i: 2}]'}}]"
    assert paths(await made(application_set(elements, path="{{i}}"))) == {"b": "{{i}}"}


@pytest.mark.parametrize(
    ("generator", "expected"),
    [
        ("list: {elements: [{name: 1}]}", "spec.generators[0].list.elements[0].name: must be text"),
        ("list: {elements: [{name: null}]}", "elements[0].name: must be text"),
        ("list: {elements: [{values: [a]}]}", "elements[0].values: must be a mapping"),
        ("list: {elements: [{values: {a: true}}]}", "elements[0].values.a: must be text"),
        ("list: {elements: [text]}", "elements[0]: must be a mapping"),
        ("list: {elements: {name: a}}", "list.elements: must be a list, not a mapping"),
        ("list: {elementsYaml: 'a: b'}", "elementsYaml: must be a list of mappings"),
        ("list: {elementsYaml: '[a'}", "elementsYaml: line "),
        ("list: {elementsYaml: '[{name: .inf}]'}", "elementsYaml"),
        ("list: {elements: []}", "it generates no Applications"),
        ("list: {}", "it generates no Applications"),
        ("clusters: {selector: {matchLabels: {env: none}}}", "it generates no Applications"),
        ("clusters: {selector: {matchLabels: {env: a b}}}", "matchLabels.env: a b cannot be the value"),
        ("clusters: {selector: {matchLabels: {a b: c}}}", "matchLabels.a b: a b cannot be the key"),
        ("clusters: {selector: {matchExpressions: [{key: a, operator: Has}]}}", "operator: must be In"),
        ("clusters: {selector: {matchExpressions: [{key: a, operator: In}]}}", "needs values"),
        (
            "clusters: {selector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}",
            "must not have values",
        ),
        ("clusters: {values: {a: 1}}", "clusters.values.a: must be text, not a number"),
        ("selector: {}", "spec.generators[0]: names no generator"),
        ("nonsense: {}", "spec.generators[0]: names no generator"),
        ("plugin: {configMapRef: {name: x}}", "spec.generators[0].plugin: asks a plugin"),
        ("clusterDecisionResource: {configMapRef: x}", "asks the cluster for a decision"),
        ("plugin: {}", "plugin.configMapRef: is missing"),
        ("pullRequest: {github: {owner: acme, repo: fleet}}", "nobody can be asked here"),
        ("scmProvider: {github: {organization: acme}}", "nobody can be asked here"),
    ],
)
async def test_a_generator_that_gives_nothing_or_errs_makes_the_set_unknown(
    generator: str, expected: str
) -> None:
    assert expected in await problem(application_set(f"[{{{generator}}}]"), WORLD)


async def test_one_generator_that_errs_makes_the_whole_set_unknown() -> None:
    generators = "[{list: {elements: [{name: a}]}}, {list: {elements: [{name: 1}]}}]"
    assert "spec.generators[1].list.elements[0].name" in await problem(application_set(generators))


async def test_clusters_are_those_that_are_known_and_the_own_one() -> None:
    found = await made(
        application_set("[{clusters: {}}]", name="{{nameNormalized}}", path="{{server}}"), WORLD
    )
    assert paths(found) == {
        "in-cluster": "https://kubernetes.default.svc",
        "prod-eu": "https://eu",
        "staging": "https://staging",
    }


async def test_the_own_cluster_with_a_secret_is_that_one() -> None:
    world = MemoryWorld(known=(LOCAL,))
    assert names(await made(application_set("[{clusters: {}}]"), world)) == ["home"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("{matchLabels: {env: prod}}", ["prod-eu"]),
        ("{matchExpressions: [{key: env, operator: In, values: [staging, dev]}]}", ["staging"]),
        ("{matchExpressions: [{key: env, operator: NotIn, values: [staging]}]}", ["prod-eu"]),
        ("{matchExpressions: [{key: zone, operator: Exists}]}", ["prod-eu"]),
        ("{matchExpressions: [{key: zone, operator: DoesNotExist}]}", ["staging"]),
        ("{matchLabels: {argocd.argoproj.io/secret-type: cluster}}", ["prod-eu", "staging"]),
    ],
)
async def test_a_selector_chooses_by_labels_and_leaves_the_own_cluster_out(
    selector: str, expected: list[str]
) -> None:
    manifest = application_set(f"[{{clusters: {{selector: {selector}}}}}]", name="{{nameNormalized}}")
    assert names(await made(manifest, WORLD)) == expected


async def test_a_cluster_gives_its_labels_annotations_project_and_values(templates: Templates) -> None:
    selected = "selector: {matchLabels: {env: prod}}"
    plain = application_set(
        f"[{{clusters: {{{selected}, values: {{tier: '{{{{metadata.labels.env}}}}-x'}}}}}}]",
        name="{{nameNormalized}}",
        path="{{values.tier}}/{{project}}/{{metadata.annotations.owner}}/{{metadata.labels.none}}",
    )
    assert paths(await made(plain, WORLD)) == {"prod-eu": "prod-x/fleet/ops/{{metadata.labels.none}}"}
    go = go_set(
        f"[{{clusters: {{{selected}, values: {{tier: '{{{{.metadata.labels.env}}}}-x'}}}}}}]",
        name="{{.nameNormalized}}",
        path="{{.values.tier}}/{{.project}}/{{.metadata.annotations.owner}}",
    )
    assert paths(await made(go, WORLD, templates)) == {"prod-eu": "prod-x/fleet/ops"}


async def test_a_flat_list_is_one_set_with_all_clusters(templates: Templates) -> None:
    names_of_all = "{{ range .clusters }}{{ .nameNormalized }}.{{ end }}x"
    manifest = go_set("[{clusters: {flatList: true}}]", name=names_of_all)
    assert names(await made(manifest, WORLD, templates)) == ["staging.prod-eu.in-cluster.x"]


async def test_a_selected_cluster_that_cannot_be_told_makes_the_set_unknown_and_another_does_not() -> None:
    hidden = ArgoCluster("", "", {"env": "hidden"}, secret="d", unknown_because="the Secret d is encrypted")
    world = MemoryWorld(known=(*CLUSTERS, hidden))
    assert "clusters: the Secret d is encrypted" in await problem(application_set("[{clusters: {}}]"), world)
    chosen = application_set("[{clusters: {selector: {matchLabels: {env: staging}}}}]")
    assert names(await made(chosen, world)) == ["staging"]


async def test_clusters_that_are_not_all_known_make_the_set_unknown() -> None:
    world = MemoryWorld(missing="some are registered by hand")
    assert "spec.generators[0].clusters: some are registered by hand" in await problem(
        application_set("[{clusters: {}}]"), world
    )


ELEMENTS: Any = "elements: [{name: a, i: 1, v: {e: x/y}}, {name: b, i: 2.5, v: {}}]"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("{}", ["a", "b"]),
        ("{matchLabels: {name: a}}", ["a"]),
        ("{matchLabels: {v.e: x/y}}", ["a"]),
        ("{matchLabels: {i: '2.5'}}", ["b"]),
        ("{matchExpressions: [{key: v.e, operator: DoesNotExist}]}", ["b"]),
        ("{matchExpressions: [{key: i, operator: In, values: ['1', '2.5']}]}", ["a", "b"]),
    ],
)
async def test_a_generator_s_own_selector_chooses_by_parameters_whatever_their_values(
    templates: Templates, selector: str, expected: list[str]
) -> None:
    manifest = go_set(f"[{{list: {{{ELEMENTS}}}, selector: {selector}}}]")
    assert names(await made(manifest, templates=templates)) == expected


async def test_a_generator_s_own_selector_sees_the_labels_of_clusters(templates: Templates) -> None:
    manifest = go_set(
        "[{clusters: {}, selector: {matchLabels: {metadata.labels.env: prod}}}]", name="{{.nameNormalized}}"
    )
    assert names(await made(manifest, WORLD, templates)) == ["prod-eu"]
