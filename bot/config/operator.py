"""`config.yaml`: what the operator declares. Forges to listen to, clusters to deliver to, and who may reach which."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.config.clusters import Cluster
from bot.config.forges import Forge
from bot.config.plugins import Jsonnet, Kustomize, Plugins, programs
from bot.config.repositories import RepositoryConfig
from bot.config.sources import Sources
from bot.config.team import Name
from bot.config.types import DurationS, Model, SecretRef, SizeBytes
from bot.model.programs import Programs


class Store(Model):
    """Where the queue lives. It only remembers what to look at next and may be flushed at any moment."""

    url: str = Field(
        default="embedded", pattern=r"^(embedded|rediss?://\S+|unix://\S+)$", examples=["embedded"]
    )
    """`embedded` (a Valkey of our own), `redis://HOST:PORT/DB`, `rediss://...` or `unix:///PATH`."""


class Web(Model):
    """The process that accepts webhooks."""

    host: str = Field(default="127.0.0.1", examples=["0.0.0.0"])  # noqa: S104 - an example for the operator
    """Address to listen on."""
    port: int = Field(default=8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    max_body: SizeBytes = Field(default=25 << 20, examples=["25Mi"])
    """Largest webhook accepted."""


class Worker(Model):
    """The process that works."""

    interactive: int = Field(default=4, ge=1, le=64)
    """Steps at once that somebody waits for: plans, deliveries."""
    background: int = Field(default=1, ge=1, le=16)
    """Steps at once that nobody waits for: sweeps."""
    drain: DurationS = Field(default=25.0, examples=["25s"])
    """How long running steps may finish after SIGTERM."""
    metrics_host: str = "127.0.0.1"
    """Address of the worker's /metrics."""
    metrics_port: int = Field(default=8081, ge=0, le=65535)
    """Port of the worker's /metrics; 0 takes a free one."""


class Schedules(Model):
    """What happens without an event."""

    sweep: DurationS = Field(default=600.0, examples=["10m"])
    """How often every open pull request and delivery branch is looked at again."""
    retry: DurationS = Field(default=300.0, examples=["5m"])
    """When a plan is made again in which something is unknown that could not be fetched."""


class Limits(Model):
    """Caps on what one change may cost."""

    render_timeout: DurationS = Field(default=60.0, examples=["60s"])
    """Longest run of one renderer; half of it may be processor time."""
    render_memory: SizeBytes = Field(default=1 << 30, examples=["1Gi"])
    """Most memory of one renderer."""
    render_output: SizeBytes = Field(default=16 << 20, examples=["16Mi"])
    """Most output of one renderer."""
    renderers: int = Field(default=2, ge=1, le=64)
    """Renderers at once in one worker."""
    cache: SizeBytes = Field(default=512 << 20, examples=["512Mi"])
    """Most disk for cached renderings."""
    repository: SizeBytes = Field(default=4 << 30, examples=["4Gi"])
    """Largest mirror of one repository."""
    step_timeout: DurationS = Field(default=90.0, examples=["90s"])
    """Longest single step; longer work is split."""


class Sandbox(Model):
    """How far a pull request is trusted."""

    forks: Literal["protected", "always", "never"] = "protected"
    """Plan pull requests from forks `protected` (only where the kernel confines renderers), `always` or `never`."""


class Prune(Model):
    """When a deletion stops and asks."""

    max_ratio: float = Field(default=0.5, gt=0, le=1)
    """Ask when more than this part of a target's objects would go at once."""
    max_objects: int = Field(default=5, ge=1)
    """Deletions up to this many never ask on account of their ratio alone."""


class Config(Model):
    """The operator's file."""

    data_dir: Path = Field(default=Path("longshore-data"), examples=["/var/lib/longshore"])
    """Mirrors, caches and the embedded store live here. All of it can be lost without loss."""
    secret_key: SecretRef | None = Field(default=None, examples=["${file:/etc/longshore/secret-key}"])
    """Signs what the bot writes and keys its masks. Left out: made once and kept in the data directory."""
    store: Store = Store()
    """Where the queue lives."""
    web: Web = Web()
    """The process that accepts webhooks."""
    worker: Worker = Worker()
    """The process that works."""
    schedules: Schedules = Schedules()
    """What happens without an event."""
    limits: Limits = Limits()
    """Caps on what one change may cost."""
    sandbox: Sandbox = Sandbox()
    """How far a pull request is trusted."""
    sources: Sources = Sources()
    """Where what a repository names beyond itself may be fetched from."""
    prune: Prune = Prune()
    """When a deletion stops and asks."""
    plugins: Plugins = Field(default={})
    """Programs of yours in place of Argo CD's config management plugins, by the plugin's name. Without one, what a plugin
    renders is unknown."""
    jsonnet: Jsonnet | None = None
    """The program that evaluates Jsonnet in directories of Argo CD. Without one, directories with Jsonnet are unknown."""
    kustomize: Kustomize | None = None
    """The program that builds kustomizations of Argo CD with functions or plugins of kustomize. Without one, these are
    unknown. All other kustomizations are built without it."""
    forges: dict[Name, Forge] = Field(default={})
    """Forges by a name of your choice; webhooks go to /hooks/NAME."""
    repositories: tuple[RepositoryConfig, ...] = ()
    """Repositories that are served. An event from any other is ignored."""
    clusters: dict[Name, Cluster] = Field(default={})
    """Clusters by a name of your choice."""

    def programs(self) -> Programs:
        return programs(self.plugins, self.jsonnet, self.kustomize)

    def repository(self, forge: str, path: str) -> RepositoryConfig | None:
        """The first entry that matches; None where the repository is not served."""
        return next((entry for entry in self.repositories if entry.matches(forge, path)), None)
