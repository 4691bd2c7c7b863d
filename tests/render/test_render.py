"""Real kustomize, in the sandbox, from a tree in memory."""

from dataclasses import replace

from bot.model.rendering import Rendering
from bot.model.target import Found, RendererKind
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.trees import Content, Link, MemoryTree, config_map, target

FLUX = Found.FLUX_KUSTOMIZATION


async def rendered(sandbox: Sandbox, files: dict[str, Content], **about: object) -> Rendering:
    tree, wanted = MemoryTree(files), target(**about)  # type: ignore[arg-type]
    return await render(tree, wanted, trace(tree, wanted), sandbox)


def ids(rendering: Rendering) -> list[str]:
    assert not rendering.diagnostics
    return [str(found.id) for found in rendering.objects]


def messages(rendering: Rendering) -> list[str]:
    assert rendering.failed
    assert not rendering.objects
    return [d.message for d in rendering.diagnostics]


async def test_renders_bases_generators_and_patches(sandbox: Sandbox) -> None:
    result = await rendered(
        sandbox,
        {
            "app/kustomization.yaml": "resources: [../base]\nnamespace: prod\npatches: [{path: p.yaml}]\n"
            "configMapGenerator: [{name: gen, files: [key=data/f.txt], options: {disableNameSuffixHash: true}}]",
            "app/p.yaml": config_map("a", color="red"),
            "app/data/f.txt": "hello",
            "base/kustomization.yaml": "resources: [a.yaml]",
            "base/a.yaml": config_map("a"),
        },
    )
    assert ids(result) == ["ConfigMap prod/a", "ConfigMap prod/gen"]
    assert result.objects[0].manifest["data"] == {"color": "red", "own": "1"}
    assert result.objects[1].manifest["data"] == {"key": "hello"}


async def test_numbers_and_words_keep_the_meaning_kustomize_gave_them(sandbox: Sandbox) -> None:
    values = "{a: 'yes', b: yes, c: '012', d: 012, e: 1e3, f: '1e3', g: '2026-01-01', h: 12:30:45, j: 1.50}"
    manifest = f"apiVersion: v1\nkind: Thing\nmetadata: {{name: x}}\nspec: {values}"
    result = await rendered(
        sandbox, {"app/kustomization.yaml": "resources: [a.yaml]", "app/a.yaml": manifest}
    )
    assert result.objects[0].manifest["spec"] == {
        "a": "yes",
        "b": "yes",
        "c": "012",
        "d": 10,
        "e": 1000,
        "f": "1e3",
        "g": "2026-01-01",
        "h": "12:30:45",
        "j": 1.5,
    }


async def test_links_inside_the_tree_are_rendered_through(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        "app": Link("real/app"),
        "real/app/kustomization.yaml": "resources: [link.yaml, ../dir]",
        "real/app/link.yaml": Link("../../shared/a.yaml"),
        "real/dir": Link("../base"),
        "base/kustomization.yaml": "resources: [../shared/b.yaml]",
        "shared/a.yaml": config_map("a"),
        "shared/b.yaml": config_map("b"),
    }
    assert ids(await rendered(sandbox, files)) == ["ConfigMap a", "ConfigMap b"]


async def test_a_target_known_to_be_unknown_says_why_where_it_was_found(sandbox: Sandbox) -> None:
    result = await rendered(sandbox, {"app/kustomization.yaml": ""}, found=FLUX, unknown_because="not yet")
    assert [(d.message, d.file, d.line) for d in result.diagnostics] == [
        ("not yet", "clusters/test/app.yaml", 7)
    ]


async def test_kustomizes_own_refusal_names_files_of_the_repository(sandbox: Sandbox) -> None:
    result = await rendered(
        sandbox,
        {
            "app/kustomization.yaml": "resources: [../base, own.yaml]",
            "app/own.yaml": config_map("a"),
            "base/kustomization.yaml": "resources: [a.yaml]",
            "base/a.yaml": config_map("a"),
        },
    )
    (message,) = messages(result)
    assert message.startswith("kustomize: ")
    assert "may not add resource with an already registered id: ConfigMap.v1.[noGrp]/a.[noNs]" in message
    assert "longshore-" not in message


