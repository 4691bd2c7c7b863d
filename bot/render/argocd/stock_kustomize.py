"""`kustomize edit`, as the repo-server runs it in the source's own directory, and then the build."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.model.manifests import canonical_json
from bot.model.rendering import Rendering
from bot.proc.confine import MIB, Confinement, Limits
from bot.proc.errors import ProgramError, ProgramFailed
from bot.proc.private import private_directory
from bot.proc.run import Command, run
from bot.render.argocd.build_options import inflates, is_restricted, runs_functions
from bot.render.argocd.environment import Environment
from bot.render.argocd.fields import Fields
from bot.render.argocd.versions import as_told, kube_version
from bot.render.build import build
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.given import Given
from bot.render.helm.inputs import ClusterFacts
from bot.render.inflation.judge import build_by_kustomize, charts_of
from bot.render.objects import Source, rendering
from bot.render.overlay import declared
from bot.render.plugin.brute import refuse_links
from bot.render.plugin.functions import build_with_functions
from bot.render.sandbox import Sandbox
from bot.render.words import presentable

_REFUSES_FUNCTIONS = "external plugins disabled"
_LIMITS = Limits(memory_bytes=1024 * MIB, cpu_s=30, file_bytes=16 * MIB)


@dataclass(frozen=True, slots=True)
class Told:
    """What the repo-server knows: the source's path and block, the environment, its own `kustomize.buildOptions` where we
    do too.
    """

    path: str
    options: Fields
    environment: Environment
    arguments: str | None = None

    @property
    def is_restricted(self) -> bool:
        return self.arguments is not None and is_restricted(self.arguments)


async def build_edited(root: Path, directory: Path, told: Told, given: Given, sandbox: Sandbox) -> Rendering:
    """The objects of `directory` below `root`, which is as it was when this is over. Raises `Unrenderable`."""
    options = told.options
    file = next((directory / name for name in KUSTOMIZATION_FILES if (directory / name).exists()), None)
    if file is None:
        raise Unrenderable(f"{directory.relative_to(root)} has no kustomization file")
    kube_version(options)
    commands = list(_commands(root, told))
    if commands and file.is_symlink():
        raise Unrenderable("an overlay over a linked kustomization cannot be checked")
    before = file.read_bytes()
    try:
        for arguments in commands:
            if arguments:
                await _kustomize(root, directory, ["edit", *arguments], (directory,), sandbox)
            else:
                _add_patches(file, options)
        return await _built(root, directory, told, given, sandbox)
    except Unrenderable as error:
        if _REFUSES_FUNCTIONS not in error.message or not _may_run_functions(told, sandbox):
            raise
        return await _with_functions(root, directory, told, sandbox)
    finally:
        if commands:
            file.write_bytes(before)


async def _built(root: Path, directory: Path, told: Told, given: Given, sandbox: Sandbox) -> Rendering:
    """Raises `Unrenderable`."""
    options, below = told.options, str(directory.relative_to(root))
    if charts_of(root, directory):
        if told.arguments is not None and not inflates(told.arguments):
            raise Unrenderable(f"kustomize.buildOptions is {told.arguments[:200]!r}: it inflates no chart")
        known = given.release.facts
        facts = ClusterFacts(
            kube_version(options) or as_told(known.kube_version),
            options.texts("apiVersions") or known.api_versions,
        )
        return await build_by_kustomize(
            root, below, given.charts, sandbox, facts=facts, is_restricted=told.is_restricted
        )
    if told.is_restricted:
        output = await _kustomize(root, directory, ["build"], (), sandbox)
        return await asyncio.to_thread(rendering, [Source(output, None)])
    return await build(root, below, sandbox, None)


def _may_run_functions(told: Told, sandbox: Sandbox) -> bool:
    known = told.arguments
    return sandbox.programs.kustomize is not None and (known is None or runs_functions(known))


async def _with_functions(root: Path, directory: Path, told: Told, sandbox: Sandbox) -> Rendering:
    """By the operator's program, which kustomize itself says it takes. Raises `Unrenderable`."""
    program = sandbox.programs.kustomize
    assert program is not None
    refuse_links(root, program, directory)
    return await build_with_functions(
        root, directory, told.environment, sandbox, is_restricted=told.is_restricted
    )


def _commands(root: Path, told: Told) -> Iterator[list[str]]:
    """Arguments in Argo CD's order. It adds patches by itself, for which the arguments are empty."""
    options, environment = told.options, told.environment
    for field, name in (("namePrefix", "nameprefix"), ("nameSuffix", "namesuffix")):
        if options.text(field):
            yield ["set", name, "--", options.text(field)]
    if images := options.texts("images"):
        yield ["set", "image", *(environment.substituted(text) for text in images)]
    if replicas := list(options.each("replicas")):
        yield ["set", "replicas", *(f"{one.text('name')}={one.anything('count')}" for one in replicas)]
    if labels := options.pairs("commonLabels"):
        flags = (
            ("--force", "forceCommonLabels"),
            ("--without-selector", "labelWithoutSelector"),
            ("--include-templates", "labelIncludeTemplates"),
        )
        given = (flag for flag, field in flags if options.flag(field))
        yield ["add", "label", *given, *(f"{k}:{environment.substituted(v)}" for k, v in labels.items())]
    if annotations := options.pairs("commonAnnotations"):
        if options.flag("commonAnnotationsEnvsubst"):
            annotations = {k: environment.substituted(v) for k, v in annotations.items()}
        force = ["--force"] if options.flag("forceCommonAnnotations") else []
        yield ["add", "annotation", *force, *(f"{k}:{v}" for k, v in annotations.items())]
    if options.text("namespace"):
        yield ["set", "namespace", "--", options.text("namespace")]
    if list(options.each("patches")):
        yield []
    components = options.texts("components")
    if options.flag("ignoreMissingComponents"):
        components = tuple(text for text in components if _is_there(root, root / told.path, text))
    if components:
        yield ["add", "component", *components]


def _is_there(root: Path, directory: Path, text: str) -> bool:
    """Cleaned before any link is followed, those of the directory's own path among them."""
    found = Path(os.path.normpath(directory / text))
    return found.is_relative_to(root) and found.resolve().is_relative_to(root) and found.exists()


def _add_patches(file: Path, options: Fields) -> None:
    kustomization = declared(file.read_bytes())
    patches = kustomization.get("patches")
    added = [dict(each) for each in options.anything("patches")]
    file.write_bytes(
        canonical_json(
            {**kustomization, "patches": [*(patches if isinstance(patches, list) else []), *added]}
        )
    )


async def _kustomize(
    root: Path, directory: Path, arguments: list[str], write: tuple[Path, ...], sandbox: Sandbox
) -> bytes:
    """What it prints, run in `directory`; it may write to what is in `write`. Raises `Unrenderable`."""
    with private_directory() as own:
        confinement = Confinement(
            sandbox.layers,
            read=(root,),
            write=(*write, own),
            execute=(sandbox.kustomize,),
            limits=_LIMITS,
        )
        command = Command(
            [sandbox.kustomize, *arguments],
            cwd=directory,
            env={"HOME": str(own), "TMPDIR": str(own)},
            timeout_s=sandbox.timeout_s,
            max_stdout_bytes=sandbox.max_output_bytes,
            confinement=confinement,
        )
        try:
            return (await run(command)).stdout
        except ProgramFailed as error:
            raise Unrenderable(f"kustomize: {presentable(error.stderr, str(root)) or 'failed'}") from None
        except ProgramError as error:
            raise Unrenderable(str(error)) from None
