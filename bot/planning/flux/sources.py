"""The sources of each cluster, as far as they are known."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from bot.discover.flux import Sources, is_source
from bot.discover.objects import DeclaredObject, cluster_of
from bot.discover.repository import RepositoryIdentity
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef

_ARTIFACT, _GENERATOR = "ExternalArtifact", "ArtifactGenerator"
_BOOTSTRAP = ("GitRepository", "flux-system")
"""Made by `flux bootstrap`, often outside of Git."""


_NAMING_OTHERS = (_ARTIFACT, "HelmChart", "GitRepository")

_Place = tuple[str, str, str]
"""Kind, namespace and name."""


class ClusterSources:
    """What a cluster's own targets declare wins over what stands in files that nobody has rendered so far."""

    def __init__(self, repository: RepositoryIdentity, in_files: Iterable[DeclaredObject]) -> None:
        self._repository = repository
        self._in_files = tuple(in_files)
        self._files: dict[str, dict[_Place, list[Manifest]]] = {}
        self._declared: dict[str, list[Manifest]] = defaultdict(list)
        self._by_place: dict[str, dict[_Place, list[Manifest]]] = defaultdict(dict)
        self._here: dict[str, set[_Place]] = defaultdict(set)
        self._made: dict[str, Sources] = {}
        self._rendered: dict[str, Sources] = {}
        self._read_at: dict[str, dict[_Place, str]] = defaultdict(dict)
        self._files_at: dict[_Place, str] | None = None

    def add(self, cluster: str, held: Iterable[DeclaredObject]) -> None:
        """Those among what a target of the cluster holds."""
        sources = [each for each in held if is_source(each.manifest)]
        found = [each.manifest for each in sources]
        if found:
            self._read_at[cluster] |= _places(sources)
            self._declared[cluster] += found
            self._made.pop(cluster, None)
            self._rendered.pop(cluster, None)
            for place, manifests in _by_place(found).items():
                self._by_place[cluster].setdefault(place, []).extend(manifests)

    def take_for_this(self, ref: ObjectRef | None, cluster: str) -> bool:
        """Where nothing declares this GitRepository it is the repository at hand: something outside of Git made it."""
        if ref is None or ref.kind != "GitRepository":
            return False
        place = ref.kind, ref.namespace, ref.name
        if place[::2] == _BOOTSTRAP or place in self._here[cluster] or any(self.at(place, cluster)):
            return False
        self._take(place, cluster)
        return True

    def take_declared_for_this(self, ref: ObjectRef, cluster: str) -> None:
        """Whatever its URL is: what it reads is the repository at hand."""
        self._take((ref.kind, ref.namespace, ref.name), cluster)

    def _take(self, place: _Place, cluster: str) -> None:
        self._here[cluster].add(place)
        self._made.pop(cluster, None)

    def lacks(self, found: DeclaredObject, cluster: str) -> bool:
        """Whether a source that it names has been declared by none of the cluster's targets so far."""
        return any(
            not self._is_rendered(place, cluster)
            and place[::2] != _BOOTSTRAP
            and place not in self._here[cluster]
            for place in self._named(found, cluster)
        )

    def _is_rendered(self, place: _Place, cluster: str) -> bool:
        known = self._by_place[cluster]
        if known.get(place) or known.get((place[0], "", place[2])):
            return True
        if place[0] != _ARTIFACT:
            return False
        if cluster not in self._rendered:
            self._rendered[cluster] = Sources.of(self._declared[cluster], self._repository)
        return bool(self._rendered[cluster].generators_of(ObjectRef(*place)))

    def of(self, cluster: str) -> Sources:
        if cluster not in self._made:
            here = (ObjectRef(*place) for place in self._here[cluster])
            files = [manifest for several in self._in(cluster).values() for manifest in several]
            self._made[cluster] = Sources.of(self._declared[cluster], self._repository, files, here)
        return self._made[cluster]

    def _in(self, cluster: str) -> dict[_Place, list[Manifest]]:
        """What stands in files. Those of another cluster's directory count for what the others do not declare."""
        if cluster not in self._files:
            labels = [cluster_of(found.file) if cluster else "" for found in self._in_files]
            labelled = list(zip(labels, self._in_files, strict=True))
            own = _by_place(found.manifest for label, found in labelled if label in ("", cluster))
            others = _by_place(found.manifest for label, found in labelled if label not in ("", cluster))
            self._files[cluster] = others | own
        return self._files[cluster]

    def declared_at(self, ref: ObjectRef, cluster: str) -> str:
        """The file that declares it, empty where nobody knows; what was rendered counts before files."""
        if self._files_at is None:
            self._files_at = _places(self._in_files)
        places = ((ref.kind, ref.namespace, ref.name), (ref.kind, "", ref.name))
        known = (
            tier[place]
            for tier in (self._read_at[cluster], self._files_at)
            for place in places
            if place in tier
        )
        return next(known, "")

    def are_alike(self, other: "ClusterSources", found: DeclaredObject, cluster: str) -> bool:
        """Whether every source that it names is the same here as there."""
        return all(
            self.at(place, cluster) == other.at(place, cluster) for place in self._named(found, cluster)
        )

    def at(self, place: _Place, cluster: str) -> list[object]:
        """Every declaration of a source, in the order in which they count, and what it is taken for without any."""
        nowhere = (place[0], "", place[2])
        tiers = (self._by_place[cluster], self._in(cluster))
        found: list[object] = [tier.get(each) for tier in tiers for each in (place, nowhere)]
        found += [_makers(place, tier) for tier in tiers]
        if not any(found):
            found += [known for tier in tiers for known in sorted(tier) if known[::2] == place[::2]]
        return [*found, place in self._here[cluster]]

    def _named(self, found: DeclaredObject, cluster: str) -> list[_Place]:
        """Every source that it names, and those that these name."""
        namespace = str((found.manifest.get("metadata") or {}).get("namespace") or "")
        places: dict[_Place, None] = {}
        pending = [(namespace, found.manifest.get("spec"))]
        while pending:
            namespace, spec = pending.pop()
            for reference in (*_references(spec), *_included(spec), *_ingredients(spec)):
                place = (
                    str(reference.get("kind")),
                    str(reference.get("namespace") or namespace),
                    str(reference.get("name")),
                )
                if place not in places:
                    places[place] = None
                    pending += [
                        (place[1], manifest.get("spec")) for manifest in self._named_by(place, cluster)
                    ]
        return list(places)

    def _named_by(self, place: _Place, cluster: str) -> list[Manifest]:
        """What may name further sources, as it is declared; what was rendered counts before what stands in files."""
        if place[0] not in _NAMING_OTHERS:
            return []
        nowhere = (place[0], "", place[2])
        tiers = (self._by_place[cluster], self._in(cluster))
        if place[0] == _ARTIFACT:
            return [manifest for tier in tiers for manifest in _makers(place, tier)]
        return next(filter(None, (tier.get(each) for tier in tiers for each in (place, nowhere))), [])


