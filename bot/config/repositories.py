"""The part of `config.yaml` about repositories: which are served, and how their targets are found."""

import fnmatch
from typing import Literal

from pydantic import Field, model_validator

from bot.config.team import Name, TargetConfig
from bot.config.types import Model, RepositoryPattern, SecretRef

Discover = Literal["auto", "config", "flux", "argocd", "kustomize"]


class Sops(Model):
    """The keys for what a repository encrypts with SOPS. Used for what is merged, never for a pull request."""

    age_keys: tuple[SecretRef, ...] = Field(
        default=(), max_length=50, examples=[["${file:/etc/longshore/fleet.agekey}"]]
    )
    """Private keys of age, each reference one or more lines of a key file. Left out: its secrets stay encrypted."""


class Flux(Model):
    """How the Flux that delivers a repository works, where versions and settings of it differ."""

    strict_substitution: bool = True
    """Whether a variable that nothing sets stops its Kustomization, as it does since Flux 2.9. `false` for an older Flux, or
    one whose feature gate `StrictPostBuildSubstitutions` is off: such a variable becomes empty."""


class ArgoCD(Model):
    """How the Argo CD that delivers a repository is set up, and what its ApplicationSets may learn from the forge."""

    namespace: Name | None = Field(default=None, examples=["openshift-gitops"])
    """The namespace that Argo CD itself runs in. Left out: the one that its projects, Secrets or all Applications name in the
    repository, else `argocd`."""
    kustomize_build_options: str | None = Field(
        default=None, max_length=1000, examples=["--enable-helm --load-restrictor LoadRestrictionsNone"]
    )
    """Its `kustomize.buildOptions` in `argocd-cm`, empty for none. Left out: what the repository declares of them; where
    that is nothing, plans warn of what would need it."""
    asks: tuple[RepositoryPattern, ...] = Field(default=(), max_length=1000, examples=[["acme/shop"]])
    """Other repositories on the same forge that its generators may ask about, `OWNER/NAME` with `*` as a wildcard; with
    `OWNER/*` they may also list what the owner has. Pull requests (titles, branches, labels, authors), names, topics,
    branches, and whether a file is there, can then show in its plans. About its own pull requests it may always ask."""

    def lets_ask(self, path: str) -> bool:
        return any(fnmatch.fnmatchcase(path.lower(), pattern.lower()) for pattern in self.asks)

    def lets_list(self, owner: str) -> bool:
        """Whether all that the owner has may be asked about, whatever it is called."""
        return any(
            pattern.endswith("*") and fnmatch.fnmatchcase(f"{owner.lower()}/", pattern.lower())
            for pattern in self.asks
        )


class RepositoryConfig(Model):
    """One repository (or, with `*`, several) that Longshore serves."""

    forge: Name = Field(examples=["hub"])
    """The forge it lives on, by its name under `forges`."""
    repository: RepositoryPattern = Field(examples=["acme/fleet"])
    """`OWNER/NAME`; `*` stands for any part of a name."""
    id: int | None = Field(default=None, ge=1, le=2**53, examples=[4711])
    """The forge's own number of the repository, which `longshore config check` tells: while another one lies at this path,
    nothing is planned or delivered. Left out, the number that was seen there counts for as long as it is remembered."""
    branches: tuple[str, ...] = Field(default=(), examples=[["main"]])
    """Delivery branches: pull requests to them are planned, pushes to them delivered. Empty: the default branch."""
    discover: Discover = "auto"
    """How targets are found. `auto` takes what `.longshore.yaml` and `targets` name, else Flux, else kustomize roots;
    the others look for nothing else."""
    targets: tuple[TargetConfig, ...] = ()
    """Targets the operator declares for it, beside those in the repository's `.longshore.yaml`."""
    flux: Flux = Flux()
    """How the Flux that delivers the repository works."""
    argocd: ArgoCD = ArgoCD()
    """How the Argo CD that delivers the repository is set up, and what its ApplicationSets may learn from the forge."""
    sops: Sops = Sops()
    """The keys for what the repository encrypts with SOPS."""

    @model_validator(mode="after")
    def _targets_are_looked_at(self) -> "RepositoryConfig":
        if self.targets and self.discover not in {"auto", "config"}:
            raise ValueError(
                f"`targets` are not looked at with `discover: {self.discover}`; leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _id_is_of_one(self) -> "RepositoryConfig":
        if self.id is not None and set(self.repository) & set("*?["):
            raise ValueError(
                "`id` is the number of one repository; give it an entry of its own, before the pattern"
            )
        return self

    def matches(self, forge: str, path: str) -> bool:
        return self.forge == forge and fnmatch.fnmatchcase(path.lower(), self.repository.lower())
