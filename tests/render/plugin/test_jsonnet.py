"""Jsonnet in directories of Argo CD, evaluated by go-jsonnet's own program."""

from dataclasses import replace
from typing import Any

import pytest

from bot.model.programs import Programs
from bot.render.errors import Unrenderable
from bot.render.plugin.jsonnet import told
from bot.render.plugin.output import of_jsonnet
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import application, data, failure, manifests, remarks
from tests.render.plugin.programs import jsonnet, key, needs_confinement, read, refusal, rendered, shell
from tests.render.trees import Content, Link, config_map

pytestmark = needs_confinement

REAL = Programs(jsonnet=jsonnet())
OWN = Programs(jsonnet=jsonnet(reads_whole_tree=False))


def cm(name: str = "web", **fields: str) -> str:
    """An object in Jsonnet; the values are expressions."""
    told = ", ".join(f"{key}: {value}" for key, value in fields.items())
    return f'{{apiVersion: "v1", kind: "ConfigMap", metadata: {{name: "{name}"}}, data: {{{told}}}}}'


async def value(
    sandbox: Sandbox, files: dict[str, Content], programs: Programs = REAL, **options: Any
) -> Any:
    target = application(directory={"jsonnet": options}) if options else application()
    return data(await rendered(sandbox, files, target, programs))["v"]


