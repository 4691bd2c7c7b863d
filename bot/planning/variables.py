"""Where the variables of a Kustomization come from: ConfigMaps and Secrets that other targets of its cluster declare.

What is declared here is read from the rendering of whoever declares it, with secrets masked: a masked or encrypted
value is unknown, with its mark as its version. What nobody here declares may still be in the cluster.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from bot.diff.mask import is_masked
from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.objects import Manifest
from bot.model.rendering import TraceKind
from bot.model.target import PostBuild, Target, VariablesFrom
from bot.planning.expansion import Traced
from bot.planning.renderings import Renderings
from bot.render.envsubst import Unknown
from bot.render.variables import Source, Strategy, Substitution, declared, elsewhere

_PATHSPECS = ("*.yaml", "*.yml", "*.json")


class Variables:
    """Looks variables up in one tree. A name is searched for once."""

    def __init__(self, repository: Repository, tree: Tree, renderings: Renderings) -> None:
        self._repository = repository
        self._tree = tree
        self._renderings = renderings
        self._files: dict[str, frozenset[str]] = {}

    async def substitution(
        self, target: Target, known: Iterable[Traced], *, is_last_word: bool
    ) -> Substitution | None:
        """What is known of the target's variables from the targets `known` of its cluster.

        None where a source was not found and more targets may still come; with `is_last_word` it is then taken to be
        in the cluster only.
        """
        post_build = target.post_build or PostBuild()
        traced = list(known)
        sources: list[Source] = []
        for wanted in post_build.sources:
            source = await self._source(wanted, _namespace(target), traced)
            if source is None:
                if not is_last_word:
                    return None
                source = elsewhere(
                    wanted.kind,
                    wanted.name,
                    f"{wanted.kind} {wanted.name} is not declared in this repository",
                )
            sources.append(source)
        return Substitution.of(post_build.inline, sources, strategy=Strategy(post_build.strategy))

    async def _source(self, wanted: VariablesFrom, namespace: str, known: list[Traced]) -> Source | None:
        files = await self._mentioning(wanted.name)
        for traced in known:
            if files.isdisjoint(e.path for e in traced.trace.entries if e.kind is TraceKind.FILE):
                continue
            rendering = await self._renderings.masked(self._tree, traced)
            for found in rendering.objects:
                place = (found.id.group, found.id.kind, found.id.name)
                if place == ("", wanted.kind, wanted.name) and found.id.namespace in ("", namespace):
                    return await asyncio.to_thread(_readable, found.manifest)
        return None

    async def _mentioning(self, name: str) -> frozenset[str]:
        if name not in self._files:
            self._files[name] = await self._repository.grep(self._tree.id, (name,), _PATHSPECS)
        return self._files[name]


def _readable(manifest: Manifest) -> Source:
    """The source with every masked value taken out of what is known."""
    hidden: dict[str, Unknown] = {}
    shown = dict(manifest)
    for part in ("data", "stringData"):
        values = manifest.get(part)
        if isinstance(values, dict):
            place = f"{part} of {manifest['kind']} {manifest['metadata']['name']}"
            hidden |= {
                k: Unknown(f"{k} in {place} is secret", str(v)) for k, v in values.items() if is_masked(v)
            }
            shown[part] = {k: v for k, v in values.items() if not is_masked(v)}
    source = declared(shown)
    return replace(source, unknown={**source.unknown, **hidden})


def _namespace(target: Target) -> str:
    """Where the Kustomization itself lies, which is where Flux looks."""
    return target.id.name.rpartition("/")[0]
