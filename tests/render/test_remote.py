"""Kustomizations that build on what lies elsewhere: found, followed and rendered as kustomize would, asking nobody."""

from collections.abc import Mapping

import pytest

from bot.model.remote import RemoteKind, RemoteRef
from bot.model.rendering import Rendering, Severity, Trace
from bot.model.target import Found, Target
from bot.render.brute import checkout
from bot.render.given import Given
from bot.render.ground import REMOTE_ROOT, Remotes, RemoteTree, fetched_file
from bot.render.key import content_key
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from bot.render.uses import MAX_DEPTH, MAX_REMOTES
from tests.render.trees import Content, Link, MemoryTree, config_map, target

URL = "https://github.com/acme/base"
PINNED = RemoteRef(RemoteKind.REPOSITORY, URL, "v1")
FLUX = Found.FLUX_KUSTOMIZATION


def at(files: Mapping[str, Content], commit: str = "c1", url: str = URL) -> RemoteTree:
    return RemoteTree(MemoryTree(files), f"{url}@{commit}")


def base(**data: str) -> dict[str, Content]:
    return {
        "deploy/kustomization.yaml": "resources: [cm.yaml, ../more]\nnamePrefix: far-\n",
        "deploy/cm.yaml": config_map("one", **data),
        "more/kustomization.yaml": "configMapGenerator:\n- name: two\n  files: [data.txt]\n",
        "more/data.txt": "text\n",
        "unused.yaml": config_map("unused"),
    }


def over(entry: str = f"{URL}//deploy?ref=v1", field: str = "resources") -> MemoryTree:
    return MemoryTree({"app/kustomization.yaml": f"{field}: ['{entry}']\nnamespace: here\n"})


async def rendered(
    tree: MemoryTree, wanted: Target, remotes: Remotes, sandbox: Sandbox
) -> tuple[Rendering, Trace]:
    """By the trace, and again from whole checkouts: both ways agree."""
    found = trace(tree, wanted, remotes)
    made = await render(tree, wanted, found, sandbox, Given(remotes=remotes))
    async with checkout(tree) as brute:
        slow = await brute.render(wanted, sandbox, Given(remotes=remotes))
    assert made.failed or made.objects == slow.objects
    return made, found


def errors(found: Trace) -> list[str]:
    return [d.message for d in found.diagnostics if d.severity is Severity.ERROR]


async def test_a_remote_base_is_rendered_from_the_tree_at_hand(sandbox: Sandbox) -> None:
    made, found = await rendered(over(), target(), {PINNED: at(base())}, sandbox)
    assert min(o.id.name for o in made.objects) == "far-one"
    assert {o.manifest["metadata"]["namespace"] for o in made.objects} == {"here"}
    assert not any("unused" in entry.path for entry in found.entries)
    assert not made.diagnostics


def test_what_is_not_at_hand_is_named_with_the_setting_and_written_down() -> None:
    found = trace(over(), target())
    (message,) = errors(found)
    assert message.startswith(
        f"resources[0]: '{URL}//deploy?ref=v1' is a remote address; only files of the repository"
    )
    assert message.endswith("and of hosts that `sources.hosts` in config.yaml names")
    assert [(use.ref, use.place) for use in found.remotes] == [(PINNED, "")]
    assert (found.diagnostics[0].file, found.diagnostics[0].line) == ("app/kustomization.yaml", 1)


def test_the_reason_why_there_is_nothing_is_shown() -> None:
    found = trace(over(), target(), {PINNED: RemoteTree(problem="the host does not answer")})
    assert errors(found) == [
        f"resources[0]: '{URL}//deploy?ref=v1' is a remote address: the host does not answer"
    ]


async def test_a_component_may_be_remote(sandbox: Sandbox) -> None:
    part = {
        "deploy/kustomization.yaml": "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnamePrefix: far-\n"
    }
    tree = MemoryTree(
        {
            "app/kustomization.yaml": f"resources: [cm.yaml]\ncomponents: ['{URL}//deploy?ref=v1']\n",
            "app/cm.yaml": config_map("own"),
        }
    )
    made, _ = await rendered(tree, target(), {PINNED: at(part)}, sandbox)
    assert [o.id.name for o in made.objects] == ["far-own"]


async def test_a_single_file_may_be_remote(sandbox: Sandbox) -> None:
    url = "https://raw.example.test/acme/v1/crd.yaml"
    ref = RemoteRef(RemoteKind.FILE, url)
    remotes = {ref: fetched_file(url, config_map("far").encode())}
    made, found = await rendered(over(url), target(), remotes, sandbox)
    assert [o.id.name for o in made.objects] == ["far"]
    other = trace(over(url), target(), {ref: fetched_file(url, config_map("further").encode())})
    assert content_key(found, target(), {}) != content_key(other, target(), {})


