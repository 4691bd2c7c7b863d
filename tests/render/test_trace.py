"""What a trace holds: everything that kustomize would read or look for, and nothing else."""

from dataclasses import replace

import pytest

from bot.model.rendering import Trace, TraceKind
from bot.model.target import Found, GitSource, RendererKind
from bot.render.trace import trace
from bot.render.walker import MAX_DEPTH
from tests.render.trees import Content, Link, MemoryTree, Submodule, config_map, target

FLUX = Found.FLUX_KUSTOMIZATION


def paths(found: Trace, kind: TraceKind = TraceKind.FILE) -> list[str]:
    return [entry.path for entry in found.entries if entry.kind is kind]


def messages(found: Trace) -> list[str]:
    return [d.message for d in found.diagnostics]


def plugin(kind: str, fields: str) -> str:
    return f"- |-\n  apiVersion: builtin\n  kind: {kind}\n  metadata: {{name: p}}\n  {fields}\n"


@pytest.mark.parametrize(
    "kustomization",
    [
        "resources: [f]",
        "bases: [./f]",
        "crds: [f]",
        "configurations: [f]",
        "openapi: {path: f}",
        "patches: [{path: ../app/f}]",
        "patchesStrategicMerge: [f]",
        "patchesJson6902: [{path: f, target: {kind: A, name: b}}]",
        "replacements: [{path: f}]",
        "configMapGenerator: [{name: a, files: [f]}]",
        "configMapGenerator: [{name: a, files: [key=f]}]",
        "configMapGenerator: [{name: a, envs: [f]}]",
        "configMapGenerator: [{name: a, env: f}]",
        "secretGenerator: [{name: a, files: [f], type: Opaque}]",
        "secretGenerator: [{name: a, envs: [f]}]",
        "secretGenerator: [{name: a, env: f}]",
        "generators: [plugin]",
        "transformers: [plugin]",
        "validators: [plugin]",
        "generators:\n" + plugin("ConfigMapGenerator", "files: [f]"),
        "generators:\n" + plugin("SecretGenerator", "envs: [f]"),
        "transformers:\n" + plugin("PatchTransformer", "path: f"),
        "transformers:\n" + plugin("PatchStrategicMergeTransformer", "paths: [f]"),
        "transformers:\n" + plugin("PatchJson6902Transformer", "path: f"),
        "transformers:\n" + plugin("ReplacementTransformer", "replacements: [{path: f}]"),
        "transformers:\n" + plugin("ValueAddTransformer", "targetFilePath: f"),
    ],
)
def test_every_field_that_names_a_file_is_followed(kustomization: str) -> None:
    tree = MemoryTree(
        {
            "app/kustomization.yaml": kustomization,
            "app/f": "x: y",
            "app/unused": "",
            "app/plugin": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: f",
        }
    )
    found = trace(tree, target())
    assert not messages(found)
    assert [p for p in paths(found) if p != "app/plugin"] == ["app/f", "app/kustomization.yaml"]


@pytest.mark.parametrize(
    "kustomization",
    [
        "namePrefix: a-",
        "patches: [{patch: '[{op: remove, path: /a}]', target: {kind: A}}]",
        "patchesStrategicMerge:\n- |-\n  apiVersion: v1\n  kind: A\n  metadata: {name: a}",
        "patchesStrategicMerge: ['{kind: A, apiVersion: v1}']",
        "configMapGenerator: [{name: a, literals: [path=/etc/passwd]}]",
        "labels: [{pairs: {a: b}}]\nimages: [{name: a, newTag: b}]\nreplicas: [{name: a, count: 2}]",
        "resources: null\npatches: []\nconfigMapGenerator: [{name: a, env: ''}]",
        "metadata: {name: x, annotations: {path: /etc}}",
        "",
        "apiVersion: kustomize.config.k8s.io/v1beta1\n---\nresources: [not-read.yaml]",
    ],
)
def test_fields_that_name_no_file_read_none(kustomization: str) -> None:
    found = trace(MemoryTree({"app/kustomization.yaml": kustomization}), target())
    assert not messages(found)
    assert paths(found) == ["app/kustomization.yaml"]


def test_directories_are_followed_and_the_other_file_names_are_looked_for() -> None:
    tree = MemoryTree(
        {
            "app/kustomization.yaml": "resources: [../base]\ncomponents: [../component]",
            "base/Kustomization": "resources: [a.yaml]",
            "base/a.yaml": config_map("a"),
            "component/kustomization.yml": "kind: Component",
        }
    )
    found = trace(tree, target())
    assert not messages(found)
    assert paths(found) == [
        "app/kustomization.yaml",
        "base/Kustomization",
        "base/a.yaml",
        "component/kustomization.yml",
    ]
    assert paths(found, TraceKind.ABSENT) == [
        "app/Kustomization",
        "app/kustomization.yml",
        "base/kustomization.yaml",
        "base/kustomization.yml",
        "component/Kustomization",
        "component/kustomization.yaml",
    ]


