"""What one control plane of Argo CD knows beside its Applications: projects and clusters."""

from collections.abc import Iterable, Sequence

from bot.discover.argocd import ArgoContext, declared_cluster, is_cluster_secret
from bot.discover.argocd.clusters import IN_CLUSTER, IN_CLUSTER_SERVER
from bot.discover.argocd.installation import Standing
from bot.discover.objects import DeclaredObject, cluster_of
from bot.model.argocd import ArgoCluster
from bot.model.objects import Manifest
from bot.planning.argocd.files import InFiles, declares_applications
from bot.planning.expansion import Finding
from bot.planning.files import place_of

_Place = tuple[str, str]
"""Kind and name."""


class ControlPlane:
    """What targets render to wins over what stands in files that nobody has rendered so far.

    Files below `clusters/NAME` count for the control plane NAME only. `hiding` are those that may declare a cluster and
    cannot be read.
    """

    def __init__(self, cluster: str, in_files: InFiles, finding: Finding) -> None:
        self._finding = finding
        counting = ("", cluster)
        self._standing = {
            _place(found): found.manifest for found in in_files.named if cluster_of(found.file) in counting
        }
        self.hiding = tuple(file for file in in_files.hiding if cluster_of(file) in counting)
        # What is rendered later does not count: who was read before would have been read otherwise.
        every = (*in_files.installation, *in_files.named, *in_files.declaring)
        standing = [found.manifest for found in every if cluster_of(found.file) in counting]
        lending = next((file for file in in_files.lending if cluster_of(file) in counting), "")
        self._of_itself = Standing.of(standing, finding.argocd, lending)
        self._rendered: dict[_Place, Manifest] = {}
        self._context: ArgoContext | None = None

    @property
    def is_bare(self) -> bool:
        """Whether no project and no cluster is declared."""
        return not self._standing and not self._rendered

    @property
    def may_get_more(self) -> bool:
        """Whether a cluster stands in a file that nothing has rendered so far."""
        return any(
            is_cluster_secret(manifest) and place not in self._rendered
            for place, manifest in self._standing.items()
        )

    @property
    def context(self) -> ArgoContext:
        if self._context is None:
            known = {**self._standing, **self._rendered}
            self._context = ArgoContext.of(
                known.values(),
                self._finding.repository,
                clusters=self._finding.argocd_clusters,
                branch=self._finding.branch,
                default_branch=self._finding.default_branch,
                standing=self._of_itself,
            )
        return self._context

    @property
    def clusters(self) -> Sequence[ArgoCluster]:
        known = {**self._standing, **self._rendered}
        declared = (declared_cluster(manifest) for manifest in known.values())
        return [*(each for each in declared if each is not None), *self._finding.argocd_clusters]

    def add(self, held: Iterable[DeclaredObject]) -> None:
        """Projects and clusters among what one of its targets renders to."""
        for found in held:
            if declares_applications(found.manifest):
                continue
            place = _place(found)
            known = self._rendered.get(place) or self._standing.get(place)
            self._rendered[place] = self._with_what_stands(place, found.manifest)
            if known != self._rendered[place]:
                self._context = None

    def _with_what_stands(self, place: _Place, manifest: Manifest) -> Manifest:
        """A rendering hides where a cluster is; the file that it comes from may tell."""
        standing = self._standing.get(place)
        if manifest.get("kind") != "Secret" or standing is None:
            return manifest
        kept: Manifest = {name: standing[name] for name in ("data", "stringData") if name in standing}
        return {**{k: v for k, v in manifest.items() if k not in ("data", "stringData")}, **kept}


def _place(found: DeclaredObject) -> _Place:
    kind, _, name = place_of(found)
    return kind, name


def home_of(file: str | None, finding: Finding) -> str:
    """The control plane of what stands in a file: the cluster of its directory, else the only one that there is.

    That one is called as Argo CD calls it, unless the operator names the cluster that has its address.
    """
    own = (each.name for each in finding.argocd_clusters if each.server == IN_CLUSTER_SERVER)
    return cluster_of(file) or next(own, IN_CLUSTER)
