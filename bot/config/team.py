"""`.longshore.yaml`: what a team declares in its own repository.

It can name targets and say how they are delivered; which cluster may be reached is the operator's to decide.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bot.config.types import DurationS, Model, RepoPath
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId

TEAM_FILE = ".longshore.yaml"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$")]
"""A Kubernetes-style name: lower-case letters, digits, `-` and `.`, at most 63 characters."""


class TargetConfig(Model):
    """One unit of delivery: a directory that renders to objects for one cluster."""

    name: Name = Field(examples=["apps-staging"])
    """How people call it; unique within its cluster."""
    cluster: Name = Field(examples=["staging"])
    """The operator's name for the cluster it goes to."""
    path: RepoPath = Field(examples=["apps/overlays/staging"])
    """The directory to render, relative to the repository's root."""
    renderer: Literal["kustomize", "plain"] = "kustomize"
    """`kustomize` builds the directory; `plain` takes every .yaml, .yml and .json file below it as it is."""
    namespace: Name | None = Field(default=None, examples=["shop"])
    """The namespace for objects that name none."""
    environment: Name | None = Field(default=None, examples=["staging"])
    """The environment that deployments are reported under; the cluster's own when left out."""
    prune: bool = True
    """Delete from the cluster what this target no longer declares."""
    wait: bool = True
    """Wait until everything is healthy before calling it delivered."""
    timeout: DurationS = Field(default=300.0, examples=["5m"])
    """How long its objects may take to become healthy."""
    depends_on: tuple[Name, ...] = Field(default=(), examples=[["infrastructure-staging"]])
    """Targets of the same cluster that must be delivered first."""

    def target(self, file: str | None, line: int | None = None) -> Target:
        return Target(
            id=TargetId(self.cluster, self.name),
            path=self.path,
            renderer=RendererKind(self.renderer),
            engine=EngineKind.DIRECT,
            origin=Origin(Found.CONFIG, file, line),
            environment=self.environment or "",
            namespace=self.namespace or "",
            prune=self.prune,
            wait=self.wait,
            timeout_s=self.timeout,
            depends_on=self.depends_on,
        )


class TeamConfig(Model):
    """The team's file, read from each side of a change: the head's targets are compared with the base's."""

    targets: tuple[TargetConfig, ...] = ()
    """What to deliver where. Left out, targets are discovered from the repository's layout."""