def test_plugin_files_name_paths_relative_to_the_kustomization_that_uses_them() -> None:
    tree = MemoryTree(
        {
            "app/kustomization.yaml": "transformers: [../plugins]",
            "app/patch.yaml": "",
            "plugins/kustomization.yaml": "resources: [one.yaml, more]",
            "plugins/one.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: patch.yaml",
            "plugins/more/kustomization.yaml": "resources: [two.yaml]",
            "plugins/more/two.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: b}\npath: x.yaml",
            "app/x.yaml": "",
        }
    )
    found = trace(tree, target())
    assert not messages(found)
    assert {"app/patch.yaml", "app/x.yaml", "plugins/more/two.yaml"} <= set(paths(found))


def test_a_missing_file_is_named_with_field_file_and_line_and_looked_for() -> None:
    found = trace(
        MemoryTree({"app/kustomization.yaml": "resources:\n- a.yaml\n- ../gone/b.yaml\n"}), target()
    )
    assert [(d.message, d.file, d.line) for d in found.diagnostics] == [
        ("resources[0]: 'a.yaml' does not exist (app/a.yaml)", "app/kustomization.yaml", 2),
        ("resources[1]: '../gone/b.yaml' does not exist (gone)", "app/kustomization.yaml", 3),
    ]
    assert {"app/a.yaml", "gone"} <= set(paths(found, TraceKind.ABSENT))


def test_two_kustomization_files_are_ambiguous() -> None:
    found = trace(MemoryTree({"app/kustomization.yaml": "", "app/Kustomization": ""}), target())
    assert messages(found) == ["app has more than one kustomization file"]


@pytest.mark.parametrize("back", ["..", ".", "../../app", "../../app/sub"])
def test_cycles_end_with_a_diagnostic(back: str) -> None:
    tree = MemoryTree(
        {"app/kustomization.yaml": "resources: [sub]", "app/sub/kustomization.yaml": f"resources: [{back}]"}
    )
    found = trace(tree, target())
    assert len(messages(found)) == 1
    assert "refers back to itself: a cycle" in messages(found)[0]


def test_the_same_base_twice_is_no_cycle() -> None:
    tree = MemoryTree(
        {
            "app/kustomization.yaml": "resources: [../a, ../b]",
            "a/kustomization.yaml": "resources: [../base]",
            "b/kustomization.yaml": "resources: [../base]",
            "base/kustomization.yaml": "",
        }
    )
    assert not messages(trace(tree, target()))


def test_a_chain_without_end_is_cut() -> None:
    files: dict[str, Content] = {
        f"d{i}/kustomization.yaml": f"resources: [../d{i + 1}]" for i in range(MAX_DEPTH + 5)
    }
    found = trace(MemoryTree(files), target("d0"))
    assert messages(found) == [f"kustomizations refer to one another more than {MAX_DEPTH} deep"]


def test_links_inside_the_tree_are_recorded_with_where_they_lead() -> None:
    tree = MemoryTree(
        {
            "app": Link("real/app"),
            "real/app/kustomization.yaml": "resources: [link.yaml, ../dir/b.yaml]",
            "real/app/link.yaml": Link("../../shared/a.yaml"),
            "real/dir": Link("../shared"),
            "shared/a.yaml": config_map("a"),
            "shared/b.yaml": config_map("b"),
        }
    )
    found = trace(tree, target())
    assert not messages(found)
    assert paths(found) == ["real/app/kustomization.yaml", "shared/a.yaml", "shared/b.yaml"]
    assert paths(found, TraceKind.LINK) == ["app", "real/app/link.yaml", "real/dir"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "the directory 'app' does not exist"),
        ({"app": "x"}, "'app' is a file, not a directory"),
        ({"app/a.yaml": "x"}, "app has no kustomization file"),
        ({"app/kustomization.yaml": "a: b: c"}, "mapping values are not allowed in this context"),
        ({"app/kustomization.yaml": "- a"}, "a kustomization is a mapping"),
        ({"app/kustomization.yaml": "resources: {a: b}"}, "resources: must be a list"),
        ({"app/kustomization.yaml": "resources: [1]"}, "resources[0]: must be text"),
        ({"app/kustomization.yaml": "openapi: [a]"}, "openapi: must be a mapping"),
        ({"app/kustomization.yaml": "a: &x [*x]"}, "an anchor contains itself"),
        (
            {"app/kustomization.yaml": "resources: [a]\nresources: [b]"},
            "the key 'resources' occurs twice in one mapping",
        ),
        (
            {"app/kustomization.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"},
            "is a Git LFS pointer, not the file itself",
        ),
        ({"app/kustomization.yaml": b"\xff\xfe\xff"}, None),
        ({"app/kustomization.yaml": "configMapGenerator: [{name: a, files: [a=b=c]}]"}, None),
        ({"app/kustomization.yaml": "configMapGenerator: [{name: a, files: [..]}]"}, None),
        ({"app/kustomization.yaml": "components: [kustomization.yaml]"}, None),
        ({"app/kustomization.yaml": "x" * 5_000_000}, "app/kustomization.yaml is larger than 4194304 bytes"),
    ],
)
def test_bad_input_is_a_diagnostic(files: dict[str, Content], message: str | None) -> None:
    found = trace(MemoryTree(files), target())
    assert found.is_refused
    assert message is None or messages(found) == [message]


