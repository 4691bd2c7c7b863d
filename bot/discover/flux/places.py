"""Where the files of a Kustomization lie, or a chart: in the repository at hand, in another one, or in a registry.

A source of another namespace is looked up there, as Flux does unless it runs with `--no-cross-namespace-refs`.
"""

from dataclasses import dataclass, field, replace

from bot.discover.fields import mapping, text
from bot.discover.flux.artifacts import ARTIFACT, composed_of
from bot.discover.flux.sources import DeclaredSource, Sources, why_ambiguous
from bot.discover.repository import normal_url, without_login
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef
from bot.model.release import GitRef
from bot.model.target import Composition, GitSource, Included, Ingredient, OciSource

MOST_INCLUDES = 32
"""Of one source, with those of what it includes."""


@dataclass(frozen=True, slots=True)
class Place:
    """The tree of the repository at hand where none of `git`, `oci` and `composed` is set.

    `ignore` are patterns that the source of the repository at hand adds, `includes` what it includes, and `sparse` is
    what it checks out, everything where that is empty. `remarks` are for people, of whatever uses it.
    """

    git: GitSource | None = None
    oci: OciSource | None = None
    composed: Composition | None = None
    ignore: str = ""
    includes: tuple[Included, ...] = ()
    sparse: tuple[str, ...] = ()
    unknown_because: str = ""
    remarks: tuple[str, ...] = field(default=(), compare=False)


def place_of(ref: ObjectRef, sources: Sources, above: tuple[ObjectRef, ...] = ()) -> Place:
    """Where the source leads. `above` are those that include it, or that are made of it.

    A GitRepository called `flux-system` that is declared nowhere is taken for the repository at hand: an operator, or a
    bootstrap outside Git, made it from the repository it lies in.
    """
    if ref.kind == ARTIFACT:
        return _composed(ref, sources, above)
    if ref.kind in _ONLY_IN_CLUSTER:
        return Place(unknown_because=f"its source is the {ref}, {_ONLY_IN_CLUSTER[ref.kind]}")
    found = sources.source_of(ref.kind, ref.namespace, ref.name)
    if not found:
        is_bootstrap = (ref.kind, ref.name) == ("GitRepository", "flux-system")
        if ref in sources.here or (is_bootstrap and not sources.namespaces_of(ref)):
            return Place()
        return Place(unknown_because=sources.why_missing(ref))
    places = [_place(source, ref, sources, above) for source in found]
    if any(place != places[0] for place in places):
        return Place(unknown_because=f"its source, {why_ambiguous(ref, len(places))}")
    return places[0]


_ONLY_IN_CLUSTER = {
    "Bucket": "whose files only the cluster can read: take them from a GitRepository or an OCIRepository to have them "
    "planned",
    "HelmChart": "which only the cluster packs",
}


def suspended_remark(source: DeclaredSource) -> tuple[str, ...]:
    return (f"has a suspended source, {source.ref}: Flux fetches nothing new",) if source.is_suspended else ()


def _place(source: DeclaredSource, ref: ObjectRef, sources: Sources, above: tuple[ObjectRef, ...]) -> Place:
    if source.unknown_because:
        return Place(unknown_because=f"its source, {ref}, cannot be used: {source.unknown_because}")
    remarks = suspended_remark(source)
    if ref.kind == "OCIRepository":
        return Place(oci=_oci(source.spec), remarks=remarks)
    place = _git_place(source.spec, ref, sources, remarks)
    included = source.spec.get("include")
    return (
        _including(place, included, (*above, ref), sources)
        if included and not place.unknown_because
        else place
    )


def _including(
    place: Place, entries: list[Manifest], above: tuple[ObjectRef, ...], sources: Sources
) -> Place:
    """What is included lies in the namespace of what includes it."""
    ref, includes, remarks = above[-1], list[Included](), place.remarks
    for entry in entries:
        other = ObjectRef("GitRepository", ref.namespace, text(mapping(entry.get("repository")), "name"))
        if other in above:
            return Place(unknown_because=f"its source, {ref}, includes {other}, which leads back to itself")
        found = place_of(other, sources, above)
        if found.unknown_because:
            why = found.unknown_because.removeprefix("its source, ")
            return Place(unknown_because=f"its source, {ref}, includes another: {why}")
        source = found.git or _here(found)
        includes.append(Included(source, text(entry, "fromPath"), text(entry, "toPath") or other.name))
        remarks = (*remarks, *found.remarks)
        if sum(map(_count, includes)) > MOST_INCLUDES:
            return Place(unknown_because=f"its source, {ref}, includes more than {MOST_INCLUDES} others")
    if place.git is not None:
        return replace(place, git=replace(place.git, includes=tuple(includes)), remarks=remarks)
    return replace(place, includes=tuple(includes), remarks=remarks)


