"""What a directory is taken for, and what cannot be rendered at all."""

from typing import Any

import pytest

from bot.model.release import Chart, ChartKind, GitRef, Release
from bot.model.target import GitSource, RendererKind
from bot.render.argocd.concrete import concrete
from bot.render.argocd.environment import environment
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.argocd.applications import application, failure, key, made, manifests, rendered
from tests.render.trees import Content, Link, MemoryTree, Submodule, config_map

PLAIN, KUSTOMIZE, HELM = RendererKind.PLAIN, RendererKind.KUSTOMIZE, RendererKind.HELM


@pytest.mark.parametrize(
    ("names", "renderer"),
    [
        (["a.yaml"], PLAIN),
        (["kustomization.yaml"], KUSTOMIZE),
        (["kustomization.yml"], KUSTOMIZE),
        (["Kustomization"], KUSTOMIZE),
        (["Chart.yaml"], HELM),
        (["myChart.yaml"], HELM),
        (["Chart.yaml", "Kustomization"], KUSTOMIZE),
        (["Chart.yaml", "kustomization.yaml"], KUSTOMIZE),
        (["kustomization.yaml", "myChart.yaml"], HELM),
        (["Chart.yml", "kustomization.json"], PLAIN),
        (["Chart.yaml/inside"], PLAIN),
        (["sub/kustomization.yaml"], PLAIN),
    ],
)
def test_the_last_name_that_says_anything_decides(names: list[str], renderer: RendererKind) -> None:
    found = made({f"app/{name}": "" for name in names}, application())
    assert found.target.renderer is renderer
    assert not found.diagnostics


def test_a_link_of_that_name_counts_and_a_submodule_does_not() -> None:
    assert made({"app/kustomization.yaml": Link("x")}, application()).target.renderer is KUSTOMIZE
    assert made({"app/Chart.yaml": Submodule()}, application()).target.renderer is PLAIN


@pytest.mark.parametrize(
    ("options", "renderer"),
    [
        ({"directory": {"recurse": True}}, PLAIN),
        ({"directory": {"exclude": "x"}}, PLAIN),
        ({"directory": {}}, PLAIN),
        ({"helm": {"valuesObject": {}}}, HELM),
        ({"helm": {"values": "", "parameters": []}, "kustomize": None}, HELM),
        ({"directory": None}, KUSTOMIZE),
    ],
)
def test_options_win_over_the_files_however_empty_they_are(
    options: dict[str, Any], renderer: RendererKind
) -> None:
    found = made({"app/kustomization.yaml": "", "app/Chart.yaml": ""}, application(**options))
    assert found.target.renderer is renderer


def test_the_key_follows_names_that_decide() -> None:
    before = key({"app/a.yaml": config_map("a")}, application())
    assert key({"app/a.yaml": config_map("a"), "app/Kustomization": ""}, application()) != before
    assert key({"app/a.yaml": config_map("a"), "app/notes.md": ""}, application()) == before


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none", "does not exist"),
        ("app/a.yaml", "is a file"),
        ("out", "leaves the repository"),
        ("round", "circle"),
    ],
)
async def test_a_path_that_leads_nowhere_is_unknown(sandbox: Sandbox, path: str, reason: str) -> None:
    files: dict[str, Content] = {
        "app/a.yaml": config_map("a"),
        "out": Link("../elsewhere"),
        "round": Link("round"),
    }
    found = concrete(MemoryTree(files), application(path)).diagnostics
    assert reason in found[0].message
    if path != "round":
        await rendered(sandbox, files, application(path))


async def test_the_root_of_the_repository_is_a_path_like_others(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {"kustomization.yaml": "resources: [a.yaml]", "a.yaml": config_map("a")}
    found = await rendered(sandbox, files, application("", kustomize={"namePrefix": "p-"}))
    assert set(manifests(found)) == {"ConfigMap/p-a"}
    plain = await rendered(sandbox, {"a.yaml": config_map("a")}, application(""))
    assert set(manifests(plain)) == {"ConfigMap/a"}


@pytest.mark.parametrize("plugin", [{"name": "mine"}, {"env": [{"name": "A", "value": "b"}]}, {}])
async def test_a_plugin_is_unknown_and_named(sandbox: Sandbox, plugin: dict[str, Any]) -> None:
    found = await rendered(sandbox, {"app/a.yaml": config_map("a")}, application(plugin=plugin))
    assert "plugin" in failure(found)
    assert plugin.get("name", "") in failure(found)


def test_a_chart_of_a_repository_is_rendered_by_helm_only() -> None:
    release = Release("web", "dest", Chart(ChartKind.REPOSITORY, "web", "https://charts.example"))
    assert concrete(MemoryTree({}), application("", release=release, chart="web")).target.renderer is HELM
    other = application("", release=release, chart="web", kustomize={"namePrefix": "a"})
    assert "by Helm only" in concrete(MemoryTree({}), other).diagnostics[0].message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$ARGOCD_APP_NAME", "web"),
        ("${ARGOCD_APP_NAME}x", "webx"),
        ("$ARGOCD_APP_NAMEx", ""),
        ("a$$b", "a$b"),
        ("a$", "a$"),
        ("$1-$", "-$"),
        ("${x", "x"),
        ("a${}b", "ab"),
        ("$$ARGOCD_APP_NAME", "$ARGOCD_APP_NAME"),
        ("${*}$-x", "x"),
        ("$/a", "$/a"),
        ("$ARGOCD_APP_NAMESPACE $ARGOCD_APP_PROJECT_NAME $ARGOCD_APP_SOURCE_PATH", "dest team app"),
        ("$ARGOCD_APP_SOURCE_REPO_URL", "https://git.example/acme/fleet"),
    ],
)
def test_the_build_environment_is_expanded_as_go_does(text: str, expected: str) -> None:
    assert environment(application(), "web").substituted(text) == expected


def test_a_commit_that_the_source_pins_is_known() -> None:
    pinned = application(source=GitSource("https://git.example/x", GitRef(commit="0123456789" * 4)))
    known = environment(pinned, "web")
    assert known.substituted("$ARGOCD_APP_REVISION") == "0123456789" * 4
    assert known.substituted("$ARGOCD_APP_REVISION_SHORT $ARGOCD_APP_REVISION_SHORT_8") == "0123456 01234567"


@pytest.mark.parametrize(
    ("files", "options"),
    [
        ({"app/a.yaml": ""}, {"plugin": {"name": "mine"}}),
        ({"app/a.jsonnet": "{}"}, {}),
        ({"app/a.yaml": "", "app/sub": Submodule()}, {"directory": {"recurse": True}}),
        ({"app/Chart.yaml": ""}, {"helm": {"valueFiles": ["secrets://a.yaml"]}}),
        ({"app/Chart.yaml": ""}, {"helm": {"valueFiles": ["$ARGOCD_APP_REVISION.yaml"]}}),
        (
            {
                "app/kustomization.yaml": "generators: [g.yaml]",
                "app/g.yaml": "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: k}\nfiles: [s.yaml]\n",
            },
            {},
        ),
    ],
)
def test_what_nobody_here_can_read_has_the_key_of_the_whole_tree(
    files: dict[str, Content], options: dict[str, Any]
) -> None:
    target = application(**options)
    tree = MemoryTree(files)
    found = concrete(tree, target)
    is_refused = found.joined(trace(tree, found.target)).is_refused
    assert is_refused or "app/a.jsonnet" in files  # which may say that it is to be left out
    assert key(files, target) != key({**files, "app/s.yaml": "changed"}, target)
    assert key(files, target) != key({**files, "lib/far.libsonnet": "{}"}, target)
