"""An owner on a stand-in forge, and what both sides make of an ApplicationSet that asks about it."""

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from bot.config import Config
from bot.errors import LongshoreError
from bot.forge.github.forge import GitHubForge, open_github
from bot.forge.github.settings import GitHubSettings
from bot.forge.gitlab.forge import GitLabForge, open_gitlab
from bot.forge.gitlab.settings import GitLabSettings
from bot.loops.asking import Asking
from bot.model.objects import Manifest
from bot.model.repo import RepoId
from bot.planning.asked import Answers
from bot.render.applicationset import (
    Branch,
    Clusters,
    Ground,
    NotKnown,
    PullRequest,
    Repository,
    Templates,
    generate,
)
from bot.render.applicationset.providers import OwnerAsked
from oracles.argocd.clusters import IN_CLUSTER_SERVER, NAMESPACE
from oracles.cluster import Cluster
from oracles.trials import NeverSettled
from tests.sandbox.forge import StandInGitHub, StandInGitLab
from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.core.repositories import Repository as Known

_PATIENCE_S = 60.0
_POLL_S = 0.3
_BASE = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}"
USER = "argo"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The Applications by name, as far as templates make them; or that there is a problem."""

    applications: Mapping[str, Any] = field(default_factory=dict)
    is_problem: bool = False


@dataclass
class Owner:
    """`acme`, with whatever repositories are added. Both sides ask with one token."""

    hands: StandInGitHub | StandInGitLab
    provider: str
    forge: GitHubForge | GitLabForge
    cluster: Cluster
    secret: str

    async def add(
        self, path: str, *files: str, topics: Sequence[str] = (), is_archived: bool = False
    ) -> Known:
        made = await self.hands.create_repo(path, files=dict.fromkeys(files, b"") or None)
        made.topics, made.is_archived = tuple(topics), is_archived
        self.hands.give_role(made, USER, Role.WRITE)
        return made

    def asked(self, **more: Any) -> dict[str, Any]:
        """The provider of `scmProvider`, which lists `acme`."""
        owner = "organization" if self.provider == "github" else "group"
        return {self.provider: {owner: "acme", **self._access(), **more}}

    def asked_pulls(self, path: str, **more: Any) -> dict[str, Any]:
        """The provider of `pullRequest`."""
        owner, _, name = path.rpartition("/")
        of = {"owner": owner, "repo": name} if self.provider == "github" else {"project": path}
        return {self.provider: {**of, **self._access(), **more}}

    def _access(self) -> dict[str, Any]:
        return {"api": self.hands.url, "tokenRef": {"secretName": self.secret, "key": "token"}}

    async def both(self, made: Manifest, templates: Templates) -> tuple[Verdict, Verdict]:
        """What Argo CD's controller makes of it, and what we do."""
        await self.cluster.create(made)
        return await self._theirs(made["metadata"]["name"]), await self._ours(made, templates)

    async def _theirs(self, name: str) -> Verdict:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            self.cluster.check()
            async with self.cluster.session.get(f"{_BASE}/applicationsets/{name}") as response:
                found = await response.json()
            said = {c["type"]: c["status"] for c in (found.get("status") or {}).get("conditions") or ()}
            if "ErrorOccurred" in said and (said["ErrorOccurred"] == "True" or "ResourcesUpToDate" in said):
                return Verdict(await self._applications(name), said["ErrorOccurred"] == "True")
            await asyncio.sleep(_POLL_S)
        raise NeverSettled(f"Argo CD says nothing of {name}")

    async def _applications(self, name: str) -> dict[str, Any]:
        found = await self.cluster.items(f"{_BASE}/applications")
        return {
            item["metadata"]["name"].removeprefix(f"{name}-"): _templated(item)
            for item in found
            if any(each["name"] == name for each in item["metadata"].get("ownerReferences") or ())
        }

    async def _ours(self, made: Manifest, templates: Templates) -> Verdict:
        entry = {"forge": "hub", "repository": "acme/fleet", "argocd": {"asks": ["acme/*", "other/*"]}}
        forge = {
            "kind": self.provider,
            "gitUrl": self.hands.url,
            "token": "${env:X}",
            "webhookSecrets": ["${env:X}"],
        }
        config = Config.model_validate({"forges": {"hub": forge}, "repositories": [entry]})
        asking = Asking(RepoId("hub", "acme/fleet"), config.repositories[0], config.forges["hub"], self.forge)
        answers = Answers(asking)
        try:
            found = await generate(made, _Asking(answers), templates)
        finally:
            await answers.end()
        own = f"{made['metadata']['name']}-"
        applications = {
            each["metadata"]["name"].removeprefix(own): _templated(each) for each in found.applications
        }
        return Verdict(applications, bool(found.problem))