async def test_flux_follows_a_remote_base_too(sandbox: Sandbox) -> None:
    wanted = target(found=FLUX, overlay={"namePrefix": "x-"})
    made, _ = await rendered(over(), wanted, {PINNED: at(base())}, sandbox)
    assert min(o.id.name for o in made.objects) == "x-far-one"


async def test_remote_trees_may_build_on_further_ones(sandbox: Sandbox) -> None:
    further = RemoteRef(RemoteKind.REPOSITORY, "https://git.example.test/x/y", "v2")
    near = {
        "deploy/kustomization.yaml": "resources: ['https://git.example.test/x/y//z?ref=v2', cm.yaml]\n",
        "deploy/cm.yaml": config_map("near"),
    }
    far = {"z/kustomization.yaml": "resources: [cm.yaml]\n", "z/cm.yaml": config_map("far")}
    first = trace(over(), target(), {PINNED: at(near)})
    assert [use.ref for use in first.remotes if not use.place] == [further]
    assert errors(first)[0].startswith(
        f"in {URL}@v1, deploy/kustomization.yaml:1: resources[0]: 'https://git."
    )
    assert (first.diagnostics[0].file, first.diagnostics[0].line) == ("app/kustomization.yaml", 1)
    remotes = {PINNED: at(near), further: at(far, url=further.url)}
    made, _ = await rendered(over(), target(), remotes, sandbox)
    assert sorted(o.id.name for o in made.objects) == ["far", "near"]


async def test_one_remote_tree_may_be_used_in_several_places(sandbox: Sandbox) -> None:
    tree = MemoryTree(
        {
            "app/kustomization.yaml": f"resources: [a/b, '{URL}//more?ref=v1']\n",
            "app/a/b/kustomization.yaml": f"resources: ['{URL}//deploy?ref=v1']\nnameSuffix: -b\n",
        }
    )
    made, found = await rendered(tree, target(), {PINNED: at(base())}, sandbox)
    assert len(made.objects) == 3
    assert len({use.place for use in found.remotes}) == 1


async def test_a_linked_kustomization_keeps_its_own_way(sandbox: Sandbox) -> None:
    tree = MemoryTree(
        {
            "app/kustomization.yaml": Link("../shared/deep/er/base.yaml"),
            "shared/deep/er/base.yaml": f"resources: ['{URL}//deploy?ref=v1']\n",
        }
    )
    made, _ = await rendered(tree, target(), {PINNED: at(base())}, sandbox)
    assert len(made.objects) == 2


def test_the_key_changes_with_the_commit_and_not_with_the_unused() -> None:
    keys = [
        content_key(trace(over(), target(), {PINNED: remote}), target(), {})
        for remote in (at(base()), at(base()), at({**base(), "unused.yaml": "x: y"}), at(base(a="b"), "c2"))
    ]
    assert keys[0] == keys[1] == keys[2] != keys[3]


def test_the_newest_of_the_default_branch_is_warned_of() -> None:
    moving = RemoteRef(RemoteKind.REPOSITORY, URL)
    found = trace(over(f"{URL}//deploy"), target(), {moving: at(base(), "0123456789abcdef")})
    (warning,) = found.diagnostics
    assert (warning.severity, warning.file, warning.line) == (Severity.WARNING, "app/kustomization.yaml", 1)
    assert warning.message.startswith(
        f"resources[0]: '{URL}//deploy' follows whatever is newest there, now 0123456789ab;"
    )
    assert not found.is_refused


