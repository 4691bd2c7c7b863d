"""What `longshore config check` finds beyond the file itself: in it as a whole, and by asking forges and clusters."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Literal

from bot.cli import asks
from bot.cli.world import Clusters, decryptors, secret_key
from bot.config import Cluster, Config
from bot.errors import LongshoreError
from bot.forge.base import Forge as ConnectedForge
from bot.forge.dialects import DIALECTS
from bot.forge.opening import open_forge
from bot.loops.identity import not_meant
from bot.model.repo import RepoId
from bot.proc.sandbox import layers
from bot.render.plugin.run import as_of_now, missing_from

MAX_REPOSITORIES = 100

Finding = tuple[Literal["ok", "warn", "FAIL"], str]


def in_the_file(config: Config) -> Iterator[Finding]:
    """What can be said without asking anybody."""
    hosts = config.sources.allowed()
    if hosts.patterns:
        yield "ok", f"sources: may be fetched from {', '.join(hosts.patterns)}"
    else:
        yield "ok", "sources: nothing is fetched; charts and repositories elsewhere are unknown in plans"
    for credential in config.sources.credentials:
        if why := hosts.why_not(f"https://{credential.host}"):
            yield "warn", f"sources: the credentials for {credential.host} are of no use: {why}"
    for name, cluster in config.clusters.items():
        told = cluster.kube_version or cluster.api_versions
        if told and not cluster.allow:
            yield "warn", f"cluster {name}: no repository is told its version: no entry of `allow` names one"
    yield from asks.in_the_file(config)


def on_this_machine(config: Config) -> Iterator[Finding]:
    """The operator's own programs, which no plan can do without that has to do with them."""
    programs = as_of_now(config.programs(), layers())
    named = [(f"plugin {each.name}", each.program) for each in programs.plugins]
    named += [("jsonnet", programs.jsonnet)] if programs.jsonnet is not None else []
    named += [("kustomize", programs.kustomize)] if programs.kustomize is not None else []
    for name, program in named:
        if program.refused:
            yield "FAIL", f"{name}: {missing_from(program) or program.refused}"
        else:
            whose = "any pull request" if program.is_for_forks else "any pull request but those from forks"
            yield "ok", f"{name}: {program.command[0]}, for {whose}"


async def by_asking(config: Config) -> AsyncIterator[Finding]:
    for finding in on_this_machine(config):
        yield finding
    try:
        secret_key(config)
    except LongshoreError as error:
        yield "FAIL", f"secretKey: {error}"
    try:
        config.sources.secrets()
    except LongshoreError as error:
        yield "FAIL", f"sources, credentials: {error}"
    try:
        held = await decryptors(config)
    except LongshoreError as error:
        yield "FAIL", f"repositories, sops.ageKeys: {error}"
    else:
        for forge_name, repository in held:
            yield "ok", f"repository {forge_name}:{repository}: keys to decrypt what is merged"
    async with AsyncExitStack() as stack:
        for name in config.forges:
            paths = [one.repository for one in config.repositories if one.forge == name]
            named = [RepoId(name, path) for path in dict.fromkeys(paths) if "*" not in path]
            async for finding in _of_forge(config, name, named, stack):
                yield finding
        clusters = Clusters(config, stack)
        for name, cluster in config.clusters.items():
            yield await _of_cluster(name, cluster, clusters)


async def _of_forge(
    config: Config, name: str, named: Sequence[RepoId], stack: AsyncExitStack
) -> AsyncIterator[Finding]:
    entry = config.forges[name]
    try:
        for secret in entry.webhook_secrets:
            if why := DIALECTS[entry.kind].unusable(secret.read().encode()):
                yield "FAIL", f"forge {name}: {secret} is no webhook secret: {why}"
        forge = await stack.enter_async_context(open_forge(name, entry))
        who = await forge.identity()
        missing = await forge.missing_permissions()
    except LongshoreError as error:
        yield "FAIL", f"forge {name}: {error}"
        return
    yield "ok", f"forge {name}: we are {who.login}"
    for lack in missing:
        yield "FAIL", f"forge {name}: {lack}"
    for degraded in forge.capabilities.degraded:
        yield "ok", f"forge {name}: {degraded}"
    for repo in named[:MAX_REPOSITORIES]:
        served = config.repository(name, repo.path)
        async for finding in _of_repository(forge, repo, served.id if served else None):
            yield finding
    if len(named) > MAX_REPOSITORIES:
        yield "warn", f"forge {name}: only the first {MAX_REPOSITORIES} repositories were asked for"
    async for finding in asks.of_forge(name, forge, config.repositories):
        yield finding


async def _of_repository(forge: ConnectedForge, repo: RepoId, meant: int | None) -> AsyncIterator[Finding]:
    try:
        located = await forge.locate(repo)
        missing = await forge.missing_in(repo)
    except LongshoreError as error:
        yield "FAIL", f"repository {repo}: {error}"
        return
    if meant is None:
        yield (
            "ok",
            f"repository {repo}: number {located.number}; `id: {located.number}` under `repositories` holds it to that",
        )
    elif meant == located.number:
        yield "ok", f"repository {repo}: number {meant}, as config.yaml says"
    else:
        yield "FAIL", f"repository {repo}: {not_meant(repo, meant, located.number)}"
    for lack in missing:
        yield "FAIL", f"repository {repo}: {lack}"
    if located.path.lower() != repo.path:
        yield (
            "warn",
            f"repository {repo}: it is called {located.path} by now; name it so under `repositories`",
        )


async def _of_cluster(name: str, cluster: Cluster, clusters: Clusters) -> Finding:
    if cluster.kube_version and not any(rule.lets_write for rule in cluster.allow):
        return (
            "ok",
            f"cluster {name}: taken for {cluster.kube_version}, and never asked: nothing is delivered to it",
        )
    try:
        return "ok", f"cluster {name}: {await (await clusters.connect(name)).version()}"
    except LongshoreError as error:
        return "FAIL", str(error)
