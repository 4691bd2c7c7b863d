"""`config.yaml`: what the operator declares. Forges to listen to, clusters to deliver to, and who may reach which."""

import fnmatch
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from bot.config.team import Name, TargetConfig
from bot.config.types import DurationS, Model, SecretRef, SizeBytes
from bot.model.hosts import Credential, Credentials, Hosts
from bot.model.objects import ObjectId

RepositoryPattern = Annotated[str, StringConstraints(pattern=r"^[^\s:]+/[^\s:]+$")]
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
HostName = Annotated[str, StringConstraints(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$")]
HostPattern = Annotated[
    str, StringConstraints(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._*-]+)(:[0-9*]{1,5})?$")
]
Discover = Literal["auto", "config", "flux", "kustomize"]


class GitHubApp(Model):
    """A GitHub App's identity. Preferred over a token: it can write check runs and its rights are narrow."""

    id: int = Field(examples=[123456], ge=1)
    """The App's numeric id."""
    private_key: SecretRef = Field(examples=["${file:/etc/longshore/app.pem}"])
    """The App's private key in PEM form."""


class Forge(Model):
    """One forge to listen to and write to."""

    kind: Literal["github"] = Field(default="github", examples=["github"])
    """What speaks there."""
    api_url: HttpUrl = Field(default="https://api.github.com", examples=["https://api.github.com"])
    """Root of the REST API; `https://HOST/api/v3` for GitHub Enterprise Server."""
    git_url: HttpUrl = Field(default="https://github.com", examples=["https://github.com"])
    """Root under which repositories are cloned and pages are shown."""
    app: GitHubApp | None = None
    """Act as a GitHub App. Give this or `token`."""
    token: SecretRef | None = Field(default=None, examples=["${env:GITHUB_TOKEN}"])
    """Act by a plain token: commit statuses and comments instead of check runs. Give this or `app`."""
    webhook_secrets: tuple[SecretRef, ...] = Field(min_length=1, examples=[["${env:GITHUB_WEBHOOK_SECRET}"]])
    """Secrets a delivery may be signed with; two while one is being replaced."""

    @model_validator(mode="after")
    def _one_identity(self) -> "Forge":
        if (self.app is None) == (self.token is None):
            raise ValueError("give exactly one of `app` and `token`")
        return self


class Sops(Model):
    """The keys for what a repository encrypts with SOPS. Used for what is merged, never for a pull request."""

    age_keys: tuple[SecretRef, ...] = Field(
        default=(), max_length=50, examples=[["${file:/etc/longshore/fleet.agekey}"]]
    )
    """Private keys of age, each reference one or more lines of a key file. Left out: its secrets stay encrypted."""


class RepositoryConfig(Model):
    """One repository (or, with `*`, several) that Longshore serves."""

    forge: Name = Field(examples=["github"])
    """The forge it lives on, by its name under `forges`."""
    repository: RepositoryPattern = Field(examples=["acme/fleet"])
    """`OWNER/NAME`; `*` stands for any part of a name."""
    branches: tuple[str, ...] = Field(default=(), examples=[["main"]])
    """Delivery branches: pull requests to them are planned, pushes to them delivered. Empty: the default branch."""
    discover: Discover = "auto"
    """How targets are found. `auto` takes what `.longshore.yaml` and `targets` name, else Flux, else kustomize roots;
    the others look for nothing else."""
    targets: tuple[TargetConfig, ...] = ()
    """Targets the operator declares for it, beside those in the repository's `.longshore.yaml`."""
    sops: Sops = Sops()
    """The keys for what the repository encrypts with SOPS."""

    @model_validator(mode="after")
    def _targets_are_looked_at(self) -> "RepositoryConfig":
        if self.targets and self.discover not in {"auto", "config"}:
            raise ValueError(
                f"`targets` are not looked at with `discover: {self.discover}`; leave one of them out"
            )
        return self

    def matches(self, forge: str, path: str) -> bool:
        return self.forge == forge and fnmatch.fnmatchcase(path.lower(), self.repository.lower())


class Allow(Model):
    """What may be delivered to a cluster. Nothing is allowed that no entry allows."""

    repository: RepositoryPattern = Field(examples=["acme/fleet"])
    """`OWNER/NAME`; `*` stands for any part of a name."""
    branches: tuple[str, ...] = Field(default=("main",), examples=[["main"]])
    """Branches, with `*` as a wildcard."""
    paths: tuple[str, ...] = Field(default=("*",), examples=[["apps/*", "clusters/staging"]])
    """Directories a target may render; `*` stands for anything, slashes included."""
    namespaces: tuple[str, ...] = Field(default=(), examples=[["shop", "team-*"]])
    """Namespaces that may be written to, with `*` as a wildcard. Creating one of them is allowed too."""
    kinds: tuple[str, ...] = Field(default=(), examples=[["*"]])
    """Kinds that may be written (`Deployment.apps`, `Service`, `*.networking.k8s.io`). Empty: every namespaced kind."""
    cluster_scoped: bool = False
    """Also allow objects outside any namespace, such as CRDs and ClusterRoles."""

    def admits_repository(self, repository: str) -> bool:
        return fnmatch.fnmatchcase(repository.lower(), self.repository.lower())

    def admits_branch(self, repository: str, branch: str) -> bool:
        return self.admits_repository(repository) and _any(branch, self.branches)

    def admits_source(self, repository: str, branch: str, path: str) -> bool:
        return self.admits_branch(repository, branch) and _any(path, self.paths)

    def admits_object(self, identity: ObjectId, *, namespaced: bool) -> bool:
        """Whether the object may be written. `identity` holds the namespace it will really have."""
        kind = f"{identity.kind}.{identity.group}" if identity.group else identity.kind
        if self.kinds and not _any(kind, self.kinds):
            return False
        if namespaced:
            return _any(identity.namespace, self.namespaces)
        if identity.kind == "Namespace" and not identity.group:
            return _any(identity.name, self.namespaces)
        return self.cluster_scoped


class Cluster(Model):
    """One API server to deliver to."""

    kubeconfig: Path | None = Field(default=None, examples=["/etc/longshore/staging.kubeconfig"])
    """Path of a kubeconfig file. Left out: the identity of the pod Longshore runs in."""
    context: str | None = Field(default=None, examples=["staging"])
    """The context in it; its current one when left out."""
    impersonate: str | None = Field(default=None, examples=["system:serviceaccount:longshore-system:staging"])
    """Deliver as this user."""
    environment: Name = Field(examples=["staging"])
    """The environment its deployments are reported under."""
    labels: dict[str, str] = Field(default={}, examples=[{"region": "eu"}])
    """Free labels to tell clusters apart."""
    namespace: Name = "longshore-system"
    """Where Longshore keeps its records and leases in the cluster."""
    allow: tuple[Allow, ...] = ()
    """What may be delivered to it. Empty: nothing."""


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


class Limits(Model):
    """Caps on what one change may cost."""

    render_timeout: DurationS = Field(default=60.0, examples=["60s"])
    """Longest run of one renderer."""
    render_memory: SizeBytes = Field(default=1 << 30, examples=["1Gi"])
    """Most memory of one renderer."""
    render_output: SizeBytes = Field(default=64 << 20, examples=["64Mi"])
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


class SourceCredential(Model):
    """Who to be at one host."""

    host: HostName = Field(examples=["registry.example.com"])
    """`HOST`, or `HOST:PORT` where it is not the usual one. No wildcard: a password goes to one host only."""
    username: str | None = Field(default=None, examples=["robot"], min_length=1)
    """The user. Give this and `password`, or `token`."""
    password: SecretRef | None = Field(default=None, examples=["${env:REGISTRY_PASSWORD}"])
    """The user's password, or what stands for one."""
    token: SecretRef | None = Field(default=None, examples=["${env:REGISTRY_TOKEN}"])
    """A token that is sent as `Authorization: Bearer`, for hosts that take one without a user."""

    @model_validator(mode="after")
    def _one_way(self) -> "SourceCredential":
        is_user = self.username is not None and self.password is not None
        if (self.username is None) != (self.password is None) or is_user == (self.token is not None):
            raise ValueError("give `username` and `password`, or `token`")
        return self

    def read(self) -> Credential:
        """Raises SecretUnreadable."""
        secret = self.token or self.password
        assert secret is not None
        return Credential(self.host, self.username or "", secret.read())


class Sources(Model):
    """Where what a repository names beyond itself may be fetched from: charts, artifacts, other repositories."""

    hosts: tuple[HostPattern, ...] = Field(
        default=(), examples=[["charts.example.com", "registry.example.com", "*.githubusercontent.com"]]
    )
    """Hosts that may be asked: `HOST` or `HOST:PORT`, with `*` as a wildcard. Empty: nothing is fetched. Plain http, and
    addresses of private networks, want a host without wildcard."""
    credentials: tuple[SourceCredential, ...] = ()
    """Who to be at hosts that do not answer everybody."""
    cache: SizeBytes = Field(default=1 << 30, examples=["1Gi"])
    """Most disk for charts and artifacts that were fetched."""

    def allowed(self) -> Hosts:
        return Hosts(self.hosts)

    def secrets(self) -> Credentials:
        """Raises SecretUnreadable."""
        return Credentials(tuple(one.read() for one in self.credentials))


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
    public_url: HttpUrl | None = Field(default=None, examples=["https://longshore.example.com"])
    """Where people reach the web process, for links."""
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
    forges: dict[Name, Forge] = Field(default={})
    """Forges by a name of your choice; webhooks go to /hooks/NAME."""
    repositories: tuple[RepositoryConfig, ...] = ()
    """Repositories that are served. An event from any other is ignored."""
    clusters: dict[Name, Cluster] = Field(default={})
    """Clusters by a name of your choice."""

    def repository(self, forge: str, path: str) -> RepositoryConfig | None:
        """The first entry that matches; None where the repository is not served."""
        return next((entry for entry in self.repositories if entry.matches(forge, path)), None)


def _any(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)
