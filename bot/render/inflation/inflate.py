"""Builds kustomizations that inflate charts: Helm renders them beforehand, each in the sandbox, and kustomize finds files.

kustomize's own way needs a Helm that is its child, a network and a tree to write into. Here what Helm wrote comes in
where kustomize would have put it: behind the objects of resources and generators, in front of components and of everything
that changes objects, and marked as Helm's, so that no namespace is laid over it.
"""

import asyncio
import os
import posixpath
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.model.manifests import canonical_json
from bot.model.rendering import Diagnostic, Rendering, Severity, Trace
from bot.render.build import build
from bot.render.envsubst import Unknown
from bot.render.errors import Unrenderable
from bot.render.ground import REMOTE_ROOT
from bot.render.helm.actions import VOLATILE, asks_for, at_another_time
from bot.render.helm.files import Budget, ChartFiles
from bot.render.helm.run import packed
from bot.render.helm.unknown import with_holes
from bot.render.helm.values import Placeholder
from bot.render.helm.volatile import settled
from bot.render.helm.words import said
from bot.render.inflation.charts import Larder, Source, arguments, generated_name
from bot.render.inflation.declared import FIELDS, Inflation
from bot.render.inflation.graph import Graph, Placed
from bot.render.rewrite import rewrite
from bot.render.sandbox import Sandbox, helm_archive

_OWN = ".longshore-"
ROOT = f"{_OWN}charts"
MAX_SECONDS = 120.0
MAX_OUTPUT_BYTES = 64 * 1024 * 1024
MAX_COPIED_BYTES = 256 * 1024 * 1024
_BLOCK_BYTES = 4096
MADE_ANEW = "the chart makes it anew at each rendering"
_COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
_MARK = {
    "apiVersion": "builtin",
    "kind": "AnnotationsTransformer",
    "metadata": {"name": "mark"},
    "annotations": {"internal.config.kubernetes.io/helm-generated": "true"},
    "fieldSpecs": [{"path": "metadata/annotations", "create": True}],
}
"""How kustomize itself tells objects that came from Helm; it removes the annotation in the end."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run of Helm. `file` is the kustomization, `place` where its output goes, below the root."""

    chart: Inflation
    file: str
    place: str
    arguments: tuple[str, ...]
    values: bytes
    source: Source

    @property
    def is_volatile(self) -> bool:
        texts = [data for data in (*self.source.files.values(), self.values) if b"{{" in data]
        return any(asks_for(data.decode("utf-8", "surrogateescape"), VOLATILE) for data in texts)


async def build_inflated(
    root: Path, directory: str, trace: Trace, larder: Larder, sandbox: Sandbox
) -> Rendering:
    """The objects of `directory` below `root`, which holds the files of the trace. Raises `Unrenderable`."""
    _must_be_free(trace)
    try:
        jobs = await asyncio.to_thread(_laid_out, root, directory, larder)
    except OSError as error:
        reason = error.strerror or "its files cannot be copied"
        raise Unrenderable(f"its charts cannot be laid out: {reason}") from None
    try:
        async with asyncio.timeout(MAX_SECONDS):
            await _inflate(root, jobs, sandbox, later=False)
            built = await build(root, directory, sandbox, None)
            if not built.failed and any(job.is_volatile for job in jobs):
                await _inflate(root, jobs, sandbox, later=True)
                again = await build(root, directory, sandbox, None)
                objects, holes = settled(built.objects, again.objects, MADE_ANEW)
                built = replace(built, objects=objects, holes=(*built.holes, *holes))
    except TimeoutError:
        raise Unrenderable(f"its charts take longer than {MAX_SECONDS:g} s together") from None
    return with_generated_names(built, [(job.chart, job.file) for job in jobs])


def _must_be_free(trace: Trace) -> None:
    """Refuse names in the repository that files of this module's own may have. Raises `Unrenderable`."""
    for entry in trace.entries:
        first, *rest = entry.path.split("/")
        names = rest if first == REMOTE_ROOT else (first, *rest)
        taken = next((name for name in names if name.startswith(_OWN)), None)
        if taken is not None:
            raise Unrenderable(
                f"the name {taken[:80]} is in the repository, and Longshore puts files of its own under names that "
                f"begin with {_OWN}: rename it",
                file=entry.path,
            )


def with_generated_names(built: Rendering, charts: Sequence[tuple[Inflation, str]]) -> Rendering:
    """The rendering with holes for names that Helm makes up, and what to say of them."""
    names: dict[str, Placeholder] = {}
    remarks: list[Diagnostic] = []
    for chart, file in charts:
        if (name := generated_name(chart)) and name not in names:
            reason = f"{chart.at} has no releaseName, so each build makes up another one"
            names[name] = Placeholder("releaseName", name, Unknown(reason))
            remarks.append(Diagnostic(Severity.WARNING, reason, file))
    objects, holes = with_holes(built.objects, tuple(names.values()))
    return replace(
        built, objects=objects, holes=(*built.holes, *holes), diagnostics=(*remarks, *built.diagnostics)
    )


