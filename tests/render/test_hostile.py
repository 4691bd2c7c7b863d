"""Every field that can name a file, every layer that stops it, and a secret on the host that must appear nowhere."""

import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bot.model.rendering import Rendering
from bot.model.target import Found
from bot.proc.confine import Layers
from bot.proc.sandbox import layers
from bot.render.brute import checkout
from bot.render.inflation.reads import NOT_BY_FLUX
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.trees import Content, Link, MemoryTree, Submodule, config_map, target

MARKER = "PLANTED-HOST-SECRET-c41d"

needs_landlock = pytest.mark.skipif(not layers().landlock_abi, reason="this kernel has no Landlock")

BUILTIN = "apiVersion: builtin\n  kind: {kind}\n  metadata: {{name: plugin}}\n  {field}"


def inline(list_field: str, kind: str, field: str) -> str:
    return f"{list_field}:\n- |-\n  " + BUILTIN.format(kind=kind, field=field)


# For every field: the kustomization, and whether kustomize alone would show the file's content.
FIELDS: dict[str, tuple[str, bool]] = {
    "resources[0]": ("resources: [SECRET]", True),
    "bases[0]": ("bases: [SECRET]", True),
    "components[0]": ("components: [SECRET]", False),
    "crds[0]": ("crds: [SECRET]", False),
    "configurations[0]": ("configurations: [SECRET]", False),
    "openapi.path": ("openapi: {path: SECRET}", False),
    "patches[0].path": ("resources: [own.yaml]\npatches: [{path: SECRET}]", True),
    "patchesStrategicMerge[0]": ("resources: [own.yaml]\npatchesStrategicMerge: [SECRET]", True),
    "patchesJson6902[0].path": (
        "resources: [own.yaml]\npatchesJson6902: [{path: SECRET, target: {version: v1, kind: ConfigMap, name: x}}]",
        False,
    ),
    "replacements[0].path": ("resources: [own.yaml]\nreplacements: [{path: SECRET}]", False),
    "configMapGenerator[0].files[0]": ("configMapGenerator: [{name: a, files: [SECRET]}]", True),
    "configMapGenerator[0].files[1]": (
        "configMapGenerator: [{name: a, files: [own.yaml, key=SECRET]}]",
        True,
    ),
    "configMapGenerator[0].envs[0]": ("configMapGenerator: [{name: a, envs: [SECRET.env]}]", True),
    "configMapGenerator[0].env": ("configMapGenerator: [{name: a, env: SECRET.env}]", True),
    "secretGenerator[0].files[0]": ("secretGenerator: [{name: a, files: [SECRET]}]", False),
    "secretGenerator[0].envs[0]": ("secretGenerator: [{name: a, envs: [SECRET.env]}]", False),
    "secretGenerator[0].env": ("secretGenerator: [{name: a, env: SECRET.env}]", False),
    "generators[0]": ("generators: [SECRET]", False),
    "transformers[0]": ("transformers: [SECRET]", False),
    "validators[0]": ("validators: [SECRET]", False),
    "generators[0] ConfigMapGenerator.files[0]": (
        inline("generators", "ConfigMapGenerator", "files: [SECRET]"),
        True,
    ),
    "generators[0] ConfigMapGenerator.envs[0]": (
        inline("generators", "ConfigMapGenerator", "envs: [SECRET.env]"),
        True,
    ),
    "transformers[0] PatchTransformer.path": (
        "resources: [own.yaml]\n" + inline("transformers", "PatchTransformer", "path: SECRET"),
        True,
    ),
    "transformers[0] PatchStrategicMergeTransformer.paths[0]": (
        "resources: [own.yaml]\n"
        + inline("transformers", "PatchStrategicMergeTransformer", "paths: [SECRET]"),
        True,
    ),
    "transformers[0] PatchJson6902Transformer.path": (
        "resources: [own.yaml]\n"
        + inline(
            "transformers", "PatchJson6902Transformer", "path: SECRET\n  target: {name: x, kind: ConfigMap}"
        ),
        False,
    ),
    "transformers[0] ReplacementTransformer.replacements[0].path": (
        "resources: [own.yaml]\n"
        + inline("transformers", "ReplacementTransformer", "replacements: [{path: SECRET}]"),
        False,
    ),
    "transformers[0] ValueAddTransformer.targetFilePath": (
        "resources: [own.yaml]\n"
        + inline("transformers", "ValueAddTransformer", "value: a\n  targetFilePath: SECRET"),
        False,
    ),
}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "host.yaml"
    file.write_text(config_map("x", marker=MARKER))
    Path(f"{file}.env").write_text(f"marker={MARKER}\n")
    return file