async def test_without_a_program_it_is_unknown_and_says_how_to_give_one(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {"app/a.jsonnet": cm()}
    said = failure(await rendered(sandbox, files, application(), Programs()))
    assert "`jsonnet.command` in config.yaml" in said
    found = await rendered(sandbox, files, application(), REAL.for_forks())
    assert "does not run for pull requests from forks" in failure(found)
    assert {d.file for d in found.diagnostics} == {"app/a.jsonnet"}


async def test_jsonnet_that_is_skipped_needs_no_program(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        "app/a.jsonnet": "// +argocd:skip-file-rendering",
        "app/b.yaml": config_map("b"),
    }
    found = await rendered(sandbox, files, application(), REAL.for_forks())
    assert list(manifests(found)) == ["ConfigMap/b"]


def test_what_may_not_run_is_the_same_as_long_as_nothing_that_it_reads_changes(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {"app/a.jsonnet": cm(), "app/b.yaml": config_map("b"), "other/c": "1"}
    before = key(files, application(), sandbox, OWN.for_forks())
    assert before == key({**files, "other/c": "2"}, application(), sandbox, OWN.for_forks())
    for path in ("app/a.jsonnet", "app/b.yaml"):
        assert before != key({**files, path: "changed"}, application(), sandbox, OWN.for_forks())


async def test_a_file_is_one_object_or_a_list_of_them_among_the_others(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        "app/a.jsonnet": cm("a", v='"" + (1 + 2)'),
        "app/b.jsonnet": f"[{cm('b1')}, null, {cm('b2')}]",
        "app/c.yaml": config_map("c"),
        "app/d.jsonnet": f'{{apiVersion: "v1", kind: "List", items: [{cm("d")}]}}',
        "app/e.libsonnet": "error 'never evaluated'",
        "app/f.jsonnet": "// +argocd:skip-file-rendering\nerror 'skipped'",
    }
    found = manifests(await rendered(sandbox, files, application(), REAL))
    assert list(found) == [f"ConfigMap/{name}" for name in ("a", "b1", "b2", "c", "d")]
    assert found["ConfigMap/a"]["data"] == {"v": "3"}


async def test_patterns_and_recursion_choose_it_as_any_file(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        "app/deep/a.jsonnet": cm("a"),
        "app/b.jsonnet": cm("b"),
        "app/no.jsonnet": "error 'x'",
    }
    target = application(directory={"recurse": True, "exclude": "no*"})
    assert list(manifests(await rendered(sandbox, files, target, REAL))) == ["ConfigMap/b", "ConfigMap/a"]


async def test_variables_are_texts_or_code_with_the_build_environment_in_them(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        "app/a.jsonnet": "function(t, c) " + cm(v='std.extVar("e") + std.extVar("n") + t + std.length(c)')
    }
    found = await value(
        sandbox,
        files,
        extVars=[{"name": "e", "value": "$ARGOCD_APP_NAME="}, {"name": "n", "value": "1 + 1", "code": True}],
        tlas=[{"name": "t", "value": "-x"}, {"name": "c", "value": "[1, 2, 3]", "code": True}],
    )
    assert found == "web=2-x3"


async def test_what_holds_the_commit_is_a_hole(sandbox: Sandbox) -> None:
    target = application(
        directory={"jsonnet": {"extVars": [{"name": "r", "value": "v-$ARGOCD_APP_REVISION"}]}}
    )
    found = await rendered(sandbox, {"app/a.jsonnet": cm(v='std.extVar("r")')}, target, REAL)
    assert data(found) == {"v": "v-${ARGOCD_APP_REVISION}"}
    assert [hole.field for hole in found.holes] == ["data.v"]


IMPORTS: dict[str, Content] = {
    "app/a.jsonnet": cm(v='(import "x.libsonnet").v'),
    "app/x.libsonnet": '{v: "beside"}',
    "app/deep/b.jsonnet": cm("deep", v='(import "x.libsonnet").v + (importstr "only.txt")'),
    "lib/x.libsonnet": '{v: "lib"}',
    "lib/only.txt": "+lib",
    "vendor/only.txt": "+vendor",
    "vendor/x.libsonnet": '{v: "vendor"}',
}


@pytest.mark.parametrize("programs", [REAL, OWN], ids=["whole tree", "own directory"])
async def test_imports_are_found_beside_the_file_then_in_the_last_library(
    sandbox: Sandbox, programs: Programs
) -> None:
    target = application(directory={"recurse": True, "jsonnet": {"libs": ["vendor", "/lib"]}})
    found = manifests(await rendered(sandbox, IMPORTS, target, programs))
    assert found["ConfigMap/web"]["data"]["v"] == "beside"
    assert found["ConfigMap/deep"]["data"]["v"] == "lib+lib"
    target = application(directory={"recurse": True, "jsonnet": {"libs": ["lib", "vendor"]}})
    found = manifests(await rendered(sandbox, IMPORTS, target, programs))
    assert found["ConfigMap/deep"]["data"]["v"] == "vendor+vendor"


async def test_a_file_knows_itself_by_its_path_in_the_repository(sandbox: Sandbox) -> None:
    assert await value(sandbox, {"app/a.jsonnet": cm(v="std.thisFile")}) == "app/a.jsonnet"


async def test_names_that_look_like_options_are_none(sandbox: Sandbox) -> None:
    assert await value(sandbox, {"app/-e.jsonnet": cm(v='"1!"')}) == "1!"
    assert await value(sandbox, {"app/--version.jsonnet": cm(v='"1!"')}) == "1!"


async def test_links_to_files_are_evaluated_where_they_are_found(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        "app/a.jsonnet": Link("../lib/real.jsonnet"),
        "app/near.libsonnet": '{v: "near the link"}',
        "lib/real.jsonnet": cm(v='(import "near.libsonnet").v'),
        "lib/near.libsonnet": '{v: "near the file"}',
    }
    found = await value(sandbox, files)
    assert found in {"near the link", "near the file"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (cm(v="nothing"), "exit code 1: app/a.jsonnet:1:74; Unknown variable: nothing"),
        ('{a: "hunter2", b: self.c}', "Field does not exist: c"),
        ('error "hunter2"', "app/a.jsonnet:1:1"),
        ('std.extVar("x")', "Undefined external variable: x"),
        ('import "x.libsonnet"', 'couldn\'t open import "x.libsonnet"'),
        ('importstr "/etc/passwd"', "open /etc/passwd: permission denied"),
        ("{", "Unexpected"),
        ("local f(x) = f(x) + 1; f(1)", "max stack frames exceeded"),
        ("function(x) x", "Missing argument: x"),
        ("1", "what is no Kubernetes object: kind is missing"),
        ("[1]", "no Kubernetes object (item 0 of its list): kind is missing"),
        ('{kind: "A"}', "metadata is missing"),
        ("{}", "kind is missing"),
    ],
)
async def test_what_does_not_evaluate_is_told_with_its_place_and_no_value(
    sandbox: Sandbox, text: str, reason: str
) -> None:
    found = await rendered(sandbox, {"app/a.jsonnet": text}, application(), REAL)
    assert reason in failure(found)
    assert "hunter2" not in remarks(found)
    assert {d.file for d in found.diagnostics} == {"app/a.jsonnet"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"extVars": [{"name": "", "value": "x"}]}, "jsonnet.extVars[0].name '' cannot be the name"),
        ({"extVars": [{"name": "-J", "value": "x"}]}, "cannot be the name of a variable"),
        ({"tlas": [{"name": "a=b", "value": "x"}]}, "jsonnet.tlas[0].name"),
        ({"tlas": [{"name": "a", "value": 1}]}, "jsonnet.tlas[0].value must be text"),
        ({"libs": ["../lib"]}, "jsonnet.libs '../lib' leaves the repository"),
        ({"libs": ["app/a.jsonnet"]}, "is no directory"),
        ({"libs": "lib"}, "must be a list"),
    ],
)
async def test_options_that_cannot_be_name_their_field(
    sandbox: Sandbox, options: dict[str, Any], reason: str
) -> None:
    target = application(directory={"jsonnet": options})
    files: dict[str, Content] = {"app/a.jsonnet": cm(), "app/b.yaml": config_map("b")}
    assert reason in refusal(files, target, sandbox, REAL)
    del files["app/a.jsonnet"]
    assert list(manifests(await rendered(sandbox, files, target, REAL))) == ["ConfigMap/b"]