def _by_place(manifests: Iterable[Manifest]) -> dict[_Place, list[Manifest]]:
    found: dict[_Place, list[Manifest]] = {}
    for manifest in manifests:
        metadata = manifest.get("metadata")
        names = metadata if isinstance(metadata, dict) else {}
        place = (str(manifest.get("kind")), str(names.get("namespace") or ""), str(names.get("name")))
        found.setdefault(place, []).append(manifest)
    return found


def _places(found: Iterable[DeclaredObject]) -> dict[_Place, str]:
    """Where each was read, as far as that is known: the first where there are several."""
    places: dict[_Place, str] = {}
    for each in found:
        if each.file:
            places.setdefault(next(iter(_by_place([each.manifest]))), each.file)
    return places


def _makers(place: _Place, among: Mapping[_Place, list[Manifest]]) -> list[Manifest]:
    """Whatever may make an artifact: every generator of its namespace."""
    if place[0] != _ARTIFACT:
        return []
    return [
        manifest
        for (kind, namespace, _), several in among.items()
        if kind == _GENERATOR and namespace in ("", place[1])
        for manifest in several
    ]


def _ingredients(spec: object) -> list[Manifest]:
    """What a generator makes artifacts of."""
    entries = spec.get("sources") if isinstance(spec, dict) else None
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []


def _included(spec: object) -> list[Manifest]:
    """What a GitRepository includes, as references."""
    entries = spec.get("include") if isinstance(spec, dict) else None
    named = (
        [one.get("repository") for one in entries if isinstance(one, dict)]
        if isinstance(entries, list)
        else []
    )
    return [{"kind": "GitRepository", "name": one.get("name")} for one in named if isinstance(one, dict)]


def _references(spec: object) -> list[Manifest]:
    """Every `sourceRef` and `chartRef` of a Kustomization, a HelmRelease or a HelmChart."""
    fields = spec if isinstance(spec, dict) else {}
    chart = fields.get("chart")
    template = chart.get("spec") if isinstance(chart, dict) else None
    named = [fields.get("sourceRef"), fields.get("chartRef")]
    if isinstance(template, dict):
        named.append(template.get("sourceRef"))
    return [reference for reference in named if isinstance(reference, dict)]
