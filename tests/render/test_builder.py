"""The builder against the stock program, on the same files."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.proc.confine import Layers
from bot.proc.errors import ProgramMissing
from bot.proc.programs import find
from bot.render.builder import Builder, Builders, build, patched, template
from bot.render.errors import Unrenderable
from bot.render.helm.run import packed
from bot.render.sandbox import Sandbox, helm_archive, kustomize_build

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  key: value\n"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: one
spec:
  template:
    spec:
      containers:
        - name: {name}
          {field}
"""
HIDDEN = 'resources: [one.yaml]\n"open\\x61pi":\n  path: schema.json\n'
SCHEMA = '{"definitions": {}}'
TREES: Mapping[str, Mapping[str, str]] = {
    "plain": {"app/kustomization.yaml": "resources: [one.yaml]", "app/one.yaml": CONFIG_MAP},
    "overlay": {
        "base/kustomization.yaml": "resources: [one.yaml]\nconfigMapGenerator:\n- name: two\n  literals: [a=b]\n",
        "base/one.yaml": CONFIG_MAP,
        "app/kustomization.yaml": "namespace: here\nresources: [../base]\npatches:\n- path: patch.yaml\n",
        "app/patch.yaml": CONFIG_MAP.replace("value", "other"),
    },
    "schema": {
        "app/kustomization.yaml": "resources: [one.yaml]\nopenapi:\n  path: schema.json\n",
        "app/one.yaml": CONFIG_MAP,
        "app/schema.json": SCHEMA,
    },
    "lists": {
        "app/kustomization.yaml": "resources: [one.yaml]\npatches:\n- path: patch.yaml\n",
        "app/one.yaml": DEPLOYMENT.format(name="main", field="image: one"),
        "app/patch.yaml": DEPLOYMENT.format(name="main", field="workingDir: /"),
    },
    "broken": {"app/kustomization.yaml": "resources: [missing.yaml]"},
    "bytes": {
        "app/kustomization.yaml": "configMapGenerator:\n- name: two\n  files: [data.bin]\n",
        "app/data.bin": "\x00\x01\n\n2 3\n",
    },
}


@pytest.fixture(scope="module")
def program() -> Path:
    try:
        return find("kustomize-builder")
    except ProgramMissing as error:
        pytest.fail(str(error))


