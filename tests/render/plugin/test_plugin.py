"""Applications that a config management plugin renders, by a real program of the operator's."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.programs import Program, Programs
from bot.model.release import GitRef
from bot.model.target import GitSource
from bot.proc.confine import Layers
from bot.render.given import Given
from bot.render.helm.inputs import ClusterFacts, ReleaseInputs
from bot.render.plugin.run import as_of_now, missing_from
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import application, data, failure, manifests, remarks
from tests.render.plugin.programs import (
    key,
    needs_confinement,
    plugin,
    python,
    quickly,
    read,
    refusal,
    rendered,
    shell,
)
from tests.render.trees import Content, Link, Submodule, config_map

pytestmark = needs_confinement

FILES: dict[str, Content] = {"app/a.txt": "first", "lib/b.txt": "second", "other/c.txt": "third"}
MINE = application(plugin={"name": "mine"})
SHOWS_ENV = python(
    "config_map('web', **{k: v for k, v in os.environ.items() if k not in ('PATH', 'LC_CTYPE')})"
)


def test_without_a_command_it_is_unknown_and_says_how_to_give_one(sandbox: Sandbox) -> None:
    said = refusal(FILES, MINE, sandbox, Programs())
    assert "is rendered by the plugin 'mine'" in said
    assert "`plugins.NAME.command`" in said
    assert "v1.0" in refusal(FILES, MINE, sandbox, plugin(shell("true"), "mine-v1.0"))


async def test_what_it_prints_are_its_objects_in_the_destinations_namespace(sandbox: Sandbox) -> None:
    script = "config_map('a', text=open('a.txt').read())\nconfig_map('b', text=open('../lib/b.txt').read())"
    found = manifests(await rendered(sandbox, FILES, MINE, plugin(python(script))))
    assert {name: m["data"]["text"] for name, m in found.items()} == {
        "ConfigMap/a": "first",
        "ConfigMap/b": "second",
    }
    assert found["ConfigMap/a"]["metadata"]["namespace"] == "dest"


async def test_a_shell_with_pipes_and_other_programs_works(sandbox: Sandbox) -> None:
    script = "cat m.yaml | sed s/NAME/$ARGOCD_APP_NAME/ 2>/dev/null; echo lost >/dev/null; echo words >&2"
    files = {"app/m.yaml": config_map("NAME", v="one")}
    assert data(await rendered(sandbox, files, MINE, plugin(shell(script))))["v"] == "one"


async def test_its_environment_is_what_argo_cd_hands_over(sandbox: Sandbox) -> None:
    target = application(
        home="team",
        plugin={
            "name": "mine",
            "env": [
                {"name": "FOO", "value": "bar-$ARGOCD_APP_NAME-${NOBODY}"},
                {"name": "KUBE", "value": "$KUBE_VERSION"},
            ],
            "parameters": [
                {"name": "some-text", "string": "a<b>&c"},
                {"name": "files", "array": ["x.yaml", "y.yaml"]},
                {"name": "image", "map": {"image.tag": "v1", "empty": ""}},
                {"name": "none", "array": []},
                {"name": "bare"},
                {"name": "straße", "string": "long"},
            ],
        },
    )
    facts = Given(release=ReleaseInputs(facts=ClusterFacts("v1.33.4+k3s1", ("v1", "apps/v1/Deployment"))))
    found = data(await rendered(sandbox, FILES, target, plugin(SHOWS_ENV), facts))
    parameters = found.pop("ARGOCD_APP_PARAMETERS")
    assert parameters == (
        r'[{"name":"some-text","string":"a\u003cb\u003e\u0026c"},{"array":["x.yaml","y.yaml"],"name":"files"},'
        r'{"map":{"empty":"","image.tag":"v1"},"name":"image"},{"array":[],"name":"none"},{"name":"bare"},'
        '{"name":"straße","string":"long"}]'
    )
    assert found == {
        "ARGOCD_APP_NAME": "team_web",
        "ARGOCD_APP_NAMESPACE": "dest",
        "ARGOCD_APP_PROJECT_NAME": "team",
        "ARGOCD_APP_REVISION": "${ARGOCD_APP_REVISION}",
        "ARGOCD_APP_REVISION_SHORT": "${ARGOCD_APP_REVISION_SHORT}",
        "ARGOCD_APP_REVISION_SHORT_8": "${ARGOCD_APP_REVISION_SHORT_8}",
        "ARGOCD_APP_SOURCE_PATH": "app",
        "ARGOCD_APP_SOURCE_REPO_URL": "https://git.example/acme/fleet",
        "ARGOCD_APP_SOURCE_TARGET_REVISION": "main",
        "ARGOCD_ENV_FOO": "bar-team_web-",
        "ARGOCD_ENV_KUBE": "1.33",
        "KUBE_API_VERSIONS": "v1,apps/v1/Deployment",
        "KUBE_VERSION": "1.33",
        "PARAM_FILES_0": "x.yaml",
        "PARAM_FILES_1": "y.yaml",
        "PARAM_IMAGE_EMPTY": "",
        "PARAM_IMAGE_IMAGE_TAG": "v1",
        "PARAM_SOME_TEXT": "a<b>&c",
        "PARAM_STRA_E": "long",
    }


async def test_without_parameters_they_are_null_and_of_one_that_was_found_they_are_not_told(
    sandbox: Sandbox,
) -> None:
    assert data(await rendered(sandbox, FILES, MINE, plugin(SHOWS_ENV)))["ARGOCD_APP_PARAMETERS"] == "null"
    found = await rendered(sandbox, FILES, application(), plugin(SHOWS_ENV, file_name="a.txt"))
    assert "ARGOCD_APP_PARAMETERS" not in data(found)


async def test_the_operators_own_variables_give_way_to_argo_cds(sandbox: Sandbox) -> None:
    mine = replace(SHOWS_ENV, env={"MINE": "1", "ARGOCD_APP_NAME": "mine"})
    found = data(await rendered(sandbox, FILES, MINE, plugin(mine)))
    assert (found["MINE"], found["ARGOCD_APP_NAME"]) == ("1", "web")


async def test_what_holds_the_commit_is_a_hole(sandbox: Sandbox) -> None:
    script = "config_map('web', tag='v-' + os.environ['ARGOCD_APP_REVISION_SHORT'])"
    found = await rendered(sandbox, FILES, MINE, plugin(python(script)))
    assert [(h.field, h.name) for h in found.holes] == [("data.tag", "ARGOCD_APP_REVISION_SHORT")]
    assert "${ARGOCD_APP_REVISION_SHORT}, which is not known here" in remarks(found)
    commit = GitSource("", GitRef(commit="0123456789abcdef0123456789abcdef01234567"))
    pinned = await rendered(sandbox, FILES, replace(MINE, source=commit), plugin(python(script)))
    assert data(pinned)["tag"] == "v-0123456"


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"name": 1}, "plugin.name must be text"),
        (
            {"name": "mine", "env": [{"name": "", "value": "x"}]},
            "env[0].name '' cannot be the name of a variable",
        ),
        ({"name": "mine", "env": [{"name": "A=B", "value": "x"}]}, "cannot be the name of a variable"),
        ({"name": "mine", "env": [{"name": "A", "value": 1}]}, "env[0].value must be text"),
        (
            {"name": "mine", "env": [{"name": "A", "value": "x\0y"}]},
            "cannot be started with what the source gives",
        ),
        ({"name": "mine", "env": {}}, "env must be a list"),
        (
            {"name": "mine", "parameters": [{"name": "a", "map": {"b": 1}}]},
            "parameters[0].map.b must be text",
        ),
        ({"name": "mine", "env": [{"name": "A", "value": "x" * 200_000}]}, "cannot be started with what"),
        (
            {"name": "mine", "env": [{"name": f"A{n}", "value": "x" * 60_000} for n in range(20)]},
            "more than 1 MiB",
        ),
        ({"name": "mine", "env": [{"name": "A", "value": "$B" * 40_000}]}, "longer than"),
    ],
)
async def test_a_block_that_cannot_be_names_its_field(
    sandbox: Sandbox, block: dict[str, Any], reason: str
) -> None:
    target = application(plugin=block)
    refused = refusal(FILES, target, sandbox, plugin(shell("true")))
    said = refused or failure(await rendered(sandbox, FILES, target, plugin(shell("true"))))
    assert reason in said


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "the plugin 'mine': sh ended with exit code 3; its words may hold values"),
        ("echo hunter2 >&2; exit 1", "so they are not shown"),
        ("kill -9 $$", "sh ended with signal 9: it crashed"),
        ("echo 'a: [b'", "the plugin 'mine' printed what is no YAML"),
        ("echo done", "no Kubernetes object (line 1): kind is missing"),
        (
            "echo 'kind: A\nmetadata: {name: a}'",
            "printed what is not a Kubernetes object: apiVersion is missing",
        ),
        ("echo 'apiVersion: v1\nkind: A'", "metadata is missing"),
        ("echo '{kind: List, apiVersion: v1, items: [1]}'", "items of a list must be mappings"),
    ],
)
async def test_a_program_that_fails_makes_the_application_unknown(
    sandbox: Sandbox, script: str, reason: str
) -> None:
    found = await rendered(sandbox, FILES, MINE, plugin(shell(script)))
    assert reason in failure(found)
    assert "hunter2" not in remarks(found)
    assert {(d.file, d.line) for d in found.diagnostics} == {("apps/web.yaml", 3)}


async def test_what_kustomize_said_inside_of_it_is_told_where_it_holds_no_value(sandbox: Sandbox) -> None:
    script = "echo 'Error: accumulating resources from '\\''base'\\'': password=hunter2' >&2; exit 1"
    said = failure(await rendered(sandbox, FILES, MINE, plugin(shell(script))))
    assert "accumulating resources from 'base'" in said
    assert "hunter2" not in said


async def test_nothing_printed_is_nothing_declared_and_it_is_said(sandbox: Sandbox) -> None:
    found = await rendered(sandbox, FILES, MINE, plugin(shell("echo '# nothing'")))
    assert not found.failed
    assert "printed no object: Argo CD takes all that it made before for gone" in remarks(found)


async def test_of_equal_objects_the_last_counts_as_everywhere(sandbox: Sandbox) -> None:
    script = "config_map('web', v='1')\nconfig_map('web', v='2')"
    found = await rendered(sandbox, FILES, MINE, plugin(python(script)))
    assert data(found) == {"v": "2"}
    assert "declared 2 times" in remarks(found)


async def test_generated_names_are_no_error(sandbox: Sandbox) -> None:
    script = """echo '{"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "job-"}}'"""
    assert list(manifests(await rendered(sandbox, FILES, MINE, plugin(shell(script))))) == ["Pod/job-*"]


def test_a_change_anywhere_counts_where_it_may_read_everything(sandbox: Sandbox) -> None:
    mine = plugin(shell("true"))
    before = key(FILES, MINE, sandbox, mine)
    assert before == key(dict(FILES), MINE, sandbox, mine)
    assert before != key({**FILES, "other/c.txt": "changed"}, MINE, sandbox, mine)
    assert before != key({**FILES, "app/a.txt": "changed"}, MINE, sandbox, mine)


def test_a_change_elsewhere_does_not_count_where_it_reads_its_own_directory(sandbox: Sandbox) -> None:
    mine = plugin(shell("true", reads_whole_tree=False))
    files = {**FILES, "app/deep/er.txt": "x", "app/sub": Submodule()}
    before = key(files, MINE, sandbox, mine)
    assert before == key({**files, "other/c.txt": "changed", "lib/new.txt": "1"}, MINE, sandbox, mine)
    assert before != key({**files, "app/deep/er.txt": "changed"}, MINE, sandbox, mine)
    assert before != key({**files, "app/new.txt": ""}, MINE, sandbox, mine)
    assert {e.path for e in read(files, MINE, sandbox, mine).entries} == {
        *("app", "app/a.txt", "app/deep/er.txt", "app/sub"),
        *("app/.argocd-source.yaml", "app/.argocd-source-web.yaml"),
    }


async def test_it_gets_no_more_than_its_directory_where_it_reads_only_that(sandbox: Sandbox) -> None:
    mine = plugin(shell("cat a.txt ../lib/b.txt", reads_whole_tree=False))
    assert "exit code 1" in failure(await rendered(sandbox, FILES, MINE, mine))


def test_a_program_that_is_another_one_has_another_key(sandbox: Sandbox, tmp_path: Path) -> None:
    script = tmp_path / "plugin.sh"
    script.write_text("true")
    mine = replace(shell(""), command=("/bin/sh", str(script)))
    before = key(FILES, MINE, sandbox, plugin(mine))
    assert before == key(FILES, MINE, sandbox, plugin(mine))
    others = [
        replace(mine, edition="2"),
        replace(mine, command=(*mine.command, "--more")),
        replace(mine, env={"A": "1"}),
        replace(mine, read=(*mine.read, str(tmp_path))),
    ]
    assert before not in {key(FILES, MINE, sandbox, plugin(other)) for other in others}
    script.write_text("false")
    assert before != key(FILES, MINE, sandbox, plugin(mine))


def test_what_the_application_says_is_part_of_the_key(sandbox: Sandbox) -> None:
    mine = plugin(shell("true"))
    others = [
        application(name="other", plugin={"name": "mine"}),
        application(namespace="elsewhere", plugin={"name": "mine"}),
        application(plugin={"name": "mine", "env": [{"name": "A", "value": "b"}]}),
        application(plugin={"name": "mine", "parameters": [{"name": "a", "string": "b"}]}),
    ]
    assert len({key(FILES, each, sandbox, mine) for each in (MINE, *others)}) == 5


async def test_links_inside_are_kept_and_links_outside_are_refused(sandbox: Sandbox) -> None:
    script = plugin(shell("cat m.yaml"))
    inside: dict[str, Content] = {
        "app/m.yaml": Link("../lib/m.yaml"),
        "lib/m.yaml": config_map("web", v="one"),
    }
    assert data(await rendered(sandbox, inside, MINE, script))["v"] == "one"
    for target in ("/etc/passwd", "../../etc/passwd", "..//../.."):
        files: dict[str, Content] = {"app/a.txt": "", "far/away": Link(target)}
        found = await rendered_quickly(sandbox, files, script)
        assert "is a symbolic link that leaves the repository" in found
    own = plugin(shell("cat m.yaml", reads_whole_tree=False))
    assert "`reads: path`" in await rendered_quickly(sandbox, inside, own)


async def test_what_it_lacks_is_said(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {**FILES, "app/big.bin": b"x" * (5 << 20), "vendor": Submodule()}
    found = await rendered(sandbox, files, MINE, plugin(shell("ls big.bin 2>/dev/null || true")))
    assert "rendered this without vendor, app/big.bin" in remarks(found)


def test_more_files_than_any_renderer_gets_are_refused(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.render.plugin.scratch.MAX_ENTRIES", 3)
    files = {f"app/{n}.txt": "" for n in range(5)}
    assert "more than 3 files" in refusal(files, MINE, sandbox, plugin(shell("true")))


def test_a_program_that_is_not_there_is_told_by_its_path_to_the_operator_alone(sandbox: Sandbox) -> None:
    gone, unread = Program(("/nowhere/plugin",)), replace(shell("true"), read=("/nowhere/lib",))
    assert missing_from(gone) == "/nowhere/plugin is no program that can be executed on this machine"
    assert missing_from(unread) == "/nowhere/lib, which it is to read, does not exist on this machine"
    assert missing_from(shell("true")) == ""
    for program in (gone, unread):
        said = refusal(FILES, MINE, sandbox, plugin(program))
        assert "it is missing where this is planned" in said
        assert "/nowhere" not in said


def test_for_forks_it_runs_only_where_the_operator_says_so(sandbox: Sandbox) -> None:
    mine = plugin(shell("true"))
    assert "`forks: true`" in refusal(FILES, MINE, sandbox, mine.for_forks())
    assert refusal(FILES, MINE, sandbox, plugin(shell("true", is_for_forks=True)).for_forks()) == ""
    assert refusal(FILES, MINE, sandbox, mine) == ""


def test_what_may_not_run_is_the_same_as_long_as_nothing_that_it_reads_changes(sandbox: Sandbox) -> None:
    mine = plugin(shell("true", reads_whole_tree=False)).for_forks()
    before = key(FILES, MINE, sandbox, mine)
    assert before == key({**FILES, "other/c.txt": "changed"}, MINE, sandbox, mine)
    assert before != key({**FILES, "app/a.txt": "changed"}, MINE, sandbox, mine)


@pytest.mark.parametrize("layers", [Layers(), Layers(network_namespace=True)])
def test_where_the_kernel_does_not_confine_it_runs_for_nobody(layers: Layers) -> None:
    found = as_of_now(plugin(shell("true")), layers)
    assert "only where the kernel confines renderers" in found.plugins[0].program.refused
    assert as_of_now(plugin(shell("true")), Layers(landlock_abi=1)).plugins[0].program.refused == ""


async def rendered_quickly(sandbox: Sandbox, files: dict[str, Content], programs: Programs) -> str:
    """Where brute force, which refuses links by the kernel alone, ends otherwise."""
    return failure(await quickly(sandbox, files, MINE, programs))
