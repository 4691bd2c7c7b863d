"""Follows one target through a tree, and writes down everything that rendering it will read or look for.

It never raises and never renders: what must not be rendered becomes a diagnostic with file, field and reason. The
entries are complete or the trace is refused, so that a renderer that sees nothing but them sees what it would see in
a full checkout. Nobody is asked anything: what lies in other repositories is at hand already, or a reason.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import replace

from bot.model.remote import RemoteKind
from bot.model.rendering import Diagnostic, Severity, Trace, TraceEntry, TraceKind
from bot.model.target import Found, RendererKind, Target
from bot.model.tree import EntryKind, TreeReader, UnreadableFile
from bot.render.argocd.addresses import remote_reads
from bot.render.argocd.build_options import Restrictor
from bot.render.argocd.directory import reads_of_directory
from bot.render.artifact import ArtifactTree
from bot.render.contents import Contents, Memo, Problem, Reference, kustomizations, plugin_files, read_fields
from bot.render.directory import Listed, Resource, scan_for_flux, scan_plain
from bot.render.errors import Unrenderable
from bot.render.fields import ARGOCD_OVERLAY, KUSTOMIZATION_FILES, OVERLAY, PLUGIN_DIRECTORY, Use
from bot.render.ground import Ground, Remotes, Site
from bot.render.helm.chart import reads
from bot.render.ignored import note_ignore_files
from bot.render.inflation.reads import ORIGINS_OF_CHARTS, Charts
from bot.render.notes import Notes, TooMuch, whole_tree
from bot.render.origins import repository_files
from bot.render.paths import Above, Place, below, follow, join
from bot.render.remote import remote_entry
from bot.render.uses import Uses

MAX_DEPTH = 40


class Walk:
    """One target in one tree. `run` may be called once."""

    def __init__(self, tree: TreeReader, target: Target, remotes: Remotes) -> None:
        is_flux = target.origin.found in {Found.FLUX_KUSTOMIZATION, Found.FLUX_HELM_RELEASE}
        self._tree = tree
        self._artifact = ArtifactTree.of(tree, target) if is_flux else None
        self._ground = Ground(self._artifact or tree)
        self._target = target
        self._notes = Notes(self._too_much)
        self._uses = Uses(remotes)
        self._restrictor = Restrictor(target, self._notes)
        self._charts = Charts(self._notes, self._restrictor, is_flux=is_flux)
        self._visited: set[tuple[str, str | None]] = set()

    def run(self) -> Trace:
        with contextlib.suppress(TooMuch):
            if self._target.renderer is not RendererKind.DETECT:
                self._root()
            if self._artifact:
                note_ignore_files(self._artifact, self._notes)
        self._restrictor.tell()
        if problem := self._uses.problem(self._ground.tree, self._target):
            self._notes.refuse(problem, *self._where())
        if self._charts.found and self._uses.tells_origins:
            self._notes.refuse(ORIGINS_OF_CHARTS, *self._where())
        notes, files = self._notes, repository_files(self._tree, self._notes.entries)
        found = self._charts.found
        return Trace(notes.entries, notes.diagnostics, self._uses.found, files, found, notes.has_functions)

    def _root(self) -> None:
        if self._target.renderer is RendererKind.HELM:
            self._note(reads(self._ground.tree, self._target))
            self._note(remote_reads(self._target, self._ground, self._uses))
            return
        try:
            place = follow(self._ground.tree, self._target.path)
        except Unrenderable as error:
            self._notes.refuse(f"the path {self._target.path!r} {error.message}", *self._where())
            return
        self._notes.links(self._ground, place)
        if place.entry is None:
            self._notes.record(place.path, TraceKind.ABSENT)
            self._notes.refuse(f"the directory {self._target.path!r} does not exist", *self._where())
        elif place.entry.kind is not EntryKind.TREE:
            self._notes.record_file(place.path, place.entry)
            self._notes.refuse(f"{self._target.path!r} is a file, not a directory", *self._where())
        elif self._target.argocd and self._target.renderer in {RendererKind.PLAIN, RendererKind.PLUGIN}:
            self._note(reads_of_directory(self._ground.tree, place.path, self._target))
        elif self._target.renderer is RendererKind.PLAIN:
            self._scan(place.path)
        else:
            self._kustomize(place.path)

    def _note(self, told: Iterable[TraceEntry | Unrenderable]) -> None:
        for found in told:
            if isinstance(found, TraceEntry):
                self._notes.add(found)
            else:
                self._notes.refuse(
                    found.message, *((found.file, found.line) if found.file else self._where())
                )

    def _kustomize(self, root: str) -> None:
        file, line = self._where()
        if self._artifact and not any(
            self._ground.tree.entry(below(root, name)) for name in KUSTOMIZATION_FILES
        ):
            for name in KUSTOMIZATION_FILES:
                self._notes.record(below(root, name), TraceKind.ABSENT)
            self._scan(root)
        else:
            self._directory(root, Site(self._ground, file or "", root, ()))
        if self._target.overlay and not self._target.unknown_because:
            shape = OVERLAY if self._target.argocd is None else ARGOCD_OVERLAY
            overlay = read_fields(shape, dict(self._target.overlay))
            for problem in overlay.problems:
                self._notes.refuse(f"{problem.field}: {problem.reason}", file, line)
            optional = self._target.overlay.get("ignoreMissingComponents") is True
            for reference in overlay.references:
                site = Site(self._ground, file or "", root, (root,))
                self._local(reference, site, optional=optional and reference.use is Use.COMPONENT)

    def _scan(self, directory: str) -> None:
        """A directory without a kustomization, file by file."""
        is_plain = self._target.renderer is RendererKind.PLAIN
        scan, use = (scan_plain, Use.FILE) if is_plain else (scan_for_flux, Use.RESOURCE)
        try:
            for found in scan(self._ground.tree, directory):
                match found:
                    case Listed(path, digest):
                        self._notes.add(TraceEntry(path, TraceKind.LISTING, "040000", digest))
                    case Resource(path):
                        site = Site(self._ground, path, directory, (directory,))
                        self._local(Reference(path, use, f"./{path.removeprefix(f'{directory}/')}"), site)
        except Unrenderable as error:
            self._notes.refuse(error.message, *self._where())

    def _directory(self, directory: str, site: Site) -> None:
        """A directory with a kustomization, named at `site`."""
        ground = site.ground
        here = ground.path(directory)
        if any(known == here or _is_below(known, here) for known in site.chain):
            self._notes.refuse_in(
                f"{directory or 'the root'} refers back to itself: a cycle", ground, site.file
            )
            return
        if (here, site.plugins_for) in self._visited:
            return
        self._visited.add((here, site.plugins_for))
        if len(site.chain) > MAX_DEPTH:
            self._notes.refuse_in(
                f"kustomizations refer to one another more than {MAX_DEPTH} deep", ground, site.file
            )
            return
        if (opened := self._kustomization_file(directory, site)) is None:
            return
        name, file = opened
        contents = self._read(ground, file, kustomizations)
        self._notes.problems(contents, ground, file)
        inside = Site(ground, file, directory, (*site.chain, here), site.plugins_for)
        if inside.plugins_for is not None and contents.fields - PLUGIN_DIRECTORY:
            field = min(contents.fields - PLUGIN_DIRECTORY)
            self._notes.refuse_in(
                f"{field}: a directory of plugin configurations may only list resources", ground, file
            )
            return
        self._uses.look(contents)
        self._charts.look(contents.charts, inside, directory)
        for reference in contents.references:
            seen = reference if inside.plugins_for is None else replace(reference, use=Use.PLUGIN)
            self._reference(seen, inside, name)

    def _kustomization_file(self, directory: str, site: Site) -> tuple[str, str] | None:
        """The one file: its name in the directory, and with links resolved. All three are looked for, as kustomize does."""
        ground = site.ground
        present: list[tuple[str, Place]] = []
        for name in KUSTOMIZATION_FILES:
            path = below(directory, name)
            try:
                place = follow(ground.tree, path)
            except Unrenderable as error:
                self._notes.refuse_in(error.message, ground, path)
                return None
            self._notes.links(ground, place)
            if place.entry is None:
                self._notes.record(ground.path(path), TraceKind.ABSENT)
            elif place.entry.kind is EntryKind.BLOB:
                self._notes.record_file(ground.path(place.path), place.entry)
                linked = replace(site, file=path, base=directory)
                self._restrictor.look("the file that a link leads to", place.path, place.path, linked)
                present.append((path, place))
        if len(present) > 1:
            self._notes.refuse_in(
                f"{directory or 'the root'} has more than one kustomization file", ground, present[1][0]
            )
        elif not present:
            self._notes.refuse_in(
                f"{directory or 'the root'} has no kustomization file", ground, site.file or self._where()[0]
            )
        else:
            return present[0][0], present[0][1].path
        return None

    def _reference(self, reference: Reference, site: Site, opened: str) -> None:
        """`opened` is the kustomization file that holds it, as kustomize opens it."""
        try:
            entry = remote_entry(reference.text, reference.use)
            if entry is None:
                self._local(reference, site)
                return
            ground, warning = self._uses.enter(site.ground, opened, reference.text, entry)
            if not site.ground.prefix:
                line = self._notes.line(site.ground, site.file, reference.text)
                ground = replace(ground, file=site.file, line=line)
            place = follow(ground.tree, entry[1])
        except Unrenderable as error:
            self._notes.refuse_reference(reference, error.message, site)
            return
        if warning:
            self._notes.warn(f"{reference.field}: {warning}", ground.file, ground.line)
        is_file = place.entry is not None and place.entry.kind is EntryKind.BLOB
        if is_file and entry[0].kind is RemoteKind.REPOSITORY:
            self._notes.refuse_reference(reference, "leads to a file, where a directory is needed", site)
        elif place.entry is None:
            self._notes.record(ground.path(place.path), TraceKind.ABSENT)
            self._notes.refuse_reference(reference, f"does not exist there ({place.path})", site)
        else:
            self._follow(reference, place, replace(site, ground=ground, file=place.path, base=""))

    def _local(self, reference: Reference, site: Site, *, optional: bool = False) -> None:
        try:
            place = follow(site.ground.tree, join(site.base, reference.text))
        except Unrenderable as error:
            # To Flux what lies above an artifact does not exist, and so it may be missing.
            if not (optional and isinstance(error, Above)):
                self._notes.refuse_reference(reference, error.message, site)
            return
        is_directory = place.entry is not None and place.entry.kind is EntryKind.TREE
        if site.ground.prefix and not is_directory and not _is_below(place.path, site.base):
            # Whatever it is told elsewhere, kustomize holds a clone's kustomizations to their own directories.
            self._notes.refuse_reference(
                reference, "lies outside the directory of its remote kustomization", site
            )
            return
        if place.entry is not None and not is_directory:
            self._restrictor.look(reference.field, reference.text, place.path, site)
        self._follow(reference, place, site, optional=optional)

    def _follow(self, reference: Reference, place: Place, site: Site, *, optional: bool = False) -> None:
        ground = site.ground
        self._notes.links(ground, place)
        if place.entry is None:
            self._notes.record(ground.path(place.path), TraceKind.ABSENT)
            if not optional:
                self._notes.refuse_reference(reference, self._why_absent(ground, place.path), site)
        elif place.entry.kind is EntryKind.TREE:
            self._into_directory(reference, place.path, site)
        elif reference.use is Use.COMPONENT:
            self._notes.refuse_reference(reference, "is a file; a component is a directory", site)
        else:
            self._notes.record_file(ground.path(place.path), place.entry)
            if reference.use is Use.PLUGIN:
                self._plugin_file(reference, place.path, site)

    def _into_directory(self, reference: Reference, directory: str, site: Site) -> None:
        match reference.use:
            case Use.RESOURCE | Use.COMPONENT:
                self._directory(directory, site)
            case Use.PLUGIN:
                outer = site.base if site.plugins_for is None else site.plugins_for
                self._directory(directory, replace(site, plugins_for=outer))
            case _:
                self._notes.refuse_reference(reference, "is a directory, where a file is needed", site)

    def _plugin_file(self, reference: Reference, file: str, site: Site) -> None:
        """What a plugin names is relative to the kustomization that uses it, wherever its configuration lies."""
        ground = site.ground
        base = site.base if site.plugins_for is None else site.plugins_for
        if (seen := (ground.path(file), base)) in self._visited:
            return
        self._visited.add(seen)
        contents = self._read(ground, file, plugin_files)
        self._notes.problems(contents, ground, file)
        inside = Site(ground, file, base, site.chain)
        self._charts.look(contents.charts, inside, base, named_by=reference.field)
        for named in contents.references:
            self._local(named, inside)

    def _read(self, ground: Ground, file: str, memo: Memo) -> Contents:
        entry = ground.tree.entry(file)
        assert entry is not None
        try:
            return memo.contents(entry.id, lambda: ground.tree.read(file))
        except UnreadableFile as error:
            return Contents(problems=(Problem("", error.message),))

    def _why_absent(self, ground: Ground, path: str) -> str:
        hidden = self._artifact.why_hidden(path) if self._artifact and not ground.prefix else ""
        return f"does not exist ({hidden or path})"

    def _where(self) -> tuple[str | None, int | None]:
        return self._target.origin.file, self._target.origin.line

    def _too_much(self, most: int) -> tuple[TraceEntry, Diagnostic]:
        """What was not looked at could be anything: such a target has the key of its whole tree."""
        return whole_tree(self._ground.tree), Diagnostic(
            Severity.ERROR, f"reads more than {most} files", *self._where()
        )


def _is_below(path: str, directory: str) -> bool:
    return not directory or path.startswith(f"{directory}/")