def made(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


async def kustomize_build_or_none(root: Path, sandbox: Sandbox) -> bytes | None:
    try:
        return await kustomize_build(root, "app", sandbox)
    except Unrenderable:
        return None


async def test_one_program_builds_whatever_comes_as_the_stock_one_does(
    tmp_path: Path, sandbox: Sandbox, program: Path
) -> None:
    roots = [made(tmp_path / name / "repository", files) for name, files in TREES.items()]
    expected = [await kustomize_build_or_none(root, sandbox) for root in roots]
    assert [found is not None for found in expected] == [name != "broken" for name in TREES]
    quick = {"broken": None, "schema": None}
    builder = Builder(program, sandbox.layers)
    for _ in range(2):
        for name, root, output in zip(TREES, roots, expected, strict=True):
            assert await builder.answer(partial(build, root, "app")) == quick.get(name, output)
            assert await kustomize_build_or_none(root, replace(sandbox, builders=Builders(builder))) == output


async def test_a_tree_with_a_link_is_left_to_the_stock_program(
    tmp_path: Path, sandbox: Sandbox, program: Path
) -> None:
    root = made(tmp_path / "repository", TREES["plain"])
    (root / "app/two.yaml").symlink_to("one.yaml")
    assert await Builder(program, sandbox.layers).answer(lambda: build(root, "app")) is None


async def test_a_schema_of_its_own_however_it_is_spelt_is_gone_for_who_comes_next(
    tmp_path: Path, sandbox: Sandbox, program: Path
) -> None:
    hidden = {**TREES["schema"], "app/kustomization.yaml": HIDDEN}
    roots = [
        made(tmp_path / str(n) / "repository", files) for n, files in enumerate((hidden, TREES["lists"]))
    ]
    expected = [await kustomize_build_or_none(root, sandbox) for root in roots]
    builder = Builder(program, sandbox.layers)
    assert [await builder.answer(partial(build, root, "app")) for root in roots] == expected
    builder.close()


async def test_one_that_writes_too_much_is_replaced(tmp_path: Path, sandbox: Sandbox, program: Path) -> None:
    root = made(tmp_path / "repository", TREES["plain"])
    builder = Builder(program, sandbox.layers, max_output_bytes=10)
    assert await builder.answer(lambda: build(root, "app")) is None
    assert await builder.answer(lambda: build(root, "app")) is None


async def test_one_that_died_is_replaced(tmp_path: Path, sandbox: Sandbox, program: Path) -> None:
    root = made(tmp_path / "repository", TREES["plain"])
    builder = Builder(program, sandbox.layers)
    first = await builder.answer(lambda: build(root, "app"))
    builder.close()
    assert await builder.answer(lambda: build(root, "app")) == first
    builder.close()


CHART = {
    "Chart.yaml": b"apiVersion: v2\nname: one\nversion: 1.0.0\n",
    "values.yaml": b"port: 1\nname: {}\n",
    "crds/crd.yaml": b"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a.b\n",
    "templates/map.yaml": b"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  port: {{ required "a port is needed" .Values.port | quote }}
  large: {{ .Values.large | default 0 | quote }}
  version: {{ .Capabilities.KubeVersion }} {{ .Capabilities.HelmVersion.Version }}
  has: {{ .Capabilities.APIVersions.Has "example.test/v1" | quote }}
""",
    "templates/hook.yaml": b"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: hook
  annotations:
    helm.sh/hook: pre-install
""",
}
ARGUMENTS = [
    "one",
    "./chart.tgz",
    "--namespace=here",
    "--kube-version=1.30.2",
    "--api-versions=example.test/v1",
]


@pytest.mark.parametrize(
    ("more", "values", "is_quick"),
    [
        (["--include-crds"], b'{"large": 12345678901}', True),
        (["--skip-crds", "--no-hooks", "--set=port=8080"], b"{}", True),
        (["--skip-schema-validation"], b"{}", True),
        ([], b'{"port": null}', False),
        (["--show-only=templates/map.yaml"], b"{}", False),
    ],
)
async def test_helm_that_stays_renders_as_the_stock_one_or_leaves_it_to_it(
    sandbox: Sandbox, more: list[str], values: bytes, *, is_quick: bool
) -> None:
    archive = packed(CHART)
    builder = Builder(find("helm-builder"), sandbox.layers)
    arguments = [*ARGUMENTS, *more]
    try:
        expected = await helm_archive(archive, arguments, values, sandbox, lambda said, _: said)
    except Unrenderable:
        expected = None
    for _ in range(2):
        answer = await builder.answer(partial(template, archive, arguments, values))
        assert answer == (expected if is_quick else None)
    builder.close()


async def test_one_that_is_late_is_ended_and_the_stock_program_asked(
    tmp_path: Path, sandbox: Sandbox, program: Path
) -> None:
    root = made(tmp_path / "repository", TREES["overlay"])
    builder = Builder(program, sandbox.layers, timeout_s=0.0)
    hurried = replace(sandbox, builders=Builders(builder))
    assert await builder.answer(partial(build, root, "app")) is None
    assert await kustomize_build_or_none(root, hurried) == await kustomize_build_or_none(root, sandbox)


async def test_who_comes_after_a_warm_up_is_answered_by_the_program_that_was_started(
    tmp_path: Path, sandbox: Sandbox, program: Path
) -> None:
    root = made(tmp_path / "repository", TREES["lists"])
    cold, warm = Builder(program, sandbox.layers), Builder(program, sandbox.layers)
    warm.warm_up(patched)
    warm.warm_up(patched)
    assert await warm.answer(partial(build, root, "app")) == await cold.answer(partial(build, root, "app"))
    cold.close()
    warm.close()


async def test_a_program_that_cannot_be_started_is_said_to_who_asks_and_not_by_a_warm_up(
    tmp_path: Path,
) -> None:
    builder = Builder(tmp_path / "missing", Layers())
    builder.warm_up(patched)
    await asyncio.sleep(0.2)
    root = made(tmp_path / "repository", TREES["plain"])
    assert await builder.answer(lambda: build(root, "app")) is None