async def test_a_file_that_is_no_yaml_is_named_before_what_reads_it(sandbox: Sandbox) -> None:
    result = await rendered(
        sandbox,
        {
            "app/kustomization.yaml": "resources: [../base]\nconfigMapGenerator: [{name: g, files: [any.yaml]}]",
            "app/any.yaml": "a: [",
            "base/kustomization.yaml": "resources: [a.yaml, deep/broken.yaml]",
            "base/a.yaml": config_map("a"),
            "base/deep/broken.yaml": "kind: ConfigMap\nmetadata:\n  name: x\n data: [\n",
        },
    )
    first, *rest = result.diagnostics
    assert (first.file, first.line) == ("base/deep/broken.yaml", 4)
    assert first.message == "is no YAML: did not find expected key"
    assert [d.message.partition(":")[0] for d in rest] == ["kustomize"]


async def test_a_key_that_occurs_twice_is_found_where_kustomize_names_no_file(sandbox: Sandbox) -> None:
    result = await rendered(
        sandbox,
        {
            "app/kustomization.yaml": "resources: [a.yaml]",
            "app/a.yaml": "kind: ConfigMap\nmetadata:\n  name: x\n  name: y\n",
        },
    )
    assert (result.diagnostics[0].file, result.diagnostics[0].line) == ("app/a.yaml", 4)
    assert "the key 'name' occurs twice" in result.diagnostics[0].message


async def test_a_file_is_not_blamed_for_what_another_does(sandbox: Sandbox) -> None:
    result = await rendered(
        sandbox,
        {
            "app/kustomization.yaml": "resources: [a.yaml]\nconfigMapGenerator: [{name: g, files: [any.yaml]}]",
            "app/any.yaml": "a: [",
            "app/a.yaml": "a: 1\n",
        },
    )
    assert {d.file for d in result.diagnostics} == {None}


async def test_what_kustomize_says_in_other_words_is_left_to_be_seen_by_hand(sandbox: Sandbox) -> None:
    (message,) = messages(await rendered(sandbox, {"app/kustomization.yaml": "namePrefix: {a: s3cret}"}))
    assert "s3cret" not in message


async def test_two_versions_of_one_object_are_one_identity_twice(sandbox: Sandbox) -> None:
    beta = "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: web}"
    stable = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}"
    result = await rendered(
        sandbox,
        {"app/kustomization.yaml": "resources: [a.yaml, b.yaml]", "app/a.yaml": beta, "app/b.yaml": stable},
    )
    assert messages(result) == ["Deployment.apps web is declared twice"]


async def test_a_renderer_that_takes_too_long_is_ended(sandbox: Sandbox) -> None:
    result = await rendered(
        replace(sandbox, timeout_s=0.01),
        {"app/kustomization.yaml": "resources: [a.yaml]", "app/a.yaml": config_map("a")},
    )
    assert messages(result) == ["kustomize took longer than 0.01 s"]


async def test_output_without_end_is_cut(sandbox: Sandbox) -> None:
    result = await rendered(
        replace(sandbox, max_output_bytes=50),
        {"app/kustomization.yaml": "resources: [a.yaml]", "app/a.yaml": config_map("a", b="c" * 100)},
    )
    assert messages(result) == ["kustomize wrote more than 50 bytes"]


async def test_a_large_file_pointer_is_refused_and_not_rendered(sandbox: Sandbox) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"
    result = await rendered(
        sandbox,
        {"app/kustomization.yaml": "configMapGenerator: [{name: a, files: [big]}]", "app/big": pointer},
    )
    assert [(d.message, d.file) for d in result.diagnostics] == [
        ("is a Git LFS pointer, not the file itself", "app/big")
    ]


async def test_an_empty_kustomization_renders_to_nothing_without_failing(sandbox: Sandbox) -> None:
    result = await rendered(sandbox, {"app/kustomization.yaml": "resources: []"})
    assert not result.failed
    assert result.objects == ()


async def test_a_name_that_no_file_system_takes_is_a_diagnostic(sandbox: Sandbox) -> None:
    name = "n" * 300
    result = await rendered(
        sandbox,
        {
            "app/kustomization.yaml": f"configMapGenerator: [{{name: a, files: [k={name}]}}]",
            f"app/{name}": "x",
        },
    )
    assert messages(result) == ["cannot be written down: File name too long"]


