"""Renders a release from a whole checkout: the judge of the quick way.

It shares with the quick way the merging of values, the one run of Helm and what becomes of the objects. It knows
nothing of traces; Helm itself reads the chart's directory with its ignore file and packaged subcharts, and kustomize
itself reads what Helm wrote.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bot.model.release import ChartKind, Release
from bot.model.rendering import Hole, Rendering
from bot.model.target import Target
from bot.proc.private import private_directory
from bot.render.errors import Unrenderable
from bot.render.helm.actions import LOOKUP, at_another_time
from bot.render.helm.chart import Reader, chart_reader, finished
from bot.render.helm.dependencies import archive_files, archived, must_fit, place
from bot.render.helm.files import Budget, ChartFiles, unpack, whole
from bot.render.helm.inputs import ReleaseInputs
from bot.render.helm.metadata import Dependency, metadata, missing
from bot.render.helm.output import parse, raw_templates
from bot.render.helm.postrender import (
    NO_HOOKS,
    SEPARATE,
    kustomize_layers,
    kustomized,
    post_rendered,
    with_flux_metadata,
)
from bot.render.helm.render import Objects, explained, refused
from bot.render.helm.result import about_the_cluster, asked, objects_of, placed
from bot.render.helm.result import finished as as_rendering
from bot.render.helm.run import CHART, Run, template_in, write_chart
from bot.render.helm.secrets import secret_texts
from bot.render.helm.values import release_values
from bot.render.helm.volatile import settled
from bot.render.sandbox import Sandbox


async def render_release_by_force(
    checkout: Path, target: Target, inputs: ReleaseInputs, sandbox: Sandbox
) -> Rendering:
    """`checkout` holds the whole of what Flux gets of the tree that the chart lies in. It is not changed."""
    release = target.release
    if target.unknown_because or release is None:
        return refused(target, Unrenderable(target.unknown_because or "it names no release"))
    try:
        values = release_values(release.values, inputs.values)
    except Unrenderable as error:
        return refused(target, error)
    secrets = secret_texts(release.values, inputs.values)
    with private_directory() as private:
        root = private / "release"
        try:
            shown = await asyncio.to_thread(lay_out, checkout, root / CHART, release, inputs)
            run = Run(release, values, inputs.facts, shown)
            made = await built(run, root, target, lambda: _once(run, root, sandbox))
        except Unrenderable as error:
            made = refused(target, explained(error, values))
    return replace(made, secrets=secrets)


async def built(run: Run, root: Path, target: Target, once: Callable[[], Awaitable[Objects]]) -> Rendering:
    """`once` renders the chart that lies in `root`. Raises `Unrenderable`."""
    about = await asyncio.to_thread(asked, run)
    objects, crds = await once()
    holes: tuple[Hole, ...] = ()
    if about.volatile:
        # What lies in packaged subcharts cannot be changed here.
        later = {
            path: data for path, data in at_another_time(run.files).items() if (root / CHART / path).is_file()
        }
        await asyncio.to_thread(write_chart, later, root / CHART)
        again, _ = await once()
        objects, holes = settled(objects, again, "the chart makes it anew at each rendering")
    rendering = await asyncio.to_thread(as_rendering, objects, crds, holes, run, target)
    questions = {**about.cluster, LOOKUP: ()} if target.argocd else about.cluster
    remarks = placed(about_the_cluster(questions, run, {}), target)
    return replace(rendering, diagnostics=(*rendering.diagnostics, *remarks))


async def _once(run: Run, root: Path, sandbox: Sandbox) -> Objects:
    data = await template_in(run, root, sandbox)
    release, layers = run.release, kustomize_layers(run.release)
    output = await asyncio.to_thread(parse, data)
    if release.post_render_strategy in (NO_HOOKS, SEPARATE):
        manifests = await post_rendered([found.manifest for found in output.templates], release, sandbox)
    elif output.templates:
        manifests = with_flux_metadata(await kustomized(raw_templates(data), layers, sandbox), release)
    else:
        manifests = []
    crds = [found.manifest for found in output.crds]
    return await asyncio.to_thread(objects_of, manifests, crds, release)


def lay_out(checkout: Path, directory: Path, release: Release, inputs: ReleaseInputs) -> ChartFiles:
    """Write the chart; returns its files as far as anybody looks into them. Raises `Unrenderable`."""
    chart, budget = release.chart, Budget()
    if chart.kind is not ChartKind.TREE:
        if inputs.archive is None:
            raise Unrenderable("the chart was not fetched")
        files = archive_files(inputs.archive, budget)
        write_chart(finished(files, chart, inputs.version_label, chart_reader(files)), directory)
        return files
    source = _packed(checkout) if chart.is_artifact else _inside(checkout, checkout / chart.name, chart.name)
    reader = _checkout_reader(checkout)
    if source.is_file():
        files = unpack(source.read_bytes(), budget)
        write_chart(finished(files, chart, inputs.version_label, reader), directory)
        return files
    own = _files(checkout, source)
    files = whole(own, budget)
    if chart.is_artifact:
        own.pop(".helmignore", None)
    for dependency in () if chart.is_artifact else missing(files, metadata(files)):
        if dependency.is_local:
            place(own, _local(checkout, source, dependency))
        else:
            place(own, archived(dependency, inputs.dependencies, budget))
    write_chart(finished(own, chart, inputs.version_label, reader), directory)
    return whole(own, Budget())


def _packed(checkout: Path) -> Path:
    """The one directory of an artifact."""
    found = list(checkout.iterdir())
    if len(found) != 1 or not found[0].is_dir():
        raise Unrenderable(
            "its artifact must hold one directory, which is the chart's, and nothing beside it"
        )
    return found[0]


def _local(checkout: Path, chart: Path, dependency: Dependency) -> ChartFiles:
    text = dependency.repository.removeprefix("file://").lstrip("/")
    found = _inside(checkout, chart / text, dependency.repository)
    files = unpack(found.read_bytes(), Budget()) if found.is_file() else _files(checkout, found)
    must_fit(dependency, whole(files, Budget()))
    return files


def _files(checkout: Path, directory: Path) -> ChartFiles:
    return {
        str(path.relative_to(directory)): _inside(checkout, path, path.name).read_bytes()
        for path in _walk(directory)
    }


def _walk(directory: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(directory):
        for name in names:
            yield Path(parent) / name


def _checkout_reader(checkout: Path) -> Reader:
    def read(text: str) -> bytes | None:
        path = _inside(checkout, checkout / text.lstrip("/"), text, must_exist=False)
        return path.read_bytes() if path.is_file() else None

    return read


def _inside(checkout: Path, path: Path, shown: str, *, must_exist: bool = True) -> Path:
    found = path.resolve()
    if not found.is_relative_to(checkout):
        raise Unrenderable(f"{shown!r} leaves the repository")
    if must_exist and not found.exists():
        raise Unrenderable(f"{shown!r} does not exist")
    return found
