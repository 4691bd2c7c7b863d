"""Jsonnet in a directory of Argo CD: each file evaluated by the operator's program, as the repo-server's library does it.

Imports are looked for beside the file that names them, in the source's directory, and in the libraries that it names; the
right-most of these wins, here as there.
"""

import asyncio
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.model.manifests import MAX_INPUT_BYTES
from bot.model.programs import Program
from bot.model.rendering import TraceEntry
from bot.model.target import Target
from bot.model.tree import EntryKind, TreeReader
from bot.proc.private import make_private
from bot.render.argocd.environment import Environment
from bot.render.argocd.fields import Fields
from bot.render.errors import Unrenderable
from bot.render.helm.found import Found
from bot.render.paths import follow, join
from bot.render.plugin.run import Run, printed
from bot.render.plugin.scratch import copy
from bot.render.prepare import ROOT_NAME
from bot.render.sandbox import Sandbox

_MOST_FILES = 200
_MOST_S = 120.0
_WHAT = "Jsonnet does not evaluate"
_NAME = r"[\w.$-]{1,80}"
_PHRASES = re.compile(
    "|".join(
        (
            r"(?m:^\s*[\w./@+~-]{1,200}:\(?\d{1,7}:\d{1,7})",
            rf"Unknown variable: {_NAME}",
            rf"Field does not exist: {_NAME}",
            rf"Undefined external variable: {_NAME}",
            rf"Missing argument: {_NAME}",
            rf"function has no parameter {_NAME}",
            r"couldn't open import \"[\w./@+~-]{1,200}\"",
            r"(?:open|read) [\w./@+~-]{1,200}: (?:permission denied|is a directory)",
            r"Expected token \S{1,20} but got",
            r"Unexpected (?:end of file|type \w{1,20}, expected \w{1,20})",
            r"Unexpected: \w{1,20}",
            r"[Mm]ax stack frames exceeded",
            r"Unterminated \w{1,20}",
            r"couldn't manifest function as JSON",
        )
    )
)
_MOST_PHRASES = 4


def jsonnet_options(
    tree: TreeReader, options: Fields, known: Environment, program: Program, entries: list[TraceEntry]
) -> dict[str, Any]:
    """Of `spec.source.directory.jsonnet`, for a concrete target; what it looks at is added to `entries`.

    Why it cannot be evaluated is `refused`, which counts only where there is Jsonnet; `is_of_file` where that is said of a
    file and not of the options.
    """
    common = {
        "whole": True,
        "program": program.identity,
        "refused": program.refused and f"is Jsonnet, and of the program that evaluates it: {program.refused}",
        "is_of_file": True,
        "libs": [],
    }
    try:
        return {
            **common,
            "extVars": _variables(options, "extVars", known),
            "tlas": _variables(options, "tlas", known),
            "libs": [_library(tree, options, text, entries) for text in options.texts("libs")],
            "whole": program.reads_whole_tree,
        }
    except Unrenderable as error:
        return {**common, "refused": error.message, "is_of_file": False}


async def evaluated(
    tree: TreeReader, target: Target, files: Sequence[str], sandbox: Sandbox
) -> dict[str, bytes]:
    """The JSON that each of the files of the target makes, over a private copy. Raises `Unrenderable`."""
    options = target.options["directory"]["jsonnet"]
    private = await asyncio.to_thread(make_private)
    try:
        root = private / ROOT_NAME
        directory = follow(tree, target.path).path
        await asyncio.to_thread(copy, tree, directory, root, *options["libs"], is_whole=options["whole"])
        return await evaluate(root, directory, files, options, sandbox)
    finally:
        await asyncio.to_thread(shutil.rmtree, private, ignore_errors=True)


async def evaluate(
    root: Path, directory: str, files: Sequence[str], options: Mapping[str, Any], sandbox: Sandbox
) -> dict[str, bytes]:
    """The same over files that lie below `root` already. Raises `Unrenderable` with the file."""
    program = sandbox.programs.jsonnet
    assert program is not None, "who made the options has the program"
    if len(files) > _MOST_FILES:
        raise Unrenderable(f"there are more than {_MOST_FILES} files of Jsonnet", file=files[_MOST_FILES])
    arguments = _arguments(directory, options)
    made: dict[str, bytes] = {}
    left_bytes = MAX_INPUT_BYTES
    try:
        async with asyncio.timeout(_MOST_S):
            for file in files:
                # NB: a path from the root, so that `std.thisFile` is the same in every copy.
                run = Run(_WHAT, program, root, root, {}, (*arguments, f"./{file}"), told)
                made[file] = await _evaluate(run, file, sandbox)
                left_bytes -= len(made[file])
                if left_bytes < 0:
                    raise Unrenderable(
                        f"makes more than {MAX_INPUT_BYTES >> 20} MiB with the other files of Jsonnet",
                        file=file,
                    )
    except TimeoutError:
        raise Unrenderable(f"its files of Jsonnet take longer than {_MOST_S:.0f} s together") from None
    return made


async def _evaluate(run: Run, file: str, sandbox: Sandbox) -> bytes:
    try:
        return await printed(run, sandbox)
    except Unrenderable as error:
        raise Unrenderable(error.message, file=file) from None


def told(stderr: str, root: str) -> str:
    """The places and the problems that it names, without the values that it may quote."""
    text = stderr.replace(f"{root}/", "").replace(root, ".")
    phrases = dict.fromkeys(match.group().strip() for match in _PHRASES.finditer(text))
    return "; ".join(list(phrases)[:_MOST_PHRASES])


def _arguments(directory: str, options: Mapping[str, Any]) -> list[str]:
    """NB: a value stands behind its name, so that none can be taken for an option."""
    made: list[str] = []
    for kind, text, code in (("extVars", "--ext-str", "--ext-code"), ("tlas", "--tla-str", "--tla-code")):
        for name, value, is_code in options[kind]:
            made += [code if is_code else text, f"{name}={value}"]
    for place in (directory, *options["libs"]):
        made += ["--jpath", f"./{place}"]
    return made


def _variables(options: Fields, field: str, known: Environment) -> list[list[Any]]:
    found = []
    for entry in options.each(field):
        name, value = entry.text("name"), known.substituted(entry.text("value"))
        if not name or name.startswith("-") or "=" in name:
            raise entry.bad("name", f"{name[:80]!r} cannot be the name of a variable here")
        found.append([name, value, entry.flag("code")])
    return found


def _library(tree: TreeReader, options: Fields, text: str, entries: list[TraceEntry]) -> str:
    """Where a library lies, from the root: a path of the repository, with a leading slash or not."""
    try:
        place = follow(tree, join("", text.lstrip("/") or "."))
    except Unrenderable as error:
        raise options.bad("libs", f"{text[:200]!r} {error.message}") from None
    if place.entry is not None and place.entry.kind is not EntryKind.TREE:
        raise options.bad("libs", f"{text[:200]!r} is no directory")
    noted = Found(place.path)
    noted.place(place)
    entries += noted.entries
    return place.path
