"""Which plugin claims a directory: before Argo CD looks for charts and kustomizations, by name order."""

import pytest

from bot.model.programs import Plugin, Programs
from bot.model.target import RendererKind
from bot.render.argocd.concrete import concrete
from bot.render.plugin.discover import zglob
from bot.render.plugin.run import as_of_now
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import application, data, manifests
from tests.render.plugin.programs import (
    key,
    needs_confinement,
    plugin,
    python,
    read,
    refusal,
    rendered,
    shell,
)
from tests.render.trees import Content, Link, MemoryTree, Submodule, config_map

pytestmark = needs_confinement

FILES: dict[str, Content] = {
    "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    "app/kustomization.yaml": "resources: [cm.yaml]",
    "app/cm.yaml": config_map("web", v="kustomized"),
    "app/deep/er/main.cue": "x",
    "app/[odd]/x": "",
    "app/linked": Link("../lib"),
    "app/module": Submodule(),
    "lib/inside.txt": "x",
    "main.cue": "outside",
}
SAYS = python("config_map('web', v='plugin')")


def claimed(sandbox: Sandbox, **discover: str) -> bool:
    programs = as_of_now(plugin(shell("true"), **discover), sandbox.layers)
    return concrete(MemoryTree(FILES), application(), None, programs).target.renderer is RendererKind.PLUGIN


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("Chart.yaml", True),
        ("./Chart.yaml", True),
        ("./deep/*/m*.cue", True),
        ("deep/?r/[a-m]ain.cue", True),
        ("deep/**/main.cue", True),
        ("**/main.cue", False),
        ("*.cue", False),
        ("deep", True),
        ("linked/inside.txt", True),
        ("*/inside.txt", True),
        ("module", True),
        ("module/x", False),
        ("Chart.yaml/x", False),
        ("[", False),
        ("nothing", False),
    ],
)
async def test_file_name_is_a_pattern_of_gos_file_paths(
    sandbox: Sandbox, pattern: str, expected: bool
) -> None:
    assert claimed(sandbox, file_name=pattern) is expected
    found = await rendered(sandbox, without_module(), application(), plugin(SAYS, file_name=pattern))
    if pattern != "module":
        assert data(found)["v"] == ("plugin" if expected else "kustomized")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/main.cue", True),
        ("**/*.cue", True),
        ("*.cue", False),
        ("d*/**/main.cue", True),
        ("{Chart,Other}.yaml", True),
        ("{Other,More}.yaml", False),
        ("*.ya[m]l", True),
        ("**/e?/main.cue", False),
        ("Chart.yaml", True),
        ("C[h]art.yaml", False),
        ("deep*", True),
        ("**/inside.txt", False),
        ("**/linked", True),
        ("**/[", False),
        ("**/\\[odd]/*", True),
        ("deep/**", True),
        ("**/er/", True),
        ("./**/x", True),
        ("de?p*/**/main.cue", False),
        ("linked/inside.txt", True),
        ("module", True),
        ("module/x", False),
    ],
)
async def test_glob_is_a_pattern_of_zglob(sandbox: Sandbox, pattern: str, expected: bool) -> None:
    assert claimed(sandbox, glob=pattern) is expected
    found = await rendered(sandbox, without_module(), application(), plugin(SAYS, glob=pattern))
    if pattern != "module":
        assert data(found)["v"] == ("plugin" if expected else "kustomized")


def without_module() -> dict[str, Content]:
    """Of a submodule, brute force has nothing on disk."""
    return {path: content for path, content in FILES.items() if not isinstance(content, Submodule)}


async def test_the_first_by_name_that_claims_it_renders_it(sandbox: Sandbox) -> None:
    said = [python(f"config_map('web', v='{name}')") for name in "bca"]
    programs = Programs(
        (
            Plugin("b", said[0], glob="**/main.cue"),
            Plugin("c", said[1], file_name="Chart.yaml"),
            Plugin("a", said[2], glob="**/nothing"),
        )
    )
    assert data(await rendered(sandbox, without_module(), application(), programs))["v"] == "b"


async def test_a_source_that_says_its_type_is_nobody_elses(sandbox: Sandbox) -> None:
    target = application(kustomize={"namePrefix": "x-"})
    found = await rendered(sandbox, without_module(), target, plugin(SAYS, glob="**/main.cue"))
    assert "ConfigMap/x-web" in manifests(found)


async def test_a_plugin_that_looks_for_nothing_claims_nothing_but_may_be_named(sandbox: Sandbox) -> None:
    assert data(await rendered(sandbox, without_module(), application(), plugin(SAYS)))["v"] == "kustomized"
    named = application(plugin={"name": "mine"})
    assert data(await rendered(sandbox, without_module(), named, plugin(SAYS)))["v"] == "plugin"


async def test_a_plugin_that_is_named_has_to_claim_the_directory_too(sandbox: Sandbox) -> None:
    named = application(plugin={"name": "mine"})
    said = refusal(FILES, named, sandbox, plugin(SAYS, file_name="nothing"))
    assert "its `discover` matches nothing here" in said
    found = await rendered(sandbox, without_module(), named, plugin(SAYS, file_name="Chart.yaml"))
    assert data(found)["v"] == "plugin"


async def test_an_empty_block_is_for_whichever_claims_it(sandbox: Sandbox) -> None:
    empty = application(plugin={})
    assert "none of those under `plugins`" in refusal(FILES, empty, sandbox, plugin(SAYS))
    found = await rendered(sandbox, without_module(), empty, plugin(SAYS, glob="**/main.cue"))
    assert data(found)["v"] == "plugin"


def test_one_that_may_not_run_claims_it_all_the_same(sandbox: Sandbox) -> None:
    """What would be rendered otherwise is not what Argo CD applies."""
    said = refusal(FILES, application(), sandbox, plugin(SAYS, glob="**/main.cue").for_forks())
    assert "is rendered by the plugin 'mine': it does not run for pull requests from forks" in said


def test_only_the_verdict_counts(sandbox: Sandbox) -> None:
    looking = plugin(shell("true"), glob="**/never.here")
    before = key(FILES, application(), sandbox, looking)
    assert before == key({**FILES, "app/more.cue": "x"}, application(), sandbox, looking)
    assert before != key({**FILES, "app/deep/never.here": "x"}, application(), sandbox, looking)
    watched = {entry.path for entry in read(FILES, application(), sandbox, looking).entries}
    assert "app" in watched


def test_too_many_files_are_a_reason(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.render.plugin.discover.MAX_ENTRIES", 3)
    assert "more than 3 files" in refusal(FILES, application(), sandbox, plugin(SAYS, glob="**/never"))


def test_a_pattern_that_cannot_be_read_matches_nothing() -> None:
    assert zglob("a[z-a]*") is None
