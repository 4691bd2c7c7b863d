"""The quick way and brute force make the same objects of the same release."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.model.release import Chart, ChartKind
from bot.render.brute import checkout
from bot.render.envsubst import Unknown
from bot.render.given import Given
from bot.render.helm.inputs import ReleaseInputs
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.helm.releases import archived, chart, config, packed, release, target, values_from
from tests.render.trees import Content, Link, MemoryTree

SUB = {
    "Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.1.0",
    "templates/s.yaml": config(s="{{ .Values.s }}").replace(".Name }}", ".Name }}-sub"),
    "values.yaml": "s: 0",
}
NEEDS_SUB = "apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies:\n- {name: sub, version: 1.x.x, repository: '%s'}\n"
ODD = config(
    a="yes", b="2024-01-02", c="2024-01-02T03:04:05.600+02:00", d="0o17", e="1_000", f="~", g="'n'", h="12:30:45",
    i=".5", j="0x1F", k="+1", l="!!str 5", m="2024-02-31", n="1e3", o="N", p='"2024-01-02"', q="2024-01-02 03:04:05",
    r="[on, off, 'on']",
)  # fmt: skip
HOOK = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: h, annotations: {helm.sh/hook: pre-install}}\n"
PATCH = {
    "patches": [
        {"patch": '[{"op": "add", "path": "/data/p", "value": "1"}]', "target": {"kind": "ConfigMap"}}
    ],
}


async def both(
    sandbox: Sandbox, files: Mapping[str, Content], inputs: ReleaseInputs | None = None, **about: object
) -> str:
    """Renders both ways; returns the reason where both fail, and nothing where both make the same."""
    tree = MemoryTree({**files, "clusters/test/web.yaml": ""})
    wanted = target(replace(release(), **about))  # type: ignore[arg-type]
    given = Given(release=inputs or ReleaseInputs())
    quick = await render(tree, wanted, trace(tree, wanted), sandbox, given)
    async with checkout(tree) as everything:
        slow = await everything.render(wanted, sandbox, given)
    assert quick.failed is slow.failed, (quick.diagnostics, slow.diagnostics)
    assert {o.id: o.manifest for o in quick.objects} == {o.id: o.manifest for o in slow.objects}
    assert {(h.object, h.field, h.name) for h in quick.holes} == {
        (h.object, h.field, h.name) for h in slow.holes
    }
    assert quick.chart_crds == slow.chart_crds
    return quick.diagnostics[0].message if quick.failed else ""


async def test_odd_scalars(sandbox: Sandbox) -> None:
    assert not await both(sandbox, chart({"a.yaml": ODD, "h.yaml": HOOK}))


@pytest.mark.parametrize("strategy", ["combined", "nohooks", "separate"])
async def test_post_renderers(sandbox: Sandbox, strategy: str) -> None:
    files = chart({"a.yaml": ODD, "h.yaml": HOOK})
    assert not await both(sandbox, files, post_renderers=(PATCH, PATCH), post_render_strategy=strategy)


async def test_what_is_ignored_and_what_flux_does_not_get(sandbox: Sandbox) -> None:
    files = chart(
        {
            "a.yaml": config(a='{{ len (.Files.Glob "**") }}{{ .Files.Get "notes.txt" }}'),
            "skipped.yaml": config(b="1"),
            ".hidden.yaml": "x: [",
            "artifact.yaml": config(c="1"),
            "link.yaml": "",
        },
        _DOT_helmignore="skipped.yaml\n*.md\n/docs/\nnotes*",
        notes_DOT_txt="n",
        a_DOT_md="x",
        docs__x_DOT_txt="x",
        sub__a_DOT_txt="x",
    )
    files |= {
        ".sourceignore": "artifact.yaml",
        "charts/web/templates/link.yaml": Link("../../../secret.yaml"),
    }
    assert not await both(sandbox, files)


async def test_dependencies_of_every_kind(sandbox: Sandbox, tmp_path: Path) -> None:
    vendored = chart(
        {"a.yaml": config()}, charts__sub_DOT_tgz=packed(SUB, "sub"), values_DOT_yaml="sub: {s: 3}"
    )
    assert not await both(sandbox, vendored)
    local = chart({}, Chart_DOT_yaml=NEEDS_SUB % "file://../lib/sub")
    local |= {f"charts/lib/sub/{name}": text for name, text in SUB.items()}
    assert not await both(sandbox, local, values={"sub": {"s": 4}})
    remote = chart({}, Chart_DOT_yaml=NEEDS_SUB % "https://charts.example")
    given = ReleaseInputs(dependencies={"sub": archived(tmp_path, SUB, "sub")})
    assert not await both(sandbox, remote, given)
    assert "was not fetched" in await both(sandbox, remote)


async def test_values_files_labels_and_archives(sandbox: Sandbox, tmp_path: Path) -> None:
    files = chart({"a.yaml": config(a="{{ .Values.a }}", v="{{ .Chart.Version }}")}, values_DOT_yaml="a: 1")
    files |= {"env/x.yaml": "a: 5"}
    of = Chart(
        ChartKind.TREE,
        "charts/web",
        values_files=("env/x.yaml", "/none.yaml"),
        ignore_missing_values_files=True,
    )
    assert not await both(sandbox, files, ReleaseInputs(version_label="abc"), chart=of)
    assert "does not exist" in await both(
        sandbox, files, chart=replace(of, ignore_missing_values_files=False)
    )
    packaged = archived(tmp_path, {name.removeprefix("charts/web/"): text for name, text in files.items()})
    in_archive = Chart(ChartKind.OCI, url="oci://registry.example/web")
    assert not await both(sandbox, {}, ReleaseInputs(archive=packaged), chart=in_archive)
    in_tree: dict[str, Content] = {"web.tgz": packaged.path.read_bytes(), "env/x.yaml": "a: 7"}
    assert not await both(sandbox, in_tree, chart=replace(of, name="web.tgz"))


async def test_what_is_not_known(sandbox: Sandbox) -> None:
    inputs = ReleaseInputs(
        (
            values_from(None, "s", kind="Secret", unknown=Unknown("x", "1"), target_path="a"),
            values_from(None, "t", unknown=Unknown("x")),
        )
    )
    assert not await both(
        sandbox, chart({"a.yaml": config(a="{{ .Values.a }}", r="{{ randAlpha 9 }}{{ now }}")}), inputs
    )


@pytest.mark.parametrize(
    "files",
    [
        {},
        chart({"a.yaml": '{{ fail "no" }}'}),
        chart({"a.yaml": config(), "b.yaml": config()}),
        chart({"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {}\ndata: {}"}),
        chart({"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}"}),
        chart({}, Chart_DOT_yaml="name: x"),
    ],
    ids=["no chart", "fail", "twice", "a key twice", "no name", "no version"],
)
async def test_failures(sandbox: Sandbox, files: dict[str, Content]) -> None:
    assert await both(sandbox, files)