def _composed(ref: ObjectRef, sources: Sources, above: tuple[ObjectRef, ...]) -> Place:
    """An artifact that a generator makes. `above` are those that it is a source of."""
    if ref in above or len(above) >= _MOST_ABOVE:
        return Place(unknown_because=f"its source, {ref}, is made of itself, or of too many others")
    made_by = sources.generators_of(ref)
    if not made_by:
        why = "which something in the cluster makes: no ArtifactGenerator that is declared here does"
        return Place(unknown_because=f"its source is the {ref}, {why}")
    if len(made_by) > 1:
        names = " and ".join(dict.fromkeys(str(generator.ref) for _, generator, _ in made_by))
        return Place(unknown_because=f"its source, {ref}, may be made by more than one: {names}")
    source, generator, outputs = made_by[0]
    if source.unknown_because:
        why = f"{generator.ref}, which makes it, cannot be used: {source.unknown_because}"
        return Place(unknown_because=f"its source is the {ref}: {why}")
    remarks, size = suspended_remark(source), 0

    def ingredient(alias: str, other: ObjectRef) -> Ingredient | str:
        nonlocal remarks, size
        found = place_of(other, sources, (*above, ref))
        remarks, size = (*remarks, *found.remarks), size + 1 + _size(found.composed)
        if size > _MOST_INGREDIENTS:
            return f"more than {_MOST_INGREDIENTS} sources have to do with it"
        if found.unknown_because:
            return found.unknown_because.removeprefix("its source, ").removeprefix("its source is ")
        if found.oci or found.composed:
            return Ingredient(alias, oci=found.oci, composed=found.composed)
        return Ingredient(alias, found.git or _here(found))

    composition = composed_of(generator, ref.name, outputs, ingredient)
    if isinstance(composition, str):
        return Place(unknown_because=f"its source, {ref}, is made by {generator.ref}: {composition}")
    return Place(composed=composition, remarks=remarks)


def _here(place: Place) -> GitSource:
    """The repository at hand, as one of several sources."""
    return GitSource("", ignore=place.ignore, includes=place.includes, sparse=place.sparse)


_MOST_ABOVE = 8
_MOST_INGREDIENTS = 64
"""Of one artifact, with those of what it is made of."""


def _size(composition: Composition | None) -> int:
    return sum(1 + _size(each.composed) for each in composition.ingredients) if composition else 0


def _count(included: Included) -> int:
    return 1 + sum(map(_count, included.source.includes))


def _git_place(spec: Manifest, ref: ObjectRef, sources: Sources, remarks: tuple[str, ...]) -> Place:
    if spec.get("recurseSubmodules"):
        return Place(unknown_because=f"its source, {ref}, has spec.recurseSubmodules: {_NO_SUBMODULES}")
    sparse = tuple(spec.get("sparseCheckout", ()))
    url, follows, ignore = text(spec, "url"), _git_ref(mapping(spec.get("ref"))), text(spec, "ignore")
    is_here = (
        normal_url(url) in sources.repository.urls
        or ref in sources.here
        or (ref.name == "flux-system" and not sources.repository.urls)
    )
    if is_here and not _is_pinned(follows):
        return Place(ignore=ignore, sparse=sparse, remarks=(*remarks, *_later(follows, ref)))
    secret = text(mapping(spec.get("secretRef")), "name")
    git = GitSource(without_login(url), follows, ignore, secret, sparse=sparse)
    return Place(git=git, remarks=remarks)


_NO_SUBMODULES = "Longshore fetches no submodules; declare what they hold as a GitRepository of its own and name it in spec.include"


def _is_pinned(ref: GitRef) -> bool:
    """Whether the manifest itself has to change before Flux fetches anything else."""
    if ref.commit or ref.name:
        return bool(ref.commit) or ref.name.startswith("refs/tags/")
    return bool(ref.tag) and not ref.semver


def _later(ref: GitRef, source: ObjectRef) -> tuple[str, ...]:
    if ref.semver and not ref.name:
        return (f"follows tags, as {source} says: what is merged is delivered with the next tag",)
    return ()


def _git_ref(ref: Manifest) -> GitRef:
    return GitRef(
        branch=text(ref, "branch"),
        tag=text(ref, "tag"),
        semver=text(ref, "semver"),
        name=text(ref, "name"),
        commit=text(ref, "commit"),
    )


def _oci(spec: Manifest) -> OciSource:
    ref, layer = mapping(spec.get("ref")), mapping(spec.get("layerSelector"))
    is_copied = text(layer, "operation") == "copy"
    return OciSource(
        url=without_login(text(spec, "url")).rstrip("/"),
        tag=text(ref, "tag"),
        semver=text(ref, "semver"),
        semver_filter=text(ref, "semverFilter"),
        digest=text(ref, "digest"),
        media_type=text(layer, "mediaType"),
        is_copied=is_copied,
        is_insecure=spec.get("insecure") is True,
        # What is copied as it is loses nothing on the way.
        ignore="" if is_copied else text(spec, "ignore"),
        secret=text(mapping(spec.get("secretRef")), "name"),
    )
