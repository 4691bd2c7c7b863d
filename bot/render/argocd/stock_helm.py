"""`helm template` with files of values and parameters as arguments, as the repo-server runs it."""

import asyncio
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.model.manifests import canonical_json
from bot.model.release import Chart, ChartKind, Release, ValuesFile
from bot.model.rendering import Rendering
from bot.model.target import Target
from bot.proc.confine import MIB, Confinement, Limits
from bot.proc.errors import ProgramError, ProgramFailed
from bot.proc.private import private_directory
from bot.proc.run import Command, run
from bot.render.argocd.addresses import remote_data
from bot.render.argocd.environment import Environment, stand_ins
from bot.render.argocd.fields import Fields
from bot.render.argocd.helm import file_parameter, must_know_version
from bot.render.argocd.places import whole_to_helm
from bot.render.argocd.release import Taken
from bot.render.argocd.stock_glob import found_below, inside, is_there
from bot.render.argocd.versions import as_told, kube_version
from bot.render.errors import Unrenderable
from bot.render.given import Given
from bot.render.ground import Remotes
from bot.render.helm.brute import built, lay_out
from bot.render.helm.inputs import ReleaseInputs
from bot.render.helm.render import Objects
from bot.render.helm.run import CHART, Run, has_remote_schema
from bot.render.helm.values import ReleaseValues
from bot.render.helm.words import said
from bot.render.sandbox import Sandbox

_LIMITS = Limits(memory_bytes=1024 * MIB, cpu_s=30, file_bytes=0)
_BARE_COMMA = re.compile(r"(?<!\\),")
_META = re.compile(r"[*?\[]")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NO_SCHEMA = "--skip-schema-validation"
_INLINE = "inline-values.yaml"


@dataclass(frozen=True, slots=True)
class _Scene:
    """`base` is the directory that paths are relative to, `root` the one that they may not leave."""

    root: Path
    base: Path
    refs: Mapping[str, Path]
    environment: Environment
    is_one_of_many: bool
    remotes: Remotes
    own: Path

    def file(self, text: str) -> Path:
        """One that is no pattern. Raises `Unrenderable`."""
        root, found = self.place(text)
        return _one(root, found, text)

    def place(self, text: str) -> tuple[Path, Path]:
        """The root that must not be left, and the path there, which may be a pattern. Raises `Unrenderable`."""
        name, _, rest = text.partition("/")
        if name.startswith("$") and name[1:] in self.refs:
            root = self.refs[name[1:]]
            found = Path(os.path.normpath(f"{root}/{self.environment.substituted(rest)}"))
        elif name.startswith("$") and self.is_one_of_many:
            raise Unrenderable(f"{name} is none of the sources")
        else:
            root, path = self.root, self.environment.substituted(text)
            if _ADDRESS.match(path):
                return self.own, self._fetched(path)
            start = root if path.startswith("/") else self.base
            found = Path(os.path.normpath(f"{start}/{path}"))
        if not found.is_relative_to(root) or found == root:
            raise Unrenderable(f"{text[:200]!r} leaves the repository")
        return root, found

    def _fetched(self, url: str) -> Path:
        """What lies there, in a directory of ours: Helm has no network."""
        if not url.startswith(("http://", "https://")):
            raise Unrenderable(f"{url[:200]!r} is an address of a kind that is not read")
        path = self.own / f"fetched-{hashlib.sha256(url.encode()).hexdigest()}"
        path.write_bytes(remote_data(ValuesFile(url, is_remote=True), self.remotes))
        return path


@dataclass(frozen=True, slots=True)
class _Template:
    """One command line, in the directory `place` that holds the chart; `reads` is all that it may read."""

    arguments: tuple[str, ...]
    place: Path
    reads: tuple[Path, ...]
    files: Mapping[str, bytes]
    sandbox: Sandbox
    taken: Taken

    async def run(self) -> Objects:
        """Raises `Unrenderable`."""
        program = self.sandbox.helm
        if program is None:
            raise Unrenderable("helm is not installed; run `make tools`, or set LONGSHORE_HELM")
        command = Command(
            [program, *self.arguments],
            cwd=self.place / CHART,
            timeout_s=self.sandbox.timeout_s,
            max_stdout_bytes=self.sandbox.max_output_bytes,
            confinement=Confinement(self.sandbox.layers, read=self.reads, execute=(program,), limits=_LIMITS),
        )
        try:
            return await self.taken((await run(command)).stdout)
        except ProgramFailed as error:
            raise Unrenderable(said(error.stderr, self.files, str(self.place)).message) from None
        except ProgramError as error:
            raise Unrenderable(str(error)) from None