def test_a_thousand_mistakes_are_reported_in_part_and_hide_nothing_from_the_trace() -> None:
    names = ", ".join(f"gone{i}" for i in range(1000))
    tree = MemoryTree({"app/kustomization.yaml": f"resources: [{names}, last.yaml]", "app/last.yaml": ""})
    found = trace(tree, target())
    assert found.is_refused
    assert len(found.diagnostics) == 30
    assert "app/last.yaml" in paths(found)


def test_a_target_that_reads_far_too_much_is_refused_and_changes_with_its_tree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.render.notes.MAX_ENTRIES", 10)
    files: dict[str, Content] = {f"app/{i}.yaml": config_map(f"c{i}") for i in range(20)}
    plain = target(renderer=RendererKind.PLAIN)
    found = trace(MemoryTree(files), plain)
    assert messages(found) == ["reads more than 10 files"]
    assert trace(MemoryTree({**files, "elsewhere": "x"}), plain) != found


def test_a_kustomization_is_parsed_once_for_all_trees_that_hold_it() -> None:
    files: dict[str, Content] = {
        f"app{i}/kustomization.yaml": "namePrefix: only-in-this-test-" for i in range(3)
    }
    tree = MemoryTree(files)
    for path in ("app0", "app1", "app2"):
        trace(tree, target(path))
    trace(MemoryTree(files), target("app0"))
    assert tree.reads == 1


