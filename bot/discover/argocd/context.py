"""What an Application is read against: the repository at hand, and what else one control plane has."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.discover.argocd.clusters import ProjectRepository, declared_cluster, project_repository
from bot.discover.argocd.installation import Standing
from bot.discover.argocd.objects import is_project
from bot.discover.argocd.projects import Projects
from bot.discover.repository import RepositoryIdentity, normal_url
from bot.model.argocd import ArgoCluster, ArgoInstallation
from bot.model.objects import Manifest


@dataclass(frozen=True, slots=True)
class ArgoContext:
    """`branch` is the one that a change is merged into, `default_branch` the repository's, each empty where not known.

    `clusters` are those whose Secrets are declared, and those that the operator names: there may be others.
    `repositories` are those that are declared for one project, `installation` is the Argo CD that reads it all,
    `lending` a file that seems to name global projects, by which a project may allow more than it says.
    """

    repository: RepositoryIdentity
    projects: Projects
    clusters: tuple[ArgoCluster, ...] = ()
    repositories: tuple[ProjectRepository, ...] = ()
    branch: str = ""
    default_branch: str = ""
    installation: ArgoInstallation = field(default_factory=ArgoInstallation)
    lending: str = ""

    @classmethod
    def of(
        cls,
        manifests: Iterable[Manifest],
        repository: RepositoryIdentity,
        clusters: Iterable[ArgoCluster] = (),
        branch: str = "",
        default_branch: str = "",
        standing: Standing | None = None,
    ) -> "ArgoContext":
        """`manifests` are what is declared for one control plane: of it, AppProjects and the Secrets of clusters and
        repositories count. `standing` is what files say of that Argo CD itself.
        """
        argocd = standing or Standing()
        known = tuple(manifests)
        declared = map(declared_cluster, known)
        repositories = map(project_repository, known)
        return cls(
            repository,
            Projects.of((manifest for manifest in known if is_project(manifest)), argocd.lenders),
            (*clusters, *(cluster for cluster in declared if cluster is not None)),
            tuple(repository for repository in repositories if repository is not None),
            branch,
            default_branch,
            argocd.installation,
            argocd.lending,
        )

    def is_here(self, url: str) -> bool:
        return normal_url(url) in self.repository.urls