def _templated(item: Manifest) -> dict[str, Any]:
    """What a template says, without what the controller and the API server add."""
    metadata, spec = item["metadata"], item["spec"]
    said = {name: metadata.get(name) or {} for name in ("labels", "annotations")}
    return {**said, "source": spec["source"], "destination": spec["destination"], "project": spec["project"]}


async def on_github(hands: StandInGitHub, cluster: Cluster, stack: AsyncExitStack) -> Owner:
    hands.create_org("acme")
    token = hands.token(USER)
    settings = GitHubSettings("hub", token=token, api_url=hands.api_url, git_url=hands.url)
    forge = await stack.enter_async_context(open_github(settings))
    return Owner(hands, "github", forge, cluster, await _secret(cluster, token))


async def on_gitlab(hands: StandInGitLab, cluster: Cluster, stack: AsyncExitStack) -> Owner:
    token = hands.token(USER)
    settings = GitLabSettings("hub", lambda: token, hands.api_url, hands.url)
    forge = await stack.enter_async_context(open_gitlab(settings))
    return Owner(hands, "gitlab", forge, cluster, await _secret(cluster, token))


async def _secret(cluster: Cluster, token: str) -> str:
    name = f"forge-{secrets.token_hex(4)}"
    labels = {"argocd.argoproj.io/secret-type": "scm-creds"}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    await cluster.create(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": token}}
    )
    return name


def application_set(*generators: Mapping[str, Any], name: str, path: str, **labels: str) -> Manifest:
    """With Go templates where those of the controller would not do. It has a name of its own, and so have its Applications,
    which begin with it.
    """
    own = f"set-{secrets.token_hex(4)}"
    template = {
        "metadata": {"name": f"{own}-{name}", "labels": labels},
        "spec": {
            "project": "default",
            "source": {
                "repoURL": "https://git.example.test/acme/fleet",
                "targetRevision": "HEAD",
                "path": path,
            },
            "destination": {"server": IN_CLUSTER_SERVER, "namespace": "shop"},
        },
    }
    spec: dict[str, Any] = {"generators": list(generators), "template": template}
    if "{{." in f"{name}{path}":
        spec |= {"goTemplate": True, "goTemplateOptions": ["missingkey=error"]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": own, "namespace": NAMESPACE},
        "spec": spec,
    }


@dataclass(frozen=True, slots=True)
class _Asking:
    """A world in which there is a forge, and nothing else. Fulfils `bot.render.applicationset.World`."""

    answers: Answers

    async def clusters(self) -> Clusters:
        return Clusters()

    async def tree(self, repo_url: str, revision: str) -> Ground:
        raise NotKnown(f"{repo_url} at {revision} is not asked for here")

    async def pull_requests(self, generator: Mapping[str, Any], namespace: str) -> tuple[PullRequest, ...]:
        assert namespace == NAMESPACE
        try:
            return await self.answers.pull_requests(generator)
        except LongshoreError as error:
            raise NotKnown(error.message) from error

    async def repositories(self, of: OwnerAsked, namespace: str) -> tuple[Repository, ...]:
        assert namespace == NAMESPACE
        try:
            return await self.answers.repositories(of)
        except LongshoreError as error:
            raise NotKnown(error.message) from error

    async def branches(self, repository: Repository, *, every: bool) -> tuple[Branch, ...]:
        try:
            return await self.answers.branches(repository, every=every)
        except LongshoreError as error:
            raise NotKnown(error.message) from error

    async def has_path(self, branch: Branch, path: str) -> bool:
        try:
            return await self.answers.has_path(branch, path)
        except LongshoreError as error:
            raise NotKnown(error.message) from error
