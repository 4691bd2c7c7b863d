"""Real programs for tests: scripts that a test writes down, and what they need to run in the sandbox."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.programs import Plugin, Program, Programs
from bot.model.rendering import ContentKey, Rendering, Severity, Trace
from bot.model.target import Target
from bot.proc.programs import find
from bot.proc.sandbox import layers
from bot.render.argocd.concrete import concrete
from bot.render.brute import checkout
from bot.render.given import NOTHING, Given
from bot.render.key import content_key
from bot.render.plugin.run import as_of_now
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.trees import Content, MemoryTree

needs_confinement = pytest.mark.skipif(not layers().landlock_abi, reason="this kernel has no Landlock")
"""Where the kernel does not confine programs, none of the operator's runs."""
_SYSTEM = tuple(path for path in ("/usr", "/bin", "/lib", "/lib64") if Path(path).exists())
_PYTHON = (os.path.realpath(sys.executable), "-I", "-S", "-B")
_PYTHON_READS = tuple(dict.fromkeys((sys.base_prefix, *_SYSTEM)))
CONFIG_MAP = """\
import json, os
def config_map(name, **data):
    print('---')
    print(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}))
"""


def shell(script: str, **more: Any) -> Program:
    return Program(("/bin/sh", "-c", script), read=_SYSTEM, env={"PATH": "/usr/bin:/bin"}, **more)


def python(script: str, **more: Any) -> Program:
    """A program of Python that has `config_map(NAME, KEY=VALUE...)`, `json` and `os`."""
    return Program((*_PYTHON, "-c", CONFIG_MAP + script), read=_PYTHON_READS, **more)


def jsonnet(**more: Any) -> Program:
    return Program((str(find("jsonnet")),), **more)


def function(place: Path, script: str, name: str = "function") -> str:
    """An exec function of Python below `place`, by its path. It has `asked`, the text of the list that kustomize hands it."""
    file = place / name
    file.write_text(f"#!{_PYTHON[0]} -ISB\nimport json, os, sys\nasked = sys.stdin.read()\n{script}\n")
    file.chmod(0o755)
    return str(file)


def running(path: str, kind: str = "Mine") -> str:
    """A configuration of an exec function."""
    told = {"config.kubernetes.io/function": f"exec: {{path: {path}}}"}
    return json.dumps(
        {"apiVersion": "acme/v1", "kind": kind, "metadata": {"name": "mine", "annotations": told}}
    )


def kustomize(*functions: Path, **more: Any) -> Programs:
    """The real one, told to run functions that lie below `functions`."""
    command = (str(find("kustomize")), "build", "--enable-alpha-plugins", "--enable-exec")
    read = (*map(str, functions), *_PYTHON_READS)
    return Programs(kustomize=Program(command, read=read, env={"PATH": "/usr/bin:/bin"}, **more))


def plugin(program: Program, name: str = "mine", **more: Any) -> Programs:
    return Programs((Plugin(name, program, **more),))


def key(files: Mapping[str, Content], target: Target, sandbox: Sandbox, programs: Programs) -> ContentKey:
    return _traced(MemoryTree(files), target, as_of_now(programs, sandbox.layers))[2]


def read(files: Mapping[str, Content], target: Target, sandbox: Sandbox, programs: Programs) -> Trace:
    return _traced(MemoryTree(files), target, as_of_now(programs, sandbox.layers))[1]


async def rendered(
    sandbox: Sandbox,
    files: Mapping[str, Content],
    target: Target,
    programs: Programs,
    given: Given = NOTHING,
) -> Rendering:
    """The quick rendering, which brute force must agree with."""
    quick = await quickly(sandbox, files, target, programs, given)
    held = replace(sandbox, programs=as_of_now(programs, sandbox.layers))
    async with checkout(MemoryTree(files)) as judge:
        slow = await judge.render(target, held, given)
    assert quick.failed is slow.failed, (quick.diagnostics, slow.diagnostics)
    assert [(str(o.id), o.manifest) for o in quick.objects] == [(str(o.id), o.manifest) for o in slow.objects]
    assert quick.holes == slow.holes
    return quick


async def quickly(
    sandbox: Sandbox,
    files: Mapping[str, Content],
    target: Target,
    programs: Programs,
    given: Given = NOTHING,
) -> Rendering:
    """The quick rendering alone."""
    held = replace(sandbox, programs=as_of_now(programs, sandbox.layers))
    tree = MemoryTree(files)
    made, found, _ = _traced(tree, target, held.programs)
    return await render(tree, made, found, held, given)


def refusal(files: Mapping[str, Content], target: Target, sandbox: Sandbox, programs: Programs) -> str:
    """Why it is not even tried."""
    found = read(files, target, sandbox, programs)
    return "; ".join(d.message for d in found.diagnostics if d.severity is Severity.ERROR)


def _traced(tree: MemoryTree, target: Target, programs: Programs) -> tuple[Target, Trace, ContentKey]:
    found = concrete(tree, target, None, programs)
    traced = found.joined(trace(tree, found.target))
    return found.target, traced, content_key(traced, found.target, {"kustomize": "test"})
