"""Telling the forge about commits: a status, a deployment, what became of it."""

from tests.sandbox.forge.core.delivering import Deployment, DeploymentStatus, Status
from tests.sandbox.forge.core.events import DeploymentMade, DeploymentMoved, StatusSet
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository

FINISHED = frozenset({"inactive", "error", "failure"})


async def set_status(forge: Forge, repository: Repository, status: Status) -> None:
    repository.statuses.append(status)
    await forge.emit(StatusSet(repository, status.creator, status))


async def deploy(forge: Forge, repository: Repository, deployment: Deployment) -> None:
    repository.deployments.append(deployment)
    repository.environments.setdefault(deployment.environment, forge.next_id())
    await forge.emit(DeploymentMade(repository, deployment.creator, deployment))


async def move_deployment(
    forge: Forge,
    repository: Repository,
    deployment: Deployment,
    status: DeploymentStatus,
    *,
    auto_inactive: bool,
) -> None:
    """A success retires the earlier deployments of its environment, unless they were made to be short-lived."""
    deployment.statuses.append(status)
    await forge.emit(DeploymentMoved(repository, status.creator, deployment, status))
    if status.state != "success" or not auto_inactive:
        return
    for other in repository.deployments:
        retires = other.environment == deployment.environment and other.id < deployment.id
        if retires and not other.is_transient and other.state not in {None, *FINISHED}:
            await _retire(forge, repository, other, status.creator)


async def _retire(forge: Forge, repository: Repository, deployment: Deployment, actor: User) -> None:
    status = DeploymentStatus(
        forge.next_id(), "inactive", "", deployment.environment, "", "", actor, forge.now()
    )
    deployment.statuses.append(status)
    await forge.emit(DeploymentMoved(repository, actor, deployment, status))
