"""ApplicationSets and the world around them, as short as a test can say them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.model.argocd import ArgoCluster
from bot.model.objects import Manifest
from bot.render.applicationset import (
    Branch,
    Clusters,
    Generated,
    Ground,
    NotKnown,
    PullRequest,
    Repository,
    Templates,
    generate,
)
from bot.render.applicationset.providers import OwnerAsked
from tests.render.trees import Content, MemoryTree

HERE = "https://git.example/fleet"
TEMPLATE = """
metadata: {name: '%s'}
spec:
  project: default
  source: {repoURL: https://git.example/fleet, path: '%s'}
  destination: {server: https://kubernetes.default.svc}
"""


@dataclass
class MemoryWorld:
    """A world of clusters and files, without a forge. Counts how often it is asked for files."""

    files: Mapping[str, Content] = field(default_factory=dict)
    known: tuple[ArgoCluster, ...] = ()
    missing: str = ""
    is_here: bool = True
    is_lasting: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def clusters(self) -> Clusters:
        return Clusters(self.known, self.missing)

    async def tree(self, repo_url: str, revision: str) -> Ground:
        self.asked.append((repo_url, revision))
        if not repo_url.startswith(HERE):
            raise NotKnown(f"{repo_url} is not at hand", hint="allow its host")
        return Ground(MemoryTree(self.files), self.is_here, self.is_lasting)

    async def pull_requests(self, generator: Mapping[str, Any], namespace: str) -> tuple[PullRequest, ...]:
        raise NotKnown("nobody can be asked here")

    async def repositories(self, of: OwnerAsked, namespace: str) -> tuple[Repository, ...]:
        raise NotKnown("nobody can be asked here")

    async def branches(self, repository: Repository, *, every: bool) -> tuple[Branch, ...]:
        raise AssertionError(repository)

    async def has_path(self, branch: Branch, path: str) -> bool:
        raise AssertionError(branch, path)


@dataclass
class ForgeWorld(MemoryWorld):
    """`paths` are those of a branch, by `NAME@BRANCH`; the default branch comes first. `looks` is what was asked for."""

    pulls: tuple[PullRequest, ...] = ()
    listed: tuple[Repository, ...] = ()
    paths: Mapping[str, frozenset[str]] = field(default_factory=dict)
    owners: list[OwnerAsked] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)

    async def pull_requests(self, generator: Mapping[str, Any], namespace: str) -> tuple[PullRequest, ...]:
        assert (generator["github"]["repo"], namespace) == ("fleet", "argocd")
        return self.pulls

    async def repositories(self, of: OwnerAsked, namespace: str) -> tuple[Repository, ...]:
        assert namespace == "argocd"
        self.owners.append(of)
        return self.listed

    async def branches(self, repository: Repository, *, every: bool) -> tuple[Branch, ...]:
        self.looks.append(repository.name)
        known = [key.partition("@")[2] for key in self.paths if key.startswith(f"{repository.name}@")]
        named = known if every else [each for each in known if each == repository.default_branch]
        return tuple(Branch(repository, each, f"{len(each):040x}") for each in named)

    async def has_path(self, branch: Branch, path: str) -> bool:
        place = f"{branch.repository.name}@{branch.name}"
        self.looks.append(f"{place}:{path}")
        return path in self.paths[place]


def application_set(
    generators: str, *, name: str = "{{name}}", path: str = "apps", template: str = "", more: str = ""
) -> Manifest:
    """`generators` is a YAML list, `more` are other fields of the spec. The template is of `name` and `path`, or whole."""
    spec = yaml.safe_load(more) or {}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "fleet", "namespace": "argocd"},
        "spec": {
            "generators": yaml.safe_load(generators),
            "template": yaml.safe_load(template or TEMPLATE % (name, path)),
            **spec,
        },
    }


def go_set(generators: str, *, name: str = "{{.name}}", more: str = "", **others: str) -> Manifest:
    """With `goTemplate`, and an error for each parameter that is missing."""
    options = "goTemplate: true\ngoTemplateOptions: [missingkey=error]\n"
    return application_set(generators, name=name, more=options + more, **others)


async def made(
    manifest: Manifest, world: MemoryWorld | None = None, templates: Templates | None = None
) -> Generated:
    """What is generated, which must be something."""
    found = await generate(manifest, world or MemoryWorld(), templates or Templates())
    assert not found.problem, f"{found.field}: {found.problem}"
    return found


async def problem(
    manifest: Manifest, world: MemoryWorld | None = None, templates: Templates | None = None
) -> str:
    """Why nothing is, with the field."""
    found = await generate(manifest, world or MemoryWorld(), templates or Templates())
    assert found.problem
    assert not found.applications
    return f"{found.field}: {found.problem}"


def names(found: Generated) -> list[str]:
    return [each["metadata"]["name"] for each in found.applications]


def paths(found: Generated) -> dict[str, str]:
    """The path of each Application, by its name."""
    return {each["metadata"]["name"]: each["spec"]["source"]["path"] for each in found.applications}
