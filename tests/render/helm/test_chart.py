"""What a release reads in its tree, and how its chart is put together from there."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.model.release import Chart, ChartKind
from bot.model.rendering import TraceKind
from bot.render.errors import Unrenderable
from bot.render.helm.chart import assemble
from bot.render.helm.dependencies import wanted_dependencies
from bot.render.helm.inputs import Archive, ReleaseInputs, fingerprint
from bot.render.helm.metadata import metadata
from bot.render.key import content_key
from bot.render.trace import trace
from tests.render.helm.releases import archived, chart, config, packed, release, target, values_from
from tests.render.trees import Content, Link, MemoryTree

TREE = ChartKind.TREE
WITH_DEPENDENCIES = "apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies:\n"


def read(files: dict[str, Content], of: Chart, kind: TraceKind = TraceKind.FILE) -> list[str]:
    found = trace(MemoryTree(files), target(release(chart=of)))
    return [
        entry.path
        for entry in found.entries
        if entry.kind is kind and not entry.path.endswith(".sourceignore")
    ]


def refusals(files: dict[str, Content], of: Chart | None = None) -> list[tuple[str | None, str]]:
    found = trace(MemoryTree(files), target(release(chart=of or Chart(TREE, "charts/web"))))
    return [(d.file, d.message) for d in found.diagnostics]


def assembled(
    files: dict[str, Content], of: Chart | None = None, inputs: ReleaseInputs | None = None
) -> dict[str, bytes]:
    return assemble(
        MemoryTree(files), release(chart=of or Chart(TREE, "charts/web")), inputs or ReleaseInputs()
    ).files


def test_the_trace_holds_the_chart_its_values_files_and_what_is_looked_for() -> None:
    files = chart(
        {"a.yaml": ""}, charts__sub__Chart_DOT_yaml="name: sub", README_DOT_md="x", _DOT_helmignore="*.md"
    )
    of = Chart(TREE, "charts/web", values_files=("charts/web/values.yaml", "env/prod.yaml", "gone.yaml"))
    files["env/prod.yaml"] = "a: 1"
    assert read(files, replace(of, ignore_missing_values_files=True)) == [
        "charts/web/.helmignore",
        "charts/web/Chart.yaml",
        "charts/web/charts/sub/Chart.yaml",
        "charts/web/templates/a.yaml",
        "charts/web/values.yaml",
        "env/prod.yaml",
    ]
    assert read(files, of, TraceKind.LISTING) == [
        "charts/web",
        "charts/web/charts",
        "charts/web/charts/sub",
        "charts/web/templates",
    ]
    assert read(files, of, TraceKind.ABSENT) == ["gone.yaml"]
    assert refusals(files, of) == [("clusters/test/web.yaml", "valuesFiles: 'gone.yaml' does not exist")]


def test_a_file_that_helm_does_not_read_changes_no_key() -> None:
    files = chart({"a.yaml": config()}, _DOT_helmignore="*.md", README_DOT_md="one")
    changed = files | {"charts/web/README.md": "two", "charts/web/new.md": "new"}
    grown = files | {"charts/web/templates/new.yaml": ""}
    first, same, other = (
        content_key(trace(MemoryTree(f), target()), target(), {}) for f in (files, changed, grown)
    )
    assert first == same != other


def test_what_a_release_is_rendered_from_is_in_its_key(tmp_path: Path) -> None:
    tree = MemoryTree(chart({"a.yaml": ""}))
    found = trace(tree, target())
    archive = archived(tmp_path, {"Chart.yaml": ""})
    several = [
        ReleaseInputs(),
        ReleaseInputs((values_from("a: 1"),)),
        ReleaseInputs(archive=archive),
        ReleaseInputs(archive=replace(archive, digest="sha256:other")),
        ReleaseInputs(version_label="abc"),
        ReleaseInputs(dependencies={"a": archive}),
    ]
    assert len({content_key(found, target(), {}, inputs=inputs) for inputs in several}) == len(several)
    moved = Archive(tmp_path / "elsewhere.tgz", archive.digest)
    assert fingerprint(ReleaseInputs(archive=moved)) == fingerprint(ReleaseInputs(archive=archive))
    for of in (release(name="other"), release(values={"a": 1})):
        assert content_key(found, target(of), {}) != content_key(found, target(), {})


def test_what_flux_leaves_out_of_its_artifact_is_no_part_of_a_chart() -> None:
    files = chart({"a.yaml": "", "link.yaml": "x"}) | {".sourceignore": "link.yaml"}
    files["charts/web/templates/real.yaml"] = Link("a.yaml")
    assert "charts/web/templates/a.yaml" in read(files, Chart(TREE, "charts/web"))
    assert not [path for path in read(files, Chart(TREE, "charts/web")) if "link" in path or "real" in path]


@pytest.mark.parametrize(
    ("files", "of", "reason"),
    [
        ({}, Chart(TREE, "charts/none"), "the chart 'charts/none' does not exist"),
        ({}, Chart(TREE, "../charts"), "leaves the repository"),
        (
            {},
            Chart(TREE, "charts/web", values_files=("../x.yaml",)),
            "valuesFiles: '../x.yaml' leaves the repository",
        ),
        (
            {},
            Chart(TREE, "charts/web", values_files=("charts/",)),
            "valuesFiles: 'charts/' 'charts' is no file",
        ),
        ({"Chart.yaml": "name: ["}, None, "Chart.yaml of the chart: "),
        ({"Chart.yaml": "- 1"}, None, "Chart.yaml of the chart: is no mapping"),
        ({"Chart.yaml": "version: 1.0.0"}, None, "Chart.yaml of the chart: name is missing, or not text"),
        (
            {"Chart.yaml": "name: a\nversion: 1\ndependencies: x"},
            None,
            "dependencies must be a list of mappings",
        ),
        (
            {
                "Chart.yaml": f"{WITH_DEPENDENCIES}- {{name: a, version: 1.x.x, repository: 'file://../../../a'}}"
            },
            None,
            "the dependency 'a' (file://../../../a) leaves the repository",
        ),
        ({".helmignore": "a/**"}, None, "holds **, which Helm does not know"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_runs(
    files: dict[str, str], of: Chart | None, reason: str
) -> None:
    whole = chart({"a.yaml": ""}) | {f"charts/web/{name}": text for name, text in files.items()}
    assert any(reason in message for _, message in refusals(whole, of)), refusals(whole, of)


def test_links_out_of_the_tree_are_refused_where_links_count() -> None:
    files = chart({"a.yaml": ""}) | {"charts/web/templates/x.yaml": Link("/etc/passwd")}
    with pytest.raises(Unrenderable, match="leaves the repository"):
        assembled(files)


def test_links_inside_the_tree_are_followed_where_links_count() -> None:
    files = chart({}) | {"charts/web/templates": Link("../../shared"), "shared/a.yaml": "x"}
    assert assembled(files)["templates/a.yaml"] == b"x"


def test_links_in_a_circle_are_refused() -> None:
    files = chart({"a.yaml": ""}) | {"charts/web/templates/up": Link("../../web")}
    with pytest.raises(Unrenderable, match="circle"):
        assembled(files)


class TestValuesFiles:
    FILES = chart({}) | {
        "charts/web/values.yaml": "a: {b: 1, c: 1}",
        "env/one.yaml": "a: {b: 2, d: null}\n---\nz: 1",
        "env/two.yaml": "a: {c: 3}\nl: [1]",
    }

    def values(self, *names: str, ignore_missing: bool = False) -> bytes:
        of = Chart(TREE, "charts/web", values_files=names, ignore_missing_values_files=ignore_missing)
        return assembled(self.FILES, of)["values.yaml"]

    def test_they_replace_the_charts_own_values_merged_in_order(self) -> None:
        assert self.values("env/one.yaml", "./env/two.yaml") == b'{"a":{"b":2,"c":3,"d":null},"l":[1]}'

    def test_the_charts_own_file_counts_only_where_it_is_named(self) -> None:
        assert self.values("charts/web/values.yaml", "/env/two.yaml") == b'{"a":{"b":1,"c":3},"l":[1]}'

    def test_its_own_file_alone_replaces_nothing(self) -> None:
        assert self.values("./values.yaml") == b"a: {b: 1, c: 1}"

    def test_all_of_them_missing_leaves_no_values_where_that_is_allowed(self) -> None:
        assert self.values("a.yaml", "b.yaml", ignore_missing=True) == b""

    def test_those_of_an_archive_lie_in_it(self, tmp_path: Path) -> None:
        archive = archived(
            tmp_path, {"Chart.yaml": "name: a\nversion: 1.0.0", "values.yaml": "a: 1", "prod.yaml": "b: 1"}
        )
        of = Chart(ChartKind.OCI, url="oci://host.example/a", values_files=("values.yaml", "./prod.yaml"))
        assert (
            assembled({"prod.yaml": "x: 1"}, of, ReleaseInputs(archive=archive))["values.yaml"]
            == b'{"a":1,"b":1}'
        )

    def test_a_chart_without_values_has_none_to_replace(self) -> None:
        files = {name: text for name, text in self.FILES.items() if name != "charts/web/values.yaml"}
        with pytest.raises(Unrenderable, match=r"no values\.yaml"):
            assembled(files, Chart(TREE, "charts/web", values_files=("env/one.yaml",)))


@pytest.mark.parametrize(
    ("version", "labelled"),
    [("1.2.3", "1.2.3+abc"), ("v1.2", "1.2.0+abc"), ("1.2.3-rc.1+old", "1.2.3-rc.1+abc")],
)
def test_the_label_is_build_metadata_of_the_version(version: str, labelled: str) -> None:
    files = chart({}) | {"charts/web/Chart.yaml": f"apiVersion: v2\nname: web\nversion: {version}"}
    assert metadata(assembled(files, inputs=ReleaseInputs(version_label="abc"))).version == labelled


class TestDependencies:
    FILES = chart(
        {},
        Chart_DOT_yaml=f"{WITH_DEPENDENCIES}"
        "- {name: there, version: 1.0.0, repository: 'https://charts.example'}\n"
        "- {name: packed, version: 1.0.0, repository: 'https://charts.example', condition: packed.enabled}\n"
        "- {name: local, version: ^1.0.0, repository: 'file://../local', alias: mine}\n"
        "- {name: far, version: 2.x.x, repository: 'https://charts.example/far'}\n"
        "- {name: image, version: 3.1.0, repository: 'oci://registry.example/charts/', alias: painted}\n"
        "- {name: odd, version: 1.0.0, repository: '@stable'}\n",
        charts__there__Chart_DOT_yaml="name: there\nversion: 1.0.0",
        charts__packed_DOT_tgz=packed({"Chart.yaml": "name: packed\nversion: 1.0.0"}, "packed"),
    ) | {"charts/local/Chart.yaml": "name: local\nversion: 1.4.0", "charts/local/templates/l.yaml": "x"}

    def test_those_that_lie_in_repositories_are_wanted_whatever_their_conditions(self) -> None:
        found = wanted_dependencies(MemoryTree(self.FILES), target())
        assert [(w.key, w.chart.kind, w.chart.name, w.chart.url, w.chart.version) for w in found] == [
            ("far", ChartKind.REPOSITORY, "far", "https://charts.example/far", "2.x.x"),
            ("painted", ChartKind.OCI, "", "oci://registry.example/charts/image", "3.1.0"),
            ("odd", ChartKind.REPOSITORY, "odd", "@stable", "1.0.0"),
        ]
        assert [bool(w.problem) for w in found] == [False, False, True]

    def test_the_lock_file_says_which_version(self) -> None:
        lock = "dependencies:\n- {name: far, version: 2.3.4, repository: 'https://charts.example/far'}\n"
        found = wanted_dependencies(MemoryTree(self.FILES | {"charts/web/Chart.lock": lock}), target())
        assert {w.key: w.chart.version for w in found}["far"] == "2.3.4"

    def test_an_older_chart_says_it_in_a_file_of_its_own(self) -> None:
        files = chart(
            {},
            requirements_DOT_yaml="dependencies: [{name: a, version: 1.0.0, repository: 'https://x.example'}]",
        )
        (found,) = wanted_dependencies(MemoryTree(files), target())
        assert found.key == "a"

    def test_they_are_put_beside_those_that_are_there(self, tmp_path: Path) -> None:
        names = ("far", "painted", "odd")
        given = {
            name: archived(tmp_path, {"Chart.yaml": f"name: {name}\nversion: 9.0.0"}, name) for name in names
        }
        files = assembled(self.FILES, inputs=ReleaseInputs(dependencies=given))
        charts = {text.split(b"\n")[0] for path, text in files.items() if path.endswith("/Chart.yaml")}
        assert charts == {
            b"name: there",
            b"name: packed",
            b"name: local",
            *(f"name: {n}".encode() for n in names),
        }
        assert any(path.endswith("/templates/l.yaml") for path in files)

    def test_a_local_one_is_part_of_the_trace(self) -> None:
        assert "charts/local/templates/l.yaml" in read(self.FILES, Chart(TREE, "charts/web"))

    @pytest.mark.parametrize(
        ("entry", "reason"),
        [
            ("{name: a, version: 1.0.0, repository: 'file://../gone'}", "does not exist"),
            ("{name: a, version: 1.0.0}", "names no repository, and is not in charts/"),
            ("{name: a, version: 1.0.0, repository: 'https://x.example'}", "was not fetched"),
            ("{name: local, version: 2.x.x, repository: 'file://../local'}", "which '2.x.x' does not admit"),
            ("{name: local, version: what, repository: 'file://../local'}", "'what' is no range"),
        ],
    )
    def test_one_that_cannot_be_had_is_a_reason(self, entry: str, reason: str) -> None:
        files = self.FILES | {"charts/web/Chart.yaml": f"{WITH_DEPENDENCIES}- {entry}"}
        with pytest.raises(Unrenderable, match=reason):
            assembled(files)

    def test_a_chart_that_cannot_be_read_wants_nothing(self) -> None:
        assert wanted_dependencies(MemoryTree(chart({}, Chart_DOT_yaml="[")), target()) == ()
        assert wanted_dependencies(MemoryTree({}), target()) == ()
