"""Kustomizations and charts that choose paths: nothing outside the checkout is read, written or removed, either way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model.rendering import Rendering
from bot.render.brute import checkout
from bot.render.given import Given
from bot.render.helm.inputs import Archive
from bot.render.inflation.judge import charts_of
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.helm.releases import chart, config
from tests.render.inflation.oracle import inflated
from tests.render.inflation.test_fetched import ENTRY, REPO, WEB, app, packed
from tests.render.trees import Content, Link, MemoryTree, config_map, target

REMOTE_SCHEMA = '{"$ref": "https://schemas.example.test/a.json"}'


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A directory of the host that looks like a chart; in the end it must be as it was."""
    place = tmp_path / "host" / "web"
    for path, content in chart({"a.yaml": config(at="{{ now }}")}, at="c").items():
        file = place / path.removeprefix("c/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(str(content).encode())
    (place / "values.schema.json").write_text(REMOTE_SCHEMA)
    before = _state(place.parent)
    yield place
    assert _state(place.parent) == before


def _state(directory: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in directory.rglob("*")
    }


async def judged(sandbox: Sandbox, files: dict[str, Content], archive: Archive | None = None) -> Rendering:
    """By the judge alone, whatever the trace refuses."""
    async with checkout(MemoryTree(files)) as everything:
        given = Given(charts={WEB: archive} if archive else {})
        return await everything.render(target(), sandbox, given)


async def test_a_fetched_chart_does_not_choose_where_it_is_written(
    sandbox: Sandbox, tmp_path: Path, outside: Path
) -> None:
    for name in (str(outside.parent / "new"), "../../../../new", "other"):
        called = f"apiVersion: v2\nname: {name}\nversion: 1.2.3\n"
        made = await judged(sandbox, app(), packed(tmp_path, Chart_DOT_yaml=called))
        assert "is called" in made.diagnostics[0].message


@pytest.mark.parametrize("way", ["home", "old home", "generator", "link", "link of the chart"])
async def test_a_chart_outside_the_checkout_is_not_touched(sandbox: Sandbox, outside: Path, way: str) -> None:
    home = outside.parent
    entry = "name: web, releaseName: web"
    files: dict[str, Content] = {"app/kustomization.yaml": f"helmCharts: [{{{entry}}}]\n"}
    generator = f"{{apiVersion: builtin, kind: HelmChartInflationGenerator, {entry}, chartHome: '{home}'}}"
    match way:
        case "home":
            files["app/kustomization.yaml"] = (
                f"helmGlobals: {{chartHome: '{home}'}}\nhelmCharts: [{{{entry}}}]\n"
            )
        case "old home":
            old = f"{{chartName: web, releaseName: web, chartHome: '{home}'}}"
            files["app/kustomization.yaml"] = f"helmChartInflationGenerator: [{old}]\n"
        case "generator":
            files = {"app/kustomization.yaml": "generators: [g.yaml]\n", "app/g.yaml": generator}
        case "link":
            files["app/charts"] = Link(str(home))
        case _:
            files["app/charts/web"] = Link(str(outside))
    made = await judged(sandbox, files)
    assert made.failed
    reason = made.diagnostics[0].message
    assert "absolute path" in reason or "leaves the repository" in reason


async def test_a_chart_is_not_fetched_through_a_link_that_leaves_the_checkout(
    sandbox: Sandbox, tmp_path: Path, outside: Path
) -> None:
    archive = packed(tmp_path)
    for link in ("app/charts", "app/charts/web-1.2.3", "app/charts/web-1.2.3/web"):
        files: dict[str, Content] = {**app(), link: Link(str(outside.parent / "new"))}
        made = await judged(sandbox, files, archive)
        assert "leaves the repository" in made.diagnostics[0].message, link
        files[link] = Link(str(outside.parent))
        assert (await judged(sandbox, files, archive)).failed


async def test_a_home_above_the_checkout_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    home = "helmGlobals: {chartHome: ../../..}\n"
    files: dict[str, Content] = {"app/kustomization.yaml": f"{home}helmCharts: [{{{ENTRY}}}]\n"}
    made = await judged(sandbox, files, packed(tmp_path))
    assert "leaves the repository" in made.diagnostics[0].message
    version = f"name: web, repo: '{REPO}', version: ../../../../../x, releaseName: web"
    assert "leaves the repository" in (await judged(sandbox, app(version))).diagnostics[0].message


@pytest.mark.parametrize("field", ["valuesFile: {}", "additionalValuesFiles: [{}]"])
async def test_a_file_of_values_outside_the_checkout_is_refused(
    sandbox: Sandbox, outside: Path, field: str
) -> None:
    there = chart({"a.yaml": config()}, at="app/charts/web")
    for text in (str(outside / "values.yaml"), "../../../v.yaml", "link.yaml"):
        files = app(f"name: web, releaseName: web, {field.format(text)}") | there
        files["app/link.yaml"] = Link(str(outside / "values.yaml"))
        made = await judged(sandbox, files)
        assert "the values file" in made.diagnostics[0].message


def test_no_kustomization_and_no_generator_is_read_outside_the_checkout(
    tmp_path: Path, outside: Path
) -> None:
    entry = "{apiVersion: builtin, kind: HelmChartInflationGenerator, name: web, releaseName: web}"
    (outside / "kustomization.yaml").write_text("helmCharts: [{name: web}]\n")
    (outside / "g.yaml").write_text(entry)
    root = tmp_path / "root"
    (root / "linked").mkdir(parents=True)
    (root / "linked/kustomization.yaml").symlink_to(outside / "kustomization.yaml")
    (root / "out").symlink_to(outside)
    (root / "app").mkdir()
    (root / "app/g.yaml").symlink_to(outside / "g.yaml")
    (root / "app/kustomization.yaml").write_text(
        f"resources: [../linked, ../out, {outside}, {'x' * 300}]\n"
        f"generators: [g.yaml, {outside}/g.yaml, ../../host/web/g.yaml, ../out/g.yaml]\n"
    )
    assert charts_of(root, root / "app") == []
    (outside / "kustomization.yaml").unlink()
    (outside / "g.yaml").unlink()


async def test_links_out_of_a_chart_are_not_followed(sandbox: Sandbox, outside: Path) -> None:
    """What a file of the host says decides nothing: the schema stays, and Helm may not read it."""
    files = chart({"a.yaml": config()}, at="app/charts/web") | app("name: web, releaseName: web")
    files["app/charts/web/values.schema.json"] = Link(str(outside / "values.schema.json"))
    assert (await judged(sandbox, files)).failed


async def test_what_cannot_be_followed_is_a_reason_too(sandbox: Sandbox) -> None:
    there = chart({"a.yaml": config()}, at="app/charts/web")
    circle = {"app/charts": Link("charts")}
    assert (await judged(sandbox, app("name: web, releaseName: web") | circle)).failed
    assert (await judged(sandbox, app(f"name: {'x' * 300}, releaseName: web"))).failed
    odd: dict[str, Content] = {
        "app/kustomization.yaml": "helmCharts: [{name: web}, 3]\nhelmChartInflationGenerator: 4\n"
    }
    assert (await judged(sandbox, odd | there)).failed
    more = {"app/kustomization.yaml": "helmCharts: [{name: web}, 3]\n"}
    assert (await judged(sandbox, more | there)).failed


@pytest.mark.parametrize(
    "taken",
    [".longshore-charts/0", ".longshore-charts/of-0", "app/.longshore-base-1", ".longshore-base-1"],
)
async def test_names_that_longshore_writes_itself_are_refused(sandbox: Sandbox, taken: str) -> None:
    files = chart({"a.yaml": config()}, at="base/charts/web")
    files |= {
        "base/kustomization.yaml": "helmCharts: [{name: web, releaseName: web}]\n",
        "dev/kustomization.yaml": "namespace: dev\nresources: [../base]\n",
        "prod/kustomization.yaml": "namespace: prod\nresources: [../base]\n",
        "app/kustomization.yaml": f"resources: [../dev, ../prod, ../{taken}]\n",
        f"{taken}/kustomization.yaml": "resources: [own.yaml]\n",
        f"{taken}/own.yaml": config_map("own"),
    }
    tree, wanted = MemoryTree(files), target()
    found = trace(tree, wanted)
    assert not found.is_refused, found.diagnostics
    made = await render(tree, wanted, found, sandbox)
    assert "begin with .longshore-: rename it" in made.diagnostics[0].message
    assert str(made.diagnostics[0].file).startswith(taken.partition("/")[0])


async def test_a_directory_whose_copy_has_too_long_a_name_is_a_reason(sandbox: Sandbox) -> None:
    base = "b" * 250
    files = chart({"a.yaml": config()}, at=f"{base}/charts/web")
    files |= {
        f"{base}/kustomization.yaml": "helmCharts: [{name: web, releaseName: web}]\n",
        "dev/kustomization.yaml": f"namespace: dev\nresources: [../{base}]\n",
        "app/kustomization.yaml": f"namespace: app\nresources: [../dev, ../prod, ../{base}]\n",
        "prod/kustomization.yaml": f"namespace: prod\nresources: [../{base}]\n",
    }
    made = await inflated(sandbox, files)
    assert "cannot be laid out" in made.diagnostics[0].message
