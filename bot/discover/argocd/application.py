"""An Application of Argo CD as a target.

It is what its files make of it: `RendererKind.DETECT`, with what the source says in `options`. Of the fields that Argo CD
has no word for: `prune` is whether its automated sync prunes; it always waits until what it synced is healthy, and has
no time limit of its own, so that `wait` and `timeout_s` are as everywhere; it knows no dependencies, only waves.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.discover.argocd.applied import as_applied, keeps_nulls
from bot.discover.argocd.context import ArgoContext
from bot.discover.argocd.destinations import found_by
from bot.discover.argocd.objects import Identity
from bot.discover.argocd.settings import destination, settings
from bot.discover.argocd.sources import Place, place_of
from bot.discover.argocd.specs import APPLICATION
from bot.discover.argocd.sync_options import NEVER_PRUNES
from bot.discover.argocd.types import normalised, why_no_type
from bot.discover.argocd.urls import normal_git_url
from bot.discover.fields import mapping, text
from bot.discover.objects import DeclaredObject
from bot.discover.repository import without_login
from bot.discover.schema import shown
from bot.discover.spec import Spec
from bot.model.manifests import digest
from bot.model.objects import Manifest
from bot.model.release import Release
from bot.model.target import EngineKind, Found, GitSource, Origin, RendererKind, Target, TargetId

_REF = re.compile(r"[a-zA-Z0-9_-]+")
_MOST_SOURCES = 64
_HYDRATED = "spec.sourceHydrator.drySource"


@dataclass(frozen=True, slots=True)
class Source:
    """One source that Argo CD takes, clean; `at` is its path in the manifest. `is_rendered` unless others only refer to it."""

    fields: Manifest
    at: str
    place: Place

    @property
    def is_rendered(self) -> bool:
        return bool(text(self.fields, "path") or text(self.fields, "chart"))


def application_target(found: DeclaredObject, context: ArgoContext, cluster: str) -> Target:
    """Read one Application. `cluster` is the label of the control plane that holds it.

    Raises Malformed where even its name cannot be told.
    """
    identity = Identity.of(found.manifest)
    spec = Spec.of(found.manifest, APPLICATION)
    taken = sources_of(found, spec, context)
    goes_to = found_by(destination(spec.fields), context, cluster)
    whole = Target(
        id=TargetId(goes_to.label, identity.target_name),
        path="",
        renderer=RendererKind.GIVEN,
        engine=EngineKind.ARGOCD,
        origin=Origin(Found.ARGOCD_APPLICATION, found.file, found.line),
        namespace=destination(spec.fields).namespace,
        overlay={"declaration": digest(spec.raw)} if identity.problem or spec.problem else {},
        argocd=settings(found, identity, spec, [each.fields for each in taken], context.installation),
        unknown_because=identity.problem
        or spec.problem
        or goes_to.unknown_because
        or next(_problems(spec, taken), ""),
    )
    whole = replace(whole, prune=_prunes(whole))
    return _with_sources(whole, taken, is_several=_has_several(spec.fields))


def sources_of(found: DeclaredObject, spec: Spec, context: ArgoContext) -> tuple[Source, ...]:
    """Those that count where several fields name some: the hydrator's, else those of `sources`, else the one."""
    every = written_sources(spec)
    if not keeps_nulls(found.manifest):
        every = [(as_applied(fields), at) for fields, at in every]
    return tuple(Source(_without_login(fields), at, place_of(fields, at, context)) for fields, at in every)


def written_sources(spec: Spec) -> list[tuple[Manifest, str]]:
    """The same as they stand in the manifest, each with its path there."""
    hydrator = spec.fields.get("sourceHydrator")
    if hydrator is not None:
        return [(mapping(hydrator.get("drySource")), _HYDRATED)]
    if _has_several(spec.fields):
        several = spec.fields["sources"][:_MOST_SOURCES]
        return [(each, f"spec.sources[{index}]") for index, each in enumerate(several)]
    one = spec.fields.get("source")
    return [] if one is None else [(normalised(one), "spec.source")]


def _without_login(fields: Manifest) -> Manifest:
    return {**fields, "repoURL": without_login(text(fields, "repoURL"))}


def _has_several(fields: Manifest) -> bool:
    return bool(fields.get("sources")) and fields.get("sourceHydrator") is None


def _prunes(target: Target) -> bool:
    assert target.argocd is not None
    return target.argocd.prunes and NEVER_PRUNES not in target.argocd.sync_options