async def _inflate(root: Path, jobs: Sequence[Job], sandbox: Sandbox, *, later: bool) -> None:
    left = MAX_OUTPUT_BYTES
    for job in jobs:
        files = {**job.source.files, **at_another_time(job.source.files)} if later else job.source.files
        output = await _run(job, files, sandbox)
        left -= len(output)
        if left < 0:
            raise Unrenderable(f"its charts render to more than {MAX_OUTPUT_BYTES // 1024**2} MiB")
        (root / job.place / "output.yaml").write_bytes(output)


async def _run(job: Job, files: ChartFiles, sandbox: Sandbox) -> bytes:
    archive = await asyncio.to_thread(packed, files)
    try:
        return await helm_archive(
            *(archive, job.arguments, job.values, sandbox),
            lambda stderr, root: said(stderr, files, root).message,
        )
    except Unrenderable as error:
        raise _about(job.chart, job.file, error) from None


def _about(chart: Inflation, file: str, error: Unrenderable) -> Unrenderable:
    return Unrenderable(f"{chart.at} ({chart.name[:80]}): {error.message}", file=error.file or file)


def _laid_out(root: Path, directory: str, larder: Larder) -> list[Job]:
    """Rewrite the kustomizations, so that they find what Helm is going to write. Raises `Unrenderable`, `OSError`."""
    placed = Graph(root, larder.tree, directory).placed()
    _copy(root, [each for each in placed if each.at != each.node.path])
    jobs: list[Job] = []
    sources: dict[str, Source] = {}
    budget = Budget()
    for each in placed:
        made: list[Job] = []
        for chart in each.node.charts:
            file = posixpath.join(each.node.path, each.node.file)
            try:
                made.append(_job(larder.told(chart), each, larder, sources, budget, len(jobs) + len(made)))
            except Unrenderable as error:
                raise _about(chart, file, error) from None
        jobs += made
        if made or each.children:
            _rewritten(root, each, made)
    return jobs


def _copy(root: Path, placed: Sequence[Placed]) -> None:
    """A directory that is built for several namespaces, once for each. Raises `Unrenderable`, `OSError`."""
    own = shutil.ignore_patterns(f"{_OWN}*")
    sizes = {path: _size_bytes(root / path) for path in {each.node.path for each in placed}}
    if sum(sizes[each.node.path] for each in placed) > MAX_COPIED_BYTES:
        raise Unrenderable(
            f"directories that are built for several namespaces have more than {MAX_COPIED_BYTES // 1024**2} MiB, those "
            "of each namespace counted"
        )
    for each in placed:
        shutil.copytree(root / each.node.path, root / each.at, symlinks=True, ignore=own)


def _size_bytes(directory: Path) -> int:
    """On disk, where the smallest file takes a block; what we put there ourselves is not copied."""
    total = 0
    for folder, below, files in os.walk(directory):
        below[:] = [name for name in below if not name.startswith(_OWN)]
        sizes = (Path(folder, name).lstat().st_size for name in files)
        total += sum(max(size, _BLOCK_BYTES) for size in (*sizes, 0))
    return total


def _job(
    chart: Inflation, each: Placed, larder: Larder, sources: dict[str, Source], budget: Budget, number: int
) -> Job:
    base = each.node.path
    place = posixpath.join(base, chart.place)
    if place not in sources:
        sources[place] = larder.source(chart, base, budget)
    source = sources[place]
    namespace = chart.namespace or (each.namespace if chart.inherits_namespace else "")
    return Job(
        chart,
        posixpath.join(base, each.node.file),
        f"{ROOT}/{number}",
        tuple(arguments(chart, namespace, source.files)),
        larder.values(chart, base, source),
        source,
    )


def _rewritten(root: Path, each: Placed, jobs: Sequence[Job]) -> None:
    ways = {text: posixpath.relpath(to or ".", each.at or ".") for text, to in each.children}
    kustomization = dict(each.node.kustomization)
    if jobs:
        component = f"{ROOT}/of-{jobs[0].place.rpartition('/')[2]}"
        kustomization = {name: value for name, value in kustomization.items() if name not in FIELDS}
        kustomization["generators"] = each.node.generators
        kustomization["components"] = [
            posixpath.relpath(component, each.at or "."),
            *(kustomization.get("components") or []),
        ]
        _write(root / component, {**_COMPONENT, "resources": [f"../../{job.place}" for job in jobs]})
        for job in jobs:
            mark = canonical_json(_MARK).decode()
            _write(root / job.place, {"resources": ["output.yaml"], "transformers": [mark]})
    rewrite(root / each.at / each.node.file, kustomization, ways)


def _write(directory: Path, kustomization: Mapping[str, Any]) -> None:
    directory.mkdir(parents=True)
    (directory / "kustomization.yaml").write_bytes(canonical_json(dict(kustomization)))
