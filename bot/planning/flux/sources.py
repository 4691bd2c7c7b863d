"""The sources of each cluster, as far as they are known."""

from collections import defaultdict
from collections.abc import Iterable

from bot.discover.flux import FluxObject, RepositoryIdentity, Sources, is_source
from bot.model.objects import Manifest

_BOOTSTRAP = ("GitRepository", "flux-system")
"""Made by `flux bootstrap`, often outside of Git."""


class ClusterSources:
    """What a cluster's own targets declare wins over what stands in files that nobody has rendered so far."""

    def __init__(self, repository: RepositoryIdentity, in_files: Iterable[FluxObject]) -> None:
        self._repository = repository
        self._in_files = tuple(found.manifest for found in in_files)
        self._declared: dict[str, list[Manifest]] = defaultdict(list)
        self._made: dict[str, Sources] = {}

    def add(self, cluster: str, held: Iterable[FluxObject]) -> None:
        """Those among what a target of the cluster holds."""
        found = [each.manifest for each in held if is_source(each.manifest)]
        if found:
            self._declared[cluster] += found
            self._made.pop(cluster, None)

    def lacks(self, found: FluxObject, cluster: str) -> bool:
        """Whether a source that it names has been declared by none of the cluster's targets so far."""
        namespace = str((found.manifest.get("metadata") or {}).get("namespace") or "")
        declared = Sources.of(self._declared[cluster], self._repository)
        pending = [found.manifest.get("spec")]
        while pending:
            spec = pending.pop()
            for reference in _references(spec):
                name, kind = str(reference.get("name")), str(reference.get("kind"))
                sources = declared.source_of(kind, str(reference.get("namespace") or namespace), name)
                if not sources and (kind, name) != _BOOTSTRAP:
                    return True
                pending += [source.spec for source in sources if kind == "HelmChart"]
        return False

    def of(self, cluster: str) -> Sources:
        if cluster not in self._made:
            self._made[cluster] = Sources.of(
                self._declared[cluster], self._repository, fallback=self._in_files
            )
        return self._made[cluster]


def _references(spec: object) -> list[Manifest]:
    """Every `sourceRef` and `chartRef` of a Kustomization, a HelmRelease or a HelmChart."""
    fields = spec if isinstance(spec, dict) else {}
    chart = fields.get("chart")
    template = chart.get("spec") if isinstance(chart, dict) else None
    named = [fields.get("sourceRef"), fields.get("chartRef")]
    if isinstance(template, dict):
        named.append(template.get("sourceRef"))
    return [reference for reference in named if isinstance(reference, dict)]