async def test_warnings_reach_the_rendering(sandbox: Sandbox) -> None:
    moving = RemoteRef(RemoteKind.REPOSITORY, URL)
    made, _ = await rendered(over(f"{URL}//deploy"), target(), {moving: at(base())}, sandbox)
    assert [d.severity for d in made.diagnostics] == [Severity.WARNING]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "'https://github.com/acme/base//deploy?ref=v1' does not exist there (deploy)"),
        ({"deploy": "x: y"}, "leads to a file, where a directory is needed"),
        ({"deploy/cm.yaml": "x: y"}, "deploy has no kustomization file"),
        ({"deploy/kustomization.yaml": "resources: [../../app]"}, "leaves the repository"),
        ({"deploy/kustomization.yaml": "resources: [../x.yaml]", "x.yaml": ""}, "lies outside the directory"),
        (
            {"deploy/kustomization.yaml": "patches: [{path: ../x.yaml}]", "x.yaml": ""},
            "lies outside the directory",
        ),
        (
            {"deploy/kustomization.yaml": "resources: [x.yaml]", "deploy/x.yaml": Link("../../app/own.yaml")},
            "leaves the repository through a symbolic link",
        ),
        ({"deploy/kustomization.yaml": "resources: [/etc/passwd]"}, "is an absolute path"),
        ({"deploy/kustomization.yaml": "resources: [gone.yaml]"}, "does not exist (deploy/gone.yaml)"),
        ({"deploy/kustomization.yaml": "helmCharts: [{name: a}]"}, "helmCharts[0] (a): there is no chart"),
        (
            {"deploy/kustomization.yaml": "generators: [x.yaml]", "deploy/x.yaml": "kind: Exec"},
            "not a plugin built",
        ),
        ({"deploy/kustomization.yaml": "resources: [.]"}, "refers back to itself"),
        ({"deploy/kustomization.yaml": f"resources: ['{URL}//deploy?ref=v1']"}, "refers back to itself"),
        (
            {"deploy/kustomization.yaml": "buildMetadata: [originAnnotations]"},
            "cannot be told together with remote",
        ),
        ({"deploy": Link("/etc")}, "leaves the repository through a symbolic link"),
    ],
)
def test_a_remote_tree_is_held_to_the_same_rules_and_to_itself(
    files: dict[str, Content], problem: str
) -> None:
    found = trace(over(), target(), {PINNED: at(files)})
    assert len(errors(found)) == 1, found.diagnostics
    assert problem in errors(found)[0]


def test_our_own_files_do_not_reach_into_a_remote_tree() -> None:
    place = trace(over(), target(), {PINNED: at(base())}).remotes[0].place
    tree = MemoryTree(
        {
            "app/kustomization.yaml": f"resources: ['{URL}//deploy?ref=v1', ../{place}/deploy, link.yaml]\n",
            "app/link.yaml": Link(f"../{place}/deploy/cm.yaml"),
        }
    )
    assert [
        message.partition(": ")[0] for message in errors(trace(tree, target(), {PINNED: at(base())}))
    ] == [
        "resources[1]",
        "resources[2]",
    ]


def test_a_repository_with_our_private_name_is_refused() -> None:
    tree = MemoryTree({**over().files, f"{REMOTE_ROOT}/x": ""})
    assert "rename it" in errors(trace(tree, target(), {PINNED: at(base())}))[0]
    assert not errors(trace(MemoryTree({"app/kustomization.yaml": "", f"{REMOTE_ROOT}/x": ""}), target()))


def test_the_overlay_of_flux_may_name_nothing_remote() -> None:
    wanted = target(found=FLUX, overlay={"components": [f"{URL}//deploy?ref=v1"]})
    found = trace(MemoryTree({"app/kustomization.yaml": ""}), wanted, {PINNED: at(base())})
    assert errors(found)[0].endswith("is a remote address; only files of the repository are rendered")
    assert not found.remotes


def test_what_leads_on_and_on_is_stopped() -> None:
    def ref(number: int) -> RemoteRef:
        return RemoteRef(RemoteKind.REPOSITORY, f"https://h.example/a/r{number}", "v1")

    def leading_to(number: int) -> RemoteTree:
        return at(
            {"kustomization.yaml": f"resources: ['https://h.example/a/r{number}?ref=v1']"},
            url=ref(number - 1).url,
        )

    remotes = {ref(n): leading_to(n + 1) for n in range(MAX_DEPTH + 5)}
    found = trace(over("https://h.example/a/r0?ref=v1"), target(), remotes)
    assert f"more than {MAX_DEPTH} remote addresses that lead to one another" in errors(found)[0]
    assert len(found.remotes) == MAX_DEPTH + 1

    many = "".join(f"- https://h.example/a/r{n}?ref=v1\n" for n in range(MAX_REMOTES + 2))
    empty = {ref(n): at({"kustomization.yaml": ""}, url=ref(n).url) for n in range(MAX_REMOTES + 2)}
    found = trace(MemoryTree({"app/kustomization.yaml": f"resources:\n{many}"}), target(), empty)
    assert [f"more than {MAX_REMOTES} remote addresses" in e for e in errors(found)] == [True, True]


async def test_no_password_of_an_address_is_kept(sandbox: Sandbox) -> None:
    entry = "https://ada:hunter2@git.example.test/x/y//z?ref=v1"
    found = trace(over(entry), target())
    assert "hunter2" not in repr([use.ref for use in found.remotes])
