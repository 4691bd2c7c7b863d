"""Charts that kustomize would pull: handed in as archives, hostile ones included, and part of what a target depends on."""

from pathlib import Path

import pytest

from bot.model.inflation import ChartUse
from bot.model.release import Chart, ChartKind
from bot.model.remote import RemoteKind, RemoteRef
from bot.render.brute import checkout
from bot.render.given import Given
from bot.render.ground import RemoteTree
from bot.render.helm.inputs import Archive
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.helm.releases import archived, chart, config
from tests.render.inflation.oracle import inflated, inflated_by_kustomize
from tests.render.trees import Content, MemoryTree, config_map, target

REPO = "https://charts.example.test"
WEB = Chart(ChartKind.REPOSITORY, "web", REPO, "1.2.3")
ENTRY = f"name: web, repo: '{REPO}', version: 1.2.3, releaseName: web"


def packed(directory: Path, **more: Content) -> Archive:
    files = chart(
        {"a.yaml": config(greet="{{ .Values.greet }}")}, at="x", values_DOT_yaml="greet: hi\n", **more
    )
    return archived(directory, {path.removeprefix("x/"): content for path, content in files.items()})


def app(entry: str = ENTRY, **more: Content) -> dict[str, Content]:
    files: dict[str, Content] = {"app/kustomization.yaml": f"helmCharts: [{{{entry}}}]\n"}
    return files | {path.replace("__", "/").replace("_DOT_", "."): content for path, content in more.items()}


async def greeting(sandbox: Sandbox, files: dict[str, Content], charts: dict[Chart, Archive]) -> str:
    made = await inflated(sandbox, files, given=Given(charts=charts))
    assert not made.failed, made.diagnostics
    return str(made.objects[0].manifest["data"]["greet"])


async def test_a_fetched_chart_is_inflated_as_one_in_its_place(sandbox: Sandbox, tmp_path: Path) -> None:
    given = {WEB: packed(tmp_path)}
    assert await greeting(sandbox, app(), given) == "hi"
    inline = app(f"{ENTRY}, valuesInline: {{greet: inline}}")
    assert await greeting(sandbox, inline, given) == "inline"
    own = packed(tmp_path, prod_DOT_yaml="greet: prod\n")
    inside = app(f"{ENTRY}, valuesFile: charts/web-1.2.3/web/prod.yaml")
    assert await greeting(sandbox, inside, {WEB: own}) == "prod"


@pytest.mark.parametrize(
    ("entry", "place", "wanted"),
    [
        (ENTRY, "app/charts/web-1.2.3/web", WEB),
        (f"name: web, repo: '{REPO}'", "app/charts/web", Chart(ChartKind.REPOSITORY, "web", REPO)),
        (
            f"name: web, repo: '{REPO}', devel: true",
            "app/charts/web",
            Chart(ChartKind.REPOSITORY, "web", REPO, ">0.0.0-0"),
        ),
        (
            "name: web, repo: 'oci://registry.example.test/charts/', version: ~1.2",
            "app/charts/web-~1.2/web",
            Chart(ChartKind.OCI, url="oci://registry.example.test/charts/web", version="~1.2"),
        ),
    ],
)
def test_what_is_fetched_and_to_where_stands_in_the_trace(entry: str, place: str, wanted: Chart) -> None:
    found = trace(MemoryTree(app(entry)), target())
    assert found.charts == (ChartUse(place, wanted),)
    assert not found.is_refused
    is_exact = wanted.version == "1.2.3"
    assert any("pin it by `version`" in d.message for d in found.diagnostics) is not is_exact


def test_a_chart_that_lies_in_its_place_is_not_fetched() -> None:
    there = chart({}, at="app/charts/web-1.2.3/web")
    assert trace(MemoryTree(app() | there), target()).charts == (ChartUse("app/charts/web-1.2.3/web"),)
    elsewhere = chart({}, at="app/charts/web")
    assert trace(MemoryTree(app() | elsewhere), target()).charts[0].chart == WEB


async def test_a_chart_that_was_not_fetched_makes_its_target_unknown(sandbox: Sandbox) -> None:
    made = await inflated(sandbox, app())
    assert [d.message for d in made.diagnostics] == ["helmCharts[0] (web): the chart was not fetched"]
    assert made.diagnostics[0].file == "app/kustomization.yaml"


async def test_a_chart_by_another_name_is_not_found_by_kustomize(sandbox: Sandbox, tmp_path: Path) -> None:
    given = {WEB: packed(tmp_path, Chart_DOT_yaml="apiVersion: v2\nname: other\nversion: 1.2.3\n")}
    made = await inflated(sandbox, app(), given=Given(charts=given))
    assert "is called 'other'" in made.diagnostics[0].message


async def test_an_archive_that_is_none_is_a_reason(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "bad.tgz").write_bytes(b"\x1f\x8bnot")
    given = {WEB: Archive(tmp_path / "bad.tgz", "sha256:bad")}
    made = await inflated(sandbox, app(), given=Given(charts=given))
    assert "cannot be unpacked" in made.diagnostics[0].message


def test_two_repositories_cannot_be_fetched_to_one_place() -> None:
    both = f"helmCharts: [{{{ENTRY}}}, {{name: web, repo: 'https://other.example.test', version: 1.2.3}}]\n"
    found = trace(MemoryTree({"app/kustomization.yaml": both}), target())
    assert "kustomize keeps one" in found.diagnostics[0].message


def test_every_file_of_a_chart_and_of_values_is_part_of_the_key(tmp_path: Path) -> None:
    files = chart({"a.yaml": config()}, at="app/charts/web", values_DOT_yaml="a: 1\n")
    files |= app("name: web, releaseName: web, valuesFile: v.yaml, additionalValuesFiles: [w.yaml]")
    files |= {"app/v.yaml": "b: 1\n", "app/w.yaml": "c: 1\n", "app/unused.yaml": config_map("unused")}
    before = trace(MemoryTree(files), target()).entries
    for path in files:
        changed = trace(MemoryTree({**files, path: str(files[path]) + "\n# changed"}), target()).entries
        assert (changed != before) is (path != "app/unused.yaml"), path
    assert not isinstance(inflated_by_kustomize(tmp_path, files), str)


async def test_a_remote_base_may_inflate_charts_of_its_own_and_others(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ref = RemoteRef(RemoteKind.REPOSITORY, "https://github.com/acme/base", "v1")
    far = chart({"a.yaml": config(greet="{{ .Release.Namespace }}")}, at="deploy/charts/own")
    far["deploy/charts/own/Chart.yaml"] = "apiVersion: v2\nname: own\nversion: 1.0.0\n"
    far["deploy/kustomization.yaml"] = f"helmCharts: [{{name: own, releaseName: own}}, {{{ENTRY}}}]\n"
    remotes = {ref: RemoteTree(MemoryTree(far), f"{ref.url}@c1")}
    near = {"app/kustomization.yaml": f"namespace: here\nresources: ['{ref.url}//deploy?ref=v1']\n"}
    tree, wanted = MemoryTree(near), target()
    found = trace(tree, wanted, remotes)
    given = Given(remotes=remotes, charts={WEB: packed(tmp_path)})
    made = await render(tree, wanted, found, sandbox, given)
    async with checkout(tree) as everything:
        slow = await everything.render(wanted, sandbox, given)
    assert not made.failed, made.diagnostics
    assert made.objects == slow.objects
    assert {o.id.name: o.manifest["data"]["greet"] for o in made.objects} == {"own": "here", "web": "hi"}