class TestGeneratedForFlux:
    def test_lists_directories_and_takes_yaml_files_and_kustomizations(self) -> None:
        tree = MemoryTree(
            {
                "app/a.yaml": config_map("a"),
                "app/README.md": "",
                "app/sub/b.yml": config_map("b"),
                "app/sub/c.json": "{}",
                "app/kustomized/kustomization.yaml": "resources: [d.yaml]",
                "app/kustomized/d.yaml": config_map("d"),
                "app/kustomized/not-listed.yaml": config_map("e"),
                "app/.github/workflow.yaml": "on: push",
                "app/link.yaml": Link("a.yaml"),
                "app/.sops.yaml": "",
            }
        )
        found = trace(tree, target(found=FLUX))
        assert not messages(found)
        assert paths(found) == [
            "app/a.yaml",
            "app/kustomized/d.yaml",
            "app/kustomized/kustomization.yaml",
            "app/sub/b.yml",
        ]
        # That app/.sops.yaml is hidden holds as long as the whole tree ignores nothing.
        assert paths(found, TraceKind.LISTING) == ["", "app", "app/sub"]
        assert ".sourceignore" in paths(found, TraceKind.ABSENT)

    def test_a_new_file_that_matters_changes_the_listing_and_another_one_does_not(self) -> None:
        files: dict[str, Content] = {"app/a.yaml": config_map("a")}
        before = trace(MemoryTree(files), target(found=FLUX))
        assert trace(MemoryTree({**files, "app/README.md": ""}), target(found=FLUX)) == before
        assert trace(MemoryTree({**files, "app/b.yaml": ""}), target(found=FLUX)) != before

    def test_what_sourceignore_hides_is_not_there(self) -> None:
        tree = MemoryTree(
            {
                ".sourceignore": "# all but apps\n/*\n!/app\n",
                "app/a.yaml": config_map("a"),
                "app/drafts/b.yaml": config_map("b"),
                "app/sub/c.yaml": config_map("c"),
                "app/sub/.sourceignore": "c.yaml",
                "app/.sourceignore": "drafts/",
            }
        )
        found = trace(tree, target(found=FLUX))
        assert not messages(found)
        assert paths(found) == [".sourceignore", "app/.sourceignore", "app/a.yaml", "app/sub/.sourceignore"]

    def test_a_new_sourceignore_that_could_hide_something_changes_the_trace(self) -> None:
        files: dict[str, Content] = {
            "app/kustomization.yaml": "resources: [x/a.yaml]",
            "app/x/a.yaml": config_map("a"),
        }
        before = trace(MemoryTree(files), target(found=FLUX))
        for path in (".sourceignore", "app/.sourceignore", "app/x/.sourceignore"):
            assert path in paths(before, TraceKind.ABSENT)
            assert trace(MemoryTree({**files, path: "other"}), target(found=FLUX)) != before

    def test_a_first_sourceignore_anywhere_counts_where_a_default_hides_something(self) -> None:
        files: dict[str, Content] = {"app/a.yaml": config_map("a"), "app/cloudbuild.yaml": config_map("b")}
        before = trace(MemoryTree(files), target(found=FLUX))
        ignoring = {**files, "other/.sourceignore": "x"}
        after = trace(MemoryTree(ignoring), target(found=FLUX))
        assert paths(before) == ["app/a.yaml"]
        assert paths(after) == ["app/a.yaml", "app/cloudbuild.yaml", "other/.sourceignore"]
        assert "" in paths(before, TraceKind.LISTING)
        assert "" not in paths(after, TraceKind.LISTING)

    def test_what_the_source_itself_ignores_is_not_there(self) -> None:
        files: dict[str, Content] = {"app/a.yaml": config_map("a"), "app/b.yaml": config_map("b")}
        ours = replace(target(found=FLUX), ignore="a.yaml")
        theirs = replace(ours, source=GitSource("https://h.example/a/b", ignore="b.yaml"))
        assert paths(trace(MemoryTree(files), ours)) == ["app/b.yaml"]
        assert paths(trace(MemoryTree(files), theirs)) == ["app/a.yaml"]

    @pytest.mark.parametrize(
        ("hidden", "reason"),
        [
            (Link("a.yaml"), "app/l.yaml is a symbolic link, so Flux does not get it"),
            (Submodule(), "app/l.yaml is a submodule, so Flux does not get it"),
            ("ignored: by.sourceignore", "app/l.yaml is ignored, so Flux does not get it"),
        ],
    )
    def test_what_flux_does_not_get_is_said(self, hidden: Content, reason: str) -> None:
        tree = MemoryTree(
            {
                "app/kustomization.yaml": "resources: [l.yaml]",
                "app/l.yaml": hidden,
                "app/a.yaml": config_map("a"),
                ".sourceignore": "l.yaml",
            }
        )
        assert messages(trace(tree, target(found=FLUX))) == [
            f"resources[0]: 'l.yaml' does not exist ({reason})"
        ]

    def test_components_of_the_overlay_are_followed(self) -> None:
        tree = MemoryTree({"app/kustomization.yaml": "", "part/kustomization.yaml": "kind: Component"})
        found = trace(tree, target(found=FLUX, overlay={"components": ["../part"]}))
        assert not messages(found)
        assert "part/kustomization.yaml" in paths(found)

    def test_missing_components_are_an_error_unless_they_may_be_ignored(self) -> None:
        tree = MemoryTree({"app/kustomization.yaml": ""})
        found = trace(tree, target(found=FLUX, overlay={"components": ["../part"]}))
        assert [(d.message, d.file) for d in found.diagnostics] == [
            ("components[0]: '../part' does not exist (part)", "clusters/test/app.yaml")
        ]
        lenient = {"components": ["../part"], "ignoreMissingComponents": True}
        found = trace(tree, target(found=FLUX, overlay=lenient))
        assert not messages(found)
        assert "part" in paths(found, TraceKind.ABSENT)

    @pytest.mark.parametrize("overlay", [{"resources": ["x"]}, {"patches": [{"path": "/etc/passwd"}]}])
    def test_an_overlay_may_hold_only_what_flux_knows(self, overlay: dict[str, object]) -> None:
        found = trace(MemoryTree({"app/kustomization.yaml": ""}), target(found=FLUX, overlay=overlay))
        assert "is not a field that Longshore lets kustomize read" in messages(found)[0]


class TestPlain:
    def test_takes_every_manifest_file_below_and_no_hidden_directory(self) -> None:
        tree = MemoryTree(
            {
                "app/a.yaml": "",
                "app/b.json": "",
                "app/sub/c.yml": "",
                "app/kustomization.yaml": "resources: [/etc/passwd]",
                "app/.hidden/d.yaml": "",
                "app/notes.txt": "",
            }
        )
        found = trace(tree, target(renderer=RendererKind.PLAIN))
        assert not messages(found)
        assert paths(found) == ["app/a.yaml", "app/b.json", "app/kustomization.yaml", "app/sub/c.yml"]
        assert paths(found, TraceKind.LISTING) == ["app", "app/sub"]

    def test_a_target_of_helm_names_a_release(self) -> None:
        found = trace(MemoryTree({"app/a.yaml": ""}), target(renderer=RendererKind.HELM))
        assert messages(found) == ["it names no release"]
