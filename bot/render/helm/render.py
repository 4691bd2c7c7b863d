"""A release to its objects: chart and values put together, Helm in the sandbox, then what Flux does with the output.

Nothing that a repository or a chart holds makes this raise. How many run at once is for the caller to bound.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.model.objects import Object, ObjectId
from bot.model.release import Release
from bot.model.rendering import Diagnostic, Hole, Rendering, Severity, Trace
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.errors import Unrenderable
from bot.render.helm.actions import LOOKUP, at_another_time
from bot.render.helm.chart import Assembled, assemble
from bot.render.helm.found import chart_tree
from bot.render.helm.inputs import ReleaseInputs
from bot.render.helm.output import parse
from bot.render.helm.postrender import post_rendered
from bot.render.helm.result import Asked, about_the_cluster, asked, finished, objects_of, placed
from bot.render.helm.run import Run, packed, template
from bot.render.helm.secrets import secret_texts
from bot.render.helm.values import ReleaseValues, release_values
from bot.render.helm.volatile import settled
from bot.render.sandbox import Sandbox

Objects = tuple[tuple[Object, ...], tuple[ObjectId, ...]]
"""All objects, and which of them come from `crds/`."""
Take = Callable[[bytes], Awaitable[Objects]]
"""What becomes of Helm's output. Raises `Unrenderable`."""

__all__ = ["built", "chart_tree", "explained", "refused", "render_release"]


async def render_release(
    tree: TreeReader, target: Target, trace: Trace, inputs: ReleaseInputs, sandbox: Sandbox
) -> Rendering:
    """Render a target of the renderer `helm`. `tree` is the one that its chart lies in, if it lies in one."""
    release = target.release
    if target.unknown_because or release is None:
        return refused(target, Unrenderable(target.unknown_because or "it names no release"))
    if trace.is_refused and sandbox.check_fields:
        return Rendering((), trace.diagnostics)
    try:
        values = await asyncio.to_thread(release_values, release.values, inputs.values)
    except Unrenderable as error:
        return refused(target, error)
    secrets = await asyncio.to_thread(secret_texts, release.values, inputs.values)
    try:
        chart = await asyncio.to_thread(assemble, chart_tree(tree, target), release, inputs)
        run = Run(release, values, inputs.facts, chart.files)
        made = await built(run, chart, target, sandbox, _taken(release, sandbox))
    except Unrenderable as error:
        made = refused(target, explained(error, values))
    return replace(made, secrets=secrets)


def refused(target: Target, error: Unrenderable) -> Rendering:
    """A rendering that has only a reason. Without a file it points to where the target was found."""
    file, line = (error.file, error.line) if error.file else (target.origin.file, target.origin.line)
    return Rendering((), (Diagnostic(Severity.ERROR, error.message, file, line),))


def explained(error: Unrenderable, values: ReleaseValues) -> Unrenderable:
    """What fails may do so because of what was left out."""
    missing = [name for name, _ in values.left_out] + [found.name for found in values.placeholders]
    if not missing:
        return error
    return Unrenderable(
        f"{error.message}; not known here: {', '.join(missing[:5])}, which may be why",
        file=error.file,
        line=error.line,
    )


async def built(run: Run, chart: Assembled, target: Target, sandbox: Sandbox, taken: Take) -> Rendering:
    """Raises `Unrenderable`."""
    about: Asked = await asyncio.to_thread(asked, run)
    holes: tuple[Hole, ...] = ()
    objects, crds = await _once(run, chart, chart.files, sandbox, taken)
    if about.volatile:
        later = {**chart.files, **at_another_time(chart.files)}
        again, _ = await _once(run, chart, later, sandbox, taken)
        reason = f"the chart makes it anew at each rendering ({', '.join(sorted(about.volatile))})"
        objects, holes = settled(objects, again, reason)
    rendering = await asyncio.to_thread(finished, objects, crds, holes, run, target)
    # Argo CD renders without a cluster as well: what is looked up there is not found there either.
    questions = {**about.cluster, LOOKUP: ()} if target.argocd else about.cluster
    remarks = about_the_cluster(questions, run, chart.places)
    return replace(rendering, diagnostics=(*rendering.diagnostics, *placed(remarks, target)))


async def _once(
    run: Run, chart: Assembled, files: Mapping[str, bytes], sandbox: Sandbox, taken: Take
) -> Objects:
    archive = await asyncio.to_thread(packed, files)
    return await taken(await template(run, archive, sandbox, chart.places))


def _taken(release: Release, sandbox: Sandbox) -> Take:
    async def taken(data: bytes) -> Objects:
        output = await asyncio.to_thread(parse, data)
        manifests = await post_rendered([found.manifest for found in output.templates], release, sandbox)
        crds = [found.manifest for found in output.crds]
        return await asyncio.to_thread(objects_of, manifests, crds, release)

    return taken