class TestFlux:
    async def test_a_directory_without_kustomization_is_rendered_whole(self, sandbox: Sandbox) -> None:
        result = await rendered(
            sandbox,
            {
                "app/b.yaml": config_map("b"),
                "app/a/a.yml": config_map("a"),
                "app/k/kustomization.yaml": "resources: [c.yaml]\nnamePrefix: k-",
                "app/k/c.yaml": config_map("c"),
            },
            found=FLUX,
        )
        assert ids(result) == ["ConfigMap a", "ConfigMap b", "ConfigMap k-c"]

    async def test_the_overlay_is_laid_over_the_kustomization(self, sandbox: Sandbox) -> None:
        workload = (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {own: '1'}}\n"
            "spec: {template: {spec: {containers: [{name: c, image: 'nginx:1'}, {name: d, image: 'redis:1'}]}}}"
        )
        result = await rendered(
            sandbox,
            {
                "app/Kustomization": "resources: [web.yaml]\nnamespace: from-repo\nimages: [{name: nginx, newTag: '2'}]\n"
                "patches: [{patch: '- {op: add, path: /metadata/annotations, value: {first: x}}', target: {kind: Deployment}}]",
                "app/web.yaml": workload,
                "part/kustomization.yaml": "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnameSuffix: -c",
            },
            found=FLUX,
            overlay={
                "namespace": "over",
                "namePrefix": "pre-",
                "images": [
                    {"name": "nginx", "newName": "mirror/nginx"},
                    {"name": "redis", "digest": "sha256:ab"},
                ],
                "patches": [
                    {
                        "patch": '[{"op": "add", "path": "/metadata/annotations/second", "value": "y"}]',
                        "target": {"kind": "Deployment"},
                    }
                ],
                "components": ["../part", "../gone", "../../above"],
                "ignoreMissingComponents": True,
                "commonMetadata": {"labels": {"own": "won", "team": "a"}, "annotations": {"note": "z"}},
            },
        )
        assert ids(result) == ["Deployment.apps over/pre-web-c"]
        manifest = result.objects[0].manifest
        assert manifest["metadata"]["annotations"] == {"first": "x", "second": "y", "note": "z"}
        assert manifest["metadata"]["labels"] == {"own": "won", "team": "a"}
        images = [c["image"] for c in manifest["spec"]["template"]["spec"]["containers"]]
        assert images == ["mirror/nginx:2", "redis@sha256:ab"]

    async def test_the_overlay_of_one_target_does_not_touch_the_same_directory_as_a_base(
        self, sandbox: Sandbox
    ) -> None:
        files: dict[str, Content] = {
            "app/kustomization.yaml": "resources: [a.yaml]",
            "app/a.yaml": config_map("a"),
            "top/kustomization.yaml": "resources: [../app]",
        }
        with_overlay = await rendered(sandbox, files, found=FLUX, overlay={"namePrefix": "x-"})
        assert ids(with_overlay) == ["ConfigMap x-a"]
        assert ids(await rendered(sandbox, files, path="top")) == ["ConfigMap a"]


class TestPlain:
    async def test_every_document_of_every_file_with_lists_unpacked(self, sandbox: Sandbox) -> None:
        items = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: in-list}}"
        result = await rendered(
            sandbox,
            {
                "app/a.yaml": config_map("one") + "---\n" + config_map("two") + "---\n---\n",
                "app/b.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "json"}}',
                "app/sub/c.yml": items,
                "app/linked.yaml": Link("../shared.yaml"),
                "shared.yaml": config_map("shared"),
            },
            renderer=RendererKind.PLAIN,
        )
        assert ids(result) == [f"ConfigMap {name}" for name in ("one", "two", "json", "shared", "in-list")]

    async def test_every_mistake_is_reported_with_file_and_line(self, sandbox: Sandbox) -> None:
        result = await rendered(
            sandbox,
            {
                "app/a.yaml": config_map("a") + "---\nkind: X\n---\n- 1\n",
                "app/b.yaml": "a: b: c",
                "app/c.yaml": "# comment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: x}\n",
                "app/d.yaml": config_map("d") + "---\n" + config_map("d"),
            },
            renderer=RendererKind.PLAIN,
        )
        assert [(d.file, d.line, d.message) for d in result.diagnostics] == [
            ("app/a.yaml", 10, "a Kubernetes object is a mapping; this is a list"),
            ("app/b.yaml", 1, "mapping values are not allowed in this context"),
            ("app/c.yaml", 3, "not a Kubernetes object: metadata.name is missing or not a string"),
            ("app/d.yaml", 8, "ConfigMap d is declared twice"),
        ]
        assert result.objects == ()