def _problems(spec: Spec, taken: Sequence[Source]) -> Iterator[str]:
    count = len(spec.fields.get("sources", ()))
    if count > _MOST_SOURCES:
        yield f"spec.sources has {count} entries: Longshore follows at most {_MOST_SOURCES}"
    if not taken:
        yield "spec has neither a source nor sources: one of them is needed"
    names: set[str] = set()
    for source in taken:
        if source.place.unknown_because:
            yield source.place.unknown_because
        yield from _field_problems(source, is_several=_has_several(spec.fields))
        name = text(source.fields, "ref")
        if name in names:
            yield f"{source.at}.ref is {shown(name)}, as that of another source is: their names must differ"
        names |= {name} - {""}
    by_name = {text(source.fields, "ref"): source for source in taken}
    for source in taken:
        yield from _reference_problems(source, by_name)
        if _has_several(spec.fields):
            yield from _revision_problems(source, by_name)


def _field_problems(source: Source, *, is_several: bool) -> Iterator[str]:
    name = text(source.fields, "ref")
    if not source.is_rendered and not (is_several and name):
        wanted = "a path, a chart or a ref" if is_several else "a path or a chart"
        yield f"{source.at} needs {wanted}: write path: . for the root of the repository"
    if is_several and name and not _REF.fullmatch(name):
        yield f"{source.at}.ref is {shown(name)}: letters, digits, '_' and '-' are allowed"
    why = why_no_type(source.fields, source.at)
    if why:
        yield why


def _reference_problems(source: Source, by_name: Mapping[str, Source]) -> Iterator[str]:
    """A value file can lie in a Git repository only."""
    for name in names_in_files(mapping(source.fields.get("helm"))):
        other = by_name.get(name)
        if other is not None and other.place.reference is None:
            what = "a chart" if other.place.chart else "an artifact of a registry"
            yield f"{source.at}.helm names a file of ${name}, which is {what}: only files of a Git repository can be named"


def _revision_problems(source: Source, by_name: Mapping[str, Source]) -> Iterator[str]:
    """Argo CD compares the texts, before it knows where they lead."""
    first: dict[str, str] = {}
    for name in names_in_files(mapping(source.fields.get("helm"))):
        if name not in by_name:
            continue
        fields = by_name[name].fields
        other = first.setdefault(normal_git_url(text(fields, "repoURL")), name)
        one, two = (text(by_name[each].fields, "targetRevision") for each in (other, name))
        if one != two:
            yield (
                f"{source.at}.helm names files of ${other} and of ${name}, which are one repository with different "
                f"targetRevisions, {shown(one)} and {shown(two)}: Argo CD takes one spelling of one revision only"
            )


def names_in_files(helm: Manifest) -> Iterator[str]:
    """Of each file that a source's block `helm` names in another source, the other's name."""
    paths = [*helm.get("valueFiles", ()), *(text(each, "path") for each in helm.get("fileParameters", ()))]
    yield from (path[1:].partition("/")[0] for path in paths if path.startswith("$") and "/" in path)


def _with_sources(whole: Target, taken: Sequence[Source], *, is_several: bool) -> Target:
    references = _references(taken)
    rendered = [
        _of_source(whole, source, references) for source in taken if source.is_rendered or not is_several
    ]
    if is_several:
        return replace(whole, parts=tuple(rendered))
    return rendered[0] if rendered else replace(whole, renderer=RendererKind.DETECT)


def _references(taken: Sequence[Source]) -> Mapping[str, GitSource]:
    named = ((text(source.fields, "ref"), source.place.reference) for source in taken)
    return {name: place for name, place in named if name and place is not None}


def _of_source(whole: Target, source: Source, references: Mapping[str, GitSource]) -> Target:
    place = source.place
    return replace(
        whole,
        path=place.path,
        renderer=RendererKind.DETECT,
        source=place.git,
        oci_source=place.oci,
        release=_release(whole, source),
        options=source.fields,
        refs=references,
    )


def _release(whole: Target, source: Source) -> Release | None:
    if source.place.chart is None:
        return None
    assert whole.argocd is not None
    helm = mapping(source.fields.get("helm"))
    return Release(
        name=text(helm, "releaseName") or whole.argocd.ref.name,
        namespace=text(helm, "namespace") or whole.namespace,
        chart=source.place.chart,
        home=whole.argocd.ref.namespace,
    )
