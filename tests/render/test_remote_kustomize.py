"""The same remote bases, by kustomize itself with the network, and by us without: the objects are the same."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.errors import LongshoreError
from bot.git.foreign import ForeignRepositories, Visit
from bot.model.hosts import Hosts
from bot.model.remote import RemoteKind, RemoteRef
from bot.proc.programs import find
from bot.proc.run import Command, run
from bot.render.brute import checkout
from bot.render.given import Given
from bot.render.ground import Remotes, RemoteTree
from bot.render.objects import Source, rendering
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.git.conftest import CREDENTIALS, GitServer
from tests.git.repos import Work
from tests.render.trees import Content, Link, MemoryTree, config_map, target

BASE = {
    "kustomization.yaml": "resources: [deploy]\ncommonLabels: {from: root}\n",
    "deploy/kustomization.yaml": "resources: [cm.yaml, ../more, deeper]\nnamePrefix: far-\n",
    "deploy/cm.yaml": config_map("one"),
    "deploy/deeper/kustomization.yaml": "resources: [x.yaml]\npatches:\n- path: patch.yaml\n",
    "deploy/deeper/x.yaml": config_map("deep"),
    "deploy/deeper/patch.yaml": config_map("deep", patched="'yes'"),
    "more/kustomization.yaml": "configMapGenerator:\n- name: two\n  files: [data.txt]\n",
    "more/data.txt": "text\n",
    "part/kustomization.yaml": (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -part\nresources: [p.yaml]\n"
    ),
    "part/p.yaml": config_map("p"),
    "outside/kustomization.yaml": "resources: [../deploy/cm.yaml]\n",
    "dangling/kustomization.yaml": "resources: [../../../app/own.yaml]\n",
}


@pytest.fixture
def base(server: GitServer, work: Work) -> str:
    """The address of somebody's repository: `v1` as below, and its main branch a release later."""
    work.git("remote", "add", "origin", str(server.publish("acme/base")))
    work.commit(BASE)
    work.git("tag", "v1")
    work.commit({"deploy/cm.yaml": config_map("one", later="'yes'")})
    work.git("push", "-q", "origin", "main", "--tags")
    Work(server.root / "acme/base.git").git("symbolic-ref", "HEAD", "refs/heads/main")
    return server.remote("acme/base").url


async def settled(tree: MemoryTree, visit: Visit) -> Remotes:
    """All that the walk asks for, and all that it then asks for in turn."""
    remotes: dict[RemoteRef, RemoteTree] = {}
    while missing := {use.ref for use in trace(tree, target(), remotes).remotes} - remotes.keys():
        for ref in missing:
            if ref.kind is RemoteKind.FILE:
                remotes[ref] = RemoteTree(problem="is answered with 401")
                continue
            try:
                found = await visit.tree(ref)
            except LongshoreError as error:
                remotes[ref] = RemoteTree(problem=str(error))
            else:
                remotes[ref] = RemoteTree(found.tree, found.identity)
    return remotes


async def by_kustomize(files: dict[str, Content], directory: Path) -> bytes | None:
    """What it builds with its own clones; None where it fails."""
    work = Work(directory)
    for name, content in files.items():
        if isinstance(content, Link):
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).symlink_to(content.target)
        elif isinstance(content, str):
            work.write({name: content})
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": CREDENTIALS.header,
    }
    argv: list[str | Path] = [find("kustomize"), "build", "--load-restrictor", "LoadRestrictionsNone", "."]
    done = await run(Command(argv, cwd=directory / "app", env=environment, accept=frozenset({0, 1})))
    return None if done.exit_code else done.stdout


@pytest.mark.parametrize(
    "kustomization",
    [
        "resources: ['ADDRESS//deploy?ref=v1']\nnamespace: here\n",
        "resources: ['ADDRESS//deploy']\n",
        "resources: ['ADDRESS?ref=v1']\n",
        "resources: ['ADDRESS/more?ref=main']\nnamePrefix: x-\n",
        "bases: ['ADDRESS//more?version=v1']\n",
        "resources: [own.yaml]\ncomponents: ['ADDRESS//part?ref=v1']\n",
        "resources: ['ADDRESS//deploy/deeper?ref=v1', 'ADDRESS//more?ref=main', near]\n",
        "resources: ['git::ADDRESS//deploy?ref=v1']\n",
        "resources: ['ADDRESS//outside?ref=v1']\n",
        "resources: ['ADDRESS//dangling?ref=v1']\n",
        "resources: ['ADDRESS//gone?ref=v1']\n",
        "resources: ['ADDRESS//deploy/cm.yaml?ref=v1']\n",
        "resources: ['ADDRESS//deploy?ref=v9']\n",
        "components: ['ADDRESS//deploy/cm.yaml?ref=v1']\n",
    ],
)
async def test_we_render_what_kustomize_renders(
    kustomization: str, base: str, server: GitServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    files: dict[str, Content] = {
        "app/kustomization.yaml": kustomization.replace("ADDRESS", base),
        "app/own.yaml": config_map("own"),
        "app/near/kustomization.yaml": Link("../../shared/a/linked.yaml"),
        "shared/a/linked.yaml": f"resources: ['{base}//deploy?ref=v1']\nnameSuffix: -near\n",
    }
    tree = MemoryTree(files)
    foreign = ForeignRepositories(tmp_path / "foreign", Hosts(("127.0.0.1:*",)), lambda _: CREDENTIALS)
    async with foreign.visit() as visit:
        given = Given(remotes=await settled(tree, visit))
        server.requests.clear()
        ours = await render(tree, target(), trace(tree, target(), given.remotes), sandbox, given)
        async with checkout(tree) as brute:
            slow = await brute.render(target(), sandbox, given)
        assert server.requests == []
    theirs = await by_kustomize(files, tmp_path / "work-tree")
    assert server.requests
    if theirs is None:
        assert ours.failed
        return
    expected = await asyncio.to_thread(rendering, [Source(theirs, None)])
    assert ours.objects == expected.objects == slow.objects, (ours.diagnostics, slow.diagnostics)
    assert ours.objects