def tree(kustomization: str, **more: Content) -> MemoryTree:
    files: dict[str, Content] = {"app/kustomization.yaml": kustomization, "app/own.yaml": config_map("x")}
    return MemoryTree({**files, **{path.replace("__", "/"): content for path, content in more.items()}})


def everything(rendering: Rendering) -> str:
    return repr(rendering)


@pytest.mark.parametrize("field", FIELDS)
def test_an_absolute_path_is_refused_with_file_field_and_reason(field: str, secret: Path) -> None:
    kustomization, _ = FIELDS[field]
    found = trace(tree(kustomization.replace("SECRET", str(secret))), target())
    assert found.is_refused
    refusal = next(d for d in found.diagnostics if d.message.startswith(f"{field}:"))
    assert "is an absolute path" in refusal.message
    assert refusal.file == "app/kustomization.yaml"
    assert refusal.line is not None


@pytest.mark.parametrize("field", FIELDS)
def test_a_path_out_of_the_repository_is_refused(field: str, secret: Path) -> None:
    kustomization, _ = FIELDS[field]
    out = "../../../../../../../../../.." + str(secret)
    found = trace(tree(kustomization.replace("SECRET", out)), target())
    assert any(
        d.message.startswith(f"{field}:") and "leaves the repo" in d.message for d in found.diagnostics
    )


@needs_landlock
@pytest.mark.parametrize("field", FIELDS)
async def test_the_kernel_alone_keeps_the_file_from_every_field(
    field: str, secret: Path, sandbox: Sandbox
) -> None:
    kustomization, shows = FIELDS[field]
    hostile = tree(kustomization.replace("SECRET", str(secret)))
    found = trace(hostile, target())
    held = await render(hostile, target(), found, replace(sandbox, check_fields=False))
    assert held.failed
    assert MARKER not in everything(held)
    assert str(secret.parent) not in everything(held).replace(str(secret), "")
    if shows:
        bare = replace(sandbox, check_fields=False, layers=Layers())
        assert MARKER in everything(await render(hostile, target(), found, bare))


async def test_the_allow_list_alone_never_starts_the_program(secret: Path, sandbox: Sandbox) -> None:
    hostile = tree(f"resources: [{secret}]")
    unstartable = replace(sandbox, kustomize=Path("/nowhere/kustomize"), layers=Layers())
    refused = await render(hostile, target(), trace(hostile, target()), unstartable)
    assert [d.message for d in refused.diagnostics] == [
        f"resources[0]: '{secret}' is an absolute path; only files of the repository are rendered"
    ]


def test_helm_inside_kustomize_is_nothing_that_flux_does() -> None:
    charts = tree("helmCharts: [{name: a, releaseName: a}]")
    found = trace(charts, target(found=Found.FLUX_KUSTOMIZATION))
    assert [d.message for d in found.diagnostics] == [f"helmCharts[0] (a): {NOT_BY_FLUX}"]


