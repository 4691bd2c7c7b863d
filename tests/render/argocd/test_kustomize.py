"""Kustomize options: what `kustomize edit` makes of them, the stock program agreeing each time."""

import time
from typing import Any

import pytest

from bot.render.argocd.edits import image
from bot.render.errors import Unrenderable
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import (
    application,
    data,
    failure,
    key,
    made,
    manifests,
    remarks,
    rendered,
)
from tests.render.helm.releases import chart
from tests.render.trees import Content, Link, config_map

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: c, image: 'nginx:1.0'}
      - {name: d, image: 'reg.example:5000/redis@sha256:aa'}
"""
BASE: dict[str, Content] = {
    "app/kustomization.yaml": "resources: [web.yaml]\n",
    "app/web.yaml": DEPLOYMENT,
}


def files(kustomization: str) -> dict[str, Content]:
    return {**BASE, "app/kustomization.yaml": f"resources: [web.yaml]\n{kustomization}\n"}


def images(found: Any, name: str = "web") -> list[str]:
    pod = manifests(found)[f"Deployment/{name}"]["spec"]["template"]["spec"]
    return [container["image"] for container in pod["containers"]]


@pytest.mark.parametrize(
    ("present", "wanted", "expected"),
    [
        ("", ["nginx:2"], "nginx:2"),
        ("", ["nginx=other"], "other:1.0"),
        ("", ["nginx=reg:5000/a/b:2"], "reg:5000/a/b:2"),
        ("", ["nginx=r/e:5@sha256:bb"], "r/e:5@sha256:bb"),
        ("", ["nginx@sha256:bb"], "nginx@sha256:bb"),
        ("", ["nginx:2", "nginx:3"], "nginx:3"),
        ("", ["nginx=*:9"], "nginx:9"),
        ("images: [{name: nginx, newName: kept, newTag: '5'}]", ["nginx=*:9"], "kept:9"),
        ("images: [{name: nginx, newName: kept, newTag: '5'}]", ["nginx=other:*"], "other:5"),
        ("images: [{name: nginx, newName: gone, newTag: '5'}]", ["nginx:9"], "nginx:9"),
        ("images: [{name: nginx, newTag: '5'}, {name: nginx, newTag: '6'}]", ["else:1"], "nginx:5"),
        ("imageTags: [{name: nginx, newTag: '5'}]", ["else:1"], "nginx:5"),
        ("", ["nginx:$ARGOCD_APP_NAME-$ARGOCD_APP_PROJECT_NAME"], "nginx:web-team"),
        ("", ["nginx:${ARGOCD_APP_SOURCE_TARGET_REVISION}x$$y$NOBODY"], "nginx:mainx$y"),
    ],
)
async def test_images_are_set_as_kustomize_edit_does(
    sandbox: Sandbox, present: str, wanted: list[str], expected: str
) -> None:
    found = await rendered(sandbox, files(present), application(kustomize={"images": wanted}))
    assert images(found)[0] == expected


async def test_the_commit_as_a_tag_is_a_hole(sandbox: Sandbox) -> None:
    found = await rendered(
        sandbox, BASE, application(kustomize={"images": ["nginx:v-$ARGOCD_APP_REVISION_SHORT"]})
    )
    assert images(found)[0] == "nginx:v-${ARGOCD_APP_REVISION_SHORT}"
    assert [hole.name for hole in found.holes] == ["ARGOCD_APP_REVISION_SHORT"]
    assert "which is not known here" in remarks(found)


@pytest.mark.parametrize("text", ["nginx", "reg:5000/nginx", ""])
def test_an_image_without_anything_new_is_refused(text: str) -> None:
    with pytest.raises(Unrenderable):
        image(text)


@pytest.mark.parametrize(
    ("present", "options"),
    [
        ("namePrefix: old-\nnameSuffix: -old", {"namePrefix": "new-", "nameSuffix": "-new"}),
        ("namespace: old", {"namespace": "new"}),
        ("replicas: [{name: web, count: 1}]", {"replicas": [{"name": "web", "count": 3}]}),
        ("", {"replicas": [{"name": "web", "count": "3"}]}),
        ("commonLabels: {a: b}", {"commonLabels": {"c": "$ARGOCD_APP_NAME"}}),
        ("commonLabels: {a: b}", {"commonLabels": {"a": "c"}, "forceCommonLabels": True}),
        ("", {"commonLabels": {"a": "c"}, "labelWithoutSelector": True}),
        ("", {"commonLabels": {"a": "c"}, "labelWithoutSelector": True, "labelIncludeTemplates": True}),
        (
            "labels: [{pairs: {x: v}, includeTemplates: true}, {pairs: {z: z}}]",
            {"commonLabels": {"a": "c", "b": "d"}, "labelWithoutSelector": True},
        ),
        (
            "labels: [{pairs: {x: v}, includeSelectors: true}]",
            {"commonLabels": {"a": "c"}, "labelWithoutSelector": True},
        ),
        ("commonAnnotations: {a: b}", {"commonAnnotations": {"c": "$ARGOCD_APP_NAME"}}),
        (
            "",
            {"commonAnnotations": {"c": "$ARGOCD_APP_NAME:x", "d": '"q"'}, "commonAnnotationsEnvsubst": True},
        ),
        (
            "commonAnnotations: {a: b}",
            {"commonAnnotations": {"a": "c"}, "forceCommonAnnotations": True},
        ),
        (
            'patches: [{patch: \'[{"op": "add", "path": "/metadata/labels", "value": {"n": "one"}}]\', target: {kind: Deployment}}]',
            {
                "patches": [
                    {
                        "patch": '[{"op": "replace", "path": "/metadata/labels/n", "value": "two"}]',
                        "target": {"kind": "Deployment", "name": "web"},
                    }
                ]
            },
        ),
        ("", {"patches": [{"path": "patch.yaml"}]}),
        ("components: [../one]", {"components": ["../one", "../two"]}),
        ("", {"components": ["../one", "../nowhere"], "ignoreMissingComponents": True}),
    ],
)
async def test_every_option_does_what_the_stock_program_does(
    sandbox: Sandbox, present: str, options: dict[str, Any]
) -> None:
    component = (
        "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nlabels: [{pairs: {%s: here}}]\n"
    )
    tree = files(present) | {
        "app/patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {paused: true}\n",
        "one/kustomization.yaml": component % "one",
        "two/kustomization.yaml": component % "two",
    }
    found = await rendered(sandbox, tree, application(kustomize=options))
    assert len(found.objects) == 1
    plain = await rendered(sandbox, tree, application())
    assert found.objects != plain.objects


@pytest.mark.parametrize(
    ("text", "found"),
    [("../one", "ConfigMap/a"), ("../../inner/one", "ConfigMap/p-a"), ("../../one", "ConfigMap/a")],
)
async def test_missing_components_are_looked_for_from_the_path_as_it_is_written(
    sandbox: Sandbox, text: str, found: str
) -> None:
    """Through a link of another depth the others are not where kustomize would look for them."""
    component = "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnamePrefix: p-\n"
    tree: dict[str, Content] = {
        "links/deep/app": Link("../../real/app"),
        "real/app/kustomization.yaml": "resources: [a.yaml]\n",
        "real/app/a.yaml": config_map("a"),
        "real/one/kustomization.yaml": component,
        "one/kustomization.yaml": component,
        "inner/one/kustomization.yaml": component,
        "links/inner/one/kustomization.yaml": component,
    }
    options = {"components": [text], "ignoreMissingComponents": True}
    made = await rendered(sandbox, tree, application("links/deep/app", kustomize=options))
    assert set(manifests(made)) == {found}


@pytest.mark.parametrize(
    ("present", "options", "reason"),
    [
        ("commonLabels: {a: b}", {"commonLabels": {"a": "c"}}, "forceCommonLabels"),
        ("commonAnnotations: {a: b}", {"commonAnnotations": {"a": "c"}}, "forceCommonAnnotations"),
        (
            "labels: [{pairs: {a: b}}]",
            {"commonLabels": {"a": "c"}, "labelWithoutSelector": True},
            "forceCommonLabels",
        ),
        ("", {"commonLabels": {"a": "c"}, "labelIncludeTemplates": True}, "labelWithoutSelector"),
        ("", {"images": ["nginx"]}, "kustomize.images[0]"),
        ("", {"replicas": [{"name": "nobody", "count": 1}]}, "kustomize"),
        ("", {"replicas": [{"name": "web", "count": "many"}]}, "kustomize.replicas[0].count"),
        ("", {"components": ["../nowhere"]}, "does not exist"),
        ("", {"components": ["../../out"]}, "leaves the repository"),
        ("", {"patches": [{"patch": "kind: X\napiVersion: v1\nmetadata: {name: nobody}\n"}]}, "kustomize"),
    ],
)
async def test_what_argo_cd_refuses_is_unknown_with_the_field(
    sandbox: Sandbox, present: str, options: dict[str, Any], reason: str
) -> None:
    assert reason in failure(await rendered(sandbox, files(present), application(kustomize=options)))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"images": "nginx:2"}, "kustomize.images"),
        ({"images": [1]}, "kustomize.images"),
        ({"commonLabels": ["a"]}, "kustomize.commonLabels"),
        ({"commonLabels": {"a": 1}}, "kustomize.commonLabels.a"),
        ({"namePrefix": 1}, "kustomize.namePrefix"),
        ({"patches": [{"patch": 1}]}, "kustomize.patches[0].patch"),
        ({"patches": ["x"]}, "kustomize.patches[0]"),
        ({"forceCommonLabels": "yes", "namePrefix": "a"}, "kustomize.forceCommonLabels"),
        ({"components": [{"a": 1}]}, "kustomize.components"),
        ({"components": ["--help"]}, "kustomize.components[0]"),
        ({"images": ["--help:1"]}, "kustomize.images[0]"),
        ({"kubeVersion": "newest"}, "kustomize.kubeVersion"),
    ],
)
def test_a_wrong_type_is_named(options: dict[str, Any], field: str) -> None:
    (found,) = made(BASE, application(kustomize=options)).diagnostics
    assert found.message.startswith(field)
    assert (found.file, found.line) == ("apps/web.yaml", 3)


async def test_another_version_of_kustomize_is_said(sandbox: Sandbox) -> None:
    found = await rendered(sandbox, BASE, application(kustomize={"version": "v4.5.7", "namePrefix": "a-"}))
    assert "v4.5.7" in remarks(found)


async def test_the_destination_is_where_objects_without_a_namespace_go(sandbox: Sandbox) -> None:
    tree: dict[str, Content] = {
        "app/kustomization.yaml": "resources: [all.yaml]\n",
        "app/all.yaml": "---\n".join(
            (
                config_map("a"),
                config_map("b").replace("name: b", "name: b\n  namespace: own"),
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r, namespace: own}\n",
                "apiVersion: acme.example/v1\nkind: Thing\nmetadata: {name: t}\n",
                "apiVersion: acme.example/v1\nkind: Wide\nmetadata: {name: w, namespace: own}\n",
                (
                    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: wides.acme.example}\n"
                    "spec: {group: acme.example, scope: Cluster, names: {kind: Wide, plural: wides}}\n"
                ),
            )
        ),
    }
    found = manifests(await rendered(sandbox, tree, application()))
    spaces = {name: manifest["metadata"].get("namespace") for name, manifest in found.items()}
    assert spaces == {
        "ConfigMap/a": "dest",
        "ConfigMap/b": "own",
        "ClusterRole/r": None,
        "Thing/t": "dest",
        "Wide/w": None,
        "CustomResourceDefinition/wides.acme.example": None,
    }
    nowhere = await rendered(sandbox, tree, application(namespace=""))
    assert "spec.destination.namespace" in remarks(nowhere)


async def test_objects_that_a_default_namespace_makes_equal_are_one(sandbox: Sandbox) -> None:
    tree: dict[str, Content] = {
        "app/kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
        "app/a.yaml": config_map("web", v="one"),
        "app/b.yaml": config_map("web", v="two").replace("name: web", "name: web\n  namespace: dest"),
    }
    found = await rendered(sandbox, tree, application())
    assert data(found)["v"] == "one"  # kustomize prints those without a namespace last
    assert "declared 2 times" in remarks(found)


async def test_a_path_through_a_link_is_built_where_the_source_says_kustomize(sandbox: Sandbox) -> None:
    tree: dict[str, Content] = {"link": Link("app"), **BASE}
    found = await rendered(sandbox, tree, application("link", kustomize={"namePrefix": "a-"}))
    assert "Deployment/a-web" in manifests(found)


def test_the_key_follows_options_and_what_they_name() -> None:
    patched = application(kustomize={"patches": [{"path": "patch.yaml"}]})
    before = key(BASE | {"app/patch.yaml": "a: 1"}, patched)
    assert key(BASE | {"app/patch.yaml": "a: 2"}, patched) != before
    assert key(BASE, application()) != key(BASE, application(kustomize={"namePrefix": "a-"}))


def component(name: str) -> str:
    return f"kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nlabels: [{{pairs: {{{name}: here}}}}]\n"


@pytest.mark.parametrize(
    ("texts", "ignore", "labels"),
    [
        (["../comps/*"], False, "a b"),
        (["../comps/[b]"], False, "b"),
        (["../*/a", "../comps/a"], False, "a"),
        (["../comps/.*"], False, "hidden"),
        (["../comps/*"], True, ""),
        (["../comps/*", "../comps/b"], True, "b"),
        (["../comps/?x"], False, None),
        (["../../*"], False, None),
        (["../comps/["], False, None),
    ],
)
async def test_components_may_be_named_by_a_pattern(
    sandbox: Sandbox, texts: list[str], ignore: bool, labels: str | None
) -> None:
    tree = files("") | {
        "comps/a/kustomization.yaml": component("a"),
        "comps/b/kustomization.yaml": component("b"),
        "comps/.hidden/kustomization.yaml": component("hidden"),
    }
    options = {"components": texts, "ignoreMissingComponents": ignore}
    found = await rendered(sandbox, tree, application(kustomize=options))
    if labels is None:
        assert "kustomize.components" in failure(found)
    else:
        present = manifests(found)["Deployment/web"]["metadata"].get("labels") or {}
        assert " ".join(sorted(present)) == labels


def test_the_key_follows_components_that_a_pattern_comes_to_find() -> None:
    tree = files("") | {"comps/a/kustomization.yaml": component("a")}
    target = application(kustomize={"components": ["../comps/*"]})
    assert key(tree, target) != key(tree | {"comps/b/kustomization.yaml": component("b")}, target)


@pytest.mark.parametrize(
    "pattern",
    ["../" + "*/" * 30 + "nope", "../" + "*/" * 37 + "*", "../" + "?*/" * 12 + "kustomization.yaml"],
)
def test_links_in_circles_do_not_multiply_what_a_pattern_looks_at(pattern: str) -> None:
    tree = files("") | {f"link{index}": Link(".") for index in range(20)}
    start = time.process_time()
    found = made(tree, application(kustomize={"components": [pattern]}))
    assert (
        "more than 10000 places" in found.diagnostics[0].message
        or "too many files" in found.diagnostics[0].message
    )
    assert len(found.entries) < 20_000
    assert time.process_time() - start < 10


async def test_a_component_counts_once_for_each_way_that_a_pattern_finds(sandbox: Sandbox) -> None:
    tree: dict[str, Content] = {
        **files(""),
        "comps/a/kustomization.yaml": component("a"),
        "linked": Link("comps"),
    }
    found = made(tree, application(kustomize={"components": ["../*/a"]}))
    assert found.target.overlay["components"] == ["../comps/a", "../linked/a"]


INFLATED = chart(
    {
        "c.yaml": config_map(
            "{{ .Release.Name }}",
            kube="{{ .Capabilities.KubeVersion.Version }}",
            has='"{{ .Capabilities.APIVersions.Has "acme.example/v1/Thing" }}"',
        ),
        "p.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: nginx:1}]}\n",
    },
    at="app/charts/web",
) | {"app/kustomization.yaml": "helmCharts: [{name: web, releaseName: r}]\n"}


async def test_charts_of_a_kustomization_are_inflated_and_edited_over(sandbox: Sandbox) -> None:
    found = await rendered(
        sandbox,
        INFLATED,
        application(kustomize={"namePrefix": "p-", "images": ["nginx:2"], "commonLabels": {"a": "b"}}),
    )
    objects = manifests(found)
    assert objects["Pod/p-p"]["spec"]["containers"][0]["image"] == "nginx:2"
    assert objects["Pod/p-p"]["metadata"]["namespace"] == "dest"
    assert "--enable-helm" in remarks(found)
    assert data(found, "p-r")["kube"] == "v1.34"
    own = INFLATED | {
        "app/kustomization.yaml": "helmCharts: [{name: web, releaseName: r, kubeVersion: 1.20.0}]\n"
    }
    assert data(await rendered(sandbox, own, application()), "r")["kube"] == "v1.20.0"


async def test_charts_of_a_kustomization_are_told_what_the_source_says_of_the_cluster(
    sandbox: Sandbox,
) -> None:
    options = {"kubeVersion": "1.25.3", "apiVersions": ["acme.example/v1/Thing"], "namePrefix": "p-"}
    found = data(await rendered(sandbox, INFLATED, application(kustomize=options)), "p-r")
    assert (found["kube"], found["has"]) == ("v1.25.3", "true")
    assert key(INFLATED, application(kustomize=options)) != key(
        INFLATED, application(kustomize={**options, "kubeVersion": "1.26.0"})
    )
