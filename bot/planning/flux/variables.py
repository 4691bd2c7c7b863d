"""Where the variables of a Kustomization come from: ConfigMaps and Secrets that other targets of its cluster declare.

What is declared here is read from the rendering of whoever declares it, with secrets masked: a masked or encrypted
value is unknown, with its mark as its version. What nobody here declares may still be in the cluster.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from bot.diff.mask import is_masked
from bot.model.objects import Manifest
from bot.model.target import PostBuild, Target, VariablesFrom
from bot.planning.expansion import Traced
from bot.planning.flux.declarations import Declarations
from bot.render.envsubst import Unknown
from bot.render.variables import Source, Strategy, Substitution, declared, elsewhere


class Variables:
    """What `postBuild` of the Kustomizations of one tree puts in."""

    def __init__(self, declarations: Declarations) -> None:
        self._declarations = declarations

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
        found = await self._declarations.find(wanted.kind, namespace, wanted.name, known)
        return await asyncio.to_thread(_readable, found) if found is not None else None


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
