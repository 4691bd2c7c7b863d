"""A chart as Argo CD renders it: every document that Helm prints is an object, CRDs and hooks that run among them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import yaml

from bot.model.manifests import MAX_INPUT_BYTES, parsed
from bot.model.objects import Manifest, Object, ObjectId
from bot.model.release import ChartKind, Release, ValuesFile
from bot.model.rendering import Diagnostic, Rendering, Severity, Trace
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.argocd.addresses import remote_data
from bot.render.argocd.objects import Settled, said, settled, taken_apart
from bot.render.argocd.values import Reader, in_chart, release_values
from bot.render.argocd.versions import as_told
from bot.render.errors import Unrenderable
from bot.render.given import Given
from bot.render.helm.chart import Assembled, assemble
from bot.render.helm.found import read_file
from bot.render.helm.output import events
from bot.render.helm.render import built, refused
from bot.render.helm.run import Run
from bot.render.helm.values import ValuesLoader
from bot.render.sandbox import Sandbox

_TEST = "test"


async def render_release(
    tree: TreeReader, target: Target, trace: Trace, given: Given, sandbox: Sandbox
) -> Rendering:
    """`tree` is the one that the chart lies in, if it lies in one."""
    inputs = given.release
    release = target.release
    if target.unknown_because or release is None:
        return refused(target, Unrenderable(target.unknown_because or "it names no chart"))
    if trace.is_refused and sandbox.check_fields:
        return Rendering((), trace.diagnostics)
    taken = Taken(release, target.namespace)
    try:
        chart = await asyncio.to_thread(assemble, tree, release, inputs)
        run = await asyncio.to_thread(_run, tree, chart, release, given)
        made = await built(run, chart, target, sandbox, taken)
    except Unrenderable as error:
        return refused(target, error)
    warnings = (found for found in trace.diagnostics if found.severity is not Severity.ERROR)
    return replace(made, diagnostics=(*warnings, *made.diagnostics, *taken.remarks(target)))


class Taken:
    """From Helm's output to objects, and what was to be wondered at."""

    def __init__(self, release: Release, namespace: str) -> None:
        self._release = release
        self._namespace = namespace
        self._done = Settled(())

    async def __call__(self, data: bytes) -> tuple[tuple[Object, ...], tuple[ObjectId, ...]]:
        """Raises `Unrenderable`. The objects of `crds/` are objects like all others."""
        return await asyncio.to_thread(self._objects, data), ()

    def remarks(self, target: Target) -> tuple[Diagnostic, ...]:
        return said(self._done, target)

    def _objects(self, data: bytes) -> tuple[Object, ...]:
        kept = [manifest for manifest in taken_apart(_documents(data)) if not self._is_left_out(manifest)]
        try:
            self._done = settled(kept, self._namespace)
        except Unrenderable as error:
            raise Unrenderable(f"the chart renders what is {error.message}") from None
        return self._done.objects

    def _is_left_out(self, manifest: Manifest) -> bool:
        return self._release.skips_tests and _TEST in events(manifest)


def _reader(tree: TreeReader | None, chart: Mapping[str, bytes], given: Given) -> Reader:
    """Reads files of values. Without a `tree` the chart's own lie in it, and nowhere else."""

    def read(file: ValuesFile) -> bytes | None:
        if file.is_remote:
            return remote_data(file, given.remotes)
        if not file.ref and tree is None:
            return chart.get(file.path)
        where = given.release.refs.get(file.ref) if file.ref else tree
        if where is None:
            raise Unrenderable(f"helm.valueFiles: the source ${file.ref} is not at hand")
        return read_file(where, file.path)[1]

    return read


def _run(tree: TreeReader, chart: Assembled, release: Release, given: Given) -> Run:
    in_tree = release.chart.kind is ChartKind.TREE
    whole = release if in_tree else replace(release, values_files=in_chart(release, chart.files))
    read = _reader(tree if in_tree else None, chart.files, given)
    facts = given.release.facts
    told = replace(facts, kube_version=as_told(facts.kube_version))
    return Run(whole, release_values(whole, read), told, chart.files)


def _documents(data: bytes) -> Sequence[Manifest]:
    """Helm's output as Argo CD reads it. Raises `Unrenderable`."""
    if len(data) > MAX_INPUT_BYTES:
        raise Unrenderable(f"the chart renders to more than {MAX_INPUT_BYTES // 1024**2} MiB")
    found: list[Manifest] = []
    try:
        for document in parsed(data, ValuesLoader):
            if document.value is None:
                continue
            if not isinstance(document.value, dict) or not document.value.get("kind"):
                raise Unrenderable("the chart renders what is no Kubernetes object: kind is missing")
            found.append(document.value)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "is not YAML"
        raise Unrenderable(f"the chart renders what is no YAML: {str(problem)[:200]}") from None
    return found
