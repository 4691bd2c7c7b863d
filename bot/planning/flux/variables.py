"""Where the variables of a Kustomization come from: ConfigMaps and Secrets that other targets of its cluster declare.

What is declared here is read from the rendering of whoever declares it, with secrets masked: a masked or encrypted
value is unknown, with its mark as its version. What nobody here declares may still be in the cluster.
"""

import asyncio
from dataclasses import replace

from bot.diff.mask import is_masked
from bot.model.objects import Manifest
from bot.model.target import PostBuild, Target, TargetId
from bot.planning.flux.declarations import Declarations, Known
from bot.render.envsubst import Unknown
from bot.render.variables import Source, Strategy, Substitution, declared, elsewhere


class Variables:
    """What `postBuild` of the Kustomizations of one tree puts in."""

    def __init__(self, declarations: Declarations, *, is_strict: bool) -> None:
        """With `is_strict` a variable that nothing sets is an error, and empty otherwise."""
        self._declarations = declarations
        self._is_strict = is_strict
        self._read: dict[int, tuple[Manifest, Source]] = {}

    async def substitution(
        self, target: Target, known: Known, *, is_last_word: bool
    ) -> tuple[Substitution, tuple[TargetId, ...] | None] | None:
        """What is known of the target's variables, and who declares them; None for that where somebody else does.

        None at all where a source was not found and more targets may still come; with `is_last_word` it is then taken
        to be in the cluster only.
        """
        post_build = target.post_build or PostBuild()
        sources: list[Source] = []
        providers: list[TargetId] = []
        for wanted in post_build.sources:
            found = await self._declarations.find(wanted.kind, _namespace(target), wanted.name, known)
            if found is not None:
                sources.append(await self._readable(found.manifest))
                providers.append(found.by)
                continue
            if not is_last_word:
                return None
            reason = await self._declarations.why_missing(wanted.kind, wanted.name)
            sources.append(elsewhere(wanted.kind, wanted.name, reason))
        substitution = Substitution.of(
            post_build.inline, sources, strategy=Strategy(post_build.strategy), is_strict=self._is_strict
        )
        return substitution, tuple(providers) if len(providers) == len(sources) else None

    async def _readable(self, manifest: Manifest) -> Source:
        """Many targets take their variables from the same object."""
        known = self._read.get(id(manifest))
        if known is None:
            # NB: the manifest is kept with its reading, so that its id stays its own.
            known = self._read[id(manifest)] = manifest, await asyncio.to_thread(_readable, manifest)
        return known[1]


def _readable(manifest: Manifest) -> Source:
    """The source with every masked value taken out of what is known."""
    hidden: dict[str, Unknown] = {}
    shown = dict(manifest)
    for part in ("data", "stringData"):
        values = manifest.get(part)
        if isinstance(values, dict):
            place = f"{part} of {manifest['kind']} {manifest['metadata']['name']}"
            hidden |= {k: Unknown(f"{place} is secret", str(v)) for k, v in values.items() if is_masked(v)}
            shown[part] = {k: v for k, v in values.items() if not is_masked(v)}
    source = declared(shown)
    return replace(source, unknown={**source.unknown, **hidden})


def _namespace(target: Target) -> str:
    """Where the Kustomization itself lies, which is where Flux looks."""
    return target.id.name.rpartition("/")[0]