def test_what_it_may_import_counts(sandbox: Sandbox) -> None:
    target = application(directory={"jsonnet": {"libs": ["lib"]}})
    before = [key(IMPORTS, target, sandbox, programs) for programs in (REAL, OWN)]
    for path, counts in (("lib/only.txt", [True, True]), ("vendor/only.txt", [True, False])):
        after = [key({**IMPORTS, path: "changed"}, target, sandbox, each) for each in (REAL, OWN)]
        assert [a != b for a, b in zip(after, before, strict=True)] == counts
    others = [replace(jsonnet(), edition="2"), replace(jsonnet(), read=("/usr",))]
    assert before[0] not in {key(IMPORTS, target, sandbox, Programs(jsonnet=each)) for each in others}
    more = application(directory={"jsonnet": {"libs": ["lib"], "tlas": [{"name": "a", "value": "b"}]}})
    assert before[0] != key(IMPORTS, more, sandbox, REAL)


def test_a_directory_without_jsonnet_reads_what_it_always_reads(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {"app/a.yaml": config_map("a"), "other/b": "b"}
    found = read(files, application(), sandbox, REAL)
    assert not found.is_of_program
    assert key(files, application(), sandbox, REAL) == key(
        {**files, "other/b": "c"}, application(), sandbox, REAL
    )


async def test_files_beyond_number_are_refused(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.render.plugin.jsonnet._MOST_FILES", 2)
    files: dict[str, Content] = {f"app/{n}.jsonnet": cm(f"n{n}") for n in range(3)}
    assert "more than 2 files of Jsonnet" in failure(await rendered(sandbox, files, application(), REAL))


async def test_all_of_them_have_one_time(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.render.plugin.jsonnet._MOST_S", 1.0)
    slow = Programs(jsonnet=shell("sleep 30 #"))
    held = replace(sandbox, timeout_s=20.0)
    assert "longer than 1 s together" in failure(
        await rendered(held, {"app/a.jsonnet": "{}"}, application(), slow)
    )


@pytest.mark.parametrize("text", [b"NaN", b"{", b"[" * 5_000, b"\xff", b'{"kind": 1}', b"true"])
def test_json_that_is_none_is_a_reason(text: bytes) -> None:
    with pytest.raises(Unrenderable) as caught:
        of_jsonnet(text, "a.jsonnet")
    assert caught.value.file == "a.jsonnet"


def test_of_its_words_only_places_and_names_are_told() -> None:
    said = "RUNTIME ERROR: token is s3cr3t\n\t/root/app/a.jsonnet:(3:4)-(5:6)\tobject <anonymous>\n\tDuring manifestation"
    assert told(said, "/root") == "app/a.jsonnet:(3:4"