@dataclass(frozen=True, slots=True)
class Ground:
    """`root` is the checkout that the source's path lies in, `refs` are those of the other sources."""

    root: Path
    refs: Mapping[str, Path]


async def render_chart(
    ground: Ground,
    target: Target,
    options: Fields,
    environment: Environment,
    given: Given,
    sandbox: Sandbox,
) -> Rendering:
    """`target.path` is the chart's where it lies below the ground. Raises `Unrenderable`."""
    about, inputs = target.argocd, given.release
    assert about is not None
    base = target.release or Release(about.ref.name, "", Chart(ChartKind.TREE, target.path))
    release = replace(
        base,
        name=options.text("releaseName") or about.ref.name,
        namespace=options.text("namespace") or target.namespace or "default",
    )
    in_tree = base.chart.kind is ChartKind.TREE
    with private_directory() as private:
        place = private / "release"
        files = await asyncio.to_thread(lay_out, ground.root, place / CHART, release, inputs)
        root, home = (ground.root, ground.root / target.path) if in_tree else (place / CHART, place / CHART)
        many = bool(target.refs) or len(about.revisions) > 1
        scene = _Scene(root, home, ground.refs, environment, many, given.remotes, place)
        arguments = await asyncio.to_thread(_arguments, scene, release, options, inputs, place)
        if has_remote_schema(files) and _NO_SCHEMA not in arguments:
            arguments.append(_NO_SCHEMA)
        taken = Taken(release, target.namespace)
        reads = (place, ground.root, *ground.refs.values())
        template = _Template(tuple(arguments), place, reads, files, sandbox, taken)
        told = "\n".join(arguments).encode("utf-8", "surrogateescape")
        job = Run(release, ReleaseValues({}, stand_ins(told)), inputs.facts, files)
        made = await built(job, place, target, template.run)
        return replace(made, diagnostics=(*made.diagnostics, *taken.remarks(target)))


def _arguments(
    scene: _Scene, release: Release, options: Fields, inputs: ReleaseInputs, place: Path
) -> list[str]:
    """Raises `Unrenderable`."""
    must_know_version(options)
    result = ["template", ".", "--name-template", release.name, "--namespace", release.namespace]
    result += ["--kube-version", kube_version(options) or as_told(inputs.facts.kube_version)]
    ways = {False: "--set", True: "--set-string"}
    parameters = {(one.flag("forceString"), one.text("name")): one for one in options.each("parameters")}
    for (is_text, name), one in parameters.items():
        result += [ways[is_text], f"{name}={_escaped(scene.environment.substituted(one.text('value')))}"]
    for one in options.each("fileParameters"):
        file = scene.file(one.text("path"))
        result += ["--set-file", f"{file_parameter(one)}={_escaped(str(file))}"]
    for file in _values_files(scene, options):
        result += ["--values", str(file)]
    inline = options.anything("valuesObject")
    text = canonical_json(inline) if inline is not None else options.text("values").encode()
    if text:
        (place / _INLINE).write_bytes(text)
        result += ["--values", str(place / _INLINE)]
    for version in options.texts("apiVersions") or inputs.facts.api_versions:
        result += ["--api-versions", version]
    flags = (
        ("--include-crds", not options.flag("skipCrds")),
        (_NO_SCHEMA, options.flag("skipSchemaValidation")),
        ("--skip-tests", options.flag("skipTests")),
    )
    return [*result, *(flag for flag, is_set in flags if is_set)]


def _values_files(scene: _Scene, options: Fields) -> list[Path]:
    named = [(text, *scene.place(text)) for text in options.texts("valueFiles")]
    explicit = {path for _, root, path in named if not _META.search(str(path.relative_to(root)))}
    result: dict[Path, None] = {}
    for text, root, path in named:
        if path in explicit:
            if is_there(_one(root, path, text)) or not options.flag("ignoreMissingValueFiles"):
                result[path] = None
            continue
        found = [_one(root, match, text) for match in found_below(root, path)]
        if not found and not options.flag("ignoreMissingValueFiles"):
            raise Unrenderable(f"{text[:200]!r} matches no file")
        result |= dict.fromkeys(match for match in found if match not in explicit)
    return list(result)


def _one(root: Path, path: Path, text: str) -> Path:
    """A path that Helm may have: it reads what the path leads to, and takes a comma for the end of a name."""
    if not inside(root, path):
        raise Unrenderable(f"{text[:200]!r} leaves the repository")
    whole_to_helm(str(path), text)
    return path


def _escaped(value: str) -> str:
    is_list = value.startswith("{") and value.endswith("}")
    return value if is_list else _BARE_COMMA.sub(r"\\,", value)
