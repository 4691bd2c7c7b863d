"""Kustomizations with functions of kustomize, built by the real kustomize as a program of the operator's."""

import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.argocd import ArgoInstallation
from bot.model.programs import Programs
from bot.model.rendering import BY_PROGRAM
from bot.model.target import RendererKind
from bot.proc.confine import Layers
from bot.render.argocd.concrete import concrete
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import application, data, failure, manifests, remarks
from tests.render.plugin.programs import (
    function,
    key,
    kustomize,
    needs_confinement,
    plugin,
    python,
    quickly,
    read,
    refusal,
    rendered,
    running,
    shell,
)
from tests.render.trees import Content, Link, MemoryTree, config_map

pytestmark = needs_confinement

WEB = application()
UPPER = "print(asked.replace('first', 'FIRST'))"
MARKER = "PLANTED-HOST-SECRET-7d21"


def fleet(path: str, field: str = "transformers", **more: Any) -> dict[str, Content]:
    told = {"resources": ["cm.yaml"], field: ["function.yaml"], **more}
    return {
        "app/kustomization.yaml": json.dumps(told),
        "app/cm.yaml": config_map("web", text="first", env="none"),
        "app/function.yaml": running(path),
        "other/kustomization.yaml": "resources: [../app/cm.yaml]",
    }


def generating(**data: str) -> str:
    """A function that makes a ConfigMap of values, which are expressions of Python."""
    told = ", ".join(f"{name!r}: {value}" for name, value in data.items())
    return (
        "item = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'made'}, 'data': {"
        f"{told}}}}}\n"
        "print(json.dumps({'apiVersion': 'config.kubernetes.io/v1', 'kind': 'ResourceList', 'items': [item]}))"
    )


def test_without_a_command_it_is_unknown_and_says_how_to_give_one(sandbox: Sandbox) -> None:
    said = refusal(fleet("/opt/mine"), WEB, sandbox, Programs())
    assert "transformers" not in said
    assert "Mine is a container or exec function, which Longshore does not run" in said
    assert "`kustomize.command` in config.yaml" in said


async def test_a_function_transforms_what_the_kustomization_holds(sandbox: Sandbox, tmp_path: Path) -> None:
    files = fleet(function(tmp_path, UPPER))
    found = manifests(await rendered(sandbox, files, WEB, kustomize(tmp_path)))
    assert found["ConfigMap/web"]["data"]["text"] == "FIRST"
    assert found["ConfigMap/web"]["metadata"]["namespace"] == "dest"


async def test_a_function_generates_and_finds_the_build_environment(sandbox: Sandbox, tmp_path: Path) -> None:
    script = generating(name="os.environ['ARGOCD_APP_NAME']", at="os.environ['ARGOCD_APP_REVISION']")
    files = fleet(function(tmp_path, script), "generators")
    made = await rendered(sandbox, files, WEB, kustomize(tmp_path))
    assert data(made, "made")["name"] == "web"
    assert [(hole.field, hole.name) for hole in made.holes] == [("data.at", "ARGOCD_APP_REVISION")]
    assert data(made)["text"] == "first"


async def test_a_validator_that_objects_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    path = function(tmp_path, "sys.exit(1) if 'first' in asked else print(asked)")
    files = fleet(path, "validators")
    said = failure(await rendered(sandbox, files, WEB, kustomize(tmp_path)))
    assert "kustomize with functions or plugins: kustomize ended with exit code 1" in said


async def test_a_base_far_below_may_be_what_asks_for_it(sandbox: Sandbox, tmp_path: Path) -> None:
    files = fleet(function(tmp_path, UPPER))
    for depth in range(12):
        below = "../app" if depth == 0 else f"../deep{depth - 1}"
        files[f"deep{depth}/kustomization.yaml"] = f"resources: [{below}]"
    assert data(await rendered(sandbox, files, application("deep11"), kustomize(tmp_path)))["text"] == "FIRST"