@pytest.mark.parametrize(
    ("field", "kustomization"),
    [
        ("Resources", "Resources: [own.yaml]"),
        ("fromTheFuture", "fromTheFuture: {path: x}"),
        ("patches[0].Path", "patches: [{Path: own.yaml}]"),
        ("configMapGenerator[0].FILES", "configMapGenerator: [{name: a, FILES: [own.yaml]}]"),
        ("openapi.file", "openapi: {file: own.yaml}"),
        (
            "generators[0] ConfigMapGenerator.Files",
            inline("generators", "ConfigMapGenerator", "Files: [own.yaml]"),
        ),
    ],
)
def test_a_field_outside_the_allow_list_is_refused_even_in_another_spelling(
    field: str, kustomization: str
) -> None:
    found = trace(tree(kustomization), target())
    message = f"{field}: is not a field that Longshore lets kustomize read"
    assert [(d.message, d.line is not None) for d in found.diagnostics] == [(message, True)]


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/x.yaml",
        "HTTP://example.org/x.yaml",
        "http:example.org",
        "git@github.com:a/b.git",
        "ssh://git@example.org/a/b",
        "file:///etc/passwd",
        "github.com/a/b?ref=v1",
        "github.com:a/b//c",
        "git::https://example.org/a",
        "user@example.org/a/b",
        "https://example.org/a//b?ref=main",
    ],
)
@pytest.mark.parametrize("field", ["resources", "components", "crds"])
def test_a_remote_address_is_refused(field: str, address: str) -> None:
    found = trace(tree(f"{field}: ['{address}']"), target())
    named = f"{field}[0]: {address!r} is a remote address; only files of the repository are rendered"
    allowed = f"{named}, and of hosts that `sources.hosts` in config.yaml names"
    assert [d.message for d in found.diagnostics] == [allowed if found.remotes else named]


@pytest.mark.parametrize(
    "kustomization",
    [
        "configMapGenerator: [{name: a, files: ['k=http://ADDRESS/x']}]",
        "resources: [own.yaml]\npatches: [{path: 'http://ADDRESS/x'}]",
        "resources: ['http://ADDRESS/x.yaml']",
        "resources: ['https://ADDRESS/a/b.git']",
    ],
)
async def test_the_kernel_alone_lets_no_connection_out(kustomization: str, sandbox: Sandbox) -> None:
    if not (sandbox.layers.landlock_abi >= 4 or sandbox.layers.network_namespace):
        pytest.skip("nothing here keeps a program from the network")
    connections: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                connections.append(connection)
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            hostile = tree(kustomization.replace("ADDRESS", f"127.0.0.1:{server.getsockname()[1]}"))
            found = trace(hostile, target())
            held = await render(hostile, target(), found, replace(sandbox, check_fields=False))
        finally:
            over.set()
            thread.join()
    assert held.failed
    assert connections == []


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (
            "apiVersion: example.org/v1\nkind: Exec\nmetadata: {name: a}",
            "is not a plugin built into kustomize",
        ),
        ("apiVersion: builtin\nkind: Unheard\nmetadata: {name: a}", "is not a plugin built into kustomize"),
        (
            (
                "apiVersion: builtin\nkind: LabelTransformer\nmetadata:\n  name: a\n  annotations:\n"
                "    config.kubernetes.io/function: 'container: {image: evil}'"
            ),
            "is a container or exec function",
        ),
        (
            (
                "apiVersion: v1\nkind: Fn\nmetadata:\n  name: a\n  annotations:\n"
                "    config.kubernetes.io/function: 'exec: {path: ./evil}'"
            ),
            "is a container or exec function",
        ),
        (
            "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: a}",
            "HelmChartInflationGenerator",
        ),
    ],
)
@pytest.mark.parametrize("how", ["file", "inline"])
@pytest.mark.parametrize("field", ["generators", "transformers", "validators"])
def test_only_plugins_built_into_kustomize_may_run(field: str, how: str, config: str, reason: str) -> None:
    if how == "file":
        found = trace(tree(f"{field}: [plugin.yaml]", **{"app__plugin.yaml": config}), target())
    else:
        indented = config.replace("\n", "\n  ")
        found = trace(tree(f"{field}:\n- |-\n  {indented}"), target())
    assert [reason in d.message for d in found.diagnostics] == [True]


