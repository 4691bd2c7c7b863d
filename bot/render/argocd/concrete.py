"""From an Application's source to what renders it: a kustomization with an overlay, a release, or a directory.

The answer is a target like any other, for the same walker, sandbox, builders and key. It is a function of the
trees alone, so that both sides of a change, and brute force, come to it in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.model.programs import Plugin, Programs
from bot.model.rendering import Diagnostic, Severity, Trace, TraceEntry
from bot.model.target import GitSource, RendererKind, Target
from bot.model.tree import EntryKind, TreeReader
from bot.render.argocd.build_options import build_options, remark_on_charts, unmapped_functions
from bot.render.argocd.components import named_components, present_components
from bot.render.argocd.detect import SourceKind, detected, explicit
from bot.render.argocd.directory import Selection
from bot.render.argocd.environment import Environment, environment
from bot.render.argocd.fields import Fields
from bot.render.argocd.helm import release
from bot.render.argocd.kustomize import cluster_options, overlay, version_remark
from bot.render.argocd.overrides import overridden
from bot.render.argocd.places import Ground, Places
from bot.render.errors import Unread, Unrenderable
from bot.render.helm.found import Found
from bot.render.notes import whole_tree
from bot.render.paths import follow


@dataclass(frozen=True, slots=True)
class Concrete:
    """`target` is of the renderer `kustomize`, `helm`, `plain` or `plugin`, or says why it is unknown.

    `entries` are what was looked at to tell; they belong to the trace of `target`, whose paths are of the same tree.
    """

    target: Target
    entries: tuple[TraceEntry, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def joined(self, trace: Trace) -> Trace:
        """The trace of `target` with everything that led to it."""
        entries = sorted({*trace.entries, *self.entries})
        told = [*self.diagnostics, *trace.diagnostics]
        if trace.charts and (remark := remark_on_charts(self.target)):
            told.append(remark)
        if trace.asks_for_functions:
            told.append(unmapped_functions(self.target))
        return replace(trace, entries=tuple(entries), diagnostics=tuple(told))


@dataclass(slots=True)
class _Notes:
    entries: list[TraceEntry] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def concrete(
    tree: TreeReader,
    target: Target,
    refs: Mapping[str, TreeReader] | None = None,
    programs: Programs | None = None,
) -> Concrete:
    """`tree` is the one that the target's path lies in, `refs` are those of its `refs`, `programs` the operator's for what
    Longshore does not render. Never raises.

    What is wrong is an error among the diagnostics, with the target's renderer still `detect`: nothing renders that.
    """
    if target.renderer is not RendererKind.DETECT or target.unknown_because:
        return Concrete(target)
    notes = _Notes()
    made = target
    try:
        made = _Source(tree, target, refs or {}, programs or Programs(), notes).made()
    except Unrenderable as error:
        if isinstance(error, Unread):
            notes.entries.append(whole_tree(tree))
        file, line = (error.file, error.line) if error.file else (target.origin.file, target.origin.line)
        notes.diagnostics.append(Diagnostic(Severity.ERROR, error.message, file, line))
    return Concrete(made, tuple(sorted(set(notes.entries))), tuple(notes.diagnostics))


def instance_of(target: Target) -> tuple[str, str]:
    """The Application's name, and what Argo CD calls it: with its namespace outside of Argo CD's own."""
    assert target.argocd is not None
    ref = target.argocd.ref
    is_home = ref.namespace in ("", target.argocd.installation.namespace)
    return ref.name, ref.name if is_home else f"{ref.namespace}_{ref.name}"


class _Source:
    def __init__(
        self,
        tree: TreeReader,
        target: Target,
        refs: Mapping[str, TreeReader],
        programs: Programs,
        notes: _Notes,
    ) -> None:
        self._tree = tree
        self._target = target
        self._notes = notes
        self._refs = refs
        self._programs = programs
        self._name, self._instance = instance_of(target)
        self._environment: Environment = environment(target, self._instance)
        self._is_link = False

    def made(self) -> Target:
        """Raises `Unrenderable`."""
        if self._target.release is not None:
            return self._chart()
        directory = self._directory()
        over = overridden(
            *(self._tree, directory, self._target.options, self._instance, self._name),
            entries=self._notes.entries,
        )
        self._notes.diagnostics += over.diagnostics
        kind = explicit(over.source)
        if self._is_link and kind in {None, SourceKind.DIRECTORY}:
            return self._nothing()
        if kind is None and (claimed := self._claimed(directory)) is not None:
            return claimed
        if kind is None:
            found = detected(self._tree, directory)
            self._notes.entries += found.entries
            kind = found.kind
        return self._of_kind(kind, Fields(kind.value, over.source.get(kind.value)), directory)

    def _of_kind(self, kind: SourceKind, options: Fields, directory: str) -> Target:
        """Raises `Unrenderable`."""
        match kind:
            case SourceKind.KUSTOMIZE:
                return self._kustomization(options, directory)
            case SourceKind.HELM:
                return self._release(options, Ground(self._tree), directory)
            case SourceKind.DIRECTORY:
                return self._manifests(options)
            case SourceKind.PLUGIN:
                return self._plugin(options, directory)

    def _chart(self) -> Target:
        """A chart of a repository, in which nobody looks before it is fetched."""
        kind = explicit(self._target.options) or SourceKind.HELM
        if kind is not SourceKind.HELM:
            raise Unread(
                f"{kind.value}: the source is a chart of a Helm repository, which Longshore renders by Helm only"
            )
        return self._release(Fields(kind.value, self._target.options.get(kind.value)), None, "")

    def _directory(self) -> str:
        """Where the path leads. Raises `Unrenderable`."""
        path = self._target.path
        try:
            place = follow(self._tree, path)
        except Unrenderable as error:
            raise Unrenderable(f"the path {path!r} {error.message}") from None
        noted = Found(place.path)
        noted.place(place)
        self._notes.entries += noted.entries
        if place.entry is None:
            raise Unrenderable(f"the directory {path!r} does not exist")
        if place.entry.kind is not EntryKind.TREE:
            raise Unrenderable(f"{path!r} is a file, not a directory")
        self._is_link = any(link == path for link, _ in place.links)
        return place.path

    def _nothing(self) -> Target:
        """Argo CD looks into the directory's name and not through it."""
        self._warn(
            f"the path {self._target.path!r} is a symbolic link, in which Argo CD finds nothing; write the directory that "
            "it leads to"
        )
        return self._made(RendererKind.PLAIN, {"directory": None})

    def _kustomization(self, options: Fields, directory: str) -> Target:
        laid = overlay(options, self._environment)
        if "components" in laid:
            laid["components"] = named_components(
                self._tree,
                directory,
                laid["components"],
                ignore_missing="ignoreMissingComponents" in laid,
                entries=self._notes.entries,
            )
            if "ignoreMissingComponents" in laid and self._target.path != directory:
                laid["components"] = present_components(
                    self._tree, self._target.path, laid["components"], self._notes.entries
                )
        if remark := version_remark(options, self._target):
            self._warn(remark)
        told = {**cluster_options(options), **build_options(options, self._target)}
        made = replace(self._made(RendererKind.KUSTOMIZE, told), overlay=laid)
        if (program := self._programs.kustomize) is None:
            return made
        from bot.render.plugin.functions import by_program  # noqa: PLC0415 - few operators have a program for it

        found = by_program(self._tree, made, program, self._environment)
        self._notes.entries += found.entries
        self._notes.diagnostics += found.diagnostics
        return found.target

    def _release(self, options: Fields, own: Ground | None, directory: str) -> Target:
        about = self._target.argocd
        is_one_of_many = bool(self._target.refs) or (about is not None and len(about.revisions) > 1)
        names = self._names(has_own=own is not None)
        refs = {
            name: Ground(self._refs[name], self._ref_prefix(name), name) for name in {*names.values()} - {""}
        }
        places = Places(own, directory, refs, names, self._environment, is_one_of_many, self._notes.entries)
        made = release(self._target, options, places, self._environment)
        for remark in places.remarks:
            self._warn(f"{options.at}.valueFiles: {remark}")
        return replace(self._made(RendererKind.HELM, {}), release=made)

    def _warn(self, message: str) -> None:
        origin = self._target.origin
        self._notes.diagnostics.append(Diagnostic(Severity.WARNING, message, origin.file, origin.line))

    def _made(self, renderer: RendererKind, options: Mapping[str, Any]) -> Target:
        return replace(self._target, renderer=renderer, options=options, refs={})

    def _manifests(self, options: Fields) -> Target:
        """Raises `Unrenderable`."""
        made = Selection.of(options).as_options
        if (program := self._programs.jsonnet) is not None:
            from bot.render.plugin.jsonnet import jsonnet_options  # noqa: PLC0415 - few operators have a program for it

            below, entries = options.below("jsonnet"), self._notes.entries
            made["jsonnet"] = jsonnet_options(self._tree, below, self._environment, program, entries)
        return self._made(RendererKind.PLAIN, {"directory": made})

    def _claimed(self, directory: str) -> Target | None:
        """By a plugin that looks for directories of its own: Argo CD asks those first. Raises `Unrenderable`."""
        if not any(plugin.discovers for plugin in self._programs.plugins):
            return None
        from bot.render.plugin.discover import claimant  # noqa: PLC0415 - few operators have plugins

        found = claimant(self._tree, directory, self._programs, self._notes.entries)
        return self._made_by(found, None) if found is not None else None

    def _plugin(self, options: Fields, directory: str) -> Target:
        """By the plugin that the source names, or that claims it. Raises `Unrenderable`."""
        from bot.render.plugin.discover import named  # noqa: PLC0415 - as above

        plugin = named(self._tree, directory, options.text("name"), self._programs, self._notes.entries)
        return self._made_by(plugin, options.everything)

    def _made_by(self, plugin: Plugin, options: Mapping[str, Any] | None) -> Target:
        refused = plugin.program.refused
        told = {
            "name": plugin.name,
            "refused": refused and f"is rendered by the plugin {plugin.name!r}: {refused}",
            "plugin": options,
            "whole": plugin.program.reads_whole_tree,
            "program": plugin.program.identity,
            "environment": dict(self._environment.values),
        }
        return self._made(RendererKind.PLUGIN, told)

    def _names(self, *, has_own: bool) -> dict[str, str]:
        """One name for all that are the same source: files are told apart by where they lie, not by who names them."""
        target = self._target
        known: dict[GitSource, str] = {}
        if has_own and target.oci_source is None:
            known[target.source or GitSource("")] = ""
        return {
            name: known.setdefault(target.refs[name], name)
            for name in sorted(self._refs)
            if name in target.refs
        }

    def _ref_prefix(self, name: str) -> str:
        """Files of the repository at hand are called as everywhere else."""
        source = self._target.refs.get(name)
        return "" if source == GitSource("") else f"${name}/"