async def test_what_the_application_says_is_laid_over_it(sandbox: Sandbox, tmp_path: Path) -> None:
    patch = json.dumps([{"op": "replace", "path": "/data/env", "value": "patched"}])
    target = application(
        kustomize={
            "namePrefix": "a-",
            "commonAnnotations": {"by": "$ARGOCD_APP_NAME"},
            "commonAnnotationsEnvsubst": True,
            "patches": [{"target": {"kind": "ConfigMap"}, "patch": patch}],
            "components": ["../part"],
        }
    )
    files = fleet(function(tmp_path, UPPER))
    files["part/kustomization.yaml"] = "{kind: Component, namespace: parts}"
    found = manifests(await rendered(sandbox, files, target, kustomize(tmp_path)))["ConfigMap/a-web"]
    assert (found["data"]["text"], found["data"]["env"]) == ("FIRST", "patched")
    assert found["metadata"]["annotations"] == {"by": "web"}
    assert found["metadata"]["namespace"] == "parts"


async def test_an_overlay_over_a_linked_kustomization_is_written_into_the_copy_only(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    files = fleet(function(tmp_path, UPPER))
    files["shared.yaml"] = files["app/kustomization.yaml"]
    files["app/kustomization.yaml"] = Link("../shared.yaml")
    target = application(kustomize={"namePrefix": "a-"})
    found = manifests(await quickly(sandbox, files, target, kustomize(tmp_path)))
    assert set(found) == {"ConfigMap/a-web"}


def test_everything_else_is_built_without_the_program(sandbox: Sandbox, tmp_path: Path) -> None:
    files, programs = fleet(function(tmp_path, UPPER)), kustomize(tmp_path)
    plain = application("other")
    assert concrete(MemoryTree(files), plain, None, programs).target.renderer is RendererKind.KUSTOMIZE
    assert not read(files, plain, sandbox, programs).is_of_program
    assert key(files, plain, sandbox, programs) == key(files, plain, sandbox, Programs())
    assert read(files, WEB, sandbox, programs).is_of_program


def test_one_with_a_chart_or_another_repository_stays_unknown(sandbox: Sandbox, tmp_path: Path) -> None:
    remote = fleet("/opt/mine", resources=["https://git.example/acme/base?ref=v1"])
    chart = fleet("/opt/mine", helmCharts=[{"name": "c", "repo": "https://charts.example", "version": "1"}])
    for files in (remote, chart):
        said = refusal(files, WEB, sandbox, kustomize(tmp_path))
        assert "inflates no chart and names no other repository" in said


async def test_a_function_of_the_repository_itself_is_never_executed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    function(tmp_path, UPPER)
    script = await asyncio.to_thread((tmp_path / "function").read_bytes)
    files = {**fleet("./function"), "app/function": script}
    said = failure(await rendered(sandbox, files, WEB, kustomize(tmp_path)))
    assert "kustomize ended with exit code 1" in said


async def test_a_plugin_of_the_old_kind_fails_for_want_of_a_place_to_write(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    home = tmp_path / "acme" / "v1" / "mine"
    home.mkdir(parents=True)
    function(home, generating(a="'b'"), "Mine")
    files = fleet("/opt/mine", "generators")
    files["app/function.yaml"] = "{apiVersion: acme/v1, kind: Mine, metadata: {name: mine}}"
    found = kustomize(tmp_path)
    assert found.kustomize is not None
    env = {**found.kustomize.env, "KUSTOMIZE_PLUGIN_HOME": str(tmp_path)}
    programs = Programs(kustomize=replace(found.kustomize, env=env))
    said = failure(await rendered(sandbox, files, WEB, programs))
    assert "open /tmp/kust-plugin-config-" in said
    assert "permission denied" in said


@pytest.mark.parametrize(
    "attempt",
    [
        "open({secret!r}).read()",
        "open({new!r}, 'w').write('x')",
        "open('cm.yaml', 'w').write('x')",
        "__import__('socket').create_connection(('127.0.0.1', {port}), 2)",
    ],
)
async def test_a_function_that_reaches_out_fails(sandbox: Sandbox, tmp_path: Path, attempt: str) -> None:
    mine = tmp_path / "functions"
    mine.mkdir()
    secret = tmp_path / "secret"
    secret.write_text(MARKER)
    with socket.create_server(("127.0.0.1", 0)) as server:
        new, port = tmp_path / "new", server.getsockname()[1]
        statement = attempt.format(secret=str(secret), new=str(new), port=port)
        script = f"try: {statement}\nexcept PermissionError: sys.exit({MARKER!r})\n{generating(a='asked')}"
        files = fleet(function(mine, script), "generators")
        said = failure(await rendered(sandbox, files, WEB, kustomize(mine)))
    assert "kustomize ended with exit code 1" in said
    assert MARKER not in said
    assert not new.exists()


async def test_a_function_that_never_ends_is_ended(sandbox: Sandbox, tmp_path: Path) -> None:
    files = fleet(function(tmp_path, "while True: pass"))
    said = failure(await quickly(replace(sandbox, timeout_s=2.0), files, WEB, kustomize(tmp_path)))
    assert "and was ended" in said


def test_for_a_fork_it_is_unknown_unless_the_operator_lets_it(sandbox: Sandbox, tmp_path: Path) -> None:
    files = fleet(function(tmp_path, UPPER))
    said = refusal(files, WEB, sandbox, kustomize(tmp_path).for_forks())
    assert "does not run for pull requests from forks" in said
    assert "functions or plugins of kustomize" in said
    assert not refusal(files, WEB, sandbox, kustomize(tmp_path, is_for_forks=True).for_forks())


def test_where_nothing_is_confined_it_does_not_run(sandbox: Sandbox, tmp_path: Path) -> None:
    open_ = replace(sandbox, layers=Layers())
    assert "only where the kernel confines" in refusal(fleet("/opt/mine"), WEB, open_, kustomize(tmp_path))


async def test_it_needs_what_argo_cd_needs_where_files_say_its_options(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    files, programs = fleet(function(tmp_path, UPPER)), kustomize(tmp_path)
    without = application(installation=ArgoInstallation(build_options="--enable-helm"))
    assert "which Argo CD refuses" in failure(await rendered(sandbox, files, without, programs))
    said = application(installation=ArgoInstallation(build_options="--enable-alpha-plugins --enable-exec"))
    assert data(await rendered(sandbox, files, said, programs))["text"] == "FIRST"
    assert "which no file here says" in remarks(await rendered(sandbox, files, WEB, programs))


async def test_argo_cds_own_restriction_to_a_directory_holds_for_it(sandbox: Sandbox, tmp_path: Path) -> None:
    files = fleet(function(tmp_path, UPPER), resources=["../shared.yaml"])
    files["shared.yaml"] = config_map("web", text="first")
    said = application(installation=ArgoInstallation(build_options="--enable-alpha-plugins --enable-exec"))
    failure(await rendered(sandbox, files, said, kustomize(tmp_path)))


def test_one_that_gets_its_directory_only_is_built_anew_for_that_and_for_what_asks(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    files = fleet(function(tmp_path, UPPER), resources=["cm.yaml", "../base"])
    files["base/kustomization.yaml"] = "{}"
    programs = kustomize(tmp_path, reads_whole_tree=False)

    def of(**changed: str) -> str:
        return key(
            {**files, **{k.replace("_", "/") + ".yaml": v for k, v in changed.items()}},
            WEB,
            sandbox,
            programs,
        )

    assert of(elsewhere_x="a: b") == of()
    assert of(app_other="a: b") != of()
    assert of(base_kustomization="namePrefix: a-") != of()
    whole = kustomize(tmp_path)
    assert key({**files, "x": "y"}, WEB, sandbox, whole) != key(files, WEB, sandbox, whole)
    assert {e.path for e in read(files, WEB, sandbox, programs).entries if e.mode == BY_PROGRAM} == {"app"}


def test_another_program_has_another_key(sandbox: Sandbox, tmp_path: Path) -> None:
    files = fleet("/opt/mine")
    assert key(files, WEB, sandbox, kustomize(tmp_path)) != key(
        files, WEB, sandbox, kustomize(tmp_path, edition="2")
    )


async def test_a_plugin_of_argo_cd_comes_first(sandbox: Sandbox, tmp_path: Path) -> None:
    claiming = plugin(python("config_map('web', by='plugin')"), file_name="kustomization.yaml").plugins
    programs = replace(kustomize(tmp_path), plugins=claiming)
    assert data(await rendered(sandbox, fleet("/opt/mine"), WEB, programs)) == {"by": "plugin"}


async def test_what_it_prints_must_be_objects(sandbox: Sandbox) -> None:
    for script in ("echo 'a: b'", "echo '{'"):
        programs = Programs(kustomize=shell(script))
        assert failure(await rendered(sandbox, fleet("/opt/mine"), WEB, programs))