def test_a_directory_of_plugins_may_only_list_them() -> None:
    plugin = "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: a}\nlabels: {a: b}"
    good: dict[str, Content] = {
        "app__plugins__kustomization.yaml": "resources: [label.yaml]",
        "app__plugins__label.yaml": plugin,
    }
    assert not trace(tree("transformers: [plugins]", **good), target()).diagnostics
    bad = good | {"app__plugins__kustomization.yaml": "resources: [label.yaml]\npatches: [{patch: x}]"}
    found = trace(tree("transformers: [plugins]", **bad), target())
    assert "patches: a directory of plugin configurations may only list" in found.diagnostics[0].message


@pytest.mark.parametrize(
    "where", ["/etc/hostname", "../../outside.yaml", "../../../../../../etc/hostname", ""]
)
def test_a_link_out_of_the_tree_is_refused(where: str) -> None:
    found = trace(tree("resources: [link.yaml]", **{"app__link.yaml": Link(where)}), target())
    assert "through a symbolic link" in found.diagnostics[0].message


def test_links_in_a_circle_are_refused() -> None:
    circle: dict[str, Content] = {"app__a.yaml": Link("b.yaml"), "app__b.yaml": Link("a.yaml")}
    found = trace(tree("resources: [a.yaml]", **circle), target())
    assert "is a circle of symbolic links" in found.diagnostics[0].message


def test_a_submodule_is_not_part_of_the_repository() -> None:
    found = trace(tree("resources: [sub/x.yaml, sub]", app__sub=Submodule()), target())
    assert len(found.diagnostics) == 2
    assert all("lies in a Git submodule" in d.message for d in found.diagnostics)


@needs_landlock
async def test_a_link_to_the_host_shows_nothing_even_in_a_full_checkout(
    secret: Path, sandbox: Sandbox
) -> None:
    hostile = tree(
        "configMapGenerator: [{name: a, files: [link.yaml]}]", **{"app__link.yaml": Link(str(secret))}
    )
    async with checkout(hostile) as everything_there:
        held = await everything_there.render(target(), sandbox)
    assert held.failed
    assert MARKER not in everything(held)


async def test_no_value_of_a_failing_kustomization_is_repeated(sandbox: Sandbox) -> None:
    """kustomize's own errors quote whole patches and literals."""
    for kustomization in (
        f"secretGenerator: [{{name: a, literals: [{MARKER}]}}]",
        f"resources: [own.yaml]\npatches: [{{patch: {MARKER}}}]",
        f"resources: [own.yaml]\npatches: [{{target: {{kind: ConfigMap}}, patch: '[{{op: replace, value: {MARKER}}}]'}}]",
        f"generators:\n- |-\n  apiVersion: builtin\n  kind: SecretGenerator\n  metadata: {{name: x}}\n  literals: [{MARKER}]",
        f"namePrefix: {{a: {MARKER}}}",
    ):
        files = tree(kustomization)
        held = await render(files, target(), trace(files, target()), sandbox)
        assert held.failed, kustomization
        assert MARKER not in everything(held)
        assert "/tmp" not in everything(held)


async def test_an_env_file_that_asks_for_our_environment_gets_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kustomize fills a line without `=` from its own environment."""
    monkeypatch.setenv("LONGSHORE_SECRET", MARKER)
    files = tree(
        "configMapGenerator: [{name: a, envs: [e.env]}]", **{"app__e.env": "LONGSHORE_SECRET\nHOME\nPATH\n"}
    )
    given = await render(files, target(), trace(files, target()), sandbox)
    assert given.objects[0].manifest["data"] == {"LONGSHORE_SECRET": "", "HOME": "", "PATH": ""}


async def test_a_bomb_ends_in_a_diagnostic_and_not_in_our_memory(sandbox: Sandbox) -> None:
    levels = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9))
    files = tree(
        "resources: [own.yaml]", **{"app__own.yaml": f"{config_map('x')}a0: &a0 [x, x, x, x]\n{levels}"}
    )
    held = await render(files, target(), trace(files, target()), sandbox)
    assert held.failed
    blamed, died = held.diagnostics
    assert (blamed.file, "aliases expand to more than" in blamed.message) == ("app/own.yaml", True)
    assert "it crashed, or needed more memory" in died.message
